"""A host: an organisation that offers placements, once the office has approved it (R16)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.actor import Actor, can
from chassis.decision import Decision, Invalid, NotFound, Refused, Rules, uphold
from schemas.envelope import Event
from schemas.proposals import (
    ContactKind,
    HostApproved,
    HostContactAdded,
    HostFacts,
    HostRefused,
    HostRegistered,
    HostSuspended,
)
from services.proposals.domain.policy import RIGHTS


class Status(StrEnum):
    """Where an organisation stands with the office."""

    REGISTERED = auto()
    APPROVED = auto()
    REFUSED = auto()
    SUSPENDED = auto()


MOVES = {
    "approve": {Status.REGISTERED: Status.APPROVED, Status.SUSPENDED: Status.APPROVED},
    "refuse": {Status.REGISTERED: Status.REFUSED},
    "suspend": {Status.APPROVED: Status.SUSPENDED},
}

SIZES = ("1_to_9", "10_to_49", "50_to_249", "250_or_more")
REGIONS = (
    "oxfordshire",
    "london",
    "south_east",
    "south_west",
    "east_of_england",
    "midlands",
    "north_of_england",
    "wales",
    "scotland",
    "northern_ireland",
    "outside_uk",
)
REFUSING = ("not_an_organisation", "known_already", "cannot_be_reached", "not_suitable")
SUSPENDING = ("supervision_not_given", "costs_not_repaid", "conduct", "at_its_own_wish")


@dataclass(frozen=True, slots=True)
class Host:
    """One organisation at one university."""

    host_id: UUID
    university: str
    status: Status
    facts: HostFacts
    about: str
    registered_by: UUID
    registered_at: datetime
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    reason_codes: tuple[str, ...] = ()
    reason: str = ""
    vacancies_end: bool = False
    row_version: int = 1

    def moved(self, move: str) -> "Host":
        """The host after a move of the table."""
        return replace(self, status=MOVES[move][self.status])


@dataclass(frozen=True, slots=True)
class RegisterHost:
    """Ask to be let in, with a first person who acts for the organisation."""

    facts: HostFacts
    about: str
    contact_ref: UUID


@dataclass(frozen=True, slots=True)
class ApproveHost:
    """Let an organisation in, or back in."""

    host_id: UUID


@dataclass(frozen=True, slots=True)
class RefuseHost:
    """Turn a registration down."""

    host_id: UUID
    reason_code: str
    reason: str  # as the host reads it


@dataclass(frozen=True, slots=True)
class SuspendHost:
    """Let an organisation do nothing until it is approved again."""

    host_id: UUID
    reason_code: str
    reason: str
    vacancies_end: bool = False  # its vacancies are withdrawn, one after the other


class HostIsNotYours(NotFound):
    """We cannot find this organisation."""


class HostIsDecidedOn(Refused):
    """This organisation has been decided on already. Load the page again to see how it stands."""


class HostCannotBeSuspended(Refused):
    """Only an approved organisation can be suspended."""


class ReasonIsUnknown(Invalid):
    """Choose one of the reasons."""

    field = "reason_code"


class ReasonIsMissing(Invalid):
    """Say why, as the host will read it."""

    field = "reason"


@dataclass(frozen=True, slots=True)
class HostDecision:
    """Everything the office's decision on a host is judged by."""

    host: Host
    move: str
    actor: Actor
    reason_code: str = ""
    reason: str = ""
    known: tuple[str, ...] = ()


def host_is_of_ones_own_university(d: HostDecision) -> bool:
    return can(RIGHTS, d.actor, "decide on host", d.host)


def host_can_make_this_move(d: HostDecision) -> bool:
    return d.host.status in MOVES[d.move]


def reason_is_known(d: HostDecision) -> bool:
    return d.reason_code in d.known


def reason_is_given(d: HostDecision) -> bool:
    return bool(d.reason.strip())


RULES_FOR_APPROVING: Rules[HostDecision] = (
    (host_is_of_ones_own_university, HostIsNotYours),
    (host_can_make_this_move, HostIsDecidedOn),
)
RULES_FOR_REFUSING: Rules[HostDecision] = (
    (host_is_of_ones_own_university, HostIsNotYours),
    (host_can_make_this_move, HostIsDecidedOn),
    (reason_is_known, ReasonIsUnknown),
    (reason_is_given, ReasonIsMissing),
)
RULES_FOR_SUSPENDING: Rules[HostDecision] = (
    (host_is_of_ones_own_university, HostIsNotYours),
    (host_can_make_this_move, HostCannotBeSuspended),
    (reason_is_known, ReasonIsUnknown),
    (reason_is_given, ReasonIsMissing),
)


def register(
    command: RegisterHost, *, host_id: UUID, university: str, now: datetime
) -> Decision[Host]:
    """Take an organisation's word for what it is; the office looks at it next."""
    host = Host(
        host_id=host_id,
        university=university,
        status=Status.REGISTERED,
        facts=command.facts,
        about=command.about,
        registered_by=command.contact_ref,
        registered_at=now,
    )
    registered = HostRegistered(
        university=university,
        occurred_at=now,
        host_id=host_id,
        facts=command.facts,
        person_ref=command.contact_ref,
    )
    added = contact_added(host, command.contact_ref, kind=ContactKind.CONTACT, now=now)
    return Decision(host, (registered, added))


def contact_added(
    host: Host, person_ref: UUID, *, kind: ContactKind, now: datetime
) -> HostContactAdded:
    """Say that a person acts for a host, or supervises there."""
    return HostContactAdded(
        university=host.university,
        occurred_at=now,
        host_id=host.host_id,
        person_ref=person_ref,
        kind=kind,
    )


def approve(host: Host, *, actor: Actor, now: datetime) -> Decision[Host]:
    """Let an organisation send proposals; or lift its suspension."""
    uphold(RULES_FOR_APPROVING, HostDecision(host, "approve", actor))
    decided = _decided(host.moved("approve"), actor=actor, now=now, code="", reason="")
    told = HostApproved(
        university=host.university, occurred_at=now, host_id=host.host_id, facts=host.facts
    )
    return Decision(replace(decided, vacancies_end=False), (told,))


def refuse(host: Host, command: RefuseHost, *, actor: Actor, now: datetime) -> Decision[Host]:
    """Turn a registration down, with a reason the host reads."""
    case = HostDecision(host, "refuse", actor, command.reason_code, command.reason, REFUSING)
    uphold(RULES_FOR_REFUSING, case)
    decided = _decided(
        host.moved("refuse"), actor=actor, now=now, code=command.reason_code, reason=command.reason
    )
    told = HostRefused(
        university=host.university,
        occurred_at=now,
        host_id=host.host_id,
        public_name=host.facts.public_name,
        reason_codes=decided.reason_codes,
    )
    return Decision(decided, (told,))


def suspend(host: Host, command: SuspendHost, *, actor: Actor, now: datetime) -> Decision[Host]:
    """Take every right from an organisation's contacts until it is approved again."""
    case = HostDecision(host, "suspend", actor, command.reason_code, command.reason, SUSPENDING)
    uphold(RULES_FOR_SUSPENDING, case)
    decided = _decided(
        host.moved("suspend"), actor=actor, now=now, code=command.reason_code, reason=command.reason
    )
    told = HostSuspended(
        university=host.university,
        occurred_at=now,
        host_id=host.host_id,
        public_name=host.facts.public_name,
        reason_codes=decided.reason_codes,
    )
    return Decision(replace(decided, vacancies_end=command.vacancies_end), (told,))


def as_it_stands(host: Host) -> tuple[Event, ...]:
    """What tells how an organisation stands, to somebody who has heard nothing of it.

    No event before the last gives it a right that it does not have now.
    """
    case: dict[str, Any] = {"university": host.university, "host_id": host.host_id}
    decided: dict[str, Any] = case | {"occurred_at": host.decided_at or host.registered_at}
    if host.status is Status.APPROVED:
        return (HostApproved(**decided, facts=host.facts),)
    registered = HostRegistered(
        **case, occurred_at=host.registered_at, facts=host.facts, person_ref=host.registered_by
    )
    if host.status is Status.REGISTERED:
        return (registered,)
    kind = HostRefused if host.status is Status.REFUSED else HostSuspended
    name, codes = host.facts.public_name, host.reason_codes
    return registered, kind(**decided, public_name=name, reason_codes=codes)


def _decided(host: Host, *, actor: Actor, now: datetime, code: str, reason: str) -> Host:
    return replace(
        host,
        decided_at=now,
        decided_by=actor.person_ref,
        reason_codes=(code,) if code else (),
        reason=reason,
    )
