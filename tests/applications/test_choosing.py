"""From a host's ranking to a placement that is over: commands on a real Postgres."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chassis.actor import Actor, Role
from chassis.database import UniqueViolation
from chassis.decision import Refused
from schemas.envelope import new_id
from schemas.notifications import MessageSent
from services.applications import reactions
from services.applications.commands import outcomes, placements, selections
from services.applications.deadlines import offers as lapsing
from services.applications.deadlines import placements as placing
from services.applications.deadlines import selections as watching
from services.applications.domain.outcome import FactsHaveMoved, HostHasNotChosen, TellOutcomes
from services.applications.domain.placement import CancelPlacement, PlacementIsNotYours
from services.applications.domain.selection import (
    ApplicationsAreNotReleased,
    Choice,
    OfficeDoesNotRank,
    RankApplications,
    RankIsGivenTwice,
    ReasonIsMissing,
    ReasonIsUnknown,
    SelectionHasChanged,
    SelectionIsNotYours,
    SelectionIsTold,
    TimeToChangeIsOver,
)
from tests.applications.choosing import (
    MONDAY_NOON,
    OFFICER,
    UNIVERSITY,
    a_person,
    a_released_round,
    accepting,
    answer_of,
    at,
    declining,
    some_rules,
)
from tests.doors import events_recorded

WEDNESDAY_NOON = MONDAY_NOON + timedelta(days=2)


@pytest.fixture
async def database(database_of):
    """The applications service's own."""
    return await database_of("applications")


async def test_of_two_acceptances_at_once_one_is_refused(database):
    ada = a_person("ada")
    one, two = [
        await a_released_round(database, "ada", people={"ada": ada}, title=title)
        for title in ("Diaries", "Negatives")
    ]
    for given in (one, two):
        await given.ranks("ada")
        await given.tells()
    before = await database.value("SELECT max(id) FROM outbox")

    first, second = await one.offer_of("ada"), await two.offer_of("ada")
    answers = await asyncio.gather(
        answer_of(accepting(database, first, ada)), answer_of(accepting(database, second, ada))
    )

    assert sorted(answers) == ["PlaceIsTaken", "done"]
    assert await events_recorded(database, since=before) == [
        "OfferAccepted",
        "OfferSuperseded",
        "PlacementConfirmed",
        "PlacementIntroduced",
    ]


async def test_whole_way_of_one_place_to_a_reserve(database):
    given = await a_released_round(database, "ada", "ben", "cleo")
    await given.ranks("ada", "ben", refused=["cleo"])
    await given.tells()

    assert await given.states() == {"ada": "made"}
    assert await events_recorded(database) == [
        "SelectionMade",
        "OfferMade",
        "OutcomeTold",
        "OutcomeTold",
    ]

    await declining(database, await given.offer_of("ada"), given.people["ada"])()
    await given.loop(MONDAY_NOON + timedelta(hours=1))
    assert await given.states() == {"ada": "declined", "ben": "made"}

    await lapsing.expire_offers(database, now=at(MONDAY_NOON + timedelta(days=2, hours=1)))
    await given.loop(WEDNESDAY_NOON + timedelta(hours=2))
    await given.loop(WEDNESDAY_NOON + timedelta(hours=3))
    assert await given.states() == {"ada": "declined", "ben": "expired"}
    assert (await events_recorded(database))[4:] == [
        "OfferDeclined",
        "OfferMade",
        "OfferExpired",
        "ReserveExhausted",
    ]


async def test_acceptance_ends_what_else_its_person_waits_for(database):
    ada = a_person("ada")
    one = await a_released_round(database, "ada", people={"ada": ada})
    two = await a_released_round(database, "ada", "ben", people={"ada": ada})
    await one.ranks("ada")
    await one.tells()
    await two.ranks("ada", "ben")

    await accepting(database, await one.offer_of("ada"), ada)()
    await two.tells()

    assert await two.states() == {"ben": "made"}
    statuses = await database.list_rows(
        "SELECT status FROM applications WHERE person_ref = $1 ORDER BY status", ada.person_ref
    )
    assert [row["status"] for row in statuses] == ["successful", "superseded"]


async def test_cancelled_placement_frees_its_place_and_its_intern_where_the_rules_say_so(database):
    given = await a_released_round(database, "ada", "ben")
    await given.ranks("ada", "ben")
    await given.tells()
    done = await accepting(database, await given.offer_of("ada"), given.people["ada"])()
    stranger = Actor(new_id(), UNIVERSITY, frozenset({Role.APPLICANT}))
    command = CancelPlacement(done["placement_id"], "illness")
    with pytest.raises(PlacementIsNotYours):
        async with database.transaction() as tx:
            await placements.cancel_placement(tx, command, actor=stranger, now=at(MONDAY_NOON))

    async with database.transaction() as tx:
        await placements.cancel_placement(tx, command, actor=given.host, now=at(MONDAY_NOON))
    await given.loop(MONDAY_NOON)

    assert await given.states() == {"ada": "vacated", "ben": "made"}
    assert (
        await database.value(
            "SELECT bound_by_offer_id FROM applicant_cycles WHERE person_ref = $1",
            given.people["ada"].person_ref,
        )
        is None
    )


async def test_cancelling_oneself_does_not_free_oneself(database):
    given = await a_released_round(database, "ada")
    await given.ranks("ada")
    await given.tells()
    ada = given.people["ada"]
    done = await accepting(database, await given.offer_of("ada"), ada)()

    async with database.transaction() as tx:
        await placements.cancel_placement(
            tx, CancelPlacement(done["placement_id"], "illness"), actor=ada, now=at(MONDAY_NOON)
        )

    assert await database.value("SELECT bound_by_offer_id FROM applicant_cycles") is not None


async def test_offers_and_acceptances_are_never_more_than_the_places(database):
    given = await a_released_round(database, *"abcdef", places=2)
    await given.ranks(*"abcdef")
    await given.tells()
    assert await given.states() == {"a": "made", "b": "made"}

    await asyncio.gather(
        declining(database, await given.offer_of("a"), given.people["a"])(),
        accepting(database, await given.offer_of("b"), given.people["b"])(),
    )
    await asyncio.gather(*(given.loop(MONDAY_NOON) for _ in range(3)))

    assert await given.states() == {"a": "declined", "b": "accepted", "c": "made"}


async def test_races_of_acceptance_lapse_and_withdrawal_have_one_winner(database):
    from services.applications.commands import offers as commands
    from services.applications.domain.intervention import WithdrawOffer

    last = WEDNESDAY_NOON - timedelta(milliseconds=1)
    for _ in range(6):
        given = await a_released_round(database, "ada")
        await given.ranks("ada")
        await given.tells()
        offer_id = await given.offer_of("ada")

        async def withdraw(offer_id=offer_id):
            async with database.transaction() as tx:
                await commands.withdraw_offer(
                    tx, WithdrawOffer(offer_id, "No desk"), actor=OFFICER, now=at(last)
                )

        async def expire():
            await lapsing.expire_offers(database, now=at(WEDNESDAY_NOON))

        answers = await asyncio.gather(
            answer_of(accepting(database, offer_id, given.people["ada"], now=last)),
            answer_of(withdraw),
            answer_of(expire),
        )

        state = (await given.states())["ada"]
        won = [a == "done" for a in answers[:2]]
        assert sum(won) == (0 if state == "expired" else 1)
        assert (state == "accepted") == won[0]


async def test_accepting_twice_is_one_acceptance(database):
    given = await a_released_round(database, "ada")
    await given.ranks("ada")
    await given.tells()
    act = accepting(database, await given.offer_of("ada"), given.people["ada"])
    await act()
    before = await database.value("SELECT max(id) FROM outbox")

    assert (await act())["state"] == "accepted"
    assert await events_recorded(database, since=before) == []


async def test_reserve_is_asked_no_later_than_the_rules_say(database):
    given = await a_released_round(database, "ada", "ben")
    await given.ranks("ada", "ben")
    await given.tells()
    await declining(database, await given.offer_of("ada"), given.people["ada"])()

    await given.loop(datetime(2024, 3, 9, tzinfo=UTC))  # starts on the 11th; three days are asked

    assert await given.states() == {"ada": "declined"}
    assert (await events_recorded(database))[-1] == "ReserveExhausted"


async def test_reserves_offer_is_prepared_where_the_office_makes_it(database):
    rules = some_rules(offers={"reserve_offers_are_made_at_once": False})
    given = await a_released_round(database, "ada", "ben", rules=rules)
    await given.ranks("ada", "ben")
    await given.tells()
    await declining(database, await given.offer_of("ada"), given.people["ada"])()

    await given.loop(MONDAY_NOON)

    assert await given.states() == {"ada": "declined", "ben": "prepared"}


async def test_round_without_applications_is_said_to_be_exhausted_once(database):
    given = await a_released_round(database, places=2)
    released = datetime(2024, 2, 13, 9, tzinfo=UTC)
    for _ in range(2):
        for deadline in watching.DEADLINES:
            await deadline(database, now=at(released))
        await given.loop(released)

    assert await events_recorded(database) == ["ReserveExhausted"]


async def test_host_is_reminded_and_the_office_warned(database):
    await a_released_round(database, "ada")
    instants = [  # the host chooses by 21 February, 5pm; two days before and one after
        datetime(2024, 2, 19, 17, tzinfo=UTC),
        datetime(2024, 2, 21, 16, 59, tzinfo=UTC),
        datetime(2024, 2, 21, 17, tzinfo=UTC),
        datetime(2024, 2, 22, 17, tzinfo=UTC),
        datetime(2024, 2, 28, 17, tzinfo=UTC),
        datetime(2024, 2, 28, 18, tzinfo=UTC),
    ]
    for instant in instants:
        for deadline in watching.DEADLINES:
            await deadline(database, now=at(instant))

    assert await events_recorded(database) == [
        "SelectionReminded",
        "SelectionOverdue",
        "SelectionReminded",
        "OutcomesAtRisk",
    ]


async def test_placement_is_reminded_of_started_and_completed(database):
    given = await a_released_round(database, "ada")
    await given.ranks("ada")
    await given.tells()
    await accepting(database, await given.offer_of("ada"), given.people["ada"])()
    before = await database.value("SELECT max(id) FROM outbox")

    for instant in (  # 11 to 15 March, from nine
        datetime(2024, 3, 4, 9, tzinfo=UTC),
        datetime(2024, 3, 10, 9, tzinfo=UTC),
        datetime(2024, 3, 11, 9, tzinfo=UTC),
        datetime(2024, 3, 15, 23, 59, tzinfo=UTC),
        datetime(2024, 3, 16, tzinfo=UTC),
    ):
        for deadline in placing.DEADLINES:
            await deadline(database, now=at(instant))

    assert await events_recorded(database, since=before) == [
        "PlacementReminded",
        "PlacementReminded",
        "PlacementStarted",
        "PlacementCompleted",
        "EvaluationInvited",
        "EvaluationInvited",
    ]


async def test_offer_is_reminded_half_way_and_in_its_last_hours(database):
    given = await a_released_round(database, "ada")
    await given.ranks("ada")
    await given.tells()
    for hours in (23, 24, 25, 42, 47):
        await lapsing.remind_of_offers(database, now=at(MONDAY_NOON + timedelta(hours=hours)))

    assert (await events_recorded(database))[2:] == ["OfferReminded", "OfferReminded"]


async def test_offer_of_a_withdrawn_vacancy_is_withdrawn(database):
    given = await a_released_round(database, "ada")
    await given.ranks("ada")
    await given.tells()
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE known_vacancies SET status = 'withdrawn', withdrawn_at = clock_timestamp()"
        )

    await lapsing.withdraw_groundless_offers(database, now=at(MONDAY_NOON))

    assert await given.states() == {"ada": "withdrawn"}


# ---- refusals ----


async def ranking(given, command, *, actor=None, now=MONDAY_NOON - timedelta(days=6)):
    async with given.database.transaction() as tx:
        await selections.rank_applications(
            tx, *given.key, command, actor=actor or given.host, now=at(now)
        )


async def test_host_sees_and_ranks_nothing_before_the_release(database):
    given = await a_released_round(database, "ada", released=False)
    with pytest.raises(ApplicationsAreNotReleased):
        await ranking(given, given.choice("ada"))


async def test_office_does_not_rank(database):
    given = await a_released_round(database, "ada")
    with pytest.raises(OfficeDoesNotRank):
        await ranking(given, given.choice("ada"), actor=OFFICER)


async def test_another_host_ranks_nothing_here(database):
    given, other = [await a_released_round(database, "ada") for _ in range(2)]
    with pytest.raises(SelectionIsNotYours):
        await ranking(given, given.choice("ada"), actor=other.host)


async def test_ranking_is_refused_where_it_says_too_little_or_too_much(database):
    given = await a_released_round(database, "ada", "ben")
    ada, ben = given.applications["ada"], given.applications["ben"]
    cases = [
        ((Choice(ada, 1), Choice(ben, 1)), RankIsGivenTwice),
        ((Choice(ada, 1),), ReasonIsMissing),
        ((Choice(ada, 1), Choice(ben)), ReasonIsMissing),
        ((Choice(ada, 1), Choice(ben, reason_code="ugly")), ReasonIsUnknown),
        ((Choice(ada, 1), Choice(ben, 2), Choice(new_id(), 3)), SelectionHasChanged),
    ]
    for choices, refusal in cases:
        with pytest.raises(refusal):
            await ranking(given, RankApplications(choices))
    with pytest.raises(SelectionHasChanged):
        await ranking(given, RankApplications(given.choice("ada", "ben").choices, seen=3))


async def test_late_choice_is_taken_once_and_changed_no_more(database):
    given = await a_released_round(database, "ada", "ben")
    late = datetime(2024, 2, 22, 9, tzinfo=UTC)
    await given.ranks("ada", "ben", now=late)
    with pytest.raises(TimeToChangeIsOver):
        await given.ranks("ben", "ada", now=late)


async def test_nothing_is_ranked_once_the_office_gave_its_word(database):
    given = await a_released_round(database, "ada", "ben")
    await given.ranks("ada", "ben")
    async with database.transaction() as tx:
        await outcomes.tell_outcomes(
            tx, *given.key, TellOutcomes("As chosen"), actor=OFFICER, now=at(MONDAY_NOON)
        )
    with pytest.raises(SelectionIsTold):
        await given.ranks("ben", "ada")


async def test_outcomes_are_not_told_before_the_choice_nor_after_facts_have_moved(database):
    given = await a_released_round(database, "ada")
    with pytest.raises(HostHasNotChosen):
        await given.tells()
    await given.ranks("ada")
    with pytest.raises(FactsHaveMoved):
        await given.tells(fingerprint="of another day")
    with pytest.raises(Refused):
        async with database.transaction() as tx:
            await outcomes.tell_outcomes(
                tx, *given.key, TellOutcomes("Me"), actor=given.host, now=at(MONDAY_NOON)
            )


async def test_host_tells_where_the_programme_leaves_it_to_its_hosts(database):
    rules = some_rules(telling={"outcomes_told_by": "host"})
    given = await a_released_round(database, "ada", rules=rules)
    await given.ranks("ada")
    async with database.transaction() as tx:
        await outcomes.tell_outcomes(
            tx, *given.key, TellOutcomes("Ours"), actor=given.host, now=at(MONDAY_NOON)
        )
    await given.loop(MONDAY_NOON)

    assert await given.states() == {"ada": "made"}


# ---- beneath the commands ----


async def test_postgres_refuses_a_second_acceptance_of_one_person_in_a_cycle(database):
    ada = a_person("ada")
    for title in ("Diaries", "Negatives"):
        given = await a_released_round(database, "ada", people={"ada": ada}, title=title)
        await given.ranks("ada")
        await given.tells()

    with pytest.raises(UniqueViolation, match="one_acceptance_per_person_and_cycle"):
        async with database.transaction() as tx:
            await tx.execute("UPDATE offers SET status = 'accepted', answered_at = made_at")


async def test_late_letter_gives_its_delay_back_and_its_copy_nothing(database):
    given = await a_released_round(database, "ada")
    await given.ranks("ada")
    await given.tells()
    offer_id = await given.offer_of("ada")
    sent = MessageSent.model_validate(
        {**MessageSent.examples[0], "letter": "offer", "about_kind": "offer", "about_id": offer_id}
        | {"delay_seconds": 3 * 3600.0}
    )
    before = await database.value("SELECT max(id) FROM outbox")

    for _ in range(2):
        async with database.transaction() as tx:
            await reactions.give_back_lost_time(tx, sent, now=at(MONDAY_NOON))

    assert await events_recorded(database, since=before) == ["OfferExtended"]
    wall = await database.value("SELECT respond_by_wall FROM offers")
    assert wall == "2024-02-28 15:00"


async def test_letter_in_time_moves_nothing_nor_does_one_about_an_answered_offer(database):
    given = await a_released_round(database, "ada")
    await given.ranks("ada")
    await given.tells()
    offer_id = await given.offer_of("ada")
    sent = MessageSent.model_validate(
        {**MessageSent.examples[0], "letter": "offer", "about_kind": "offer", "about_id": offer_id}
    )
    async with database.transaction() as tx:
        await reactions.give_back_lost_time(tx, sent, now=at(MONDAY_NOON))
    await declining(database, offer_id, given.people["ada"])()
    late = sent.model_copy(update={"delay_seconds": 9999.0})
    async with database.transaction() as tx:
        await reactions.give_back_lost_time(tx, late, now=at(MONDAY_NOON))

    assert (await events_recorded(database))[2:] == ["OfferDeclined"]
