"""What the expenses service decides: receipts, claims, verdicts, repayments. The host is the payer."""

from datetime import date
from enum import StrEnum, auto
from typing import Any, ClassVar
from uuid import UUID

from schemas import cases, sample
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import Service, fact
from schemas.rules import LineKind

EXPENSES: Service = "expenses"
Examples = tuple[dict[str, Any], ...]


class ClaimReminder(StrEnum):
    """What is waited for."""

    SEND = auto()  # the intern: the window is open
    WINDOW_CLOSING = auto()  # the intern: it closes soon
    DECIDE = auto()  # the host
    REPAY = auto()  # the host
    CONFIRM = auto()  # the intern: has the money come?


class DecidedBy(StrEnum):
    """Who decided on a claim."""

    HOST = auto()
    OFFICE = auto()  # arbitrating


class DisputeReason(StrEnum):
    """What an intern says is wrong with a repayment."""

    NOT_RECEIVED = auto()
    WRONG_AMOUNT = auto()


class _OfClaim(cases.OfClaim):
    service: ClassVar[Service] = EXPENSES

    currency: str = fact("Currency of every amount", unit="ISO 4217")


class _OfLine(_OfClaim):
    subject_field: ClassVar[str | None] = "line_id"

    line_id: UUID = fact("The line")
    kind: Tolerant[LineKind] = fact("What the line is for")
    on: date = fact("The day it was spent for")
    amount_pence: int = fact("What it cost", unit="minor units of the currency", ge=1)


_CLAIM = {"currency": "GBP"}
_LINE: dict[str, Any] = {
    "currency": "GBP",
    "line_id": sample.LINE,
    "kind": "lunch",
    "on": "2024-03-11",
    "amount_pence": 740,
}


class ReceiptSubmitted(_OfLine):
    """A line went in with its receipt, as part of a claim that was submitted."""

    is_seen_before: bool = fact("Whether the same receipt stands in another line or claim")

    examples: ClassVar[Examples] = (
        {**sample.of_claim("2024-03-18T09:00:00Z"), **_LINE, "is_seen_before": False},
    )


class ClaimSubmitted(_OfClaim):
    """An intern sent a claim to the host; a receipt stands beside every line that needs one."""

    submission: int = fact("1, and one more each time it was sent again", ge=1)
    lines: int = fact("How many lines", unit="lines", ge=1)
    total_pence: int = fact("Sum of all lines", unit="minor units of the currency", ge=0)
    allowed_pence: int = fact("Sum that the rules allow", unit="minor units of the currency", ge=0)
    decide_by: Deadline = fact("Until when the host answers")
    reason_codes: tuple[str, ...] = fact("Verdicts that disallow a line", default=())

    examples: ClassVar[Examples] = (
        {
            **sample.of_claim("2024-03-18T09:00:00Z"),
            **_CLAIM,
            "submission": 1,
            "lines": 6,
            "total_pence": 4380,
            "allowed_pence": 3640,
            "decide_by": sample.deadline("2024-03-28 17:00"),
            "reason_codes": ["remote_day"],
        },
    )


class ClaimReminded(_OfClaim):
    """Somebody was due a reminder: the intern to send or confirm, the host to decide or repay."""

    kind: Tolerant[ClaimReminder] = fact("What is waited for")
    until: Deadline = fact("Until when")

    examples: ClassVar[Examples] = (
        {
            **sample.of_claim("2024-03-25T09:00:00Z"),
            **_CLAIM,
            "kind": "decide",
            "until": sample.deadline("2024-03-28 17:00"),
        },
    )


class LineDisallowed(_OfLine):
    """The rule table does not cover a line, and says why."""

    reason_code: str = fact("Verdict of the rule table")

    examples: ClassVar[Examples] = (
        {**sample.of_claim("2024-03-18T09:00:00Z"), **_LINE, "reason_code": "remote_day"},
    )


class ClaimReturned(_OfClaim):
    """The host asked for changes before it decides."""

    reason_codes: tuple[str, ...] = fact("What is to be changed")
    resubmit_by: Deadline = fact("Until when it can be sent again")

    examples: ClassVar[Examples] = (
        {
            **sample.of_claim("2024-03-20T09:00:00Z"),
            **_CLAIM,
            "reason_codes": ["receipt_unreadable"],
            "resubmit_by": sample.deadline("2024-04-12 17:00"),
        },
    )


class ClaimApproved(_OfClaim):
    """The host agreed to repay a claim, or the part of it that the rules allow."""

    total_pence: int = fact("Sum that was claimed", unit="minor units of the currency", ge=0)
    approved_pence: int = fact("Sum to be repaid", unit="minor units of the currency", ge=0)
    is_partly: bool = fact("Whether lines were left out")
    by: Tolerant[DecidedBy] = fact("Who decided", default=DecidedBy.HOST)
    repay_by: Deadline = fact("Until when the host repays")

    examples: ClassVar[Examples] = (
        {
            **sample.of_claim("2024-03-21T09:00:00Z"),
            **_CLAIM,
            "total_pence": 4380,
            "approved_pence": 3640,
            "is_partly": True,
            "by": "host",
            "repay_by": sample.deadline("2024-04-20 17:00"),
        },
    )


class ClaimRejected(_OfClaim):
    """A claim was refused as a whole; the intern may ask the office to look at it."""

    reason_codes: tuple[str, ...] = fact("Why")
    by: Tolerant[DecidedBy] = fact("Who decided", default=DecidedBy.HOST)

    examples: ClassVar[Examples] = (
        {
            **sample.of_claim("2024-03-21T09:00:00Z"),
            **_CLAIM,
            "reason_codes": ["not_covered"],
            "by": "host",
        },
    )


class ClaimWithdrawn(_OfClaim):
    """The intern took a claim back before it was decided."""

    examples: ClassVar[Examples] = ({**sample.of_claim("2024-03-19T09:00:00Z"), **_CLAIM},)


class ReimbursementReported(_OfClaim):
    """The host says that it has repaid a claim."""

    paid_pence: int = fact("What it says it paid", unit="minor units of the currency", ge=0)
    paid_on: date = fact("When it says it paid")

    examples: ClassVar[Examples] = (
        {
            **sample.of_claim("2024-03-26T09:00:00Z"),
            **_CLAIM,
            "paid_pence": 3640,
            "paid_on": "2024-03-26",
        },
    )


class ReimbursementConfirmed(_OfClaim):
    """The intern says that the money has come."""

    paid_pence: int = fact("What came", unit="minor units of the currency", ge=0)

    examples: ClassVar[Examples] = (
        {**sample.of_claim("2024-03-28T09:00:00Z"), **_CLAIM, "paid_pence": 3640},
    )


class ReimbursementDisputed(_OfClaim):
    """The intern says that the money has not come, or not all of it: the office looks into it."""

    reason_code: Tolerant[DisputeReason] = fact("What is wrong")
    reported_pence: int = fact("What the host reported", unit="minor units of the currency", ge=0)

    examples: ClassVar[Examples] = (
        {
            **sample.of_claim("2024-04-08T09:00:00Z"),
            **_CLAIM,
            "reason_code": "not_received",
            "reported_pence": 3640,
        },
    )


class ClaimWindowClosed(_OfClaim):
    """The time for sending a claim is over: a draft lapsed."""

    closed_at: Deadline = fact("The first instant at which a claim is too late")

    examples: ClassVar[Examples] = (
        {
            **sample.of_claim("2024-04-12T16:00:00Z"),
            **_CLAIM,
            "closed_at": sample.deadline("2024-04-12 17:00"),
        },
    )


class PersonErased(cases.OfPerson):
    """The expenses service has erased what it knew of a person."""

    service: ClassVar[Service] = EXPENSES

    records: int = fact("How many records were erased or emptied", unit="records", ge=0)

    examples: ClassVar[Examples] = ({**sample.of_person("2024-09-20T10:01:00Z"), "records": 4},)
