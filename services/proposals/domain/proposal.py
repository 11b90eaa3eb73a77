"""A proposal: what a host writes, sends to be screened, changes and sends again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.actor import Actor, can
from chassis.decision import Decision, Forbidden, NotFound, Refused, Rules, uphold
from schemas.deadline import Deadline
from schemas.proposals import ProposalLapsed, ProposalWithdrawn
from services.proposals.domain import host as hosts
from services.proposals.domain.content import Content
from services.proposals.domain.cycle import Cycle
from services.proposals.domain.host import Host
from services.proposals.domain.policy import RIGHTS, person_of
from services.proposals.domain.said import said


class Status(StrEnum):
    """Where a proposal stands."""

    DRAFT = auto()
    SUBMITTED = auto()
    IN_SCREENING = auto()  # somebody in the office has taken it up
    CHANGES_REQUESTED = auto()
    APPROVED = auto()  # it is a vacancy from now on
    REJECTED = auto()
    WITHDRAWN = auto()
    LAPSED = auto()  # not sent, or not sent again, in time


MOVES = {
    "submit": {Status.DRAFT: Status.SUBMITTED, Status.CHANGES_REQUESTED: Status.SUBMITTED},
    "take up": {Status.SUBMITTED: Status.IN_SCREENING},
    "approve": {Status.SUBMITTED: Status.APPROVED, Status.IN_SCREENING: Status.APPROVED},
    "return": {
        Status.SUBMITTED: Status.CHANGES_REQUESTED,
        Status.IN_SCREENING: Status.CHANGES_REQUESTED,
    },
    "reject": {Status.SUBMITTED: Status.REJECTED, Status.IN_SCREENING: Status.REJECTED},
    "withdraw": {
        Status.DRAFT: Status.WITHDRAWN,
        Status.SUBMITTED: Status.WITHDRAWN,
        Status.IN_SCREENING: Status.WITHDRAWN,
        Status.CHANGES_REQUESTED: Status.WITHDRAWN,
    },
    "lapse": {Status.DRAFT: Status.LAPSED, Status.CHANGES_REQUESTED: Status.LAPSED},
}
EDITABLE = frozenset(MOVES["submit"])


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal of one host for one cycle."""

    proposal_id: UUID  # the vacancy keeps it
    university: str
    programme_id: UUID
    cycle_id: UUID
    host_id: UUID
    author_ref: UUID
    status: Status
    revision: int  # of the last sending; 0 before any
    content: Content
    typed: Mapping[str, Any]
    rule_set_version: int
    send_by: Deadline  # the first instant at which it is too late to send it
    created_at: datetime
    saved_at: datetime
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    row_version: int = 1

    def moved(self, move: str) -> "Proposal":
        """The proposal after a move of the table."""
        return replace(self, status=MOVES[move][self.status])


@dataclass(frozen=True, slots=True)
class DraftProposal:
    """Begin a proposal for a cycle."""

    cycle_id: UUID
    host_id: UUID


@dataclass(frozen=True, slots=True)
class EditProposal:
    """Keep what was written; `typed` is what cannot be taken yet, by step."""

    proposal_id: UUID
    content: Mapping[str, Any]
    typed: Mapping[str, Any] | None = None
    row_version: int | None = None  # the one that was read (If-Match)


@dataclass(frozen=True, slots=True)
class SubmitProposal:
    """Send a proposal to be screened."""

    proposal_id: UUID


@dataclass(frozen=True, slots=True)
class WithdrawProposal:
    """Take a proposal back before it becomes a vacancy."""

    proposal_id: UUID


@dataclass(frozen=True, slots=True)
class LapseProposal:
    """Let a proposal that was not sent in time end."""

    proposal_id: UUID


class ProposalIsNotYours(NotFound):
    """We cannot find this proposal among yours."""


class CycleIsNotOpenToYou(NotFound):
    """We cannot find this cycle."""


class OrganisationIsSuspended(Forbidden):
    """Your organisation cannot act at present. Write to the office."""


class ProposalIsSent(Refused):
    """This proposal was already submitted. Below is what you sent."""

    code = "already-submitted"


class ProposalHasEnded(Refused):
    """This proposal has ended and can no longer be changed."""


class ProposalHasChanged(Refused):
    """Someone has changed this proposal since you opened it. Load it again, then edit it."""

    status = 412
    code = "version-changed"

    @classmethod
    def because(cls, case: Any, /) -> "ProposalHasChanged":
        return cls(current_version=case.proposal.row_version)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Everything a new draft is judged by."""

    cycle: Cycle
    host: Host
    actor: Actor
    is_contact: bool
    now: datetime


def contact_is_of_the_host(b: Beginning) -> bool:
    return b.is_contact and b.host.university == b.actor.university


def cycle_is_promised(b: Beginning) -> bool:
    return b.cycle.is_promised and b.cycle.university == b.actor.university


def host_may_write(b: Beginning) -> bool:
    return b.host.status in (hosts.Status.REGISTERED, hosts.Status.APPROVED)


def proposals_are_still_open(b: Beginning) -> bool:
    return b.now < b.cycle.dates.proposals_close_at.at


class ProposalsOfThisCycleHaveClosed(Refused):
    """Proposals for this cycle closed at {closed_at}."""

    code = "deadline-passed"

    @classmethod
    def because(cls, case: Any, /) -> "ProposalsOfThisCycleHaveClosed":
        return cls(closed_at=said(case.cycle.dates.proposals_close_at))


RULES_FOR_BEGINNING: Rules[Beginning] = (
    (contact_is_of_the_host, hosts.HostIsNotYours),
    (cycle_is_promised, CycleIsNotOpenToYou),
    (host_may_write, OrganisationIsSuspended),
    (proposals_are_still_open, ProposalsOfThisCycleHaveClosed),
)


def begin(
    *,
    proposal_id: UUID,
    cycle: Cycle,
    host: Host,
    is_contact: bool,
    actor: Actor,
    now: datetime,
) -> Decision[Proposal]:
    """Begin a draft: nobody is told before it is sent."""
    uphold(RULES_FOR_BEGINNING, Beginning(cycle, host, actor, is_contact, now))
    facts = host.facts
    content = Content(
        sector=facts.sector, country=facts.country, region=facts.region, zone=facts.zone
    )
    return Decision(
        Proposal(
            proposal_id=proposal_id,
            university=host.university,
            programme_id=cycle.programme_id,
            cycle_id=cycle.cycle_id,
            host_id=host.host_id,
            author_ref=person_of(actor),
            status=Status.DRAFT,
            revision=0,
            content=content,
            typed={},
            rule_set_version=cycle.rule_set_version,
            send_by=cycle.dates.proposals_close_at,
            created_at=now,
            saved_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class Edit:
    """Everything an edit, or a withdrawal, is judged by."""

    proposal: Proposal
    actor: Actor
    is_contact: bool
    row_version: int | None = None


def proposal_is_of_ones_host(e: Any) -> bool:
    return e.is_contact and e.proposal.university == e.actor.university


def proposal_is_not_with_the_office(e: Any) -> bool:
    return e.proposal.status not in (Status.SUBMITTED, Status.IN_SCREENING, Status.APPROVED)


def proposal_can_be_edited(e: Edit) -> bool:
    return e.proposal.status in EDITABLE


def proposal_is_as_it_was_read(e: Edit) -> bool:
    return e.row_version is None or e.row_version == e.proposal.row_version


def proposal_can_be_withdrawn(e: Edit) -> bool:
    return e.proposal.status in MOVES["withdraw"]


RULES_FOR_EDITING: Rules[Edit] = (
    (proposal_is_of_ones_host, ProposalIsNotYours),
    (proposal_is_not_with_the_office, ProposalIsSent),
    (proposal_can_be_edited, ProposalHasEnded),
    (proposal_is_as_it_was_read, ProposalHasChanged),
)
RULES_FOR_WITHDRAWING: Rules[Edit] = (
    (proposal_is_of_ones_host, ProposalIsNotYours),
    (proposal_can_be_withdrawn, ProposalHasEnded),
)


def edit(
    proposal: Proposal, command: EditProposal, *, actor: Actor, is_contact: bool, now: datetime
) -> Decision[Proposal]:
    """Keep what was written, whole or not; what is missing is said when it is sent."""
    uphold(RULES_FOR_EDITING, Edit(proposal, actor, is_contact, command.row_version))
    content = Content.read(proposal.content.held() | dict(command.content))
    typed = dict(proposal.typed) | dict(command.typed or {})
    kept = {step: fields for step, fields in typed.items() if fields}
    return Decision(
        replace(
            proposal,
            content=content,
            typed=kept,
            saved_at=now,
            row_version=proposal.row_version + 1,
        )
    )


def withdraw(
    proposal: Proposal, *, actor: Actor, is_contact: bool, now: datetime
) -> Decision[Proposal]:
    """Take a proposal back. Once it is a vacancy, the vacancy is withdrawn instead."""
    uphold(RULES_FOR_WITHDRAWING, Edit(proposal, actor, is_contact))
    ended = _ended(proposal, "withdraw", at=now)
    return Decision(ended, (ProposalWithdrawn(**case_of(ended, at=now)),))


class ProposalIsNotDue(Refused):
    """This proposal need not end yet."""


def lapse(proposal: Proposal, *, actor: Actor, now: datetime) -> Decision[Proposal]:
    """End what was not sent in time; what is written stays."""
    is_due = proposal.status in MOVES["lapse"] and now >= proposal.send_by.at
    if not (can(RIGHTS, actor, "let lapse", proposal) and is_due):
        raise ProposalIsNotDue
    ended = _ended(proposal, "lapse", at=now)
    return Decision(ended, (ProposalLapsed(**case_of(ended, at=now)),))


def _ended(proposal: Proposal, move: str, *, at: datetime) -> Proposal:
    return replace(proposal.moved(move), ended_at=at, row_version=proposal.row_version + 1)


def case_of(proposal: Proposal, *, at: datetime) -> dict[str, Any]:
    """What every event about a proposal says."""
    return {
        "university": proposal.university,
        "occurred_at": at,
        "programme_id": proposal.programme_id,
        "rule_set_version": proposal.rule_set_version,
        "cycle_id": proposal.cycle_id,
        "vacancy_id": proposal.proposal_id,
        "host_id": proposal.host_id,
        "title": proposal.content.title or "Untitled",
        "revision": proposal.revision,
        "person_ref": proposal.author_ref,
    }
