"""The advert of a vacancy, the days of a placement, the instants of a round: parts of many events."""

from datetime import date, time
from enum import StrEnum, auto
from typing import Annotated
from uuid import UUID

from pydantic import PlainSerializer, WithJsonSchema

from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import Part, fact, pseudonym
from schemas.rules import Mode, PayModel, ProfitStatus, Round


def _hour_and_minute(at: time) -> str:
    return f"{at:%H:%M}"


WallTime = Annotated[
    time,
    PlainSerializer(_hour_and_minute),
    # JSON Schema's own `time` has an offset; a wall time has none.
    WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$"}),
]
"""What a clock on the wall shows, hour and minute."""


class HostKind(StrEnum):
    """What sort of organisation a host is (R33)."""

    COMPANY = auto()
    START_UP = auto()
    CHARITY = auto()
    PUBLIC = auto()
    UNIVERSITY = auto()


class ProjectKind(StrEnum):
    """Whether the project stands by itself (R6)."""

    STAND_ALONE = auto()
    PART_OF_LARGER = auto()


class PlacementKind(StrEnum):
    """What the work is like (R54)."""

    RESEARCH_BASED = auto()
    PROFESSIONAL = auto()


class Day(Part):
    """One day of a placement."""

    on: date = fact("The date")
    mode: Tolerant[Mode] = fact("In person or remote, on that day")
    starts: WallTime = fact("When work starts, in the placement's zone")
    ends: WallTime = fact("When work ends, in the placement's zone")
    break_minutes: int = fact("Unpaid break in between", unit="minutes", ge=0)

    @property
    def minutes(self) -> int:
        """Working time, the break deducted (R39)."""
        clock = (self.ends.hour - self.starts.hour) * 60 + self.ends.minute - self.starts.minute
        return clock - self.break_minutes


class RoundDates(Part):
    """Every instant of one round of a vacancy or cycle."""

    round: Round = fact("Which round")
    opens_at: Deadline = fact("From when it is advertised and takes applications")
    closes_at: Deadline = fact("The first instant at which an application is too late")
    host_selects_by: Deadline = fact("Until when the host ranks")
    office_tells_by: Deadline = fact("Until when everyone knows the outcome")


class Project(Part):
    """One of the related projects of a placement (R101)."""

    title: str = fact("Its title")
    scope: str = fact("What it is about, and where it ends")
    need: str = fact("Which need of the host it meets (R5)", default="")
    tasks: str = fact("What the intern does")
    deliverables: str = fact("What is there at the end")
    learning: str = fact("What the intern learns", default="")


class Advert(Part):
    """The whole advert: everything that applicants read, and others need to go by."""

    title: str = fact("Title of the vacancy")
    projects: tuple[Project, ...] = fact("One or several related projects", min_length=1)
    project_kind: Tolerant[ProjectKind] = fact("By itself, or part of bigger work")
    placement_kind: Tolerant[PlacementKind] = fact("Research-based or professional")
    strategic_focus: str = fact("What the host is working towards", default="")
    supervision: str = fact("How the intern is supervised")
    supervisor_ref: UUID | None = pseudonym("Who supervises", default=None)
    has_work_shadowing: bool = fact("Whether the intern shadows people at work", default=False)
    skills: tuple[str, ...] = fact("Codes of the skills sought")
    sector: str = fact("Code of the host's sector")
    category: str = fact("Code of the kind of project")
    disciplines: tuple[str, ...] = fact("Subjects it suits, where it is not for all", default=())
    host_public_name: str = fact("The host, as the public knows it")
    host_kind: Tolerant[HostKind] = fact("What sort of organisation it is")
    host_profit_status: Tolerant[ProfitStatus] = fact("Whether it works for profit")
    host_region: str = fact("Code of the host's region")
    country: str = fact("Where the placement is", unit="ISO 3166-1 alpha-2")
    region: str = fact("Code of the region where the placement is")
    city: str = fact("Where the placement is; empty when it is remote", default="")
    mode: Tolerant[Mode] = fact("In person, remote or hybrid")
    days: tuple[Day, ...] = fact("Days with mode and hours", min_length=1)
    hours_are_flexible: bool = fact("Whether the hours may move (R40)", default=False)
    places: int = fact("How many interns are sought", unit="places", ge=1)
    pay_model: Tolerant[PayModel] = fact("Unpaid, expenses only, or paid")
    programme_name: str = fact("The programme, as people know it")
    cycle_name: str = fact("The cycle, as people know it")
    zone: str = fact("Zone of the placement's hours")

    @property
    def first_on(self) -> date:
        """The placement's first day."""
        return min(day.on for day in self.days)

    @property
    def last_on(self) -> date:
        """The placement's last day."""
        return max(day.on for day in self.days)
