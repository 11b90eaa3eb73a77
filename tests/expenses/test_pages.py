"""Claims on pages: written, sent, decided, repaid and answered by forms, without scripts."""

import re
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from tests.expenses.claiming import API, PLACEMENT, a_museum, a_png

LUNCH = {"day": "2024-03-12", "kind": "lunch", "amount": "7.45", "what": "", "reason": ""}


@pytest.fixture
async def museum(doors_of, database_url):
    return await a_museum(await doors_of("expenses"), database_url, mon="remote")


def words(answer) -> str:
    """The text of a page, for reading."""
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).replace("&#39;", "'").split())


def a_file(name: str = "lunch.png", content: bytes = b"") -> dict:
    return {"receipt": (name, content or a_png(), "image/png")}


async def test_an_intern_writes_a_claim_and_the_host_repays_it(museum):
    intern, host = museum.intern, museum.host
    assert "Begin a claim" in words(await intern.get("/expenses"))
    begun = await intern.form("/expenses", {"placement": str(PLACEMENT)})
    assert begun.status_code == 303
    new_line = begun.headers["location"]
    here = new_line.removesuffix("/lines/new")
    assert "Tuesday 12 March" in words(await intern.get(new_line))

    saved = await intern.form(new_line, LUNCH, files=a_file())
    assert (saved.status_code, saved.headers["location"]) == (303, here)
    at_home = await intern.form(new_line, LUNCH | {"day": "2024-03-11"}, files=a_file())
    assert at_home.status_code == 303
    page = words(await intern.get(here))
    assert "On a day at home nothing is repaid." in page
    assert "1 of 2 lines allowed £14.90 £7.45" in page
    assert "Send it by 5pm on Friday 12 April 2024" in page

    assert (await intern.form(f"{here}/submit")).status_code == 303
    assert "Museum of the History of Weather decides by Thursday 28 March 2024." in words(
        await intern.get(here)
    )
    assert "Decide the oldest" in words(await host.get("/expenses"))
    assert "Please decide by 5pm on Thursday 28 March 2024" in words(await host.get(here))
    assert "You repay" in words(await host.get(f"{here}/decide"))

    decision = {"approved-1": "7.45", "reason-1": ""}
    checked = await host.form(f"{here}/decide", decision | {"then": "check"})
    assert "Repay £7.45?" in words(checked)
    assert (await host.form(f"{here}/decide", decision | {"then": "decide"})).status_code == 303
    assert "repays £7.45 by Wednesday 17 April 2024." in words(await intern.get(here))

    paid = {"paid": "7.45", "paid_on-day": "18", "paid_on-month": "3", "paid_on-year": "2024"}
    assert (await host.form(f"{here}/report", paid)).status_code == 303
    page = words(await intern.get(here))
    assert "Has £7.45 arrived?" in page
    assert "Answer by 5pm on Monday 1 April 2024" in page
    assert (await intern.form(f"{here}/confirm")).status_code == 303
    assert "£7.45 has arrived. The claim is closed." in words(await intern.get(here))


async def test_a_line_says_what_is_wrong_and_keeps_what_was_typed(museum):
    here = f"/expenses/{await museum.begins()}"

    answer = await museum.intern.form(f"{here}/lines/new", LUNCH | {"amount": "12,50"})

    assert answer.status_code == 422
    page = words(answer)
    assert "Error: Add a receipt" in page
    assert "Write the amount like 12.50" in page
    assert 'value="12,50"' in answer.text
    without = await museum.intern.form(f"{here}/lines/new", LUNCH)
    assert without.status_code == 422
    assert "Add a receipt: without one nothing is repaid." in words(without)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2024-03-12", "Likely: allowed"),
        ("2024-03-11", "Not repaid: On a day at home nothing is repaid. You can leave it out."),
    ],
)
async def test_the_verdict_is_said_before_anything_is_saved(museum, day, said):
    claim_id = await museum.begins()

    answer = await museum.intern.form(
        f"/expenses/{claim_id}/lines/new", LUNCH | {"day": day, "then": "verdict"}
    )

    assert said in words(answer)
    assert (await museum.shown(claim_id))["lines"] == []


async def test_the_same_receipt_is_said_to_its_intern_and_shown_to_the_office(museum):
    claim_id = await museum.begins()
    here, receipt = f"/expenses/{claim_id}", a_png()
    for _ in range(2):
        await museum.intern.form(f"{here}/lines/new", LUNCH, files=a_file(content=receipt))
    reference = (await museum.shown(claim_id))["reference"]
    assert f"This receipt is already in claim {reference}." in words(await museum.intern.get(here))
    await museum.sends(claim_id)

    assert "Receipts used twice" in words(await museum.office.get("/office/expenses"))
    assert "The same receipt stands in another line." in words(await museum.host.get(here))


async def test_a_double_click_adds_one_line(museum):
    claim_id = await museum.begins()
    path, files = f"/expenses/{claim_id}/lines/new", a_file()

    one = await museum.intern.form(path, LUNCH, key="one-click", files=files)
    two = await museum.intern.form(path, LUNCH, key="one-click", files=files)

    assert (one.status_code, two.status_code) == (303, 303)
    assert len((await museum.shown(claim_id))["lines"]) == 1


async def test_a_claim_sent_again_from_an_old_page_shows_what_was_sent(museum):
    claim_id = await museum.sent_claim({"date": "2024-03-12"})

    again = await museum.intern.form(f"/expenses/{claim_id}/submit")
    line = await museum.intern.form(f"/expenses/{claim_id}/lines/new", LUNCH, files=a_file())

    for answer in (again, line):
        assert answer.status_code == 409
        assert "You have already submitted this claim." in words(answer)
        assert "£7.40" in words(answer)


async def test_two_files_in_one_field_are_refused(museum):
    claim_id = await museum.begins()
    files = [("receipt", ("a.png", a_png())), ("receipt", ("b.png", a_png()))]

    answer = await museum.intern.form(f"/expenses/{claim_id}/lines/new", LUNCH, files=files)

    assert (answer.status_code, "Choose one file." in words(answer)) == (422, True)


async def test_a_form_of_another_sign_in_is_not_taken(museum):
    claim_id = await museum.begins()
    stale = {"csrf": museum.stranger.csrf, **LUNCH}

    answer = await museum.intern.send("POST", f"/expenses/{claim_id}/lines/new", data=stale)

    assert answer.status_code == 403
    assert "Send it again" in words(answer)
    assert "7.45" in answer.text


async def test_the_host_says_why_it_decides_otherwise(museum):
    claim_id = await museum.sent_claim({"date": "2024-03-12"})
    path = f"/expenses/{claim_id}/decide"

    without = await museum.host.form(path, {"approved-1": "5", "reason-1": "", "then": "check"})
    more = await museum.host.form(path, {"approved-1": "99", "reason-1": "x", "then": "check"})
    returned = await museum.host.form(
        f"/expenses/{claim_id}/return",
        {"reason_code": "receipt_unreadable", "reason": "The date is cut off"},
    )

    assert (without.status_code, more.status_code, returned.status_code) == (422, 422, 303)
    assert "Say why you decide otherwise than the rules." in words(without)
    page = words(await museum.intern.get(f"/expenses/{claim_id}"))
    assert "asks for changes: A receipt cannot be read: The date is cut off." in page


async def test_what_more_than_the_rules_repay_is_said(museum):
    claim_id = await museum.sent_claim({"date": "2024-03-12", "kind": "week_pass", "amount": "60"})
    decision = {"approved-1": "60", "reason-1": "It was cheaper than a taxi", "then": "check"}

    answer = await museum.host.form(f"/expenses/{claim_id}/decide", decision)

    assert "More than the rules repay. You may pay it; the rules do not ask you to." in words(
        answer
    )


async def test_the_office_settles_a_dispute(museum):
    claim_id = await museum.sent_claim({"date": "2024-03-12"})
    here = f"/expenses/{claim_id}"
    await museum.host.post(f"{API}/claims/{claim_id}/decide", {})
    await museum.host.post(
        f"{API}/claims/{claim_id}/report-reimbursement", {"paid": "7", "paid_on": "2024-03-18"}
    )
    assert "What is wrong with the payment?" in words(await museum.intern.get(f"{here}/dispute"))
    told = {"reason_code": "wrong_amount", "words": "40p are missing"}
    assert (await museum.intern.form(f"{here}/dispute", told)).status_code == 303
    assert "The office asks the host within two working days." in words(
        await museum.intern.get(here)
    )
    listed = words(await museum.office.get("/office/expenses"))
    assert "Disputes" in listed
    settle = f"/office/expenses/{claim_id}/settle"
    assert "40p are missing" in words(await museum.office.get(settle))

    empty = await museum.office.form(settle, {"reason": ""})
    done = await museum.office.form(settle, {"outcome": "repaid", "reason": "Both agree"})

    assert (empty.status_code, done.status_code) == (422, 303)
    assert (await museum.shown(claim_id))["status"] == "confirmed"


async def test_every_state_has_a_page_for_everybody_who_may_see_it(museum):
    claim_id = await museum.sent_claim({"date": "2024-03-12"})
    here = f"/expenses/{claim_id}"
    for who in (museum.intern, museum.host, museum.supervisor, museum.office):
        assert (await who.get(here)).status_code == 200
        assert (await who.get("/expenses")).status_code == 200
    for path in ("reject", "return", "decide"):
        assert (await museum.host.get(f"{here}/{path}")).status_code == 200
    assert (await museum.intern.get(f"{here}/withdraw")).status_code == 200
    await museum.intern.form(f"{here}/withdraw")
    assert "You withdrew this claim on Monday 18 March 2024." in words(
        await museum.intern.get(here)
    )


async def test_nothing_to_claim_where_all_days_are_remote(doors_of, database_url):
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "remote")
    museum = await a_museum(await doors_of("expenses"), database_url, **week)

    page = words(await museum.intern.get("/expenses"))

    assert "Nothing to claim. For days from home nothing is repaid." in page


async def test_not_placed_and_not_found(museum):
    assert (await museum.stranger.get(f"/expenses/{PLACEMENT}")).status_code == 404
    assert "Nothing to claim." in words(await museum.stranger.get("/expenses"))
    await museum.on(datetime(2024, 4, 30, tzinfo=UTC))
    late = await museum.intern.form("/expenses", {"placement": str(PLACEMENT)})
    assert late.status_code == 409


async def test_what_is_typed_into_an_ended_sign_in_is_in_the_line_again(museum):
    """bad_input[43]"""
    page = f"/expenses/{await museum.begins()}/lines/new"

    sent = await museum.intern.away().form(page, {"what": "Coach to London", "amount": "12.50"})
    address = unquote(sent.headers["location"].partition("next=")[2])
    again = await museum.intern.get(address)

    assert (sent.status_code, address.partition("?")[0]) == (303, page)
    assert 'value="Coach to London"' in again.text
