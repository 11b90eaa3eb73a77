"""Applications: sent, revised, withdrawn, and what was done to them."""

from enum import StrEnum, auto
from typing import ClassVar
from uuid import UUID

from schemas import sample
from schemas.applications.case import Examples, OfApplication
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import fact


class WithdrawnBy(StrEnum):
    """Who ended an application before it was decided."""

    APPLICANT = auto()
    OFFICE = auto()


class ApplicationReminder(StrEnum):
    """What an applicant is reminded of."""

    DRAFT_CLOSING_SOON = auto()


class DocumentKind(StrEnum):
    """What was trimmed."""

    STATEMENT = auto()
    CV = auto()


class ApplicationSubmitted(OfApplication):
    """An applicant sent an application in time; its receipt stands on the screen already."""

    reference: str = fact("What the receipt shows, to be quoted in questions")
    closes_at: Deadline = fact("Until when it can be revised or withdrawn")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-12T11:59:59Z"),
            "reference": "OX-4F7K",
            "closes_at": sample.deadline("2024-02-12 12:00"),
        },
    )


class ApplicationRevised(OfApplication):
    """An applicant replaced what was sent, before closing."""

    reference: str = fact("What the receipt shows")
    revision: int = fact("Number of the revision; the first submission is 1", ge=2)
    closes_at: Deadline = fact("Until when it can be revised or withdrawn")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-12T11:00:00Z"),
            "reference": "OX-4F7K",
            "revision": 2,
            "closes_at": sample.deadline("2024-02-12 12:00"),
        },
    )


class ApplicationWithdrawn(OfApplication):
    """An application ended before a decision, by its applicant or by the office."""

    reference: str = fact("What the receipt shows")
    by: Tolerant[WithdrawnBy] = fact("Who ended it")
    frees_a_slot: bool = fact("Whether it counts towards the cap no more")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-09T11:00:00Z"),
            "reference": "OX-4F7K",
            "by": "applicant",
            "frees_a_slot": True,
        },
    )


class ApplicationReminded(OfApplication):
    """An applicant was due a reminder of a draft that is not sent."""

    kind: Tolerant[ApplicationReminder] = fact("What the reminder is about")
    closes_at: Deadline = fact("The first instant that is too late")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-11T12:00:00Z"),
            "kind": "draft_closing_soon",
            "closes_at": sample.deadline("2024-02-12 12:00"),
        },
    )


class DocumentTrimmed(OfApplication):
    """A statement or CV was longer than allowed: the host's copy was cut, the original kept (R82)."""

    kind: Tolerant[DocumentKind] = fact("Statement or CV")
    length: int = fact("How long it was", unit="words, or pages of a CV")
    kept: int = fact("How much of it the host sees", unit="words, or pages of a CV")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-12T12:00:01Z"),
            "kind": "statement",
            "length": 342,
            "kept": 300,
        },
    )


class DecisionReversed(OfApplication):
    """Support took back a decision, with a reason, and restored what still could be."""

    reverses: UUID = fact("Id of the event that told of the decision")
    reverses_type: str = fact("Its name, such as OfferDeclined")
    restored: str = fact("State in which the application is again")
    reason_code: str = fact("Why", classification="internal")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-28T09:00:00Z"),
            "reverses": sample.EVENT,
            "reverses_type": "OfferDeclined",
            "restored": "successful",
            "reason_code": "declined_by_mistake",
        },
    )
