"""Who may do what: the one table of rights of this service. What it does not name, nobody may."""

from typing import Protocol
from uuid import UUID

from chassis.actor import Actor, Rights, Role
from chassis.decision import Forbidden


class OfUniversity(Protocol):
    """Anything that belongs to one university."""

    @property
    def university(self) -> str: ...


class Written(OfUniversity, Protocol):
    """A proposal, by whom it was written."""

    @property
    def author_ref(self) -> UUID: ...


def _officer(actor: Actor, thing: OfUniversity) -> bool:
    return actor.university == thing.university and actor.is_a(
        Role.OFFICER, Role.PROGRAMME_MANAGER, Role.MACHINE
    )


def _manager(actor: Actor, thing: OfUniversity) -> bool:
    return actor.university == thing.university and actor.is_a(
        Role.PROGRAMME_MANAGER, Role.OFFICER, Role.MACHINE
    )


def _screener(actor: Actor, proposal: Written) -> bool:
    return _officer(actor, proposal) and actor.person_ref not in (None, proposal.author_ref)


def _time(actor: Actor, _: object) -> bool:
    return actor.is_a(Role.TIME)


RIGHTS: Rights = {
    "load programme": _manager,
    "publish cycle": _manager,
    "decide on host": _officer,
    "see for the office": _officer,
    "screen": _screener,
    "withdraw vacancy for the office": _officer,
    "readvertise": _officer,
    "let lapse": _time,
}


class PersonsDoThis(Forbidden):
    """Only a person can do this."""


def person_of(actor: Actor) -> UUID:
    """Who acts. Raises `PersonsDoThis` for a machine, time or the post."""
    if actor.person_ref is None:
        raise PersonsDoThis
    return actor.person_ref
