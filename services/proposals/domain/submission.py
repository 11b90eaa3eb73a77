"""Sending a proposal: everything is there, in time, and from an organisation that may (R9, R16)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chassis.actor import Actor
from chassis.decision import Decision, Invalid, Refused, Rules, uphold
from schemas.deadline import Deadline
from schemas.proposals import ProposalSubmitted
from schemas.rules import RuleSet
from services.proposals.domain import host as hosts
from services.proposals.domain.content import CountWords, Gap, list_gaps
from services.proposals.domain.cycle import Cycle
from services.proposals.domain.host import Host
from services.proposals.domain.proposal import (
    MOVES,
    OrganisationIsSuspended,
    Proposal,
    ProposalHasEnded,
    ProposalIsNotYours,
    ProposalIsSent,
    Status,
    case_of,
    proposal_is_not_with_the_office,
    proposal_is_of_ones_host,
)
from services.proposals.domain.said import said


class OrganisationIsNotApproved(Refused):
    """Your organisation is being checked. You can write your draft now and send it afterwards."""


class ProposalsAreNotOpenYet(Refused):
    """Proposals open at {opens_at}. Your draft is kept."""

    @classmethod
    def because(cls, case: Any, /) -> "ProposalsAreNotOpenYet":
        return cls(opens_at=said(case.cycle.dates.proposals_open_at))


class ProposalsHaveClosed(Refused):
    """Proposals closed at {closed_at}. Your draft is kept for the next cycle."""

    code = "deadline-passed"

    @classmethod
    def because(cls, case: Any, /) -> "ProposalsHaveClosed":
        by: Deadline = case.proposal.send_by
        return cls(
            closed_at=said(by),
            deadline=by.at.isoformat(),
            zone=by.zone,
            server_time=case.now.isoformat(),
        )


class ProposalIsIncomplete(Invalid):
    """Some answers are missing or need another look."""

    def __init__(self, gaps: tuple[Gap, ...]) -> None:
        self.gaps = gaps
        super().__init__()

    @classmethod
    def because(cls, case: Any, /) -> "ProposalIsIncomplete":
        return cls(case.gaps)


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything the sending of a proposal is judged by."""

    proposal: Proposal
    cycle: Cycle
    host: Host
    actor: Actor
    is_contact: bool
    now: datetime
    gaps: tuple[Gap, ...]


def host_is_approved(s: Submission) -> bool:
    return s.host.status == hosts.Status.APPROVED


def host_is_not_suspended(s: Submission) -> bool:
    return s.host.status in (hosts.Status.APPROVED, hosts.Status.REGISTERED)


def proposal_can_be_sent(s: Submission) -> bool:
    return s.proposal.status in MOVES["submit"] or s.proposal.status == Status.LAPSED


def proposals_have_opened(s: Submission) -> bool:
    return s.now >= s.cycle.dates.proposals_open_at.at


def proposal_comes_in_time(s: Submission) -> bool:
    return s.now < s.proposal.send_by.at and s.proposal.status != Status.LAPSED


def proposal_is_complete(s: Submission) -> bool:
    return not s.gaps


RULES_FOR_SUBMITTING: Rules[Submission] = (
    (proposal_is_of_ones_host, ProposalIsNotYours),
    (host_is_not_suspended, OrganisationIsSuspended),
    (proposal_is_not_with_the_office, ProposalIsSent),
    (proposal_can_be_sent, ProposalHasEnded),
    (proposals_have_opened, ProposalsAreNotOpenYet),
    (proposal_comes_in_time, ProposalsHaveClosed),
    (host_is_approved, OrganisationIsNotApproved),
    (proposal_is_complete, ProposalIsIncomplete),
)


def submit(
    proposal: Proposal,
    *,
    cycle: Cycle,
    host: Host,
    is_contact: bool,
    actor: Actor,
    now: datetime,
    rules: RuleSet,
    count_words: CountWords,
) -> Decision[Proposal]:
    """Send a proposal as its next revision."""
    gaps = list_gaps(
        proposal.content,
        rules=rules,
        dates=cycle.dates,
        count_words=count_words,
    )
    uphold(RULES_FOR_SUBMITTING, Submission(proposal, cycle, host, actor, is_contact, now, gaps))
    sent = replace(
        proposal.moved("submit"),
        revision=proposal.revision + 1,
        typed={},
        submitted_at=now,
        row_version=proposal.row_version + 1,
    )
    return Decision(sent, (ProposalSubmitted(**case_of(sent, at=now)),))
