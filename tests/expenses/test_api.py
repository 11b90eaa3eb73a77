"""The way of a claim through the API: written, sent, decided, repaid, confirmed."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from tests.doors import events_recorded, let_act_for
from tests.expenses.claiming import API, HOST, PLACEMENT, a_museum, a_pdf, a_png, send_receipt

LUNCH = {"date": "2024-03-12", "kind": "lunch", "amount": "7.40"}


@pytest.fixture
async def museum(doors_of, database_url):
    return await a_museum(await doors_of("expenses"), database_url, mon="remote")


async def test_a_claim_goes_the_whole_way(museum):
    claim_id = await museum.begins()
    at_home = await museum.writes(claim_id, date="2024-03-11", amount="6.20")
    lunch = await museum.writes(claim_id, date="2024-03-12", amount="7.45", what="Sandwiches")
    assert (await museum.adds_receipt(claim_id, at_home)).status_code == 200
    answer = await send_receipt(museum.intern, claim_id, lunch, a_pdf(), kind="application/pdf")
    assert answer.status_code == 200

    sent = await museum.sends(claim_id)
    assert (sent["status"], sent["total"], sent["allowed"]) == ("submitted", "13.65", "7.45")

    decided = await museum.host.post(f"{API}/claims/{claim_id}/decide", {})
    assert decided.json()["status"] == "partly_approved"
    paid = {"paid": "7.45", "paid_on": "2024-03-18"}
    reported = await museum.host.post(f"{API}/claims/{claim_id}/report-reimbursement", paid)
    assert reported.json()["status"] == "reimbursement_reported"
    confirmed = await museum.intern.post(f"{API}/claims/{claim_id}/confirm")
    assert confirmed.json()["status"] == "confirmed"

    assert await events_recorded(museum.doors.database) == [
        "ReceiptSubmitted",
        "LineDisallowed",
        "ReceiptSubmitted",
        "ClaimSubmitted",
        "ClaimApproved",
        "ReimbursementReported",
        "ReimbursementConfirmed",
    ]
    shown = await museum.shown(claim_id)
    assert [(line["verdict"], line["approved"]) for line in shown["lines"]] == [
        ("disallowed", "0.00"),
        ("allowed", "7.45"),
    ]
    assert shown["lines"][0]["reason_code"] == "remote_day"
    assert (shown["approved"], shown["paid"], shown["paid_on"]) == ("7.45", "7.45", "2024-03-18")


async def test_beginning_twice_is_one_claim(museum):
    assert await museum.begins() == await museum.begins()


async def test_a_claim_is_seen_by_its_own_people_alone(museum):
    claim_id = await museum.begins()
    line_id = await museum.writes(claim_id)
    await museum.adds_receipt(claim_id, line_id)
    path = f"{API}/claims/{claim_id}"

    before = [
        (await who.get(path)).status_code for who in (museum.intern, museum.host, museum.office)
    ]
    assert before == [200, 404, 200]  # the host sees no draft

    await museum.sends(claim_id)
    for who in (museum.host, museum.supervisor, museum.office):
        assert (await who.get(path)).status_code == 200
        receipt = await who.get(f"{path}/lines/{line_id}/receipt")
        assert receipt.status_code == 200
    elsewhere = museum.doors.host(name="Jo Lund")
    unknown = await museum.intern.get(f"{API}/claims/{uuid4()}")
    for who in (museum.stranger, museum.doors.person(person_ref=museum.intern.person_ref, university="northfield")):  # fmt: skip
        assert (await who.get(path)).status_code in (401, 403, 404)
    hidden = await museum.stranger.get(path)
    assert (hidden.status_code, hidden.json()["detail"]) == (404, unknown.json()["detail"])
    assert (await museum.stranger.get(f"{path}/lines/{line_id}/receipt")).status_code == 404
    assert (await elsewhere.get(path)).status_code in (403, 404)


async def test_looking_at_a_receipt_is_noted_and_answers_safely(museum):
    claim_id = await museum.sent_claim({"date": "2024-03-12"})
    line_id = (await museum.shown(claim_id))["lines"][0]["line_id"]

    seen = await museum.host.get(f"{API}/claims/{claim_id}/lines/{line_id}/receipt")

    assert seen.headers["content-type"] == "image/png"
    assert seen.headers["content-disposition"].startswith("attachment; filename=")
    assert seen.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert seen.headers["x-content-type-options"] == "nosniff"
    noted = await museum.doors.database.list_rows(
        "SELECT role FROM audit WHERE act = 'ReceiptViewed'"
    )
    assert noted == [{"role": "host-contact"}]


async def test_a_line_without_receipt_is_not_sent(museum):
    claim_id = await museum.begins()
    await museum.writes(claim_id, **LUNCH)

    answer = await museum.intern.post(f"{API}/claims/{claim_id}/submit")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/lines/0/receipt"
    assert (await museum.shown(claim_id))["status"] == "draft"
    assert await events_recorded(museum.doors.database) == []


async def test_nobody_decides_on_their_own_claim(museum):
    claim_id = await museum.sent_claim(LUNCH)
    await let_act_for(museum.doors, museum.intern, HOST)

    answer = await museum.intern.post(f"{API}/claims/{claim_id}/decide", {})

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/claim-is-ones-own")


@pytest.mark.parametrize("who", ["supervisor", "office"])
async def test_only_a_contact_of_the_host_decides(museum, who):
    claim_id = await museum.sent_claim(LUNCH)

    answer = await getattr(museum, who).post(f"{API}/claims/{claim_id}/decide", {})

    assert answer.status_code == 403


async def test_a_contact_of_another_host_decides_nothing_where_they_supervise(museum):
    claim_id = await museum.sent_claim(LUNCH)
    await let_act_for(museum.doors, museum.supervisor, uuid4())

    answer = await museum.supervisor.post(f"{API}/claims/{claim_id}/decide", {})

    assert answer.status_code == 403
    assert (await museum.shown(claim_id, to=museum.supervisor))["status"] == "submitted"


async def test_a_change_of_the_verdict_needs_a_reason(museum):
    claim_id = await museum.sent_claim(LUNCH)
    line_id = (await museum.shown(claim_id))["lines"][0]["line_id"]
    path = f"{API}/claims/{claim_id}/decide"

    without = await museum.host.post(path, {"lines": [{"line_id": line_id, "approved": "5.00"}]})
    assert without.status_code == 422
    assert without.json()["errors"][0]["pointer"] == "#/lines/0/reason"
    said = {"line_id": line_id, "approved": "5.00", "reason": "The rest was for a friend"}
    with_reason = await museum.host.post(path, {"lines": [said]})

    assert with_reason.json()["approved"] == "5.00"
    assert with_reason.json()["status"] == "partly_approved"


async def test_nothing_is_allowed_for_a_day_at_home(museum):
    claim_id = await museum.sent_claim({"date": "2024-03-11"}, LUNCH)
    line_id = (await museum.shown(claim_id))["lines"][0]["line_id"]
    said = {"line_id": line_id, "approved": "7.40", "reason": "We like to"}

    answer = await museum.host.post(f"{API}/claims/{claim_id}/decide", {"lines": [said]})

    assert answer.status_code == 409
    assert (await museum.shown(claim_id))["status"] == "submitted"


async def test_a_returned_claim_is_changed_and_sent_again(museum):
    claim_id = await museum.sent_claim(LUNCH)
    why = {"reason_code": "receipt_unreadable", "reason": "The date is cut off"}
    returned = await museum.host.post(f"{API}/claims/{claim_id}/return", why)
    assert returned.json()["status"] == "changes_requested"

    line_id = (await museum.shown(claim_id))["lines"][0]["line_id"]
    await museum.adds_receipt(claim_id, line_id)
    await museum.sends(claim_id)

    shown = await museum.shown(claim_id, to=museum.host)
    assert (shown["status"], shown["submission"]) == ("submitted", 2)


async def test_a_dispute_is_settled_by_the_office(museum):
    claim_id = await museum.sent_claim(LUNCH)
    await museum.host.post(f"{API}/claims/{claim_id}/decide", {})
    paid = {"paid": "7.00", "paid_on": "2024-03-18"}
    await museum.host.post(f"{API}/claims/{claim_id}/report-reimbursement", paid)
    wrong = {"reason_code": "wrong_amount", "words": "It is 40p less"}
    disputed = await museum.intern.post(f"{API}/claims/{claim_id}/dispute", wrong)
    assert disputed.json()["status"] == "disputed"

    owed = {"outcome": "owed", "reason": "The host agrees by telephone"}
    settled = await museum.office.post(f"{API}/claims/{claim_id}/settle", owed)

    assert settled.json()["status"] == "approved"
    assert (await events_recorded(museum.doors.database))[-2:] == [
        "ReimbursementDisputed",
        "ClaimApproved",
    ]


async def test_more_than_was_agreed_is_not_repaid(museum):
    claim_id = await museum.sent_claim(LUNCH)
    agreed = (await museum.host.post(f"{API}/claims/{claim_id}/decide", {})).json()
    pence = await museum.doors.database.value(
        "SELECT approved_pence FROM claims WHERE claim_id = $1", UUID(str(claim_id))
    )
    report = f"{API}/claims/{claim_id}/report-reimbursement"

    for paid in ("0", f"{(pence + 1) / 100:.2f}"):
        answer = await museum.host.post(report, {"paid": paid, "paid_on": "2024-03-18"})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == "#/paid"

    assert agreed["status"] == "approved"
    whole = {"paid": f"{pence / 100:.2f}", "paid_on": "2024-03-18"}
    assert (await museum.host.post(report, whole)).status_code == 200


async def test_the_same_receipt_is_flagged_in_another_line(museum):
    claim_id = await museum.begins()
    one, two = await museum.writes(claim_id, **LUNCH), await museum.writes(claim_id, **LUNCH)
    receipt = a_png()

    first = await museum.adds_receipt(claim_id, one, receipt)
    second = await museum.adds_receipt(claim_id, two, receipt)

    assert first.json()["receipt"]["is_seen_before"] is False
    assert second.json()["receipt"]["is_seen_before"] is True


async def test_a_line_is_taken_out_with_its_receipt(museum):
    claim_id = await museum.begins()
    line_id = await museum.writes(claim_id, **LUNCH)
    await museum.adds_receipt(claim_id, line_id)

    removed = await museum.intern.post(f"{API}/claims/{claim_id}/lines/{line_id}/remove")

    assert removed.json()["total"] == "0.00"
    assert await museum.doors.database.value("SELECT count(*) FROM receipts") == 0


async def test_a_withdrawn_claim_makes_room_for_another(museum):
    claim_id = await museum.sent_claim(LUNCH)

    withdrawn = await museum.intern.post(f"{API}/claims/{claim_id}/withdraw")

    assert withdrawn.json()["status"] == "withdrawn"
    assert await museum.begins() != claim_id


@pytest.mark.parametrize(
    ("line", "pointer", "code"),
    [
        ({"amount": "12.345"}, "#/lines/0/amount", "scale"),
        ({"amount": "-5.00"}, "#/lines/0/amount", "range"),
        ({"amount": "0.00"}, "#/lines/0/amount", "range"),
        ({"amount": "1e3"}, "#/lines/0/amount", "format"),
        ({"amount": "NaN"}, "#/lines/0/amount", "format"),
        ({"amount": "1_000"}, "#/lines/0/amount", "format"),
        ({"amount": "１２"}, "#/lines/0/amount", "format"),
        ({"amount": "12,50"}, "#/lines/0/amount", "format"),
        ({"amount": "£12.50"}, "#/lines/0/amount", "format"),
        ({"amount": "1000000000000"}, "#/lines/0/amount", "above-limit"),
        ({"currency": "EUR"}, "#/lines/0/currency", "currency"),
        ({"date": "2024-03-10"}, "#/lines/0/date", "outside-placement"),
        ({"date": "2024-02-30"}, "#/lines/0/date", "invalid-date"),
        ({"status": "allowed"}, "#/lines/0/status", "unknown-field"),
        ({"kind": "flight"}, "#/lines/0/kind", "unknown-value"),
    ],
)
async def test_a_faulty_line_is_named(museum, line, pointer, code):
    claim_id = await museum.begins()

    answer = await museum.intern.post(f"{API}/claims/{claim_id}/lines", {"lines": [LUNCH | line]})

    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]
    assert (await museum.shown(claim_id))["lines"] == []


async def test_a_total_that_is_not_the_sum_is_refused(museum):
    claim_id = await museum.begins()

    answer = await museum.intern.post(
        f"{API}/claims/{claim_id}/lines", {"lines": [LUNCH, LUNCH], "total": "14.79"}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/total"


async def test_a_line_is_changed_from_the_version_that_was_read(museum):
    claim_id = await museum.begins()
    line_id = await museum.writes(claim_id, **LUNCH)
    version = (await museum.shown(claim_id))["version"]
    path = f"{API}/claims/{claim_id}/lines/{line_id}"
    anew = LUNCH | {"amount": "8"}

    assert (await museum.intern.put(path, anew)).status_code == 428
    assert (await museum.intern.put(path, anew, version=version - 1)).status_code == 412
    changed = await museum.intern.put(path, anew, version=version)

    assert changed.json()["total"] == "8.00"


async def test_commands_need_a_key_and_keep_their_answer(museum):
    claim_id = await museum.begins()
    path = f"{API}/claims/{claim_id}/lines"
    key = str(uuid4())

    one = await museum.intern.post(path, {"lines": [LUNCH]}, key=key)
    again = await museum.intern.post(path, {"lines": [LUNCH]}, key=key)
    other = await museum.intern.post(path, {"lines": [LUNCH | {"amount": "1"}]}, key=key)
    long = await museum.intern.post(path, {"lines": [LUNCH]}, key="k" * 300)

    assert one.json() == again.json()
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    assert (long.status_code, long.json()["type"]) == (400, "/problems/key-malformed")
    assert len((await museum.shown(claim_id))["lines"]) == 1


@pytest.mark.parametrize("days", [[], ["mon"], ["mon", "tue", "wed", "thu", "fri"]])
async def test_nothing_to_claim_where_all_days_are_remote(doors_of, database_url, days):
    museum = await a_museum(
        await doors_of("expenses"), database_url, **dict.fromkeys(days, "remote")
    )

    answer = await museum.intern.post(f"{API}/claims", {"placement_id": PLACEMENT})

    assert answer.status_code == (409 if len(days) == 5 else 201)


async def test_somebody_elses_placement_is_not_found(museum):
    answer = await museum.stranger.post(f"{API}/claims", {"placement_id": PLACEMENT})

    assert answer.status_code == 404


async def test_a_claim_is_not_sent_before_the_last_day_is_over(museum):
    await museum.on(datetime(2024, 3, 15, 12, tzinfo=UTC))
    claim_id = await museum.begins()
    line_id = await museum.writes(claim_id, **LUNCH)
    await museum.adds_receipt(claim_id, line_id)

    early = await museum.intern.post(f"{API}/claims/{claim_id}/submit")
    await museum.on(datetime(2024, 3, 16, 0, 0, 1, tzinfo=UTC))

    assert (early.status_code, early.json()["type"]) == (409, "/problems/placement-is-not-over")
    assert (await museum.sends(claim_id))["status"] == "submitted"


async def test_the_window_closes_at_its_instant(museum):
    claim_id = await museum.begins()
    line_id = await museum.writes(claim_id, **LUNCH)
    await museum.adds_receipt(claim_id, line_id)
    assert (await museum.shown(claim_id))["send_by_at"] == "2024-04-12T16:00:00+00:00"

    await museum.on(datetime(2024, 4, 12, 16, tzinfo=UTC))
    late = await museum.intern.post(f"{API}/claims/{claim_id}/submit")

    assert (late.status_code, late.json()["type"]) == (409, "/problems/deadline-passed")


async def test_claims_are_listed_in_pages(museum):
    for _ in range(3):
        claim_id = await museum.sent_claim(LUNCH)
        await museum.intern.post(f"{API}/claims/{claim_id}/withdraw")

    first = (await museum.host.get(f"{API}/claims", limit=2)).json()
    second = (await museum.host.get(f"{API}/claims", limit=2, cursor=first["next"])).json()
    edited = await museum.host.get(f"{API}/claims", cursor=first["next"][:-2] + "AA")
    none = await museum.stranger.get(f"{API}/claims")

    assert [len(page["claims"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None
    assert (edited.status_code, none.json()["claims"]) == (400, [])
    assert (await museum.host.get(f"{API}/claims", limit=0)).status_code == 422
