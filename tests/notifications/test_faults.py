"""Senders that race, sleep or die; receipts that are late; words that are kept no longer."""

import asyncio
from datetime import timedelta

import pytest

from chassis import clock
from schemas import applications, notifications, proposals
from schemas.envelope import EVENTS
from services.notifications import deadlines
from services.notifications.commands import deliveries as commands
from services.notifications.domain.delivery import Status
from services.notifications.store import deliveries as store
from tests.doors import events_recorded
from tests.notifications.post_office import (
    CONTACT,
    STUDENT,
    Teller,
    card,
    example,
    make_due,
    send_all,
    sender_to,
    statuses,
)


async def lease(database):
    async with database.transaction() as tx:
        return await commands.lease_letter(tx, now=clock.now)


async def let_lease_lapse(database):
    async with database.transaction() as tx:
        await tx.execute("UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 s'")
    await deadlines.recover_letters(database, now=clock.now)


async def age(database, how_long: str):
    async with database.transaction() as tx:
        await tx.execute(
            """
            UPDATE deliveries
               SET queued_at = queued_at - $1::text::interval,
                   caused_at = caused_at - $1::text::interval,
                   ended_at = ended_at - $1::text::interval,
                   overdue_at = overdue_at - $1::text::interval
            """,
            how_long,
        )


async def test_many_senders_side_by_side_hand_over_each_letter_once(database, teller, catcher):
    for number in range(30):
        application = f"018d2f00-0000-7000-8000-{number:012x}"
        await teller.tell(
            example(
                applications.ApplicationSubmitted,
                application_id=application,
                reference=f"OX-{number:04}",
            )
        )
    senders = [sender_to(catcher.port) for _ in range(4)]

    await asyncio.gather(*(send_all(sender, database) for sender in senders))

    assert len(catcher.mails) == 30
    assert len(set(catcher.subjects())) == 30
    assert catcher.connections <= 8  # each keeps its own


async def test_sender_that_slept_finds_its_lease_gone_and_sends_nothing(
    database, teller, catcher, sender
):
    await teller.tell(example(applications.ApplicationSubmitted))
    slept = await lease(database)
    await let_lease_lapse(database)
    assert await send_all(sender, database) == 1

    await sender._send(database, slept)

    assert len(catcher.mails) == 1
    assert await statuses(database) == {"received": "sent"}
    assert await events_recorded(database) == ["MessageSent"]


async def test_sender_that_died_before_the_data_leaves_no_doubt(database, teller, catcher, sender):
    await teller.tell(example(applications.ApplicationSubmitted))
    await lease(database)

    await let_lease_lapse(database)

    assert await send_all(sender, database) == 1
    row = await database.get_row("SELECT status, doubts FROM deliveries WHERE letter = 'received'")
    assert row == {"status": "sent", "doubts": 0}


async def test_sender_that_died_after_the_dot_is_tried_once_more_and_then_unknown(
    database, teller, catcher, sender
):
    await teller.tell(example(applications.ApplicationSubmitted))
    for _ in range(2):
        leased = await lease(database)
        async with database.transaction() as tx:
            assert await store.begin_data(tx, leased)
        await let_lease_lapse(database)
        await make_due(database)

    assert await lease(database) is None
    assert await statuses(database) == {"received": "unknown"}


async def test_no_transaction_is_open_while_the_server_is_slow(database, teller, catcher, sender):
    open_then = []
    taken = catcher.handle_DATA

    async def slow(server, session, envelope):
        open_then.append(
            await database.value(
                """
                SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
                   AND state LIKE 'idle in transaction%'
                """
            )
        )
        return await taken(server, session, envelope)

    catcher.handle_DATA = slow
    await teller.tell(example(applications.ApplicationSubmitted))
    await send_all(sender, database)

    assert open_then == [0]


async def test_late_receipt_alarms_the_office_once(database, teller, catcher, sender):
    await teller.tell(example(applications.ApplicationSubmitted))
    await deadlines.tell_overdue_receipts(database, now=clock.now)
    assert await events_recorded(database) == []

    await age(database, "31 minutes")
    for _ in range(2):
        await deadlines.tell_overdue_receipts(database, now=clock.now)

    row = await database.get_row("SELECT value FROM outbox")
    told = notifications.ConfirmationOverdue.model_validate_json(bytes(row["value"]))
    assert await events_recorded(database) == ["ConfirmationOverdue"]
    assert told.reference == "OX-4F7K"

    await teller.tell(told)
    await send_all(sender, database)
    assert "A receipt has not gone out: OX-4F7K" in catcher.subjects()


async def test_letter_waits_for_its_card_and_goes_out_when_it_comes(
    database, teller, catcher, sender
):
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM known_cards")
    await teller.tell(example(applications.ApplicationSubmitted))
    assert await send_all(sender, database) == 0

    await teller.tell(card(STUDENT, "Priya Raman", "priya@elsewhere.example"))

    assert await send_all(sender, database) == 1
    assert catcher.recipients == ["priya@elsewhere.example"]


async def test_letter_whose_card_never_comes_is_given_up_and_told(database, teller):
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM known_cards")
    await teller.tell(example(applications.ApplicationSubmitted))
    await age(database, "61 minutes")

    await deadlines.give_up_without_address(database, now=clock.now)

    assert await statuses(database) == {"received": "failed"}
    assert await events_recorded(database) == ["MessageFailed"]


async def test_failed_offer_is_told_to_the_office_in_its_mailbox(database, teller, catcher, sender):
    await teller.tell(example(applications.ApplicationSubmitted))
    await teller.tell(
        example(notifications.MessageFailed, occurred_at="2024-02-26T12:00:00Z"),
    )
    await send_all(sender, database)

    alarm = next(mail for mail in catcher.mails if mail["X-Letter"] == "offer_not_mailed")
    assert alarm["Subject"] == "Telephone somebody: an offer's mail has failed"


async def test_letter_waits_for_the_vacancy_it_quotes(database):
    teller = Teller(database)
    await teller.tell(example(applications.ApplicationSubmitted))
    assert await statuses(database) == {}

    await teller.the_beginning()

    assert await database.value("SELECT count(*) FROM deliveries WHERE letter = 'received'") == 1
    assert await database.value("SELECT count(*) FROM waiting") == 0


async def test_a_replay_of_everything_queues_and_sends_nothing(database, teller, catcher, sender):
    await teller.tell(example(applications.ApplicationSubmitted), example(applications.OfferMade))
    await send_all(sender, database)
    before = await database.value("SELECT count(*) FROM deliveries")
    async with database.transaction() as tx:
        await tx.execute("UPDATE positions SET next_position = 0")

    for record in teller.told:
        await teller.deliver(record)

    assert await send_all(sender, database) == 0
    assert await database.value("SELECT count(*) FROM deliveries") == before


async def test_introduction_gives_both_sides_each_others_address_once(
    database, teller, catcher, sender
):
    at = "2024-02-26T12:00:00Z"
    await teller.tell(
        example(applications.ApplicationSubmitted),
        example(applications.PlacementConfirmed, occurred_at=at),
        example(applications.PlacementIntroduced, occurred_at=at),
    )
    await send_all(sender, database)

    introduced = {
        mail["To"].addresses[0].addr_spec: mail.get_body(("plain",)).get_content()
        for mail in catcher.mails
        if mail["X-Letter"].startswith("introduction")
    }
    assert set(introduced) == {
        "priya@oxford.example",
        "tomos@weather.example",
        "aisha@weather.example",
    }
    assert "Aisha Bello, aisha@weather.example" in introduced["priya@oxford.example"]
    assert "Priya Raman, priya@oxford.example" in introduced["tomos@weather.example"]


async def test_link_to_sign_in_is_stale_after_ten_minutes(database, teller, catcher, sender):
    await teller.tell(example(proposals.SealedLetter, person_ref=CONTACT))
    await age(database, "11 minutes")

    await send_all(sender, database)

    row = await database.get_row(
        "SELECT status, sealed, fact FROM deliveries WHERE letter = 'sign_in_link'"
    )
    assert row == {"status": "cancelled_as_stale", "sealed": None, "fact": {}}
    assert catcher.mails == []


async def test_card_that_cannot_be_opened_fails_its_letter_alone(database, teller, catcher, sender):
    await teller.tell(
        example(proposals.ContactCard, person_ref=STUDENT),  # sealed to nobody's key
        example(applications.ApplicationSubmitted),
    )
    await send_all(sender, database)

    row = await database.get_row(
        "SELECT status, reason_code FROM deliveries WHERE letter = 'received'"
    )
    assert row == {"status": "failed", "reason_code": "cannot_be_rendered"}


async def test_words_go_after_thirty_days_and_the_rest_after_a_year(
    database, teller, catcher, sender
):
    await teller.tell(example(applications.ApplicationSubmitted))
    await send_all(sender, database)
    kept = (
        "SELECT subject IS NOT NULL AND body IS NOT NULL FROM deliveries WHERE letter = 'received'"
    )

    await deadlines.forget_old_words(database, now=clock.now)
    assert await database.value(kept)

    await age(database, "30 days 1 minute")
    await deadlines.forget_old_words(database, now=clock.now)
    assert await database.value(kept) is False

    await age(database, "336 days")
    await deadlines.forget_old_words(database, now=clock.now)
    assert await statuses(database) == {}


async def test_erased_person_leaves_nothing_and_the_service_says_so(
    database, teller, catcher, sender
):
    at = "2024-02-26T12:00:00Z"
    await teller.tell(
        example(applications.ApplicationSubmitted),
        example(applications.PlacementConfirmed, occurred_at=at),
        example(applications.PlacementIntroduced, occurred_at=at),
    )
    await send_all(sender, database)

    await teller.tell(example(proposals.PersonErasureOrdered, occurred_at="2024-02-26T12:00:00Z"))

    mentioned = (
        "SELECT count(*) FROM deliveries WHERE body LIKE '%Priya%' OR subject LIKE '%Priya%'"
    )
    assert await database.value(mentioned) == 0
    for table in ("deliveries", "known_cards", "known_applications"):
        count = f"SELECT count(*) FROM {table} WHERE person_ref = $1"
        assert await database.value(count, STUDENT) == 0
    assert (await events_recorded(database))[-1] == "PersonErased"


async def test_programmes_other_version_keeps_its_own_words(database, teller):
    newer = example(proposals.RuleSetPublished, rule_set_version=2)
    await teller.tell(newer)

    assert await database.value("SELECT count(*) FROM known_programmes") == 2


@pytest.mark.parametrize("status", [Status.HELD, Status.SENT, Status.FAILED])
async def test_letter_that_is_not_queued_is_never_taken_in_hand(database, teller, status):
    await teller.tell(example(applications.ApplicationSubmitted))
    async with database.transaction() as tx:
        await tx.execute("UPDATE deliveries SET status = $1", status)

    assert await lease(database) is None


def test_every_event_that_a_letter_follows_is_on_the_wire():
    from services.notifications.domain import table

    assert all(EVENTS[kind.type_name()] is kind for kind in table.followed())


def test_pauses_are_shorter_than_the_lease_is_long():
    from services.notifications.domain.delivery import LEASE
    from services.notifications.mailer.post import TIMEOUT

    assert timedelta(seconds=4 * TIMEOUT) < LEASE
