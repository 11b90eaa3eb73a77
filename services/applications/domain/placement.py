"""A placement: the days on which an accepted place is taken up; it exists only after acceptance."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.actor import Actor
from chassis.decision import Decision, Forbidden, Invalid, NotFound, Refused, Rules, uphold
from schemas.advert import Day
from schemas.applications import (
    CancelledBy,
    EvaluationInvited,
    PlacementCancelled,
    PlacementCompleted,
    PlacementConfirmed,
    PlacementIntroduced,
    PlacementReminded,
    PlacementReminder,
    PlacementStarted,
    Side,
)
from schemas.deadline import Deadline
from schemas.envelope import Event
from schemas.rules import RuleSet, Teller
from services.applications.domain.case import Case
from services.applications.domain.offer import Offer
from services.applications.domain.policy import can


class Status(StrEnum):
    """Where a placement stands."""

    CONFIRMED = auto()
    INTRODUCED = auto()
    IN_PROGRESS = auto()
    COMPLETED = auto()
    NOT_COMPLETED = auto()
    NO_SHOW = auto()
    CANCELLED_BY_INTERN = auto()
    CANCELLED_BY_HOST = auto()
    CANCELLED_BY_OFFICE = auto()


_AHEAD = (Status.CONFIRMED, Status.INTRODUCED)
_LIVE = (*_AHEAD, Status.IN_PROGRESS)

MOVES: dict[str, dict[Status, Status]] = {  # a test holds the CHECK in Postgres to it
    "introduce": {Status.CONFIRMED: Status.INTRODUCED},
    "start": dict.fromkeys(_AHEAD, Status.IN_PROGRESS),
    "complete": dict.fromkeys(_LIVE, Status.COMPLETED),
    "end_early": {Status.IN_PROGRESS: Status.NOT_COMPLETED},
    "miss": dict.fromkeys(_LIVE, Status.NO_SHOW),
    "cancel_by_intern": dict.fromkeys(_AHEAD, Status.CANCELLED_BY_INTERN),
    "cancel_by_host": dict.fromkeys(_AHEAD, Status.CANCELLED_BY_HOST),
    "cancel_by_office": dict.fromkeys(_AHEAD, Status.CANCELLED_BY_OFFICE),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Where, when and with whom, as the vacancy said when its place was accepted."""

    days: tuple[Day, ...]
    mode: str
    country: str
    region: str
    zone: str
    supervisor_ref: UUID | None = None

    @property
    def first(self) -> Day:
        """The day on which it begins."""
        return min(self.days, key=lambda day: day.on)

    @property
    def last_on(self) -> date:
        """The last day."""
        return max(day.on for day in self.days)

    @property
    def starts_at(self) -> datetime:
        """When the first day starts, by the clocks of where the work is."""
        return _instant(self.first.on, self.first.starts, self.zone)

    @property
    def ends_at(self) -> datetime:
        """The first instant after the last day."""
        return _instant(self.last_on + timedelta(days=1), time(), self.zone)

    def before_start(self, days: int) -> datetime:
        """The same wall time, so many days before it starts."""
        return _instant(self.first.on - timedelta(days=days), self.first.starts, self.zone)


@dataclass(frozen=True, slots=True)
class Placement:
    """One accepted place, with its days."""

    placement_id: UUID
    offer_id: UUID
    application_id: UUID
    applicant_cycle_id: UUID
    person_ref: UUID
    case: Case
    status: Status
    terms: Terms
    confirmed_at: datetime
    introduced_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason_code: str | None = None
    reason: str = ""
    reminded: tuple[PlacementReminder, ...] = ()

    def moved(self, move: str) -> "Placement":
        """The same placement after a move; there is no such move from any other state."""
        return replace(self, status=MOVES[move][self.status])

    def told(self, now: datetime) -> dict[str, Any]:
        """What every event about this placement begins with."""
        return self.case.at(
            now,
            application_id=self.application_id,
            person_ref=self.person_ref,
            offer_id=self.offer_id,
            placement_id=self.placement_id,
        )


@dataclass(frozen=True, slots=True)
class CancelPlacement:
    """Give the place back, or take it away: with a reason either way (R94)."""

    placement_id: UUID
    reason_code: str
    reason: str = ""


class PlacementIsNotYours(NotFound):
    """We cannot find this placement among yours."""


class PlacementIsOver(Refused):
    """This placement has begun or is over: it can no longer be cancelled."""


class PlacementIsNotAhead(Refused):
    """That has happened already, or can no longer happen."""


class PlacementIsNotDue(Refused):
    """Its time has not come yet."""


class OnlyTheOfficeIntroduces(Forbidden):
    """The internship office introduces interns to their hosts."""


class CancellationNeedsAReason(Invalid):
    """Choose one of the programme's reasons for cancelling."""

    field = "reason_code"


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Everything a cancellation is judged by."""

    placement: Placement
    command: CancelPlacement
    actor: Actor
    rules: RuleSet


def placement_is_known_to_one(c: Cancellation) -> bool:
    """Its intern, its host or the office."""
    return canceller(c.placement, c.actor) is not None


def placement_has_not_begun(c: Cancellation) -> bool:
    """Afterwards it is completed, or not: but not cancelled."""
    return c.placement.status in MOVES["cancel_by_intern"]


def reason_is_one_of_the_programmes(c: Cancellation) -> bool:
    """Who gives a place back says why, in one of the programme's words (R94)."""
    return c.command.reason_code in {each.code for each in c.rules.telling.cancellation_reasons}


RULES_FOR_CANCELLING: Rules[Cancellation] = (
    (placement_is_known_to_one, PlacementIsNotYours),
    (placement_has_not_begun, PlacementIsOver),
    (reason_is_one_of_the_programmes, CancellationNeedsAReason),
)


def canceller(placement: Placement, actor: Actor) -> CancelledBy | None:
    """As whom someone would cancel this placement; None where it is not theirs."""
    if can(actor, "cancel one's placement", placement):
        return CancelledBy.INTERN
    if can(actor, "cancel a host's placement", placement):
        return CancelledBy.HOST
    if can(actor, "cancel any placement", placement):
        return CancelledBy.OFFICE
    return None


def confirm(
    offer: Offer, *, placement_id: UUID, terms: Terms, now: datetime, rules: RuleSet
) -> Decision[Placement]:
    """Make the placement that an acceptance leads to, and introduce both sides where it says so."""
    placement = Placement(
        placement_id=placement_id,
        offer_id=offer.offer_id,
        application_id=offer.application_id,
        applicant_cycle_id=offer.applicant_cycle_id,
        person_ref=offer.person_ref,
        case=offer.case,
        status=Status.CONFIRMED,
        terms=terms,
        confirmed_at=now,
    )
    confirmed = _confirmed(placement)
    if rules.placement.introduced_by is Teller.OFFICE:
        return Decision(placement, (confirmed,))
    introduced = _introduced(placement, now=now)
    return Decision(introduced.state, (confirmed, *introduced.events))


def introduce(placement: Placement, *, actor: Actor, now: datetime) -> Decision[Placement]:
    """Let intern and host write to each other: once (R92)."""
    if not can(actor, "introduce", placement):
        raise OnlyTheOfficeIntroduces
    if placement.status not in MOVES["introduce"]:
        raise PlacementIsNotAhead
    return _introduced(placement, now=now)


def cancel(
    placement: Placement, command: CancelPlacement, *, actor: Actor, now: datetime, rules: RuleSet
) -> Decision[Placement]:
    """End a placement before it begins: the place is free; whether the intern is, the rules say."""
    uphold(RULES_FOR_CANCELLING, Cancellation(placement, command, actor, rules))
    by = canceller(placement, actor)
    if by is None:
        raise PlacementIsNotYours
    cancelled = replace(
        placement.moved(f"cancel_by_{by}"),
        ended_at=now,
        reason_code=command.reason_code,
        reason=command.reason.strip(),
    )
    told = PlacementCancelled(
        **placement.told(now),
        by=by,
        reason_code=command.reason_code,
        intern_is_free=is_free_afterwards(by, rules=rules),
    )
    return Decision(cancelled, (told,))


def is_free_afterwards(by: CancelledBy, *, rules: RuleSet) -> bool:
    """Whether the intern may accept another place in the cycle."""
    return str(by) in rules.offers.cancelling_frees_the_intern


def as_it_stands(placement: Placement, *, rules: RuleSet) -> tuple[Event, ...]:
    """What tells of a placement to somebody who has heard nothing of it: its terms, and its end."""
    told: list[Event] = [_confirmed(placement)]
    if placement.introduced_at:
        told += _introduced(
            replace(placement, status=Status.CONFIRMED), now=placement.introduced_at
        ).events
    if placement.ended_at is None:
        return tuple(told)
    ended = placement.told(placement.ended_at)
    match placement.status:
        case Status.COMPLETED:
            told.append(PlacementCompleted(**ended, days=placement.terms.days))
        case Status.CANCELLED_BY_INTERN | Status.CANCELLED_BY_HOST | Status.CANCELLED_BY_OFFICE if (
            placement.reason_code
        ):
            by = CancelledBy(placement.status.removeprefix("cancelled_by_"))
            is_free = is_free_afterwards(by, rules=rules)
            code = placement.reason_code
            told.append(
                PlacementCancelled(**ended, by=by, reason_code=code, intern_is_free=is_free)
            )
        case _:
            raise LookupError(f"placement {placement.placement_id}: how it ended is not kept")
    return tuple(told)


def start(placement: Placement, *, now: datetime) -> Decision[Placement]:
    """Its first day has come."""
    if placement.status not in MOVES["start"]:
        raise PlacementIsNotAhead
    if now < placement.terms.starts_at:
        raise PlacementIsNotDue
    started = replace(placement.moved("start"), started_at=now)
    return Decision(started, (PlacementStarted(**placement.told(now)),))


def complete(placement: Placement, *, now: datetime) -> Decision[Placement]:
    """It is over, unless host or office said otherwise: here is the last word on its days (R63)."""
    if placement.status not in MOVES["complete"]:
        raise PlacementIsNotAhead
    if now < placement.terms.ends_at:
        raise PlacementIsNotDue
    told = placement.told(now)
    events: tuple[Event, ...] = (
        PlacementCompleted(**told, days=placement.terms.days),
        *(EvaluationInvited(**told, side=side) for side in Side),
    )
    return Decision(replace(placement.moved("complete"), ended_at=now), events)


def remind(placement: Placement, kind: PlacementReminder, *, now: datetime) -> Decision[Placement]:
    """Say what comes next, once, while it still lies ahead."""
    if placement.status not in _AHEAD or kind in placement.reminded:
        return Decision(placement)
    if now >= placement.terms.starts_at:
        return Decision(placement)
    terms = placement.terms
    told = PlacementReminded(
        **placement.told(now),
        kind=kind,
        starts_at=Deadline.from_instant(terms.starts_at, terms.zone),
    )
    return Decision(replace(placement, reminded=(*placement.reminded, kind)), (told,))


def _confirmed(placement: Placement) -> PlacementConfirmed:
    terms = placement.terms
    return PlacementConfirmed(
        **placement.told(placement.confirmed_at),
        days=terms.days,
        mode=terms.mode,
        country=terms.country,
        region=terms.region,
        zone=terms.zone,
        supervisor_ref=terms.supervisor_ref,
    )


def _introduced(placement: Placement, *, now: datetime) -> Decision[Placement]:
    told = PlacementIntroduced(**placement.told(now), supervisor_ref=placement.terms.supervisor_ref)
    return Decision(replace(placement.moved("introduce"), introduced_at=now), (told,))


def _instant(on: date, at: time, zone: str) -> datetime:
    return datetime.combine(on, at, ZoneInfo(zone)).astimezone(UTC)
