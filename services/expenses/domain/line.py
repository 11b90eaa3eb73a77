"""A line: what was spent on one day, its receipt, and what the rule table says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.decision import Invalid, Refused
from schemas.rules import LineKind, Mode
from services.expenses.domain.ruling import Ruling


class Verdict(StrEnum):
    """What the rules say of a line."""

    ALLOWED = auto()
    CAPPED = auto()  # allowed, and not all of it
    DISALLOWED = auto()


@dataclass(frozen=True, slots=True)
class Spending:
    """What the intern says of a line."""

    spent_on: date
    kind: LineKind
    amount_pence: int
    what: str = ""
    reason: str = ""  # where the rules ask for one


@dataclass(frozen=True, slots=True)
class Line:
    """One cost of one day, as it stands."""

    line_id: UUID
    place: int  # in the order in which they were added
    spending: Spending
    ruling: Ruling
    receipt_id: UUID | None = None
    is_seen_before: bool = False
    submission: int | None = None  # the last one it was sent in
    approved_pence: int | None = None
    decision_reason: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Line":
        """A line as it is stored."""
        kind, amount = LineKind(row["kind"]), row["amount_pence"]
        return cls(
            line_id=row["line_id"],
            place=row["place"],
            spending=Spending(row["spent_on"], kind, amount, row["what"], row["reason"]),
            ruling=Ruling(
                Mode(row["mode"]),
                row["reason_code"],
                row["sentence"],
                row["allowed_pence"],
                row["receipt_needed"],
                row["reason_needed"],
            ),
            receipt_id=row["receipt_id"],
            is_seen_before=row["is_seen_before"],
            submission=row["submission"],
            approved_pence=row["approved_pence"],
            decision_reason=row["decision_reason"],
        )

    @property
    def amount_pence(self) -> int:
        """What it cost."""
        return self.spending.amount_pence

    @property
    def verdict(self) -> Verdict:
        """What the rules say, in one word."""
        if self.ruling.allowed_pence == 0:
            return Verdict.DISALLOWED
        whole = self.ruling.allowed_pence == self.amount_pence
        return Verdict.ALLOWED if whole else Verdict.CAPPED

    @property
    def lacks_receipt(self) -> bool:
        """Whether it cannot be sent as it is (R98)."""
        return self.ruling.receipt_needed and self.receipt_id is None

    @property
    def lacks_reason(self) -> bool:
        """Whether its amount asks for a reason that is not there (R97)."""
        return self.ruling.reason_needed and not self.spending.reason

    def decided(self, approved_pence: int, reason: str) -> "Line":
        """The same line with the host's word on it."""
        return replace(self, approved_pence=approved_pence, decision_reason=reason)


class DayIsOutsideThePlacement(Invalid):
    """This is no day of your placement."""

    code = "outside-placement"
    field = "date"


class AmountIsNothing(Invalid):
    """Write an amount above zero."""

    code = "range"
    field = "amount"


class ReasonIsMissing(Invalid):
    """This is more than the rules expect. Say why it was needed."""

    field = "reason"


class ReceiptIsMissing(Invalid):
    """Add a receipt: without one nothing is repaid."""

    field = "receipt"


class LineIsNotHere(Refused):
    """We cannot find this line in the claim."""

    status = 404


def is_remote(line: Line) -> bool:
    """Whether it is dated on a day at home, for which nothing is repaid (R38)."""
    return line.ruling.mode is Mode.REMOTE
