"""The one table of rights: who may do what to which claim. What is not named here, nobody may."""

from typing import Any

from chassis import actor as actors
from chassis.actor import OFFICE, Actor, Rights, Role


def is_ones_own(actor: Actor, thing: Any) -> bool:
    """A person's own claim or placement, in the university of this sign-in."""
    return (
        actor.person_ref is not None
        and actor.person_ref == thing.case.person_ref
        and _is_here(actor, thing)
    )


def is_the_hosts(actor: Actor, thing: Any) -> bool:
    """Of a host that this person acts for or supervises at; the host sees no draft."""
    return thing.case.host_id in actor.organisations and _is_here(actor, thing)


def _is_sent_to_the_host(actor: Actor, claim: Any) -> bool:
    return is_the_hosts(actor, claim) and claim.submission >= 1


def _is_paid_by(actor: Actor, claim: Any) -> bool:
    """A contact of the host that pays; a supervisor looks on. Which of the two, the command asks."""
    return claim.case.host_id in actor.hosts and _is_sent_to_the_host(actor, claim)


def _is_the_offices(actor: Actor, thing: Any) -> bool:
    """An officer, a programme manager or support of this university; auditors only read."""
    acts = actor.is_a(Role.OFFICER, Role.PROGRAMME_MANAGER, Role.SUPPORT)
    return (acts or "office" in actor.scopes) and _is_here(actor, thing)


def is_seen_by_the_office(actor: Actor, thing: Any) -> bool:
    """Anybody who works in the office of this university, auditors too."""
    return (actor.is_a(*OFFICE) or "office" in actor.scopes) and _is_here(actor, thing)


def _is_here(actor: Actor, thing: Any) -> bool:
    return actor.university == thing.case.university


RIGHTS: Rights = {
    "claim": is_ones_own,
    "see claim": lambda actor, claim: (
        is_ones_own(actor, claim)
        or _is_sent_to_the_host(actor, claim)
        or is_seen_by_the_office(actor, claim)
    ),
    "decide": _is_paid_by,
    "settle": _is_the_offices,
}


def can(actor: Actor, action: str, thing: Any) -> bool:
    """Whether an actor may do this to that."""
    return actors.can(RIGHTS, actor, action, thing)
