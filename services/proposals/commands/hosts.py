"""Let organisations register, and decide on them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis import outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.decision import Decision
from schemas.envelope import new_id
from schemas.proposals import ContactKind, HostFacts
from services.proposals.commands import accounts
from services.proposals.contacts import Contacts
from services.proposals.domain import host as hosts
from services.proposals.domain.host import (
    ApproveHost,
    Host,
    HostIsNotYours,
    RefuseHost,
    RegisterHost,
    SuspendHost,
)
from services.proposals.store import hosts as store


@dataclass(frozen=True, slots=True)
class Registration:
    """What an organisation says of itself, and who says it."""

    facts: dict[str, Any]  # those of `HostFacts`, but the day from which they are so
    about: str
    contact_name: str
    contact_address: str


async def register_host(
    tx: Transaction,
    given: Registration,
    *,
    university: str,
    contacts: Contacts,
    actor: Actor,
    now: Clock,
) -> dict[str, str]:
    """Keep a registration, and open an account for the person who makes it.

    A person who is signed in with such an account stays that person, whatever address was typed.
    """
    person_ref = await accounts.open_account(
        tx,
        university=university,
        display_name=given.contact_name,
        mail_address=given.contact_address,
        contacts=contacts,
        now=now,
    )
    at = await now(tx)
    facts = HostFacts.model_validate(given.facts | {"valid_from_on": at.date()})
    command = RegisterHost(facts, given.about, person_ref)
    decision = hosts.register(command, host_id=new_id(), university=university, now=at)
    host = decision.state
    await store.add_host(tx, host)
    await store.add_contact(tx, host, person_ref, kind=ContactKind.CONTACT, now=at)
    await outbox.record(tx, decision.events, actor=actor)
    return {"host_id": str(host.host_id), "status": str(host.status)}


async def add_supervisor(
    tx: Transaction,
    host: Host,
    *,
    name: str,
    mail_address: str,
    contacts: Contacts,
    actor: Actor,
    now: Clock,
) -> UUID:
    """Make a person whom a host names as supervisor known to everyone, and reachable."""
    person_ref = await accounts.open_account(
        tx,
        university=host.university,
        display_name=name,
        mail_address=mail_address,
        contacts=contacts,
        now=now,
        actor=actor,
    )
    at = await now(tx)
    kind = ContactKind.SUPERVISOR
    if await store.add_contact(tx, host, person_ref, kind=kind, now=at):
        added = hosts.contact_added(host, person_ref, kind=kind, now=at)
        await outbox.record(tx, (added,), actor=actor)
    return person_ref


async def approve_host(
    tx: Transaction, command: ApproveHost, *, actor: Actor, now: Clock
) -> dict[str, str]:
    """Let an organisation send proposals; or lift its suspension."""
    host = await _lock(tx, command.host_id)
    return await _decide(tx, hosts.approve(host, actor=actor, now=await now(tx)), actor)


async def refuse_host(
    tx: Transaction, command: RefuseHost, *, actor: Actor, now: Clock
) -> dict[str, str]:
    """Turn a registration down, with a reason the host reads."""
    host = await _lock(tx, command.host_id)
    return await _decide(tx, hosts.refuse(host, command, actor=actor, now=await now(tx)), actor)


async def suspend_host(
    tx: Transaction, command: SuspendHost, *, actor: Actor, now: Clock
) -> dict[str, str]:
    """Take every right from an organisation; its vacancies, if so decided, end one by one later."""
    host = await _lock(tx, command.host_id)
    return await _decide(tx, hosts.suspend(host, command, actor=actor, now=await now(tx)), actor)


async def _lock(tx: Transaction, host_id: UUID) -> Host:
    host = await store.lock_host(tx, host_id)
    if host is None:
        raise HostIsNotYours
    return host


async def _decide(tx: Transaction, decision: Decision[Host], actor: Actor) -> dict[str, str]:
    host = decision.state
    await store.save_decision(tx, host)
    await outbox.record(tx, decision.events, actor=actor, reason=host.reason or None)
    return {"host_id": str(host.host_id), "status": str(host.status)}
