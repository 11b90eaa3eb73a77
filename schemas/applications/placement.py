"""Placements: confirmed, introduced, spent, over, evaluated."""

from enum import StrEnum, auto
from typing import ClassVar
from uuid import UUID

from schemas import sample
from schemas.advert import Day
from schemas.applications.case import Examples, OfPlacement
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import fact, pseudonym
from schemas.rules import Mode


class CancelledBy(StrEnum):
    """Who cancelled a placement."""

    INTERN = auto()
    HOST = auto()
    OFFICE = auto()


class NotCompleted(StrEnum):
    """How a placement ended that was not completed."""

    NO_SHOW = auto()
    LEFT_EARLY = auto()
    HOST_AWAY = auto()


class PlacementReminder(StrEnum):
    """What an intern is reminded of."""

    WEEK_AHEAD = auto()
    DAY_AHEAD = auto()
    CHECKLIST_OVERDUE = auto()


class Side(StrEnum):
    """Who evaluates."""

    INTERN = auto()
    HOST = auto()


class _PlacementDays(OfPlacement):
    days: tuple[Day, ...] = fact("All days, with mode and hours", min_length=1)


class PlacementConfirmed(_PlacementDays):
    """A place was accepted: from now on there is a placement, with these days, under these rules."""

    mode: Tolerant[Mode] = fact("In person, remote or hybrid")
    country: str = fact("Where it is", unit="ISO 3166-1 alpha-2")
    region: str = fact("Code of the region where it is")
    zone: str = fact("Zone of its hours")
    supervisor_ref: UUID | None = pseudonym("Who supervises", default=None)

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-02-27T18:00:00Z"),
            "days": sample.WEEK,
            "mode": "in_person",
            "country": "GB",
            "region": "oxfordshire",
            "zone": "Europe/London",
            "supervisor_ref": sample.SUPERVISOR,
        },
    )


class PlacementIntroduced(OfPlacement):
    """Intern and host may write to each other from now on; both get the introduction, once (R92)."""

    supervisor_ref: UUID | None = pseudonym("Who supervises", default=None)

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-02-27T18:00:00Z"),
            "supervisor_ref": sample.SUPERVISOR,
        },
    )


class PlacementDaysAmended(_PlacementDays):
    """Days, modes or hours of a placement were changed by agreement; here is the whole list."""

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-03-05T18:00:00Z"),
            "days": sample.days("2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14"),
        },
    )


class PlacementReminded(OfPlacement):
    """An intern was due a reminder of what comes next."""

    kind: Tolerant[PlacementReminder] = fact("What it is about")
    starts_at: Deadline = fact("When the first day starts, in the placement's zone")

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-03-04T09:00:00Z"),
            "kind": "week_ahead",
            "starts_at": sample.deadline("2024-03-11 09:00"),
        },
    )


class PlacementStarted(OfPlacement):
    """The first day of a placement came."""

    examples: ClassVar[Examples] = (sample.of_placement("2024-03-11T09:00:00Z"),)


class PlacementCompleted(_PlacementDays):
    """A placement is over; here is the last word on its days. The time for a claim starts."""

    examples: ClassVar[Examples] = (
        {**sample.of_placement("2024-03-16T00:00:00Z"), "days": sample.WEEK},
    )


class PlacementNotCompleted(OfPlacement):
    """A placement ended early, or nobody came."""

    reason_code: Tolerant[NotCompleted] = fact("How it ended", classification="internal")
    days: tuple[Day, ...] = fact("The days that did take place", default=())

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-03-13T18:00:00Z"),
            "reason_code": "left_early",
            "days": sample.days("2024-03-11", "2024-03-12"),
        },
    )


class PlacementCancelled(OfPlacement):
    """A placement was cancelled: the place is free; whether the intern is too, the rules say."""

    by: Tolerant[CancelledBy] = fact("Who cancelled")
    reason_code: str = fact("One of the programme's reasons", classification="internal")
    intern_is_free: bool = fact("Whether the intern may accept another place in the cycle")

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-03-05T18:00:00Z"),
            "by": "host",
            "reason_code": "illness",
            "intern_is_free": True,
        },
    )


class EvaluationInvited(OfPlacement):
    """One side of a placement that is over was due an invitation to evaluate it (R63)."""

    side: Tolerant[Side] = fact("Who is invited")

    examples: ClassVar[Examples] = (
        {**sample.of_placement("2024-03-16T09:00:00Z"), "side": "intern"},
    )


class EvaluationReceived(OfPlacement):
    """One side of a placement sent its evaluation; what it says stays with the office."""

    side: Tolerant[Side] = fact("Who sent it")

    examples: ClassVar[Examples] = (
        {**sample.of_placement("2024-03-18T09:00:00Z"), "side": "host"},
    )
