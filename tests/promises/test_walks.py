"""Long walks of three people over two vacancies through the real decisions: offer, answer, placement.

Hypothesis chooses who does what next; after each step the rules of the design are judged over all rows.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.actor import the_clock
from chassis.decision import Refused
from schemas import sample
from schemas.advert import Day
from schemas.envelope import new_id
from services.applications.domain import intervention, offer, outcome, placement
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.intervention import ExpireOffer, WithdrawOffer
from services.applications.domain.offer import AcceptOffer, DeclineOffer, Status
from services.applications.domain.outcome import Asking, Considered
from services.applications.domain.placement import CancelPlacement, Terms
from tests.applications.choosing import OFFICER, a_person
from tests.applications.test_offer import CASE, RULES, TUESDAY_NOON

PLACES = (1, 2)
LIVE = ("confirmed", "introduced", "in_progress")
HOLDING = (Status.PREPARED, Status.MADE, Status.ACCEPTED)
REASON = RULES.telling.cancellation_reasons[0].code
TERMS = Terms(
    days=tuple(Day.model_validate(day) for day in sample.WEEK),
    mode="in_person",
    country="GB",
    region="london",
    zone="Europe/London",
)
people, vacancies = st.integers(0, 2), st.integers(0, 1)


class Choosing(RuleBasedStateMachine):
    """Three applicants who are ranked everywhere, two vacancies, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = TUESDAY_NOON
        self.people = [a_person(name) for name in ("ada", "ben", "cleo")]
        self.cycles = [
            ApplicantCycle(new_id(), each.person_ref, CASE.cycle_id, "oxford")
            for each in self.people
        ]
        self.cases = [replace(CASE, vacancy_id=new_id()) for _ in PLACES]
        self.offers = {}
        self.placements = {}

    def held_by(self, who):
        return [each for (person, _), each in self.offers.items() if person == who]

    def keep(self, who, *changed):
        for each in changed:
            key = next(k for k, o in self.offers.items() if o.offer_id == each.offer_id)
            assert key[0] == who
            self.offers[key] = each

    @rule(who=people, where=vacancies)
    def ask(self, who, where):
        """The place is offered, where one is free."""
        taken = [o for (_, w), o in self.offers.items() if w == where and o.status in HOLDING]
        cycle = self.cycles[who]
        choice = Considered(
            application_id=new_id(),
            applicant_cycle_id=cycle.applicant_cycle_id,
            person_ref=cycle.person_ref,
            case=self.cases[where],
            title="Weather diaries",
            host="Museum",
            is_live=True,
            is_bound=cycle.is_bound,
            was_asked=(who, where) in self.offers,
            rank=who + 1,
            is_reserve=False,
            reason_code=None,
        )
        asking = Asking(
            choice, cycle, PLACES[where] - len(taken), True, False, TERMS.first.on, self.now, RULES
        )
        try:
            self.offers[who, where] = outcome.ask(asking, offer_id=new_id()).state
        except Refused:
            return

    @rule(who=people, where=vacancies)
    def accept(self, who, where):
        """The place is taken, and a placement follows."""
        held = self.offers.get((who, where))
        if held is None:
            return
        placement_id = new_id()
        others = tuple(each for each in self.held_by(who) if each is not held)
        try:
            decision = offer.accept(
                held,
                AcceptOffer(held.offer_id, conduct_agreed=True),
                placement_id=placement_id,
                cycle=self.cycles[who],
                others=others,
                actor=self.people[who],
                now=self.now,
                rules=RULES,
            )
        except Refused:
            return
        self.keep(who, *decision.state)
        self.cycles[who] = self.cycles[who].bound_by(held.offer_id)
        self.placements[placement_id] = placement.confirm(
            decision.state[0], placement_id=placement_id, terms=TERMS, now=self.now, rules=RULES
        ).state

    @rule(who=people, where=vacancies, act=st.sampled_from(["decline", "withdraw", "expire"]))
    def end(self, who, where, act):
        """Its applicant, the office or time ends an offer."""
        held = self.offers.get((who, where))
        if held is None:
            return
        try:
            self.keep(who, self.ended(who, held, act))
        except Refused:
            return

    def ended(self, who, held, act):
        if act == "decline":
            command = DeclineOffer(held.offer_id)
            return offer.decline(
                held,
                command,
                cycle=self.cycles[who],
                actor=self.people[who],
                now=self.now,
                rules=RULES,
            ).state
        if act == "withdraw":
            command = WithdrawOffer(held.offer_id, "The host has moved")
            return intervention.withdraw(held, command, actor=OFFICER, now=self.now).state
        command = ExpireOffer(held.offer_id)
        return intervention.expire(held, command, actor=the_clock(), now=self.now).state

    @rule(number=st.integers(0, 5), by_intern=st.booleans())
    def cancel(self, number, by_intern):
        """A placement is given back: its place is free; whether the person is, the rules say."""
        live = [each for each in self.placements.values() if each.status in LIVE]
        if not live:
            return
        held = live[number % len(live)]
        who = next(n for n, c in enumerate(self.cycles) if c.person_ref == held.person_ref)
        command = CancelPlacement(held.placement_id, REASON, "Ill")
        actor = self.people[who] if by_intern else OFFICER
        decision = placement.cancel(held, command, actor=actor, now=self.now, rules=RULES)
        (told,) = decision.events
        self.placements[held.placement_id] = decision.state
        accepted = next(o for o in self.held_by(who) if o.offer_id == held.offer_id)
        self.keep(who, offer.vacate(accepted))
        if told.intern_is_free:
            self.cycles[who] = self.cycles[who].bound_by(None)

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @invariant()
    def i4_no_more_offers_than_places(self):
        for where, places in enumerate(PLACES):
            held = [o for (_, w), o in self.offers.items() if w == where and o.status in HOLDING]
            assert len(held) <= places

    @invariant()
    def i5_and_i11_one_place_a_person_and_none_open_beside_it(self):
        for who in range(len(self.people)):
            states = [each.status for each in self.held_by(who)]
            assert states.count(Status.ACCEPTED) <= 1
            if Status.ACCEPTED in states:
                assert not {Status.PREPARED, Status.MADE} & set(states)

    @invariant()
    def i8_answers_are_in_time(self):
        for each in self.offers.values():
            if each.status is Status.ACCEPTED:
                assert each.answered_at < each.respond_by_at
            if each.status is Status.EXPIRED:
                assert each.answered_at >= each.respond_by_at

    @invariant()
    def i12_placements_stand_on_accepted_offers(self):
        status = {each.offer_id: each.status for each in self.offers.values()}
        live = [each.offer_id for each in self.placements.values() if each.status in LIVE]
        assert all(status[offer_id] is Status.ACCEPTED for offer_id in live)
        assert len(set(live)) == len(live)

    @invariant()
    def i16_nobody_is_introduced_before_the_acceptance(self):
        answered = {each.offer_id: each.answered_at for each in self.offers.values()}
        for each in self.placements.values():
            if each.introduced_at is not None:
                assert each.introduced_at >= answered[each.offer_id]


TestChoosing = Choosing.TestCase
TestChoosing.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
