"""An outcome: what each applicant of a round is told when the office releases the host's choice (R90)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.actor import Actor
from chassis.decision import Decision, Forbidden, Invalid, NotFound, Refused, Rules, uphold
from schemas.applications import OfferMade, Outcome, OutcomeTold
from schemas.rules import RuleSet, Teller
from services.applications.domain.answer_time import half_way, last_hours, respond_by
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.case import Case
from services.applications.domain.offer import Offer
from services.applications.domain.offer import Status as OfferStatus
from services.applications.domain.policy import can
from services.applications.domain.selection import Selection, Status


class Happens(StrEnum):
    """What telling would do to one application."""

    OFFER = auto()
    OFFER_TO_A_RESERVE = auto()
    RESERVE = auto()
    UNSUCCESSFUL = auto()
    NOTHING = auto()  # it has ended, or its applicant has taken another place


@dataclass(frozen=True, slots=True)
class Considered:
    """One application of a round, as telling sees it."""

    application_id: UUID
    applicant_cycle_id: UUID
    person_ref: UUID
    case: Case
    title: str
    host: str
    is_live: bool  # neither withdrawn nor ended in another way
    is_bound: bool  # its applicant has accepted a place that binds
    was_asked: bool  # has an offer of this vacancy, however it ended
    rank: int | None
    is_reserve: bool
    reason_code: str | None
    told: str | None = None
    name: str = ""  # for the office's eyes


@dataclass(frozen=True, slots=True)
class TellOutcomes:
    """Tell everyone of a round: one word of the office, with its reason."""

    reason: str
    fingerprint: str | None = None  # of what was shown; None where nothing was


class SelectionIsNotHere(NotFound):
    """We cannot find this selection."""


class TellingIsForTheOffice(Forbidden):
    """Only the internship office tells the outcomes."""


class HostHasNotChosen(Refused):
    """The host has not chosen yet: there is nothing to tell."""


class OutcomesAreTold(Refused):
    """These outcomes have been told, or are being told now."""


class FactsHaveMoved(Refused):
    """This is no longer what would happen. Look at it again before you go on."""


class ReasonIsMissing(Invalid):
    """Write a reason, for the record."""

    field = "reason"


@dataclass(frozen=True, slots=True)
class Telling:
    """Everything the office's word is judged by."""

    selection: Selection
    command: TellOutcomes
    fingerprint: str  # of what would happen now
    actor: Actor
    rules: RuleSet


def selection_is_of_this_university(t: Telling) -> bool:
    """Another university's is answered like one that does not exist."""
    return t.actor.university == t.selection.case.university


def telling_is_ones_task(t: Telling) -> bool:
    """The office relays every outcome, unless the programme leaves that to its hosts (R10)."""
    is_the_hosts = t.rules.telling.outcomes_told_by is Teller.HOST
    may = can(t.actor, "tell outcomes", t.selection)
    return may or (is_the_hosts and can(t.actor, "rank", t.selection))


def outcomes_are_not_told_yet(t: Telling) -> bool:
    """Once per round."""
    return t.selection.status is not Status.TOLD and not t.selection.is_being_told


def host_has_chosen(t: Telling) -> bool:
    """The office does not choose for it."""
    return t.selection.status is Status.RANKED


def reason_is_given(t: Telling) -> bool:
    """Every act of the office has one."""
    return bool(t.command.reason.strip())


def facts_are_as_shown(t: Telling) -> bool:
    """What was read before the button was pressed is what is done."""
    return t.command.fingerprint is None or t.command.fingerprint == t.fingerprint


RULES_FOR_TELLING: Rules[Telling] = (
    (selection_is_of_this_university, SelectionIsNotHere),
    (telling_is_ones_task, TellingIsForTheOffice),
    (outcomes_are_not_told_yet, OutcomesAreTold),
    (host_has_chosen, HostHasNotChosen),
    (reason_is_given, ReasonIsMissing),
    (facts_are_as_shown, FactsHaveMoved),
)


def plan(choices: Iterable[Considered], *, places_free: int) -> list[tuple[Considered, Happens]]:
    """What telling would do, to everyone of a round; it changes nothing."""
    left, planned = places_free, list[tuple[Considered, Happens]]()
    for each in sorted(choices, key=lambda c: (c.rank is None, c.rank or 0, c.application_id)):
        happens = _happens(each, is_place_left=left > 0)
        left -= happens in (Happens.OFFER, Happens.OFFER_TO_A_RESERVE)
        planned.append((each, happens))
    return planned


def _happens(each: Considered, *, is_place_left: bool) -> Happens:
    if not each.is_live or each.was_asked or each.is_bound:
        return Happens.NOTHING
    if each.rank is None:
        return Happens.UNSUCCESSFUL
    if not is_place_left:
        return Happens.RESERVE
    return Happens.OFFER_TO_A_RESERVE if each.is_reserve else Happens.OFFER


def fingerprint(planned: Iterable[tuple[Considered, Happens]]) -> str:
    """Of what would happen to whom, so that a click does what was read and nothing else."""
    lines = sorted(f"{each.application_id}:{happens}:{each.rank}" for each, happens in planned)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


# ---- one person at a time ----


class PlaceIsNotFree(Refused):
    """No place is free."""


class PersonCannotBeAsked(Refused):
    """This person has withdrawn, has been asked, or has taken another place."""


class RefillingIsOver(Refused):
    """The first day is too near for a reserve to be asked."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Everything the making of an offer is judged by."""

    choice: Considered
    cycle: ApplicantCycle
    places_free: int
    vacancy_stands: bool
    is_refill: bool
    first_on: date
    now: datetime
    rules: RuleSet


def vacancy_still_stands(a: Asking) -> bool:
    """Nobody is offered a place of a withdrawn vacancy."""
    return a.vacancy_stands


def place_is_free(a: Asking) -> bool:
    """Outstanding and accepted offers are never more than the places, all rounds together."""
    return a.places_free > 0


def person_can_be_asked(a: Asking) -> bool:
    """Live, ranked, never asked for this vacancy, and not placed elsewhere."""
    each = a.choice
    is_bound = a.cycle.is_bound and a.rules.offers.one_acceptance_per_cycle
    return each.is_live and each.rank is not None and not each.was_asked and not is_bound


def first_day_is_far_enough(a: Asking) -> bool:
    """A reserve needs some days to prepare; the first offers of a round go out in any case."""
    return not a.is_refill or may_refill(a.now, first_on=a.first_on, rules=a.rules)


def may_refill(now: datetime, *, first_on: date, rules: RuleSet) -> bool:
    """Whether reserves are still asked, by the programme's calendar."""
    today = now.astimezone(ZoneInfo(rules.kind.zone)).date()
    return today <= first_on - timedelta(days=rules.offers.refill_until_days_before_start)


RULES_FOR_ASKING: Rules[Asking] = (
    (vacancy_still_stands, PlaceIsNotFree),
    (place_is_free, PlaceIsNotFree),
    (person_can_be_asked, PersonCannotBeAsked),
    (first_day_is_far_enough, RefillingIsOver),
)


def ask(asking: Asking, *, offer_id: UUID) -> Decision[Offer]:
    """Offer a free place: made at once, or held ready where reserves wait for the office's word."""
    uphold(RULES_FOR_ASKING, asking)
    each, rules = asking.choice, asking.rules
    if each.rank is None:
        raise PersonCannotBeAsked
    offer = Offer(
        offer_id=offer_id,
        application_id=each.application_id,
        applicant_cycle_id=each.applicant_cycle_id,
        person_ref=each.person_ref,
        case=each.case,
        status=OfferStatus.PREPARED,
        title=each.title,
        host=each.host,
        rank=each.rank,
        from_reserve=each.is_reserve or asking.is_refill,
        one_per_cycle=rules.offers.one_acceptance_per_cycle,
    )
    if asking.is_refill and not rules.offers.reserve_offers_are_made_at_once:
        return Decision(offer)
    return make(offer, now=asking.now, rules=rules)


def make(offer: Offer, *, now: datetime, rules: RuleSet) -> Decision[Offer]:
    """Tell the applicant; from now on their time to answer runs."""
    by = respond_by(now, rules=rules)
    told = OfferMade(**offer.told(now), respond_by=by, from_reserve=offer.from_reserve)
    made = replace(
        offer.moved("make"),
        made_at=now,
        respond_by=by,
        half_way_at=half_way(now, by, rules=rules),
        last_hours_at=last_hours(by, rules=rules),
    )
    return Decision(made, (told,))


def tell(choice: Considered, *, now: datetime) -> Decision[Outcome | None]:
    """Tell someone who gets no offer now. Whoever has ended otherwise knows already."""
    if not choice.is_live or choice.is_bound or choice.was_asked or choice.told:
        return Decision(None)
    outcome = Outcome.UNSUCCESSFUL if choice.rank is None else Outcome.RESERVE
    reasons = (choice.reason_code,) if choice.reason_code else ()
    facts: dict[str, Any] = choice.case.at(
        now, application_id=choice.application_id, person_ref=choice.person_ref
    )
    return Decision(outcome, (OutcomeTold(**facts, outcome=outcome, reason_codes=reasons),))
