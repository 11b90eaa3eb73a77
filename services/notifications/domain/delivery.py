"""A delivery: one letter to one person, from queueing to what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Any, cast
from uuid import UUID, uuid5

from chassis.actor import Actor, Rights, Role, can
from chassis.decision import Decision, Forbidden, NotFound, Refused, Rules, uphold
from schemas.applications import ApplicationSubmitted
from schemas.notifications import (
    AboutKind,
    ConfirmationOverdue,
    FailureReason,
    MessageFailed,
    MessageSent,
)


class Status(StrEnum):
    """How far a letter got."""

    QUEUED = auto()
    HELD = auto()  # the office looks at it first
    SENDING = auto()
    SENT = auto()  # the mail server took it
    DELIVERED = auto()
    BOUNCED = auto()
    FAILED = auto()
    SUPPRESSED = auto()  # an alert that its reader has left
    CANCELLED_AS_STALE = auto()
    UNKNOWN = auto()  # twice the server fell silent after the last dot


MOVES = {
    "hold": {Status.QUEUED: Status.HELD},
    "release": {Status.HELD: Status.QUEUED},
    "lease": {Status.QUEUED: Status.SENDING},
    "put_off": {Status.SENDING: Status.QUEUED},
    "hand_over": {Status.SENDING: Status.SENT},
    "fail": {Status.QUEUED: Status.FAILED, Status.SENDING: Status.FAILED},
    "lose_sight": {Status.SENDING: Status.UNKNOWN},
    "cancel": {
        Status.QUEUED: Status.CANCELLED_AS_STALE,
        Status.HELD: Status.CANCELLED_AS_STALE,
        Status.SENDING: Status.CANCELLED_AS_STALE,
    },
    "suppress": {Status.QUEUED: Status.SUPPRESSED},
    "arrive": {Status.SENT: Status.DELIVERED},
    "bounce": {Status.SENT: Status.BOUNCED, Status.DELIVERED: Status.BOUNCED},
}
RESENDABLE = frozenset(
    {Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.FAILED, Status.UNKNOWN}
)

LEASE = timedelta(seconds=90)  # longer than every time-out of one mail together
PAUSES = (1, 5, 15, 30)  # minutes after the first, second … refusal for now; then hourly
HOURLY = timedelta(hours=1)
TRIED_FOR = timedelta(days=5)
AWAY = timedelta(seconds=15)  # the server itself is away: no fault of the letter's
NO_CARD_AFTER = timedelta(hours=1)
BODIES_KEPT = timedelta(days=30)
KEPT = timedelta(days=365)
NAMESPACE = UUID("5f0c1f1e-6a0e-5c56-9d5a-2f6f3a0f7d11")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One letter to one person, or to a mailbox where `person_ref` is None."""

    delivery_id: UUID
    cause_id: UUID
    letter: str
    person_ref: UUID | None
    university: str
    about_kind: str
    about_id: UUID
    fact: Mapping[str, Any]
    caused_at: datetime
    copy: int = 1
    sealed: str | None = None
    correlation_id: str = ""
    case: Mapping[str, UUID | None] = field(default_factory=dict[str, UUID | None])
    status: Status = Status.QUEUED
    next_try_at: datetime | None = None
    attempts: int = 0
    doubts: int = 0
    fence: int = 0
    leased_until: datetime | None = None
    data_at: datetime | None = None
    ended_at: datetime | None = None
    reply_code: int | None = None
    reason_code: str | None = None
    overdue_at: datetime | None = None

    def moved(self, move: str, **more: Any) -> "Delivery":
        """The same, one move further."""
        return replace(self, status=MOVES[move][self.status], **more)


CASE = ("programme_id", "cycle_id", "vacancy_id", "host_id", "application_id")
"""Whose it is: the ids that a letter takes over from its event."""


def id_of(cause_id: UUID, letter: str, person_ref: UUID | None, copy: int = 1) -> UUID:
    """The same event, letter and person make the same delivery, and so the same Message-ID."""
    return uuid5(NAMESPACE, f"{cause_id}/{letter}/{person_ref or 'office'}/{copy}")


def made_at(event_id: UUID, *, otherwise: datetime) -> datetime:
    """When an event was recorded, in real time: its id says so (UUIDv7)."""
    if event_id.version != 7:
        return otherwise
    return min(datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC), otherwise)


def lease(delivery: Delivery, *, at: datetime) -> Delivery:
    """Take it in hand; the fence tells this holder from every earlier one."""
    return delivery.moved("lease", fence=delivery.fence + 1, leased_until=at + LEASE, data_at=None)


def hand_over(delivery: Delivery, *, code: int, now: datetime, at: datetime) -> Decision[Delivery]:
    """The server took it. `now` is business time, `at` real time."""
    state = delivery.moved("hand_over", reply_code=code, ended_at=at, sealed=None)
    if delivery.sealed:
        return Decision(state)
    told = MessageSent(**_told(delivery, now=now), delay_seconds=_delay(delivery, at=at))
    return Decision(state, (told,))


def put_off(
    delivery: Delivery, *, code: int | None, now: datetime, at: datetime
) -> Decision[Delivery]:
    """The server refused it for now: after 1, 5, 15, 30 minutes, then hourly, up to five days."""
    if at - delivery.caused_at > TRIED_FOR:
        return fail(delivery, FailureReason.TRIED_TOO_OFTEN, code=code, now=now, at=at)
    later = (
        timedelta(minutes=PAUSES[delivery.attempts]) if delivery.attempts < len(PAUSES) else HOURLY
    )
    state = delivery.moved(
        "put_off", attempts=delivery.attempts + 1, next_try_at=at + later, reply_code=code
    )
    return Decision(state)


def give_back(delivery: Delivery, *, now: datetime, at: datetime) -> Decision[Delivery]:
    """The server was away before it could have taken anything: no try of this letter's."""
    if at - delivery.caused_at > TRIED_FOR:
        return fail(delivery, FailureReason.TRIED_TOO_OFTEN, now=now, at=at)
    return Decision(delivery.moved("put_off", next_try_at=at + AWAY))


def fail(
    delivery: Delivery,
    reason: FailureReason,
    *,
    code: int | None = None,
    now: datetime,
    at: datetime,
) -> Decision[Delivery]:
    """Given up: the office has to know."""
    state = delivery.moved(
        "fail", reason_code=str(reason), reply_code=code, ended_at=at, sealed=None
    )
    if delivery.sealed:
        return Decision(state)
    told = MessageFailed(
        **_told(delivery, now=now), reason_code=reason, delay_seconds=_delay(delivery, at=at)
    )
    return Decision(state, (told,))


def lose_sight(delivery: Delivery, *, at: datetime) -> Decision[Delivery]:
    """It may have been taken: the end came between the last dot and its answer (RFC 1047).

    Once it is tried again, with the same Message-ID; a second time nobody knows, and the office
    decides.
    """
    doubts = delivery.doubts + 1
    if doubts < 2:
        later = at + timedelta(minutes=PAUSES[0])
        return Decision(delivery.moved("put_off", doubts=doubts, next_try_at=later))
    return Decision(delivery.moved("lose_sight", doubts=doubts, ended_at=at, sealed=None))


def recover(delivery: Delivery, *, at: datetime) -> Decision[Delivery]:
    """Its holder died: before the last dot nothing was taken, after it nobody knows."""
    if delivery.data_at is None:
        return Decision(delivery.moved("put_off", next_try_at=at))
    return lose_sight(delivery, at=at)


def cancel(delivery: Delivery, *, at: datetime) -> Decision[Delivery]:
    """What it would tell is so no more."""
    return Decision(delivery.moved("cancel", ended_at=at, sealed=None))


def tell_overdue(delivery: Delivery, *, now: datetime) -> Decision[Delivery]:
    """The receipt of an application is not out in the promised time: the office is warned (R83)."""
    submitted = ApplicationSubmitted.model_validate(delivery.fact)
    case = submitted.model_dump(exclude={"occurred_at", "closes_at", "reference"})
    told = ConfirmationOverdue(
        **case,
        occurred_at=now,
        delivery_id=delivery.delivery_id,
        reference=submitted.reference,
        waiting_since=submitted.occurred_at,
    )
    return Decision(delivery, (told,))


def _delay(delivery: Delivery, *, at: datetime) -> float:
    return round(max(0.0, (at - delivery.caused_at).total_seconds()), 3)


def _told(delivery: Delivery, *, now: datetime) -> dict[str, Any]:
    case = {name: delivery.case.get(name) for name in CASE if name != "application_id"}
    return case | {
        "university": delivery.university,
        "occurred_at": now,
        "delivery_id": delivery.delivery_id,
        "letter": delivery.letter,
        "cause_id": delivery.cause_id,
        "about_kind": cast(AboutKind, delivery.about_kind),
        "about_id": delivery.about_id,
        "person_ref": delivery.person_ref,
    }


# ---- sending again ----


@dataclass(frozen=True, slots=True)
class ResendLetter:
    """The office sends a letter again, and says why."""

    delivery_id: UUID
    reason: str


class DeliveryIsNotYours(NotFound):
    """We cannot find this delivery."""


class ResendingIsForTheOffice(Forbidden):
    """Only the internship office sends a letter again."""


class LetterWasKeptNowhere(Refused):
    """This letter held a secret, which is kept nowhere. Its reader asks for a new link instead."""


class DeliveryIsOnItsWay(Refused):
    """This letter is still on its way, or was cancelled because what it told is so no more."""


@dataclass(frozen=True, slots=True)
class Resending:
    """Everything a resending is judged by."""

    delivery: Delivery
    actor: Actor


WHO_SENDS = (Role.OFFICER, Role.PROGRAMME_MANAGER, Role.SUPPORT)

RIGHTS: Rights = {
    "resend": lambda actor, _: actor.is_a(*WHO_SENDS) or "office" in actor.scopes,
    "see": lambda actor, delivery: actor.university == delivery.university,
}


def delivery_is_of_ones_university(r: Resending) -> bool:
    """Nothing of one university is readable from another (R1)."""
    return can(RIGHTS, r.actor, "see", r.delivery)


def one_works_in_the_office(r: Resending) -> bool:
    """Whoever may send again."""
    return can(RIGHTS, r.actor, "resend", r.delivery)


def letter_holds_no_secret(r: Resending) -> bool:
    """A secret is mailed once and kept nowhere."""
    return r.delivery.about_kind != "sign_in"


def delivery_has_ended(r: Resending) -> bool:
    """It was sent, or given up."""
    return r.delivery.status in RESENDABLE


RULES_FOR_RESENDING: Rules[Resending] = (
    (delivery_is_of_ones_university, DeliveryIsNotYours),
    (one_works_in_the_office, ResendingIsForTheOffice),
    (letter_holds_no_secret, LetterWasKeptNowhere),
    (delivery_has_ended, DeliveryIsOnItsWay),
)


def resend(delivery: Delivery, *, copies: int, actor: Actor, at: datetime) -> Decision[Delivery]:
    """A new delivery of the same letter, caused now: the first one's story stays as it was."""
    uphold(RULES_FOR_RESENDING, Resending(delivery, actor))
    copy = copies + 1
    again = Delivery(
        delivery_id=id_of(delivery.cause_id, delivery.letter, delivery.person_ref, copy),
        cause_id=delivery.cause_id,
        letter=delivery.letter,
        person_ref=delivery.person_ref,
        university=delivery.university,
        about_kind=delivery.about_kind,
        about_id=delivery.about_id,
        fact=delivery.fact,
        caused_at=at,
        copy=copy,
        correlation_id=delivery.correlation_id,
        case=delivery.case,
    )
    return Decision(again)
