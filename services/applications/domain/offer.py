"""An offer: one place, held for one applicant until one instant."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.decision import Decision, Invalid, NotFound, Refused, Rules, uphold
from schemas.applications import (
    OfferAccepted,
    OfferDeclined,
    OfferReminder,
    OfferSuperseded,
)
from schemas.deadline import Deadline
from schemas.envelope import Event
from schemas.rules import RuleSet
from services.applications.domain.applicant_cycle import AnotherPlaceIsTaken, ApplicantCycle
from services.applications.domain.case import Case
from services.applications.domain.policy import can


class Status(StrEnum):
    """Where an offer stands."""

    PREPARED = auto()  # a place is held, but the office has not told yet
    MADE = auto()
    ACCEPTED = auto()
    DECLINED = auto()
    EXPIRED = auto()
    WITHDRAWN = auto()
    SUPERSEDED = auto()  # set free because its applicant accepted another
    VACATED = auto()  # its placement was cancelled: the place is free again


MOVES: dict[str, dict[Status, Status]] = {  # a test holds the CHECK in Postgres to it
    "make": {Status.PREPARED: Status.MADE},
    "accept": {Status.MADE: Status.ACCEPTED},
    "decline": {Status.MADE: Status.DECLINED},
    "expire": {Status.MADE: Status.EXPIRED},
    "withdraw": {Status.PREPARED: Status.WITHDRAWN, Status.MADE: Status.WITHDRAWN},
    "supersede": {Status.PREPARED: Status.SUPERSEDED, Status.MADE: Status.SUPERSEDED},
    "vacate": {Status.ACCEPTED: Status.VACATED},
}

HOLDING_A_PLACE = frozenset({Status.PREPARED, Status.MADE, Status.ACCEPTED})
"""As long as an offer is one of these, its place is nobody else's."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A place held for a person; `title` and `host` say which place, to that person."""

    offer_id: UUID
    application_id: UUID  # all its events share this key
    applicant_cycle_id: UUID
    person_ref: UUID
    case: Case
    status: Status
    title: str
    host: str
    rank: int
    from_reserve: bool
    one_per_cycle: bool
    made_at: datetime | None = None
    respond_by: Deadline | None = None  # fixed when the offer is made; only ExtendOffer moves it
    answered_at: datetime | None = None
    reason_code: str | None = None
    reason: str | None = None  # as its applicant reads it
    hours_confirmed: bool = False
    letter_sent_at: datetime | None = None  # when its first mail was handed over
    half_way_at: datetime | None = None  # when reminders are due; None: not in this programme
    last_hours_at: datetime | None = None
    reminded: tuple[OfferReminder, ...] = ()
    vacancy_stands: bool = True  # else there is no place to give any more

    @property
    def respond_by_at(self) -> datetime | None:
        """The first instant at which an answer is too late."""
        return self.respond_by.at if self.respond_by else None

    @property
    def end(self) -> Deadline:
        """When its time to answer ends; only an offer that was made has one."""
        if self.respond_by is None:
            raise LookupError("an offer that is only prepared has no time to answer yet")
        return self.respond_by

    def moved(self, move: str) -> "Offer":
        """The same offer after a move; there is no such move from any other state."""
        return replace(self, status=MOVES[move][self.status])

    def told(self, now: datetime) -> dict[str, Any]:
        """What every event about this offer begins with."""
        return self.case.at(
            now,
            application_id=self.application_id,
            person_ref=self.person_ref,
            offer_id=self.offer_id,
        )


# ---- what can be asked ----


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """Take the place."""

    offer_id: UUID
    conduct_agreed: bool
    hours_confirmed: bool = (
        False  # that the host's hours suit, where they hardly meet one's own day
    )


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    """Leave the place to somebody else."""

    offer_id: UUID
    reason_code: str | None = None


# ---- when the answer is no ----


class OfferIsNotYours(NotFound):  # answered like an offer that does not exist
    """We cannot find this offer among yours."""


class PlaceIsTaken(AnotherPlaceIsTaken):
    """You have already accepted "{title}" with {host} in this cycle, and each person can take one."""

    code = "another-place-is-taken"

    @classmethod
    def because(cls, case: Any, /) -> Refused:
        """Name the place that was accepted."""
        taken: Offer | None = case.taken
        if taken is None:
            return AnotherPlaceIsTaken()
        return cls(title=taken.title, host=taken.host, offer_id=str(taken.offer_id))


class OfferIsNotOpen(Refused):
    """This offer can no longer be answered."""

    @classmethod
    def because(cls, case: Any, /) -> Refused:
        held: Offer = case.offer
        match held.status:
            case Status.WITHDRAWN:
                return OfferIsWithdrawn()
            case Status.EXPIRED:
                return OfferHasRunOut.because(case)
            case Status.ACCEPTED:
                return OfferIsAccepted(offer_id=str(held.offer_id))
            case Status.PREPARED:
                return OfferIsNotYours()
            case _:
                return OfferIsNotOpen()


class OfferIsWithdrawn(OfferIsNotOpen):
    """The office has withdrawn this offer."""

    code = "offer-withdrawn"


class VacancyIsTakenBack(OfferIsNotOpen):
    """The vacancy was taken back, so there is no place to give."""

    code = "offer-withdrawn"

    @classmethod
    def because(cls, case: Any, /) -> Refused:  # noqa: ARG003 - the same for every offer of it
        return cls()


class OfferIsAccepted(OfferIsNotOpen):
    """This offer has been accepted. To give the place back, cancel the placement and say why."""

    code = "already-accepted"


class OfferHasRunOut(OfferIsNotOpen):
    """The time to answer this offer has passed."""

    code = "offer-expired"

    @classmethod
    def because(cls, case: Any, /) -> Refused:
        held: Offer = case.offer
        now: datetime = case.now
        if held.respond_by is None:
            return cls()
        return cls(
            ran_out_at=held.respond_by.at.isoformat(),
            zone=held.respond_by.zone,
            wall=held.respond_by.wall,
            server_time=now.isoformat(),
        )


class ConductIsNotAgreed(Refused):
    """Agree to the conduct agreement before you accept."""

    field = "conduct_agreed"


class HoursAreNotConfirmed(Refused):
    """The host's hours hardly meet your day. Say that they suit you before you accept."""

    field = "hours_confirmed"


class ReasonIsUnknown(Invalid):
    """Choose one of the programme's reasons."""

    field = "reason_code"


# ---- rules ----


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything an answer to an offer is judged by."""

    offer: Offer
    cycle: ApplicantCycle  # this person in this cycle: what binds them already
    others: tuple[Offer, ...]  # the same person's, in the same cycle
    command: AcceptOffer | DeclineOffer
    actor: Actor
    now: datetime
    rules: RuleSet
    common_hours: float | None = None  # of the host's day and one's own; None: they are the same

    @property
    def taken(self) -> Offer | None:
        """The offer that this person has accepted before."""
        return next((o for o in self.others if o.offer_id == self.cycle.bound_by_offer_id), None)


def offer_is_ones_own(a: Answer) -> bool:
    """The one table of rights says whose it is."""
    return can(a.actor, "answer an offer", a.offer)


def person_is_still_free(a: Answer) -> bool:
    """Nobody takes two places in a cycle, not even in different weeks (R78)."""
    return not (a.cycle.is_bound and a.rules.offers.one_acceptance_per_cycle)


def offer_is_still_open(a: Answer) -> bool:
    """It has been made, and nothing has ended it."""
    return a.offer.status in MOVES["accept"]


def vacancy_still_stands(a: Answer) -> bool:
    """Until the loop has ended what a withdrawn vacancy leaves behind, nobody takes a place in it."""
    return a.offer.vacancy_stands


def answer_is_within_the_stated_time(a: Answer) -> bool:
    """The instant itself is too late."""
    return a.offer.respond_by_at is not None and a.now < a.offer.respond_by_at


def conduct_is_agreed(a: Answer) -> bool:
    """Interns are guests of their host (R61)."""
    return isinstance(a.command, AcceptOffer) and a.command.conduct_agreed


def hours_are_confirmed(a: Answer) -> bool:
    """Where few hours are common, the host wants to know that they suit (R42)."""
    is_short = hours_are_short(a.common_hours, a.rules)
    return not is_short or (isinstance(a.command, AcceptOffer) and a.command.hours_confirmed)


def hours_are_short(common: float | None, rules: RuleSet) -> bool:
    """Whether the programme asks for an acknowledgement."""
    return common is not None and common < rules.placement.overlap_hours_least


def reason_is_one_of_the_programmes(a: Answer) -> bool:
    """A reason may be left out; one that is given is the programme's."""
    given = a.command.reason_code if isinstance(a.command, DeclineOffer) else None
    return given is None or given in {each.code for each in a.rules.telling.decline_reasons}


RULES_FOR_ACCEPTING: Rules[Answer] = (  # in the order in which a person wants to be told
    (offer_is_ones_own, OfferIsNotYours),
    (person_is_still_free, PlaceIsTaken),
    (offer_is_still_open, OfferIsNotOpen),
    (vacancy_still_stands, VacancyIsTakenBack),
    (answer_is_within_the_stated_time, OfferHasRunOut),
    (conduct_is_agreed, ConductIsNotAgreed),
    (hours_are_confirmed, HoursAreNotConfirmed),
)

RULES_FOR_DECLINING: Rules[Answer] = (
    (offer_is_ones_own, OfferIsNotYours),
    (offer_is_still_open, OfferIsNotOpen),
    (answer_is_within_the_stated_time, OfferHasRunOut),
    (reason_is_one_of_the_programmes, ReasonIsUnknown),
)


# ---- decisions ----


def accept(
    offer: Offer,
    command: AcceptOffer,
    *,
    placement_id: UUID,
    cycle: ApplicantCycle,
    others: tuple[Offer, ...],
    actor: Actor,
    now: datetime,
    rules: RuleSet,
    common_hours: float | None = None,
) -> Decision[tuple[Offer, ...]]:
    """Take the place, and set free every other place held for the same person."""
    answer = Answer(offer, cycle, others, command, actor, now, rules, common_hours)
    uphold(RULES_FOR_ACCEPTING, answer)
    accepted = replace(
        offer.moved("accept"), answered_at=now, hours_confirmed=command.hours_confirmed
    )
    released = tuple(
        other
        for other in others
        if rules.offers.one_acceptance_per_cycle and other.status in MOVES["supersede"]
    )
    return Decision(
        state=(accepted, *(replace(o.moved("supersede"), answered_at=now) for o in released)),
        events=(
            OfferAccepted(**offer.told(now), placement_id=placement_id),
            *(_superseded(other, by=offer, at=now) for other in released),
        ),
    )


def decline(
    offer: Offer,
    command: DeclineOffer,
    *,
    cycle: ApplicantCycle,
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Offer]:
    """Leave the place: it is free for the next reserve."""
    uphold(RULES_FOR_DECLINING, Answer(offer, cycle, (), command, actor, now, rules))
    declined = replace(offer.moved("decline"), answered_at=now, reason_code=command.reason_code)
    told = OfferDeclined(**offer.told(now), reason_code=command.reason_code)
    return Decision(declined, (told,))


def is_already_so(offer: Offer, status: Status, *, actor: Actor) -> bool:
    """Whether this person has given that very answer before: the same result, no second event."""
    return offer.status is status and can(actor, "answer an offer", offer)


def vacate(offer: Offer) -> Offer:
    """Its placement was cancelled: the place is free; whether the person is, the rules say."""
    return offer.moved("vacate")


def _superseded(offer: Offer, *, by: Offer, at: datetime) -> Event:
    return OfferSuperseded(
        **offer.told(at), by_offer_id=by.offer_id, was_made=offer.status is Status.MADE
    )
