"""The office's pages of expenses: what is overdue, disputes, receipts used twice."""

from itertools import groupby
from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.door import Door, by
from chassis.fields import Text
from chassis.forms import Form, FormFaults, asks, parse, show
from services.expenses.commands import decisions
from services.expenses.domain.claim import ENDED, Status
from services.expenses.domain.repaying import Outcome, SettleDispute
from services.expenses.views import claims as views
from services.expenses.views.claims import ShownClaim
from services.expenses.web import wording
from services.expenses.web.claims import act_on_claim, sums_of

pages = web.pages("/office/expenses", audience=web.OFFICE)
HERE = "/office/expenses"


class SettleForm(Form):
    """How a dispute ends."""

    outcome: Outcome = asks(
        "How does it end?",
        choices={
            Outcome.REPAID: "The money has arrived: the claim is closed",
            Outcome.OWED: "The host still owes it: a new time to repay begins",
        },
        missing="Choose how it ends.",
    )
    reason: Annotated[str, Text(most=500, lines=True)] = asks(
        "Reason, for the record",
        hint="Read by the office alone",
        missing="Give a reason for the record.",
    )


@pages.get("")
async def show_attention(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Disputes first, then what is overdue; then receipts that stand in two lines."""
    now = await clock.shown(door.database)
    found = await views.list_needing_attention(door.database, to=actor, now=now)
    twice = await views.list_receipts_used_twice(door.database, to=actor)
    everything = await views.list_claims(door.database, to=actor, filters=views.Filters(), most=100)
    disputes = [each for each in found if each.claim.status is Status.DISPUTED]
    return await door.page(
        "office_expenses.html",
        disputes=[_row(each, actor) for each in disputes],
        overdue=[_row(each, actor) for each in found if each not in disputes],
        twice=[list(group) for _, group in groupby(twice, key=lambda row: row["receipt"])],
        claims=[_row(each, actor) for each in everything],
    )


@pages.get("/{claim_id}/settle")
async def ask_how_it_ends(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What both sides say, and how the office ends it."""
    found = await views.show_claim(door.database, claim_id, to=actor)
    if found.claim.status is not Status.DISPUTED:
        return door.see_other(f"/expenses/{claim_id}")
    return await _settle_page(door, found)


@pages.post("/{claim_id}/settle")
async def settle_dispute(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """End a dispute."""
    found = await views.show_claim(door.database, claim_id, to=actor)
    try:
        form = parse(SettleForm, door.typed_pairs)
    except FormFaults as faulty:
        return await _settle_page(door, found, faulty)
    command = SettleDispute(claim_id, form.outcome, form.reason)
    return await act_on_claim(door, claim_id, by(actor, decisions.settle_dispute, command))


async def _settle_page(door: Door, found: ShownClaim, faulty: FormFaults | None = None) -> Response:
    sheet = show(
        SettleForm,
        typed=door.typed_pairs if faulty else None,
        faults=faulty.faults if faulty else (),
    )
    claim = found.claim
    return await door.page(
        "office_settle.html",
        status=422 if faulty else 200,
        errors=sheet.errors,
        sheet=sheet,
        shown=found,
        claim=claim,
        sums=sums_of(found),
        dispute=wording.dispute_words(claim),
        paid_on=instants.day(claim.paid_on) if claim.paid_on else "",
    )


def _row(each: ShownClaim, actor: Any) -> dict[str, Any]:
    claim = each.claim
    at = claim.confirm_by_at or claim.repay_by_at or claim.decide_by_at or claim.send_by_at
    return {
        "claim": claim,
        "host": each.host,
        "tag": wording.tag(claim, to=actor),
        "sum": sums_of(each)["total"],
        "repaid": sums_of(each)["repaid"],
        "due": "" if claim.status in ENDED else instants.short(at, claim.zone),
        "waits": wording.waits_for(claim),
    }
