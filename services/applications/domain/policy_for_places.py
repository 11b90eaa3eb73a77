"""Rights to selections, offers and placements: who may do what. What is not named, nobody may."""

from typing import Any

from chassis import actor as actors
from chassis.actor import OFFICE, Actor, Rights, Role


def _is_ones_own(actor: Actor, thing: Any) -> bool:
    """A person's own application, offer or placement, in the university of this sign-in."""
    return (
        actor.person_ref is not None
        and actor.person_ref == thing.person_ref
        and _is_here(actor, thing)
    )


def _is_the_hosts(actor: Actor, thing: Any) -> bool:
    """Of a host that this person acts for; supervisors look on, and decide nothing."""
    acts = actor.is_a(Role.HOST_CONTACT) and thing.case.host_id in actor.hosts
    return acts and _is_here(actor, thing)


def _is_the_offices(actor: Actor, thing: Any) -> bool:
    """An officer, a programme manager or support of this university; auditors only read."""
    acts = actor.is_a(Role.OFFICER, Role.PROGRAMME_MANAGER, Role.SUPPORT)
    return (acts or "office" in actor.scopes) and _is_here(actor, thing)


def _is_seen_by_the_office(actor: Actor, thing: Any) -> bool:
    """Anybody who works in the office of this university, auditors too."""
    return (actor.is_a(*OFFICE) or "office" in actor.scopes) and _is_here(actor, thing)


def _nobody(actor: Actor, _thing: Any) -> bool:
    """What time and the post do, nobody does."""
    return actor.is_a(Role.TIME, Role.POST)


def _is_here(actor: Actor, thing: Any) -> bool:
    return actor.university == thing.case.university


RIGHTS: Rights = {
    "see application": lambda actor, application: (
        _is_ones_own(actor, application) or _is_seen_by_the_office(actor, application)
    ),
    "change application": _is_ones_own,
    "submit application": _is_ones_own,
    "withdraw application": lambda actor, application: (
        _is_ones_own(actor, application) or _is_the_offices(actor, application)
    ),
    "release applications": lambda actor, round_: (
        _is_the_offices(actor, round_) or actor.is_a(Role.TIME)
    ),
    "answer an offer": _is_ones_own,
    "intervene in an offer": lambda actor, offer: (
        _is_the_offices(actor, offer) or _nobody(actor, offer)
    ),
    "rank": _is_the_hosts,  # and never the office (R88)
    "tell outcomes": _is_the_offices,
    "cancel one's placement": _is_ones_own,
    "cancel a host's placement": _is_the_hosts,
    "cancel any placement": _is_the_offices,
    "introduce": lambda actor, placement: (
        _is_the_offices(actor, placement) or _nobody(actor, placement)
    ),
}


def can(actor: Actor, action: str, thing: Any) -> bool:
    """Whether an actor may do this to that."""
    return actors.can(RIGHTS, actor, action, thing)
