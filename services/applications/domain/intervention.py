"""What time, the office and the post do to an offer: let it lapse, take it back, let it stand longer."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.actor import Actor
from chassis.decision import Decision, Forbidden, Invalid, Refused, Rules, uphold
from schemas.applications import (
    ExtensionReason,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferExtended,
    OfferMade,
    OfferReminded,
    OfferReminder,
    OfferSuperseded,
    OfferWithdrawal,
    OfferWithdrawn,
)
from schemas.deadline import Deadline
from schemas.envelope import Event
from services.applications.domain.offer import (
    MOVES,
    Offer,
    OfferHasRunOut,
    OfferIsNotOpen,
    OfferIsNotYours,
    Status,
)
from services.applications.domain.policy import can


@dataclass(frozen=True, slots=True)
class ExpireOffer:
    """Let an offer lapse that nobody answered."""

    offer_id: UUID


@dataclass(frozen=True, slots=True)
class WithdrawOffer:
    """Take an offer back, with a reason that its applicant reads."""

    offer_id: UUID
    reason: str
    because: OfferWithdrawal = OfferWithdrawal.BY_OFFICE


@dataclass(frozen=True, slots=True)
class ExtendOffer:
    """Let an offer stand until another instant, or as much longer as its letter came late."""

    offer_id: UUID
    deadline: Deadline | None = None
    by: timedelta | None = None
    because: ExtensionReason = ExtensionReason.BY_OFFICE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RemindOfOffer:
    """Tell an applicant that an offer still waits."""

    offer_id: UUID
    kind: OfferReminder


# ---- when the answer is no ----


class OnlyTheOffice(Forbidden):
    """Only the internship office can do this."""


class OfferHasTimeLeft(Refused):
    """The time to answer this offer has not passed yet."""


class ReasonIsMissing(Invalid):
    """Say why: the reason is kept, and read by the person it concerns."""

    field = "reason"


class DeadlineIsPast(Invalid):
    """This instant has passed. Give one that is still to come."""

    field = "deadline"
    code = "past"


class DeadlineIsEarlier(Invalid):
    """An offer can be made to stand longer, never shorter."""

    field = "deadline"
    code = "earlier"


# ---- rules ----


@dataclass(frozen=True, slots=True)
class Intervention:
    """Everything an act of the office, or of time, upon an offer is judged by."""

    offer: Offer
    command: WithdrawOffer | ExtendOffer | ExpireOffer
    actor: Actor
    now: datetime


def offer_is_in_ones_university(i: Intervention) -> bool:
    """Another university's offer is answered like none."""
    return i.actor.university in ("", i.offer.case.university)


def actor_may_intervene(i: Intervention) -> bool:
    """The office, time and the post; nobody else."""
    return can(i.actor, "intervene in an offer", i.offer)


def offer_is_unanswered(i: Intervention) -> bool:
    """What was answered is not taken back by this door."""
    return i.offer.status in MOVES["withdraw"]


def offer_is_with_its_applicant(i: Intervention) -> bool:
    """It was made, and waits for an answer."""
    return i.offer.status in MOVES["expire"]


def time_has_run_out(i: Intervention) -> bool:
    """The database's clock, read under the lock, has reached the instant."""
    return i.offer.respond_by_at is not None and i.now >= i.offer.respond_by_at


def offer_has_not_run_out(i: Intervention) -> bool:
    """What has lapsed is not opened again by moving its end (I32)."""
    return not time_has_run_out(i)


def reason_is_given(i: Intervention) -> bool:
    """Every act of the office on a person's record says why."""
    given = i.command.reason if isinstance(i.command, WithdrawOffer | ExtendOffer) else "time"
    return bool(given.strip()) or not i.actor.is_office


def new_end_is_still_to_come(i: Intervention) -> bool:
    """A promise cannot be kept that ended yesterday (row 55)."""
    return _new_end(i).at > i.now


def new_end_is_later(i: Intervention) -> bool:
    """An answer time is never shortened."""
    return i.offer.respond_by_at is not None and _new_end(i).at > i.offer.respond_by_at


def _new_end(i: Intervention) -> Deadline:
    stood = i.offer.end
    if not isinstance(i.command, ExtendOffer):
        return stood
    later = Deadline.from_instant(stood.at + (i.command.by or timedelta()), stood.zone)
    return i.command.deadline or later


RULES_FOR_EXPIRING: Rules[Intervention] = (
    (offer_is_with_its_applicant, OfferIsNotOpen),
    (time_has_run_out, OfferHasTimeLeft),
)

RULES_FOR_WITHDRAWING: Rules[Intervention] = (
    (offer_is_in_ones_university, OfferIsNotYours),
    (actor_may_intervene, OnlyTheOffice),
    (offer_is_unanswered, OfferIsNotOpen),
    (reason_is_given, ReasonIsMissing),
)

RULES_FOR_EXTENDING: Rules[Intervention] = (
    (offer_is_in_ones_university, OfferIsNotYours),
    (actor_may_intervene, OnlyTheOffice),
    (offer_is_with_its_applicant, OfferIsNotOpen),
    (offer_has_not_run_out, OfferHasRunOut),
    (reason_is_given, ReasonIsMissing),
    (new_end_is_still_to_come, DeadlineIsPast),
    (new_end_is_later, DeadlineIsEarlier),
)


# ---- decisions ----


def expire(offer: Offer, command: ExpireOffer, *, actor: Actor, now: datetime) -> Decision[Offer]:
    """Nobody answered in time. Being late, or running twice, changes nothing."""
    uphold(RULES_FOR_EXPIRING, Intervention(offer, command, actor, now))
    lapsed = replace(offer.moved("expire"), answered_at=now)
    return Decision(lapsed, (OfferExpired(**offer.told(now), respond_by=offer.end),))


def withdraw(
    offer: Offer, command: WithdrawOffer, *, actor: Actor, now: datetime
) -> Decision[Offer]:
    """Take an offer back that nobody has answered yet."""
    uphold(RULES_FOR_WITHDRAWING, Intervention(offer, command, actor, now))
    return _taken_back(offer, because=command.because, reason=command.reason.strip(), now=now)


def lose_ground(offer: Offer, *, because: OfferWithdrawal, now: datetime) -> Decision[Offer]:
    """What an unanswered offer stood on has ended, so it ends in the same breath: its place is free."""
    if offer.status not in MOVES["withdraw"]:
        return Decision(offer)
    return _taken_back(offer, because=because, reason="", now=now)


def _taken_back(
    offer: Offer, *, because: OfferWithdrawal, reason: str, now: datetime
) -> Decision[Offer]:
    gone = replace(
        offer.moved("withdraw"), answered_at=now, reason_code=str(because), reason=reason
    )
    was_made = offer.status is Status.MADE
    told = OfferWithdrawn(**offer.told(now), reason_code=because, was_made=was_made)
    return Decision(gone, (told,))


def extend(
    offer: Offer, command: ExtendOffer, *, actor: Actor, now: datetime, late_after: timedelta
) -> Decision[Offer]:
    """Let an offer stand longer, visibly. A letter that was hardly late moves nothing."""
    if command.by is not None and command.by <= late_after:
        return Decision(offer)
    case = Intervention(offer, command, actor, now)
    uphold(RULES_FOR_EXTENDING, case)
    later = _new_end(case)
    told = OfferExtended(
        **offer.told(now),
        respond_by=later,
        instead_of=offer.end,
        reason_code=command.because,
    )
    last_hours_at = offer.last_hours_at and offer.last_hours_at + (later.at - offer.end.at)
    return Decision(replace(offer, respond_by=later, last_hours_at=last_hours_at), (told,))


def remind(offer: Offer, command: RemindOfOffer, *, now: datetime) -> Decision[Offer]:
    """Say once more that an offer waits; each kind once, and not when it is answered or over."""
    if (
        offer.status is not Status.MADE
        or command.kind in offer.reminded
        or offer.respond_by is None
    ):
        return Decision(offer)
    reminded = replace(offer, reminded=(*offer.reminded, command.kind))
    if now >= offer.respond_by.at:
        return Decision(offer)
    told = OfferReminded(**offer.told(now), kind=command.kind, respond_by=offer.respond_by)
    return Decision(reminded, (told,))


def as_it_stands(
    offer: Offer, *, placement_id: UUID | None, by_offer_id: UUID | None
) -> tuple[Event, ...]:
    """What tells of an offer to somebody who has heard nothing of it: what it was, and its end.

    An extension stands in its time to answer.
    """
    told: list[Event] = []
    if offer.made_at:
        from_reserve = offer.from_reserve
        made = OfferMade(
            **offer.told(offer.made_at), respond_by=offer.end, from_reserve=from_reserve
        )
        told.append(made)
    if offer.answered_at is None:
        return tuple(told)
    ended = offer.told(offer.answered_at)
    was_made = offer.made_at is not None
    match offer.status:
        case Status.ACCEPTED | Status.VACATED if placement_id:
            told.append(OfferAccepted(**ended, placement_id=placement_id))
        case Status.DECLINED:
            told.append(OfferDeclined(**ended, reason_code=offer.reason_code))
        case Status.EXPIRED:
            told.append(OfferExpired(**ended, respond_by=offer.end))
        case Status.WITHDRAWN if offer.reason_code:
            told.append(OfferWithdrawn(**ended, reason_code=offer.reason_code, was_made=was_made))
        case Status.SUPERSEDED if by_offer_id:
            told.append(OfferSuperseded(**ended, by_offer_id=by_offer_id, was_made=was_made))
        case _:
            raise LookupError(f"offer {offer.offer_id}: how it ended is not kept")
    return tuple(told)
