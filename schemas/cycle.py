"""The dates of a cycle: parts of the events that tell of it."""

from datetime import date

from schemas.advert import RoundDates
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import Part, fact
from schemas.rules import WeekChoice


class Week(Part):
    """A window in which placements of a cycle may lie."""

    name: str = fact("As people call it, such as '9th week'")
    first_on: date = fact("Its first day")
    last_on: date = fact("Its last day")


class CycleDates(Part):
    """Everything that is promised about one cycle."""

    programme_name: str = fact("The programme, as people know it")
    cycle_name: str = fact("The cycle, as people know it")
    zone: str = fact("Zone in which its instants are agreed")
    weeks: tuple[Week, ...] = fact("Windows in which placements may lie; empty in a rolling one")
    week_choice: Tolerant[WeekChoice] = fact("Whether a placement may span several weeks")
    proposals_open_at: Deadline = fact("From when hosts may send proposals")
    proposals_close_at: Deadline = fact("The first instant at which a proposal is too late")
    rounds: tuple[RoundDates, ...] = fact("Every instant of each round", min_length=1)
    starts_on: date = fact("First day of the first possible placement")
    ends_on: date = fact("Last day of the last possible placement")
