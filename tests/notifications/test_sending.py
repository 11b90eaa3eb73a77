"""From a fact to a mail: queued by a reaction, handed over by a sender, told as an event."""

import json
from datetime import UTC, datetime

from schemas import applications, notifications
from services.notifications import queues
from services.notifications.mailer import post
from tests.doors import events_recorded, travel
from tests.notifications.post_office import (
    example,
    make_due,
    send_all,
    sender_to,
    statuses,
)


async def test_application_gets_its_receipt(database, teller, catcher, sender):
    await teller.tell(example(applications.ApplicationSubmitted))

    assert await send_all(sender, database) == 1

    (mail,) = catcher.mails
    assert (
        mail["Subject"]
        == "Received: your application to Museum of the History of Weather (OX-4F7K)"
    )
    assert mail["To"] == "Priya Raman <priya@oxford.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert await statuses(database) == {"received": "sent"}
    row = await database.get_row("SELECT value FROM outbox WHERE type LIKE '%MessageSent%'")
    sent = notifications.MessageSent.model_validate_json(bytes(row["value"]))
    assert (sent.letter, sent.about_kind, str(sent.about_id)) == (
        "received",
        "application",
        applications.ApplicationSubmitted.examples[0]["application_id"],
    )
    assert 0 <= sent.delay_seconds < 5


async def test_a_letter_passes_every_place_where_its_sender_may_die(
    database, teller, catcher, sender, monkeypatch
):
    passed: list[str] = []
    for module in (queues, post):
        monkeypatch.setattr(module, "failpoint", passed.append)
    await teller.tell(example(applications.ApplicationSubmitted))

    await send_all(sender, database)

    assert len(catcher.mails) == 1
    steps = ("leased", "recipients", "begun", "sent", "answered")
    assert passed == [f"mail.{step}" for step in steps]


async def test_the_same_event_twice_is_one_mail(database, teller, catcher, sender):
    await teller.tell(example(applications.ApplicationSubmitted))
    record = teller.told[-1]
    await teller.deliver(record)
    async with database.transaction() as tx:  # and even where the inbox has forgotten
        await tx.execute("DELETE FROM inbox")
        await tx.execute("DELETE FROM heard")
        await tx.execute("UPDATE positions SET next_position = 0, born_late = true")
    await teller.deliver(record)

    await send_all(sender, database)

    assert len(catcher.mails) == 1


async def test_offer_says_until_when_and_brings_a_calendar(database, teller, catcher, sender):
    await teller.tell(example(applications.ApplicationSubmitted), example(applications.OfferMade))

    await send_all(sender, database)

    offer = catcher.mails[-1]
    assert (
        offer["Subject"] == "Please answer by 12 noon on Wednesday 28 February: you have an offer"
    )
    (attached,) = list(offer.iter_attachments())
    assert attached.get_filename() == "by-28-february.ics"
    assert "DTSTART;TZID=Europe/London:20240228T120000" in attached.get_content()
    text = offer.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "by 12 noon on Wednesday 28 February 2024,\nLondon time (GMT)" in text


async def test_offer_that_has_lapsed_is_cancelled_and_not_mailed(
    database, database_url, teller, catcher, sender
):
    await teller.tell(example(applications.ApplicationSubmitted), example(applications.OfferMade))
    await travel(database_url, datetime(2024, 2, 28, 12, 0, 0, tzinfo=UTC))

    await send_all(sender, database)

    assert (await statuses(database))["offer"] == "cancelled_as_stale"
    assert len(catcher.mails) == 1


async def test_offer_that_was_answered_meanwhile_is_not_mailed(database, teller, catcher, sender):
    await teller.tell(
        example(applications.ApplicationSubmitted),
        example(applications.OfferMade),
        example(applications.OfferDeclined, occurred_at="2024-02-26T12:05:00Z"),
    )

    await send_all(sender, database)

    assert await statuses(database) == {
        "received": "sent",
        "offer": "cancelled_as_stale",
        "declined": "sent",
        "place_declined": "sent",
    }


async def test_mail_refused_for_now_is_tried_again_with_the_same_message_id(
    database, teller, catcher, sender
):
    catcher.at_recipient = ["451 4.2.1 Busy", "450 4.2.0 Greylisted"]
    await teller.tell(example(applications.ApplicationSubmitted))

    pauses = []
    for _ in range(2):
        await send_all(sender, database)
        pauses.append(
            await database.value(
                """
                SELECT round(extract(epoch FROM next_try_at - clock_timestamp()) / 60)::int
                  FROM deliveries WHERE letter = 'received'
                """
            )
        )
        await make_due(database)
    await send_all(sender, database)

    assert pauses == [1, 5]
    assert len(catcher.mails) == 1
    assert await statuses(database) == {"received": "sent"}


async def test_mail_refused_for_good_is_tried_once_and_told(database, teller, catcher, sender):
    catcher.at_recipient = ["550 5.1.1 No such mailbox"]
    await teller.tell(example(applications.ApplicationSubmitted))

    await send_all(sender, database)

    assert catcher.mails == []
    row = await database.get_row(
        "SELECT status, reply_code, reason_code FROM deliveries WHERE letter = 'received'"
    )
    assert row == {"status": "failed", "reply_code": 550, "reason_code": "refused_by_server"}
    assert await events_recorded(database) == ["MessageFailed"]


async def test_mail_in_the_gap_is_tried_once_more_and_then_unknown(
    database, teller, catcher, sender
):
    catcher.at_data = ["take and drop", "take and drop"]
    await teller.tell(example(applications.ApplicationSubmitted))

    for _ in range(3):
        await send_all(sender, database)
        await make_due(database)

    assert await statuses(database) == {"received": "unknown"}
    assert len(catcher.mails) == 2
    assert len({mail["Message-ID"] for mail in catcher.mails}) == 1


async def test_server_away_costs_no_letter_a_try(database, teller, catcher):
    away = sender_to(1)  # nobody listens there
    await teller.tell(example(applications.ApplicationSubmitted))

    assert not await away(database)

    row = await database.get_row(
        "SELECT status, attempts FROM deliveries WHERE letter = 'received'"
    )
    assert row == {"status": "queued", "attempts": 0}
    assert await send_all(sender_to(catcher.port), database) == 1


async def test_every_value_of_an_event_names_nobody(database, teller, catcher, sender):
    await teller.tell(example(applications.ApplicationSubmitted))
    await send_all(sender, database)

    rows = await database.list_rows("SELECT value FROM outbox")

    told = json.dumps([bytes(row["value"]).decode() for row in rows])
    assert "priya" not in told.lower()
