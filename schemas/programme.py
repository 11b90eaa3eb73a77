"""A programme as a file: university, rule set and cycles, written by hand, read whole or not at all.

Dates in a file are wall times, as the office agreed on them; the programme's zone makes instants of
them here. A week may be given as a numbered week of a term (R48). A key nobody knows is a fault:
a misspelt rule must not silently be a missing one.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    NaiveDatetime,
    StringConstraints,
    ValidationError,
    model_validator,
)

from schemas.advert import RoundDates
from schemas.cycle import CycleDates, Week
from schemas.deadline import Deadline, Zone
from schemas.rules import Rhythm, Round, RuleSet

PROGRAMMES = Path(__file__).parent.parent / "programmes"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=63)]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file, and where."""

    file: str
    key: str
    words: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.words}"


class FileIsFaulty(Exception):
    """A programme's file cannot be read; nothing of it is taken (exit code 65)."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True)


class University(_Table):
    """Whose programme it is."""

    slug: Slug
    name: str
    zone: Zone
    is_example: bool = False  # invented, since the source names no university


class Identity(_Table):
    """What the programme is called in addresses, and where its rules were read."""

    slug: Slug
    source: str


class Term(_Table):
    """A term, whose weeks are numbered from its first day."""

    name: str
    starts_on: date


class PlannedWeek(_Table):
    """A window for placements: two dates, or a numbered week of a term."""

    name: str
    first_on: date | None = None
    last_on: date | None = None
    term: str | None = None
    number: int | None = None

    @model_validator(mode="after")
    def _is_given_one_way(self) -> Self:
        by_dates = self.first_on is not None and self.last_on is not None
        by_term = self.term is not None and self.number is not None
        if by_dates == by_term:
            raise ValueError("give first_on and last_on, or term and number")
        return self

    def resolved(self, terms: tuple[Term, ...]) -> Week:
        """The week as dates; a numbered week means its Monday to Friday."""
        if self.first_on and self.last_on:
            return Week(name=self.name, first_on=self.first_on, last_on=self.last_on)
        term = next((term for term in terms if term.name == self.term), None)
        if term is None or self.number is None:
            raise ValueError(f"no term is called {self.term!r}")
        start = term.starts_on + timedelta(weeks=self.number - 1)
        monday = start + timedelta(days=(0 - start.weekday()) % 7)
        return Week(name=self.name, first_on=monday, last_on=monday + timedelta(days=4))


class PlannedRound(_Table):
    """The wall times of one round."""

    round: Round
    opens_at: NaiveDatetime
    closes_at: NaiveDatetime
    host_selects_by: NaiveDatetime
    office_tells_by: NaiveDatetime

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if not self.opens_at < self.closes_at < self.host_selects_by <= self.office_tells_by:
            raise ValueError("a round opens, closes, is selected and told, in this order")
        return self

    def dated(self, zone: str) -> RoundDates:
        """The round with its instants."""
        return RoundDates(
            round=self.round,
            opens_at=Deadline.at_wall(self.opens_at, zone),
            closes_at=Deadline.at_wall(self.closes_at, zone),
            host_selects_by=Deadline.at_wall(self.host_selects_by, zone),
            office_tells_by=Deadline.at_wall(self.office_tells_by, zone),
        )


class PlannedCycle(_Table):
    """One run of the programme."""

    name: str
    slug: Slug
    proposals_open_at: NaiveDatetime
    proposals_close_at: NaiveDatetime
    rounds: tuple[PlannedRound, ...]
    weeks: tuple[PlannedWeek, ...] = ()
    starts_on: date | None = None  # where no week says so: a rolling programme
    ends_on: date | None = None


class Programme(_Table):
    """A whole file."""

    university: University
    programme: Identity
    rules: RuleSet
    terms: tuple[Term, ...] = ()
    cycles: tuple[PlannedCycle, ...]

    def dates_of(self, cycle: PlannedCycle) -> CycleDates:
        """A cycle with its instants, as `CyclePublished` carries it."""
        zone = self.rules.kind.zone
        weeks = tuple(week.resolved(self.terms) for week in cycle.weeks)
        starts_on = cycle.starts_on or min(week.first_on for week in weeks)
        ends_on = cycle.ends_on or max(week.last_on for week in weeks)
        return CycleDates(
            programme_name=self.rules.kind.programme_name,
            cycle_name=cycle.name,
            zone=zone,
            weeks=weeks,
            week_choice=self.rules.calendar.weeks,
            proposals_open_at=Deadline.at_wall(cycle.proposals_open_at, zone),
            proposals_close_at=Deadline.at_wall(cycle.proposals_close_at, zone),
            rounds=tuple(each.dated(zone) for each in cycle.rounds),
            starts_on=starts_on,
            ends_on=ends_on,
        )


def read(path: Path) -> Programme:
    """Read one file; raises `FileIsFaulty` naming the file and every key at fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileIsFaulty((Fault(path.name, "the file", str(error)),)) from error
    return read_text(text, file=path.name)


def read_text(text: str, *, file: str) -> Programme:
    """Read a file's text, as an office sends it; raises `FileIsFaulty` as `read` does."""
    try:
        programme = Programme.model_validate(tomllib.loads(text), extra="forbid")
    except tomllib.TOMLDecodeError as error:
        raise FileIsFaulty((Fault(file, "the file", str(error)),)) from error
    except ValidationError as error:
        faults = tuple(Fault(file, _key(each["loc"]), _words(each)) for each in error.errors())
        raise FileIsFaulty(faults) from error
    if faults := tuple(_faults_of_cycles(programme, file)):
        raise FileIsFaulty(faults)
    return programme


def read_all(folder: Path = PROGRAMMES) -> tuple[Programme, ...]:
    """Read every file of a folder; one faulty file, and nothing is read (`bad_input[145]`)."""
    programmes: list[Programme] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            programmes.append(read(path))
        except FileIsFaulty as faulty:
            faults += faulty.faults
    if faults:
        raise FileIsFaulty(tuple(faults))
    return tuple(programmes)


def _faults_of_cycles(programme: Programme, file: str) -> list[Fault]:
    faults: list[Fault] = []
    for position, cycle in enumerate(programme.cycles):
        try:
            dates = programme.dates_of(cycle)
        except ValueError as error:
            faults.append(Fault(file, f"cycles[{position}]", str(error)))
            continue
        words = _disorder(dates, programme.rules.kind.rhythm)
        if words:
            faults.append(Fault(file, f"cycles[{position}]", words))
    return faults


def _disorder(dates: CycleDates, rhythm: Rhythm) -> str | None:
    """What is out of order in a cycle's dates (R11); in a rolling one all may overlap."""
    if dates.proposals_open_at.at >= dates.proposals_close_at.at:
        return "proposals close before they open"
    if dates.starts_on > dates.ends_on:
        return "it ends before it starts"
    if rhythm == Rhythm.ROLLING:
        return None
    for each in dates.rounds:
        if dates.proposals_close_at.at >= each.host_selects_by.at:
            return f"hosts select in the {each.round} round before proposals close"
        if datetime.fromisoformat(each.office_tells_by.wall).date() > dates.starts_on:
            return f"outcomes of the {each.round} round are told after placements start"
    return None


def _key(location: tuple[int | str, ...]) -> str:
    """`rules.kind.zone`, `cycles[0].rounds[1].closes_at`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)[1:]


def _words(error: Any) -> str:
    """The fault in a sentence; pydantic's own prefix is no use to an office."""
    return str(error["msg"]).removeprefix("Value error, ")
