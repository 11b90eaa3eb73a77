"""What the office sees of mail, and what it may do about it."""

import pytest

from chassis.actor import Role
from schemas import applications
from services.notifications.domain import table
from tests.doors import open_doors
from tests.notifications.post_office import STUDENT, example, send_all, statuses

DELIVERIES = "/api/notifications/v1/deliveries"


@pytest.fixture
async def doors(database):
    doors = await open_doors("notifications", database)
    yield doors
    await doors.client.aclose()


@pytest.fixture
async def receipt(database, teller, catcher, sender):
    """A receipt that was sent."""
    await teller.tell(example(applications.ApplicationSubmitted))
    await send_all(sender, database)
    return await database.value("SELECT delivery_id FROM deliveries WHERE letter = 'received'")


async def test_office_finds_a_delivery_by_letter_person_and_application(doors, receipt):
    office = doors.office()

    for query in (
        {"letter": "received"},
        {"status": "sent", "person_ref": str(STUDENT)},
        {"application_id": applications.ApplicationSubmitted.examples[0]["application_id"]},
    ):
        answer = await office.get(DELIVERIES, **query)
        assert [item["delivery_id"] for item in answer.json()["items"]] == [str(receipt)]
    assert (await office.get(DELIVERIES, letter="offer")).json()["total"] == 0


async def test_figures_count_by_letter_and_status(doors, receipt):
    answer = await doors.office().get("/api/notifications/v1/figures")

    assert answer.json()["letters"]["received"] == {"sent": 1}


async def test_nobody_but_the_office_sees_mail(doors, receipt):
    assert (await doors.student().get(DELIVERIES)).status_code == 403
    assert (await doors.visitor().get(DELIVERIES)).status_code == 401
    elsewhere = doors.person(Role.OFFICER, university="northfield")
    assert (await elsewhere.get(f"{DELIVERIES}/{receipt}")).status_code in (401, 404)


async def test_resending_is_a_delivery_of_its_own_with_another_message_id(
    doors, receipt, database, catcher, sender
):
    office = doors.office()
    answer = await office.post(f"{DELIVERIES}/{receipt}/resend", {"reason": "Lost, she says"})
    await send_all(sender, database)

    assert answer.status_code == 202
    assert answer.json()["delivery_id"] != str(receipt)
    assert len({mail["Message-ID"] for mail in catcher.mails}) == 2
    assert await database.value("SELECT count(*) FROM deliveries WHERE copy = 2") == 1


async def test_resending_twice_with_one_key_is_once(doors, receipt, database):
    office = doors.office()
    for _ in range(2):
        await office.post(f"{DELIVERIES}/{receipt}/resend", {"reason": "Lost"}, key="same-key-one")

    assert await database.value("SELECT count(*) FROM deliveries WHERE letter = 'received'") == 2


async def test_letter_on_its_way_is_not_sent_again(doors, database, teller):
    await teller.tell(example(applications.ApplicationSubmitted))
    waiting = await database.value("SELECT delivery_id FROM deliveries WHERE letter = 'received'")

    answer = await doors.office().post(f"{DELIVERIES}/{waiting}/resend", {"reason": "Hurry"})

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/delivery-is-on-its-way"


async def test_auditor_reads_and_does_not_send(doors, receipt):
    auditor = doors.person(Role.AUDITOR)

    assert (await auditor.get(DELIVERIES)).status_code == 200
    answer = await auditor.post(f"{DELIVERIES}/{receipt}/resend", {"reason": "Curious"})
    assert answer.status_code == 403


async def test_page_lists_deliveries_with_names_and_what_comes_next(doors, receipt):
    page = await doors.office().get("/office/notifications")

    assert page.status_code == 200
    assert "Priya Raman" in page.text
    assert "Received: your application to Museum of the History of Weather" in page.text
    assert "You need do nothing." in page.text


async def test_failed_offer_stands_before_everything_else(doors, database, teller, catcher, sender):
    catcher.at_recipient = ["550 5.1.1 No such mailbox"]
    await teller.tell(example(applications.ApplicationSubmitted))
    await send_all(sender, database)
    catcher.at_recipient = ["550 5.1.1 No such mailbox"]
    await teller.tell(example(applications.OfferMade))
    await send_all(sender, database)
    catcher.at_recipient = []
    await teller.tell(example(applications.ApplicationWithdrawn))
    await send_all(sender, database)

    listed = (await doors.office().get(DELIVERIES)).json()["items"]

    assert [item["letter"] for item in listed[:2]] == ["offer", "received"]
    assert (await statuses(database))["offer"] == "failed"


async def test_page_of_a_delivery_shows_its_words_and_sends_it_again(doors, receipt, database):
    office = doors.office()
    page = await office.get(f"/office/notifications/deliveries/{receipt}")
    assert "You need do nothing now." in page.text

    without = await office.form(
        f"/office/notifications/deliveries/{receipt}/resend", {"reason": " "}
    )
    again = await office.form(
        f"/office/notifications/deliveries/{receipt}/resend", {"reason": "Lost, she says"}
    )

    assert without.status_code == 422
    assert "Say why this letter is sent again." in without.text
    assert again.status_code == 303
    assert (await office.get(again.headers["location"])).status_code == 200
    audited = await database.get_row("SELECT act, reason FROM audit WHERE act = 'ResendLetter'")
    assert audited == {"act": "ResendLetter", "reason": "Lost, she says"}


async def test_history_of_a_person_and_gallery_of_letters_open(doors, receipt):
    office = doors.office()

    assert (
        "Mail to Priya Raman" in (await office.get(f"/office/notifications/people/{STUDENT}")).text
    )
    assert (await office.get("/office/notifications/letters")).status_code == 200
    for letter in table.LETTERS:
        page = await office.get(f"/office/notifications/letters/{letter.name}")
        assert page.status_code == 200, letter.name
    mail = await office.get("/office/notifications/letters/offer/mail")
    assert "sandbox" in mail.headers["content-security-policy"]
    assert (await office.get("/office/notifications/letters/nothing")).status_code == 404


async def test_unknown_filters_are_ignored(doors, receipt):
    page = await doors.office().get(
        "/office/notifications", letter="{{7*7}}", status="x", page="-1"
    )

    assert page.status_code == 200
    assert "Priya Raman" in page.text
