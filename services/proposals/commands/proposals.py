"""Begin, edit, send, take back and screen proposals."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis import outbox, texts
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from schemas.envelope import new_id
from services.proposals.commands.hosts import add_supervisor
from services.proposals.commands.programmes import get_cycle
from services.proposals.contacts import Contacts
from services.proposals.domain import proposal as proposals
from services.proposals.domain import screening as screenings
from services.proposals.domain import submission as submissions
from services.proposals.domain.host import Host, HostIsNotYours
from services.proposals.domain.policy import person_of
from services.proposals.domain.proposal import (
    CycleIsNotOpenToYou,
    DraftProposal,
    EditProposal,
    LapseProposal,
    Proposal,
    ProposalIsNotYours,
    SubmitProposal,
    WithdrawProposal,
)
from services.proposals.domain.screening import (
    AuthorCannotScreen,
    ProposalIsNotHere,
    ScreenProposal,
    TakeUpProposal,
)
from services.proposals.store import hosts as host_store
from services.proposals.store import programmes as programme_store
from services.proposals.store import proposals as store
from services.proposals.store import vacancies as vacancy_store


async def draft_proposal(
    tx: Transaction, command: DraftProposal, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Begin a draft for a cycle."""
    host = await host_store.find_host(tx, command.host_id)
    if host is None:
        raise HostIsNotYours
    decision = proposals.begin(
        proposal_id=new_id(),
        cycle=await get_cycle(tx, command.cycle_id, otherwise=CycleIsNotOpenToYou),
        host=host,
        is_contact=await host_store.is_contact(tx, host.host_id, actor.person_ref),
        actor=actor,
        now=await now(tx),
    )
    await store.add_proposal(tx, decision.state)
    return _told(decision.state)


async def edit_proposal(
    tx: Transaction, command: EditProposal, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Keep what was written, whole or not."""
    held = await _lock(tx, command.proposal_id)
    decision = proposals.edit(
        held,
        command,
        actor=actor,
        is_contact=await host_store.is_contact(tx, held.host_id, actor.person_ref),
        now=await now(tx),
    )
    await store.save_proposal(tx, decision.state)
    return _told(decision.state)


async def submit_proposal(
    tx: Transaction, command: SubmitProposal, *, contacts: Contacts, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Send a proposal to be screened, as its next revision.

    A supervisor named by name and address is given an account before anybody is told of the
    proposal, so that whoever hears of it can tell who that is.
    """
    held = await _lock(tx, command.proposal_id)
    host = await _host(tx, held.host_id)
    cycle = await get_cycle(tx, held.cycle_id, otherwise=CycleIsNotOpenToYou)
    decision = submissions.submit(
        held,
        cycle=cycle,
        host=host,
        is_contact=await host_store.is_contact(tx, held.host_id, actor.person_ref),
        actor=actor,
        now=await now(tx),
        rules=await programme_store.get_rules(tx, held.programme_id, held.rule_set_version),
        count_words=texts.count_words,
    )
    sent = decision.state
    if named := sent.content.supervisor:
        ref = await add_supervisor(
            tx,
            host,
            name=named.name,
            mail_address=named.mail_address,
            contacts=contacts,
            actor=actor,
            now=now,
        )
        sent = replace(sent, content=replace(sent.content, supervisor_ref=ref))
    await store.save_proposal(tx, sent)
    at = sent.submitted_at or await now(tx)
    await store.add_revision(tx, sent, submitted_by=person_of(actor), now=at)
    await outbox.record(tx, decision.events, actor=actor)
    return _told(sent)


async def withdraw_proposal(
    tx: Transaction, command: WithdrawProposal, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Take a proposal back before it becomes a vacancy."""
    held = await _lock(tx, command.proposal_id)
    decision = proposals.withdraw(
        held,
        actor=actor,
        is_contact=await host_store.is_contact(tx, held.host_id, actor.person_ref),
        now=await now(tx),
    )
    await store.save_proposal(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)
    return _told(decision.state)


async def lapse_proposal(
    tx: Transaction, command: LapseProposal, *, actor: Actor, now: Clock
) -> None:
    """End what was not sent in time."""
    held = await _lock(tx, command.proposal_id)
    decision = proposals.lapse(held, actor=actor, now=await now(tx))
    await store.save_proposal(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)


async def take_up_proposal(
    tx: Transaction, command: TakeUpProposal, *, actor: Actor
) -> dict[str, Any]:
    """Say that one is screening a proposal, so that no two do."""
    held = await store.lock_proposal(tx, command.proposal_id)
    if held is None:
        raise ProposalIsNotHere
    decision = screenings.take_up(held, actor=actor)
    await store.save_proposal(tx, decision.state)
    return _told(decision.state)


async def screen_proposal(
    tx: Transaction, command: ScreenProposal, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Record a verdict; what passes is published as a vacancy in the same transaction."""
    held = await store.lock_proposal(tx, command.proposal_id)
    if held is None or held.university != actor.university:
        raise ProposalIsNotHere
    if await store.was_sent_by(tx, held.proposal_id, actor.person_ref):
        raise AuthorCannotScreen
    decision = screenings.screen(
        held,
        command,
        cycle=await get_cycle(tx, held.cycle_id, otherwise=ProposalIsNotHere),
        host=await _host(tx, held.host_id),
        actor=actor,
        now=await now(tx),
        rules=await programme_store.get_rules(tx, held.programme_id, held.rule_set_version),
    )
    screened = decision.state
    await store.save_proposal(tx, screened.proposal)
    await store.add_screening(tx, screened.screening)
    if screened.vacancy:
        await vacancy_store.add_vacancy(tx, screened.vacancy)
    await outbox.record(tx, decision.events, actor=actor)
    return _told(screened.proposal) | {"outcome": str(command.outcome)}


async def _lock(tx: Transaction, proposal_id: UUID) -> Proposal:
    held = await store.lock_proposal(tx, proposal_id)
    if held is None:
        raise ProposalIsNotYours
    return held


async def _host(tx: Transaction, host_id: UUID) -> Host:
    host = await host_store.find_host(tx, host_id)
    if host is None:
        raise HostIsNotYours
    return host


def _told(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposal_id": str(proposal.proposal_id),
        "status": str(proposal.status),
        "revision": proposal.revision,
        "row_version": proposal.row_version,
    }
