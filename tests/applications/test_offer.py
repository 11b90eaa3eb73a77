"""What can be done with an offer, and what not: given, when, then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chassis.actor import Actor, Role, the_clock, the_post
from chassis.decision import Decision
from schemas.applications import (
    ExtensionReason,
    OfferAccepted,
    OfferExpired,
    OfferExtended,
    OfferSuperseded,
)
from schemas.deadline import Deadline
from schemas.envelope import new_id
from schemas.rules import Round
from services.applications.domain import intervention, offer
from services.applications.domain.applicant_cycle import AnotherPlaceIsTaken, ApplicantCycle
from services.applications.domain.case import Case
from services.applications.domain.intervention import (
    DeadlineIsEarlier,
    DeadlineIsPast,
    ExpireOffer,
    ExtendOffer,
    OfferHasTimeLeft,
    OnlyTheOffice,
    ReasonIsMissing,
    WithdrawOffer,
)
from services.applications.domain.offer import (
    MOVES,
    AcceptOffer,
    ConductIsNotAgreed,
    DeclineOffer,
    Offer,
    OfferHasRunOut,
    OfferIsAccepted,
    OfferIsNotOpen,
    OfferIsNotYours,
    OfferIsWithdrawn,
    PlaceIsTaken,
    ReasonIsUnknown,
    Status,
)
from tests.applications.choosing import OFFICER, some_rules

TUESDAY_NOON = datetime(2024, 2, 27, 12, tzinfo=UTC)
WEDNESDAY_NOON = TUESDAY_NOON + timedelta(days=1)
LAST_MOMENT = WEDNESDAY_NOON - timedelta(microseconds=1)
STUDENT = Actor(new_id(), "oxford", frozenset({Role.APPLICANT}))
STRANGER = Actor(new_id(), "oxford", frozenset({Role.APPLICANT}))
CASE = Case("oxford", new_id(), 1, new_id(), new_id(), new_id(), Round.FIRST)
PLACEMENT = new_id()
RULES = some_rules()


def an_offer(status: Status = Status.MADE) -> Offer:
    by = Deadline.from_instant(WEDNESDAY_NOON, "Europe/London")
    return Offer(
        offer_id=new_id(),
        application_id=new_id(),
        applicant_cycle_id=FREE.applicant_cycle_id,
        person_ref=STUDENT.person_ref,
        case=CASE,
        status=status,
        title="Weather diaries",
        host="Museum",
        rank=1,
        from_reserve=False,
        one_per_cycle=True,
        made_at=TUESDAY_NOON - timedelta(days=1),
        respond_by=by,
    )


FREE = ApplicantCycle(new_id(), STUDENT.person_ref, CASE.cycle_id, "oxford")
OPEN = an_offer()
OTHER = an_offer()
BOUND = FREE.bound_by(OTHER.offer_id)


def accept(given, *, cycle=FREE, others=(), now=TUESDAY_NOON, actor=STUDENT, agreed=True):
    return offer.accept(
        given,
        AcceptOffer(given.offer_id, agreed),
        placement_id=PLACEMENT,
        cycle=cycle,
        others=others,
        actor=actor,
        now=now,
        rules=RULES,
    )


@pytest.mark.parametrize(
    ("given", "cycle", "now", "then"),
    [
        (OPEN, FREE, WEDNESDAY_NOON, OfferHasRunOut),  # the first refused instant
        (OPEN, BOUND, TUESDAY_NOON, AnotherPlaceIsTaken),
        (OPEN.moved("withdraw"), FREE, TUESDAY_NOON, OfferIsWithdrawn),
        (OPEN.moved("expire"), FREE, TUESDAY_NOON, OfferHasRunOut),
        (OPEN.moved("decline"), FREE, TUESDAY_NOON, OfferIsNotOpen),
        (OPEN.moved("supersede"), FREE, TUESDAY_NOON, OfferIsNotOpen),
        (an_offer(Status.PREPARED), FREE, TUESDAY_NOON, OfferIsNotYours),
    ],
)
def test_offer_cannot_be_accepted(given, cycle, now, then):
    with pytest.raises(then):
        accept(given, cycle=cycle, now=now)


def test_offer_of_another_is_not_found():
    with pytest.raises(OfferIsNotYours):
        accept(OPEN, actor=STRANGER)


def test_offer_in_another_university_is_not_found():
    with pytest.raises(OfferIsNotYours):
        accept(OPEN, actor=replace(STUDENT, university="northfield"))


def test_conduct_must_be_agreed():
    with pytest.raises(ConductIsNotAgreed):
        accept(OPEN, agreed=False)


def test_place_that_was_taken_is_named():
    with pytest.raises(PlaceIsTaken, match='"Weather diaries" with Museum') as refused:
        accept(OPEN, cycle=BOUND, others=(OTHER.moved("accept"),))

    assert refused.value.slug() == "another-place-is-taken"


def test_run_out_offer_names_the_instant_and_the_servers_time():
    with pytest.raises(OfferHasRunOut) as refused:
        accept(OPEN, now=WEDNESDAY_NOON)

    assert (refused.value.slug(), refused.value.facts) == (
        "offer-expired",
        {
            "ran_out_at": "2024-02-28T12:00:00+00:00",
            "zone": "Europe/London",
            "wall": "2024-02-28 12:00",
            "server_time": "2024-02-28T12:00:00+00:00",
        },
    )


def test_accepting_in_the_last_moment_releases_the_others():
    decision = accept(OPEN, others=(OTHER, an_offer(Status.EXPIRED)), now=LAST_MOMENT)

    assert decision == Decision(
        state=(
            replace(OPEN.moved("accept"), answered_at=LAST_MOMENT),
            replace(OTHER.moved("supersede"), answered_at=LAST_MOMENT),
        ),
        events=(
            OfferAccepted(**OPEN.told(LAST_MOMENT), placement_id=PLACEMENT),
            OfferSuperseded(**OTHER.told(LAST_MOMENT), by_offer_id=OPEN.offer_id),
        ),
    )


def test_others_stay_where_a_programme_allows_several_places():
    several = some_rules(offers={"one_acceptance_per_cycle": False})
    decision = offer.accept(
        OPEN, AcceptOffer(OPEN.offer_id, True), placement_id=PLACEMENT, cycle=BOUND,
        others=(OTHER,), actor=STUDENT, now=TUESDAY_NOON, rules=several,
    )  # fmt: skip

    assert len(decision.state) == 1


@pytest.mark.parametrize(
    ("given", "reason", "now", "then"),
    [
        (OPEN.moved("accept"), None, TUESDAY_NOON, OfferIsAccepted),
        (OPEN, None, WEDNESDAY_NOON, OfferHasRunOut),
        (OPEN, "bored", TUESDAY_NOON, ReasonIsUnknown),
    ],
)
def test_offer_cannot_be_declined(given, reason, now, then):
    with pytest.raises(then):
        offer.decline(
            given, DeclineOffer(given.offer_id, reason), cycle=FREE, actor=STUDENT, now=now,
            rules=RULES,
        )  # fmt: skip


def test_offer_lapses_at_the_instant_and_not_before():
    with pytest.raises(OfferHasTimeLeft):
        intervention.expire(OPEN, ExpireOffer(OPEN.offer_id), actor=the_clock(), now=LAST_MOMENT)

    decision = intervention.expire(
        OPEN, ExpireOffer(OPEN.offer_id), actor=the_clock(), now=WEDNESDAY_NOON
    )
    assert decision.events == (OfferExpired(**OPEN.told(WEDNESDAY_NOON), respond_by=OPEN.end),)


@pytest.mark.parametrize("ended", ["accept", "decline", "withdraw", "supersede"])
def test_answered_offer_does_not_lapse(ended):
    with pytest.raises(OfferIsNotOpen):
        intervention.expire(
            OPEN.moved(ended), ExpireOffer(OPEN.offer_id), actor=the_clock(), now=WEDNESDAY_NOON
        )


@pytest.mark.parametrize(
    ("given", "actor", "reason", "then"),
    [
        (OPEN, STUDENT, "No desk", OnlyTheOffice),
        (OPEN, replace(OFFICER, university="northfield"), "No desk", OfferIsNotYours),
        (OPEN, OFFICER, " ", ReasonIsMissing),
        (OPEN.moved("accept"), OFFICER, "No desk", OfferIsAccepted),
    ],
)
def test_offer_cannot_be_withdrawn(given, actor, reason, then):
    with pytest.raises(then):
        intervention.withdraw(
            given, WithdrawOffer(given.offer_id, reason), actor=actor, now=TUESDAY_NOON
        )


def extend(given, command, *, actor=OFFICER, now=TUESDAY_NOON):
    late_after = timedelta(minutes=60)
    return intervention.extend(given, command, actor=actor, now=now, late_after=late_after)


def until(at: datetime, reason: str = "The portal was away") -> ExtendOffer:
    return ExtendOffer(
        OPEN.offer_id, deadline=Deadline.from_instant(at, "Europe/London"), reason=reason
    )


@pytest.mark.parametrize(
    ("command", "now", "then"),
    [
        (until(TUESDAY_NOON - timedelta(days=1)), TUESDAY_NOON, DeadlineIsPast),
        (until(WEDNESDAY_NOON - timedelta(hours=1)), TUESDAY_NOON, DeadlineIsEarlier),
        (until(WEDNESDAY_NOON + timedelta(days=1)), WEDNESDAY_NOON, OfferHasRunOut),
        (until(WEDNESDAY_NOON + timedelta(days=1), reason=""), TUESDAY_NOON, ReasonIsMissing),
    ],
)
def test_offer_cannot_be_extended(command, now, then):
    with pytest.raises(then):
        extend(OPEN, command, now=now)


def test_late_letter_gives_its_delay_back():
    late = ExtendOffer(OPEN.offer_id, by=timedelta(hours=3), because=ExtensionReason.LATE_LETTER)
    decision = extend(OPEN, late, actor=the_post())
    later = Deadline.from_instant(WEDNESDAY_NOON + timedelta(hours=3), "Europe/London")

    assert decision.events == (
        OfferExtended(
            **OPEN.told(TUESDAY_NOON),
            respond_by=later,
            instead_of=OPEN.end,
            reason_code=ExtensionReason.LATE_LETTER,
        ),
    )


def test_letter_that_was_hardly_late_moves_nothing():
    hardly = ExtendOffer(OPEN.offer_id, by=timedelta(minutes=60))
    assert extend(OPEN, hardly, actor=the_post()) == Decision(OPEN)


async def test_postgres_knows_the_same_states(database_of):
    database = await database_of("applications")
    for table, states in (("offers", set(Status)), *_other_states()):
        check = await database.value(
            """
            SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint
             WHERE conrelid = $1::regclass AND conname = $2
            """,
            table,
            f"{table}_status_check",
        )
        assert set(check.split("'")[1::2]) == {str(state) for state in states}


def _other_states():
    from services.applications.domain import placement, selection

    return (("placements", set(placement.Status)), ("selections", set(selection.Status)))


def test_every_state_is_reached_and_every_move_starts_from_one():
    reached = {to for moves in MOVES.values() for to in moves.values()}
    assert reached | {Status.PREPARED} == set(Status)
