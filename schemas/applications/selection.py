"""Selections: closed, released, ranked, told."""

from enum import StrEnum, auto
from typing import ClassVar

from schemas import sample
from schemas.applications.case import Examples, OfApplication, OfRound
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import fact


class SelectionReminder(StrEnum):
    """What a host is reminded of."""

    SELECT_SOON = auto()
    SELECT_NOW = auto()
    OVERDUE = auto()


class Outcome(StrEnum):
    """What an applicant is told who gets no offer now."""

    RESERVE = auto()
    UNSUCCESSFUL = auto()
    VACANCY_WITHDRAWN = auto()


class ApplicationsClosed(OfRound):
    """A round of a vacancy closed: its list grows no more. How long it is, nobody learns yet."""

    host_selects_by: Deadline = fact("Until when the host ranks")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-12T12:00:00Z"),
            "host_selects_by": sample.deadline("2024-02-21 17:00"),
        },
    )


class ApplicationsReleased(OfRound):
    """The host can read the applications of a round, once and for all (R88)."""

    count: int = fact("How many applications the host sees", unit="applications", ge=0)
    host_selects_by: Deadline = fact("Until when the host ranks")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-13T09:00:00Z"),
            "count": 7,
            "host_selects_by": sample.deadline("2024-02-21 17:00"),
        },
    )


class SelectionReminded(OfRound):
    """A host was due a reminder to rank the applications."""

    kind: Tolerant[SelectionReminder] = fact("How pressing it is")
    host_selects_by: Deadline = fact("Until when the host ranks")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-19T09:00:00Z"),
            "kind": "select_soon",
            "host_selects_by": sample.deadline("2024-02-21 17:00"),
        },
    )


class SelectionMade(OfRound):
    """A host ranked the applications and named reserves. Whom, nobody else learns."""

    ranked: int = fact("How many it wants", unit="applications", ge=0)
    reserves: int = fact("How many it would take instead", unit="applications", ge=0)
    not_ranked: int = fact("How many it does not take", unit="applications", ge=0)
    office_tells_by: Deadline = fact("Until when everyone knows the outcome")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-20T15:00:00Z"),
            "ranked": 2,
            "reserves": 1,
            "not_ranked": 4,
            "office_tells_by": sample.deadline("2024-03-01 17:00"),
        },
    )


class SelectionOverdue(OfRound):
    """The instant passed by which a host was to rank, and it has not (R10)."""

    host_selects_by: Deadline = fact("The instant that passed")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-21T17:00:00Z"),
            "host_selects_by": sample.deadline("2024-02-21 17:00"),
        },
    )


class OutcomesAtRisk(OfRound):
    """Applicants may not be told in time: the office is warned beforehand (R73)."""

    office_tells_by: Deadline = fact("Until when everyone is to know")
    untold: int = fact("How many do not know yet", unit="applicants", ge=1)

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-28T17:00:00Z"),
            "office_tells_by": sample.deadline("2024-03-01 17:00"),
            "untold": 7,
        },
    )


class OutcomeTold(OfApplication):
    """An applicant was told that there is no offer now: reserve, unsuccessful, or no vacancy."""

    outcome: Tolerant[Outcome] = fact("What was told")
    reason_codes: tuple[str, ...] = fact("The programme's reasons, as the host chose", default=())

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-26T12:00:00Z"),
            "outcome": "unsuccessful",
            "reason_codes": ["closer_fit"],
        },
    )
