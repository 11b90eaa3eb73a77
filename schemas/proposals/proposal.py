"""Proposals: sent, screened, reminded, ended."""

from enum import StrEnum, auto
from typing import ClassVar
from uuid import UUID

from schemas import sample
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import fact, pseudonym
from schemas.proposals.case import Examples, OfVacancy


class ScreeningOutcome(StrEnum):
    """The office's verdict on a revision (R53)."""

    PASSED = auto()
    CHANGES_REQUESTED = auto()
    REJECTED = auto()


class ProposalReminder(StrEnum):
    """What a host is reminded of."""

    WINDOW_CLOSING = auto()
    CHANGES_WANTED = auto()


class _OfProposal(OfVacancy):
    title: str = fact("Title of the proposal")
    revision: int = fact("Number of the revision, from 1; 0 before any was sent", ge=0)
    person_ref: UUID = pseudonym("Who wrote it, for the host")


_PROPOSAL = {"title": sample.ADVERT["title"], "revision": 1, "person_ref": sample.CONTACT}


class ProposalSubmitted(_OfProposal):
    """A host sent a proposal, or a new revision of it, to be screened."""

    examples: ClassVar[Examples] = ({**sample.of_vacancy("2024-01-05T10:00:00Z"), **_PROPOSAL},)


class ProposalScreened(_OfProposal):
    """The office recorded its verdict on a revision. The words of a reason stay on the page."""

    outcome: Tolerant[ScreeningOutcome] = fact("Passed, changes requested, or rejected")
    reason_codes: tuple[str, ...] = fact("Why, unless it passed", default=())
    resubmit_by: Deadline | None = fact("Until when changes can be sent", default=None)

    examples: ClassVar[Examples] = (
        {**sample.of_vacancy("2024-01-08T10:00:00Z"), **_PROPOSAL, "outcome": "passed"},
        {
            **sample.of_vacancy("2024-01-08T10:00:00Z"),
            **_PROPOSAL,
            "outcome": "changes_requested",
            "reason_codes": ["supervision_unclear"],
            "resubmit_by": sample.deadline("2024-01-19 17:00"),
        },
    )


class ProposalReminded(_OfProposal):
    """A host was due a reminder about a proposal that is not on its way."""

    kind: Tolerant[ProposalReminder] = fact("What it is reminded of")
    closes_at: Deadline = fact("The first instant at which a proposal is too late")

    examples: ClassVar[Examples] = (
        {
            **sample.of_vacancy("2024-01-17T17:00:00Z"),
            **_PROPOSAL,
            "kind": "window_closing",
            "closes_at": sample.deadline("2024-01-19 17:00"),
        },
    )


class ProposalWithdrawn(_OfProposal):
    """A host took its proposal back before it became a vacancy."""

    examples: ClassVar[Examples] = ({**sample.of_vacancy("2024-01-09T10:00:00Z"), **_PROPOSAL},)


class ProposalLapsed(_OfProposal):
    """The window ended while a proposal was still a draft, or its changes were not sent."""

    examples: ClassVar[Examples] = ({**sample.of_vacancy("2024-01-19T17:00:00Z"), **_PROPOSAL},)
