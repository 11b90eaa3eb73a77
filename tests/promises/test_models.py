"""Models beside the chaos: the real decisions, walked through in every order of their actors (P33).

Rows are locked, so that whatever three actors do at once is some order of whole decisions: every such
order is tried, from two open offers of one person, over clocks that stand before, at and after the end
of the time to answer. A state is what the rows would hold; each is looked at once.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.actor import the_clock
from chassis.decision import Refused
from schemas.deadline import Deadline
from services.applications.domain import intervention, offer
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.intervention import ExpireOffer, ExtendOffer, WithdrawOffer
from services.applications.domain.offer import AcceptOffer, DeclineOffer, Offer, Status
from tests.applications.choosing import OFFICER
from tests.applications.test_offer import (
    FREE,
    LAST_MOMENT,
    OPEN,
    OTHER,
    PLACEMENT,
    RULES,
    STUDENT,
    TUESDAY_NOON,
    WEDNESDAY_NOON,
)

CLOCKS = (
    TUESDAY_NOON,
    LAST_MOMENT,
    WEDNESDAY_NOON,
    WEDNESDAY_NOON + timedelta(minutes=1),
    WEDNESDAY_NOON + timedelta(days=2),
)
LATER = Deadline.from_instant(WEDNESDAY_NOON + timedelta(days=1), "Europe/London")
OVER = {Status.DECLINED, Status.EXPIRED, Status.WITHDRAWN, Status.SUPERSEDED}
Act = tuple[str, Callable[["State"], "State"]]


@dataclass(frozen=True, slots=True)
class State:
    """What the rows of one person in one cycle hold, and where the clock stands."""

    offers: tuple[Offer, ...]
    cycle: ApplicantCycle
    clock: int = 0

    @property
    def now(self) -> datetime:
        return CLOCKS[self.clock]

    def with_offers(self, *changed: Offer) -> "State":
        """The same with these offers as they are now."""
        new = {each.offer_id: each for each in changed}
        return replace(self, offers=tuple(new.get(each.offer_id, each) for each in self.offers))

    @property
    def key(self) -> object:
        """What tells two states apart."""
        rows = tuple((each.status, each.answered_at, each.respond_by_at) for each in self.offers)
        return rows, self.cycle.bound_by_offer_id, self.clock


def accept(state: State, held: Offer) -> State:
    others = tuple(each for each in state.offers if each is not held)
    decision = offer.accept(
        held,
        AcceptOffer(held.offer_id, conduct_agreed=True),
        placement_id=PLACEMENT,
        cycle=state.cycle,
        others=others,
        actor=STUDENT,
        now=state.now,
        rules=RULES,
    )
    bound = replace(state, cycle=state.cycle.bound_by(held.offer_id))
    return bound.with_offers(*decision.state)


def decline(state: State, held: Offer) -> State:
    command = DeclineOffer(held.offer_id)
    decision = offer.decline(
        held, command, cycle=state.cycle, actor=STUDENT, now=state.now, rules=RULES
    )
    return state.with_offers(decision.state)


def withdraw(state: State, held: Offer) -> State:
    command = WithdrawOffer(held.offer_id, "The host has moved")
    return state.with_offers(
        intervention.withdraw(held, command, actor=OFFICER, now=state.now).state
    )


def extend(state: State, held: Offer) -> State:
    command = ExtendOffer(held.offer_id, LATER, reason="The mail was late")
    decision = intervention.extend(
        held, command, actor=OFFICER, now=state.now, late_after=timedelta()
    )
    return state.with_offers(decision.state)


def expire(state: State, held: Offer) -> State:
    command = ExpireOffer(held.offer_id)
    return state.with_offers(
        intervention.expire(held, command, actor=the_clock(), now=state.now).state
    )


ACTS = {"student": (accept, decline), "office": (withdraw, extend), "time": (expire,)}


def steps(state: State) -> Iterator[tuple[str, State]]:
    """Every decision that is not refused, and the clock's own step."""
    if state.clock + 1 < len(CLOCKS):
        yield "the clock goes on", replace(state, clock=state.clock + 1)
    for actor, acts in ACTS.items():
        for act in acts:
            for held in state.offers:
                try:
                    yield f"{actor}: {act.__name__}", act(state, held)
                except Refused:
                    continue


def breaches(before: State, after: State) -> Iterator[str]:
    """The rules that a step breaks, by their numbers in the design."""
    accepted = [each for each in after.offers if each.status is Status.ACCEPTED]
    if len(accepted) > 1:
        yield "I5"
    for each in after.offers:
        answered, by = each.answered_at, each.respond_by_at
        assert by is not None
        if each.status is Status.ACCEPTED and (answered is None or answered >= by):
            yield "I8"
        if each.status is Status.EXPIRED and (answered is None or answered < by):
            yield "I8"
        if accepted and each.status in (Status.PREPARED, Status.MADE):
            yield "I11"
    bound = {each.offer_id for each in accepted}
    if {after.cycle.bound_by_offer_id} - {None} != bound:
        yield "I12"
    for was, now in zip(before.offers, after.offers, strict=True):
        is_ended = was.status in OVER or was.status is Status.ACCEPTED
        if is_ended and (now.status, now.answered_at) != (was.status, was.answered_at):
            yield "I32"


def explore(start: State, follow: Callable[[State], Iterator[tuple[str, State]]] = steps):
    """Breadth first over every order: states seen, steps taken, breaches with the act behind each."""
    seen, queue, taken = {start.key}, deque([start]), 0
    found: list[tuple[str, str]] = []
    ends: list[State] = []
    while queue:
        state = queue.popleft()
        following = list(follow(state))
        if not following:
            ends.append(state)
        for act, after in following:
            taken += 1
            found += [(rule, act) for rule in breaches(state, after)]
            if after.key not in seen:
                seen.add(after.key)
                queue.append(after)
    return len(seen), taken, found, ends


START = State((OPEN, OTHER), FREE)


def test_accept_withdraw_and_expire_in_every_order_break_no_rule(record_property, capsys):
    states, taken, found, ends = explore(START)

    record_property("states", states)
    with capsys.disabled():
        print(f"\naccept, withdraw, expire: {states} states, {taken} steps, {len(found)} breaches")
    assert found == []
    assert states > 100
    # Nothing is left open when every actor has done all it may (I9), and each end is reached.
    assert all(each.status is not Status.MADE for end in ends for each in end.offers)
    reached = {each.status for end in ends for each in end.offers}
    assert reached == {*OVER, Status.ACCEPTED}


def test_model_sees_a_decision_that_forgets_the_clock():
    """The model itself proven: an acceptance that is judged by an old clock is found out."""

    def careless(state: State) -> Iterator[tuple[str, State]]:
        yield from steps(state)
        for held in state.offers:
            try:
                early = accept(replace(state, clock=0), held)
            except Refused:
                continue
            late = [
                replace(each, answered_at=state.now) if each.status is Status.ACCEPTED else each
                for each in early.offers
            ]
            yield "careless accept", replace(early, clock=state.clock).with_offers(*late)

    assert ("I8", "careless accept") in explore(START, careless)[2]


def test_model_sees_a_decision_that_forgets_the_siblings():
    """An acceptance that frees no other offer leaves one open beside it."""

    def careless(state: State) -> Iterator[tuple[str, State]]:
        yield from steps(state)
        for held in state.offers:
            try:
                taken = accept(replace(state, offers=(held,)), held)
            except Refused:
                continue
            yield "careless accept", replace(taken, offers=state.offers).with_offers(*taken.offers)

    assert ("I11", "careless accept") in explore(START, careless)[2]
