"""How far a letter gets, as pure decisions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.actor import Actor, Role
from schemas import applications, sample
from schemas.envelope import new_id
from schemas.notifications import FailureReason
from services.notifications.domain import delivery as deliveries
from services.notifications.domain import table
from services.notifications.domain.delivery import (
    MOVES,
    Delivery,
    DeliveryIsNotYours,
    DeliveryIsOnItsWay,
    LetterWasKeptNowhere,
    ResendingIsForTheOffice,
    Status,
)
from services.notifications.domain.letter import Standing

AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
BUSINESS = datetime(2024, 2, 26, 12, 0, tzinfo=UTC)
OFFICER = Actor(uuid4(), "oxford", frozenset({Role.OFFICER}))


def a_delivery(**more) -> Delivery:
    known = {
        "delivery_id": UUID(sample.DELIVERY),
        "cause_id": UUID(sample.EVENT),
        "letter": "offer",
        "person_ref": UUID(sample.STUDENT),
        "university": "oxford",
        "about_kind": "offer",
        "about_id": UUID(sample.OFFER),
        "fact": {},
        "caused_at": AT,
        "status": Status.SENDING,
        "leased_until": AT + timedelta(seconds=90),
    }
    return Delivery(**(known | more))


def test_sent_letter_is_told_with_its_delay():
    decision = deliveries.hand_over(
        a_delivery(), code=250, now=BUSINESS, at=AT + timedelta(seconds=2.5)
    )

    assert decision.state.status is Status.SENT
    (told,) = decision.events
    assert (told.letter, told.delay_seconds, told.occurred_at) == ("offer", 2.5, BUSINESS)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 1), (1, 5), (2, 15), (3, 30), (4, 60), (40, 60)]
)
def test_letter_refused_for_now_waits_longer_each_time(attempts, minutes):
    decision = deliveries.put_off(a_delivery(attempts=attempts), code=451, now=BUSINESS, at=AT)

    assert decision.state.status is Status.QUEUED
    assert decision.state.next_try_at == AT + timedelta(minutes=minutes)
    assert decision.events == ()


@pytest.mark.parametrize(
    "give_up",
    [
        lambda late, at: deliveries.put_off(late, code=451, now=BUSINESS, at=at),
        lambda late, at: deliveries.give_back(late, now=BUSINESS, at=at),
    ],
)
def test_letter_is_given_up_after_five_days(give_up):
    decision = give_up(a_delivery(), AT + timedelta(days=5, seconds=1))

    assert decision.state.status is Status.FAILED
    assert decision.events[0].reason_code is FailureReason.TRIED_TOO_OFTEN


def test_of_two_ends_in_the_gap_the_second_is_unknown():
    once = deliveries.lose_sight(a_delivery(), at=AT).state
    twice = deliveries.lose_sight(replace(once, status=Status.SENDING), at=AT).state

    assert (once.status, once.doubts) == (Status.QUEUED, 1)
    assert (twice.status, twice.doubts) == (Status.UNKNOWN, 2)


def test_sender_that_died_before_the_data_leaves_no_doubt():
    before = deliveries.recover(a_delivery(), at=AT).state
    after = deliveries.recover(a_delivery(data_at=AT), at=AT).state

    assert (before.status, before.doubts) == (Status.QUEUED, 0)
    assert (after.status, after.doubts) == (Status.QUEUED, 1)


def test_secret_letter_leaves_neither_secret_nor_event():
    secret = a_delivery(sealed="a.b.c", about_kind="sign_in")

    for decision in (
        deliveries.hand_over(secret, code=250, now=BUSINESS, at=AT),
        deliveries.fail(secret, FailureReason.REFUSED_BY_SERVER, now=BUSINESS, at=AT),
        deliveries.cancel(secret, at=AT),
    ):
        assert decision.state.sealed is None
        assert decision.events == ()


@pytest.mark.parametrize(
    ("given", "actor", "then"),
    [
        (Status.QUEUED, OFFICER, DeliveryIsOnItsWay),
        (Status.CANCELLED_AS_STALE, OFFICER, DeliveryIsOnItsWay),
        (Status.SENT, replace(OFFICER, university="northfield"), DeliveryIsNotYours),
        (Status.SENT, replace(OFFICER, roles=frozenset({Role.AUDITOR})), ResendingIsForTheOffice),
        (Status.SENT, replace(OFFICER, roles=frozenset({Role.APPLICANT})), ResendingIsForTheOffice),
    ],
)
def test_letter_cannot_be_sent_again(given, actor, then):
    with pytest.raises(then):
        deliveries.resend(a_delivery(status=given), copies=1, actor=actor, at=AT)


def test_secret_cannot_be_sent_again():
    with pytest.raises(LetterWasKeptNowhere):
        deliveries.resend(
            a_delivery(status=Status.SENT, about_kind="sign_in"), copies=1, actor=OFFICER, at=AT
        )


def test_same_event_letter_and_person_make_the_same_delivery():
    cause = new_id()

    assert deliveries.id_of(cause, "offer", None) == deliveries.id_of(cause, "offer", None)
    assert len({deliveries.id_of(cause, "offer", None, copy) for copy in (1, 2, 3)}) == 3


def test_event_id_tells_when_it_was_recorded():
    cause = new_id()
    later = datetime(2100, 1, 1, tzinfo=UTC)

    assert (
        abs(deliveries.made_at(cause, otherwise=later).timestamp() - cause.int / 2**80 / 1000) < 1
    )
    assert deliveries.made_at(uuid4(), otherwise=AT) == AT


async def test_statuses_are_those_of_the_table(database):
    check = await database.value(
        """
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid = 'deliveries'::regclass AND conname = 'deliveries_status_check'
        """
    )

    assert {status for status in Status if f"'{status}'" in check} == set(Status)
    assert check.count("::text") >= len(Status)
    assert {to for move in MOVES.values() for to in move.values()} == set(Status)


OFFER = applications.OfferMade.model_validate(applications.OfferMade.examples[0])
BY = OFFER.respond_by.at


@pytest.mark.parametrize(
    ("offer", "now", "is_fresh"),
    [
        ("made", BY - timedelta(milliseconds=1), True),
        ("made", BY, False),  # the first instant at which an answer is too late
        ("accepted", BY - timedelta(days=1), False),
        (None, BY - timedelta(days=1), False),
    ],
)
def test_offer_letter_goes_out_while_an_answer_counts(offer, now, is_fresh):
    standing = Standing(offer=offer, respond_by_at=BY)

    assert table.named("offer").is_fresh(OFFER, standing, now) is is_fresh


@pytest.mark.parametrize(("from_reserve", "letters"), [(False, {"offer"}), (True, {"promoted"})])
def test_one_offer_is_one_letter(from_reserve, letters):
    offer = OFFER.model_copy(update={"from_reserve": from_reserve})

    assert {letter.name for letter in table.due(offer)} == letters


def test_offer_that_nobody_knew_of_ends_without_a_letter():
    ended = applications.OfferWithdrawn.model_validate(
        {**applications.OfferWithdrawn.examples[0], "was_made": False}
    )

    assert table.due(ended) == ()
