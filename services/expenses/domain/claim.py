"""A claim: what an intern spent on the days of one placement, sent to the host, which repays it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.decision import Forbidden, NotFound, Refused
from schemas.deadline import Deadline
from services.expenses.domain.case import Case
from services.expenses.domain.line import Line
from services.expenses.domain.ruling import Grounds, judge


class Status(StrEnum):
    """Where a claim stands."""

    DRAFT = auto()
    SUBMITTED = auto()
    CHANGES_REQUESTED = auto()
    APPROVED = auto()
    PARTLY_APPROVED = auto()
    REJECTED = auto()
    REIMBURSEMENT_REPORTED = auto()
    CONFIRMED = auto()
    DISPUTED = auto()
    WITHDRAWN = auto()
    LAPSED = auto()


_WITH_THE_INTERN = (Status.DRAFT, Status.CHANGES_REQUESTED)
_AGREED = (Status.APPROVED, Status.PARTLY_APPROVED)

MOVES: dict[str, dict[Status, Status]] = {  # a test holds the CHECK in Postgres to it
    "submit": dict.fromkeys(_WITH_THE_INTERN, Status.SUBMITTED),
    "withdraw": dict.fromkeys((*_WITH_THE_INTERN, Status.SUBMITTED), Status.WITHDRAWN),
    "lapse": dict.fromkeys(_WITH_THE_INTERN, Status.LAPSED),
    "return": {Status.SUBMITTED: Status.CHANGES_REQUESTED},
    "approve": {Status.SUBMITTED: Status.APPROVED, Status.DISPUTED: Status.APPROVED},
    "approve_partly": {
        Status.SUBMITTED: Status.PARTLY_APPROVED,
        Status.DISPUTED: Status.PARTLY_APPROVED,
    },
    "reject": {Status.SUBMITTED: Status.REJECTED},
    "report": dict.fromkeys(_AGREED, Status.REIMBURSEMENT_REPORTED),
    "confirm": {
        Status.REIMBURSEMENT_REPORTED: Status.CONFIRMED,
        Status.DISPUTED: Status.CONFIRMED,
    },
    "dispute": {Status.REIMBURSEMENT_REPORTED: Status.DISPUTED},
}
ENDED = frozenset({Status.REJECTED, Status.CONFIRMED, Status.WITHDRAWN, Status.LAPSED})


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, with its lines."""

    claim_id: UUID
    reference: str
    case: Case
    status: Status
    currency: str
    zone: str
    begun_at: datetime
    send_by_at: datetime
    name: str = ""
    lines: tuple[Line, ...] = ()
    submission: int = 0
    row_version: int = 1
    submitted_at: datetime | None = None
    decide_by_at: datetime | None = None
    decided_at: datetime | None = None
    repay_by_at: datetime | None = None
    reported_at: datetime | None = None
    confirm_by_at: datetime | None = None
    ended_at: datetime | None = None
    paid_pence: int | None = None
    paid_on: date | None = None
    reason_codes: tuple[str, ...] = ()
    reason: str = ""
    dispute_code: str | None = None
    dispute: str = ""
    reminded: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any], lines: Iterable[Line] = ()) -> "Claim":
        """A claim as it is stored."""
        plain = (
            "claim_id", "reference", "currency", "zone", "begun_at", "send_by_at", "name",
            "submission", "row_version", "submitted_at", "decide_by_at", "decided_at",
            "repay_by_at", "reported_at", "confirm_by_at", "ended_at", "paid_pence", "paid_on",
            "reason", "dispute_code", "dispute",
        )  # fmt: skip
        return cls(
            **{name: row[name] for name in plain},
            case=Case.from_row(row),
            status=Status(row["status"]),
            lines=tuple(lines),
            reason_codes=tuple(row["reason_codes"]),
            reminded=tuple(row["reminded"]),
        )

    @property
    def total_pence(self) -> int:
        """Sum of all lines."""
        return sum(line.amount_pence for line in self.lines)

    @property
    def allowed_pence(self) -> int:
        """What the rules ask the host to repay."""
        return sum(line.ruling.allowed_pence for line in self.lines)

    @property
    def approved_pence(self) -> int | None:
        """What the host agreed to repay; None before it has decided."""
        given = [line.approved_pence for line in self.lines if line.approved_pence is not None]
        return sum(given) if given else None

    def moved(self, move: str, **more: Any) -> "Claim":
        """The same claim after a move; there is no such move from any other state."""
        status = MOVES[move][self.status]
        return replace(self, status=status, row_version=self.row_version + 1, **more)

    def told(self, now: datetime, **more: Any) -> dict[str, Any]:
        """What every event about it begins with."""
        return self.case.at(now, claim_id=self.claim_id, currency=self.currency, **more)

    def line(self, line_id: UUID) -> Line | None:
        """One of its lines."""
        return next((line for line in self.lines if line.line_id == line_id), None)

    def deadline(self, at: datetime) -> Deadline:
        """One of its instants, as it is told."""
        return Deadline.from_instant(at, self.zone)


class ClaimIsNotYours(NotFound):  # answered like a claim that does not exist
    """We cannot find this claim among yours."""


class ClaimIsNotHere(NotFound):
    """We cannot find this claim."""


class ClaimIsOnesOwn(Forbidden):
    """This is your own claim: somebody else of the host decides on it."""


class ClaimIsNotYoursToDecide(Forbidden):
    """A contact of the host decides on this claim."""


class ClaimHasMovedOn(Refused):
    """This cannot be done to the claim any more. Look at how it stands now."""


class ClaimHasChanged(Refused):
    """The claim has changed since you opened it. Look at how it stands now."""

    status = 412
    code = "version-changed"


def may_move(claim: Claim, move: str) -> bool:
    """Whether there is such a move from where it stands."""
    return claim.status in MOVES[move]


def judged(claim: Claim, lines: Iterable[Line], *, grounds: Grounds) -> Claim:
    """The same claim with these lines, each judged anew by the rules of its placement."""
    held = tuple(lines)
    rulings = judge([line.spending for line in held], grounds=grounds)
    anew = tuple(
        replace(line, ruling=ruling, approved_pence=None, decision_reason="")
        for line, ruling in zip(held, rulings, strict=True)
    )
    return replace(claim, lines=anew, row_version=claim.row_version + 1)


def days_before(at: datetime, days: int) -> datetime:
    """So much earlier: for reminders, whose hour does not matter."""
    return at - timedelta(days=days)
