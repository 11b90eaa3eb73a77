"""Who acts: a person in a role, a machine, or time itself; and the table of what each may do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class Role(StrEnum):
    """What someone may be at the door. Host roles are read per request, the others at sign-in."""

    APPLICANT = "applicant"
    HOST_CONTACT = "host-contact"
    SUPERVISOR = "supervisor"
    OFFICER = "officer"
    PROGRAMME_MANAGER = "programme-manager"
    SUPPORT = "support"
    AUDITOR = "auditor"
    MACHINE = "machine"
    TIME = "time"
    POST = "post"


OFFICE = frozenset({Role.OFFICER, Role.PROGRAMME_MANAGER, Role.SUPPORT, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something: enough to judge by, and nothing that may not be logged but a name.

    `person_ref` is None for time and the post; `university` is the slug of the one university this
    sign-in belongs to; `hosts` are the organisations this person is a contact of, and
    `supervises_at` those where they look after interns and decide nothing, both taken from the
    service's own copy at the start of the request; `facts` are what the identity provider asserted
    (affiliation, level, school …), which eligibility is judged by. `scopes` are what a machine's
    token allows.
    """

    person_ref: UUID | None
    university: str
    roles: frozenset[Role]
    name: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    hosts: frozenset[UUID] = frozenset()
    supervises_at: frozenset[UUID] = frozenset()
    scopes: frozenset[str] = frozenset()
    signed_in_at: Any = None

    def is_a(self, *roles: Role) -> bool:
        """Whether this actor has any of these roles."""
        return not self.roles.isdisjoint(roles)

    @property
    def organisations(self) -> frozenset[UUID]:
        """Every organisation this person belongs to, as a contact or as a supervisor."""
        return self.hosts | self.supervises_at

    @property
    def is_office(self) -> bool:
        """Whether this actor works in the internship office, in whatever role."""
        return not self.roles.isdisjoint(OFFICE)

    @property
    def role(self) -> str:
        """The role an audit row or a timeline names."""
        return next((str(role) for role in Role if role in self.roles), "public")


def the_clock(university: str = "") -> Actor:
    """Time, as an actor: what deadlines do, nobody did."""
    return Actor(None, university, frozenset({Role.TIME}))


def the_post(university: str = "") -> Actor:
    """A reaction to another service's event."""
    return Actor(None, university, frozenset({Role.POST}))


Right = Callable[[Actor, Any], bool]
Rights = Mapping[str, Right]


def can(rights: Rights, actor: Actor, action: str, thing: Any = None) -> bool:
    """Whether an actor may do this to that; what the table does not name, nobody may (deny by default)."""
    right = rights.get(action)
    return right is not None and right(actor, thing)
