"""Claims for programs: write, add receipts, send, decide, repay, answer, settle."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from chassis import clock, web
from chassis.answers import say
from chassis.decision import Refused
from chassis.door import Act, Door, by
from chassis.fields import Day, Money, Text
from chassis.paging import MOST, USUAL, Cursors
from chassis.problems import one_fault
from chassis.versions import if_match, with_version
from schemas.expenses import DisputeReason
from schemas.rules import LineKind
from services.expenses.commands import claims as commands
from services.expenses.commands import decisions
from services.expenses.domain.claim import ClaimHasChanged, Status
from services.expenses.domain.deciding import DecideClaim, LineDecision, RejectClaim, ReturnClaim
from services.expenses.domain.line import Spending
from services.expenses.domain.repaying import (
    ConfirmReimbursement,
    DisputeReimbursement,
    Outcome,
    ReportReimbursement,
    SettleDispute,
)
from services.expenses.domain.sending import StartClaim, SubmitClaim, WithdrawClaim
from services.expenses.domain.writing import AddLines, ChangeLine, RemoveLine
from services.expenses.views import claims as views
from services.expenses.views.claims import Filters
from services.expenses.views.receipts import open_receipt
from services.expenses.web.files import answer_file
from services.expenses.web.uploads import sent_file

api = web.api("expenses")
READERS = web.Audience("placed, host or office", web.PLACED.roles, scope="office")
ADDRESS = "/api/expenses/v1/claims"

Amount = Annotated[int, Money()]
Words = Annotated[str, Text(least=0, most=500, lines=True)]


class Piece(BaseModel):
    """A part of a body: as strict as the body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LineWritten(Piece):
    """One cost of one day. The currency is the programme's; naming it is a check."""

    date: Annotated[date, Day()]
    kind: LineKind
    amount: Amount
    currency: Annotated[str, Text(least=0, most=3)] | None = None
    what: Annotated[str, Text(least=0, most=100)] = ""
    reason: Words = ""

    def spending(self) -> Spending:
        """As the domain has it."""
        return Spending(self.date, self.kind, self.amount, self.what, self.reason)


class ClaimBegun(web.Body):
    """For which placement."""

    placement_id: UUID


class LinesWritten(web.Body):
    """Lines to add; with a total, it is checked to be their sum."""

    lines: tuple[LineWritten, ...] = Field(max_length=60)
    total: Amount | None = None


class LineRewritten(web.Body):
    """A line anew."""

    date: Annotated[date, Day()]
    kind: LineKind
    amount: Amount
    what: Annotated[str, Text(least=0, most=100)] = ""
    reason: Words = ""


class LineDecided(Piece):
    """What is repaid for a line; a reason where that is not what the rules say."""

    line_id: UUID
    approved: Amount
    reason: Words = ""


class ClaimDecided(web.Body):
    """Lines on which the host decides otherwise than the rules; the others follow the rules."""

    lines: tuple[LineDecided, ...] = Field(default=(), max_length=60)


class Remark(web.Body):
    """One of the reasons offered, and words for the intern."""

    reason_code: Annotated[str, Text(most=60)]
    reason: Words = ""


class Payment(web.Body):
    """What was paid and when."""

    paid: Amount
    paid_on: Annotated[date, Day()]


class Dispute(web.Body):
    """What is wrong."""

    reason_code: DisputeReason
    words: Words = ""


class Settlement(web.Body):
    """How a dispute ends, with a reason for the record."""

    outcome: Outcome
    reason: Annotated[str, Text(most=500, lines=True)]


# ---- to read ----


@api.get("/claims", audience=READERS)
async def list_claims(
    door: web.TheDoor,
    actor: web.SignedIn,
    status: Status | None = None,
    placement_id: UUID | None = None,
    host_id: UUID | None = None,
    person_ref: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> dict[str, Any]:
    """One's own, those sent to one's host, or for the office all of its university; in pages."""
    filters = Filters(status, placement_id, host_id, person_ref)
    cursors, name = Cursors(door.request.app.state.keys), f"claims {filters}"
    after = cursors.opened(cursor, of=name)
    found = await views.list_claims(
        door.database, to=actor, filters=filters, after=UUID(after) if after else None, most=limit + 1
    )  # fmt: skip
    page = found[:limit]
    is_last = len(found) <= limit
    following = None if is_last else cursors.sealed(page[-1].claim.claim_id, of=name)
    return {"claims": [each.as_json() for each in page], "next": following}


@api.get("/claims/{claim_id}", audience=READERS)
async def show_claim(
    claim_id: UUID, door: web.TheDoor, actor: web.SignedIn, response: Response
) -> dict[str, Any]:
    """One claim with its lines and verdicts; its version stands in ETag."""
    found = await views.show_claim(door.database, claim_id, to=actor)
    with_version(response, found.claim.row_version)
    return found.as_json()


@api.get("/claims/{claim_id}/lines/{line_id}/receipt", audience=READERS)
async def open_line_receipt(
    claim_id: UUID, line_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """The receipt of a line."""
    return answer_file(await open_receipt(door.database, claim_id, line_id, to=actor))


# ---- the intern ----


@api.post("/claims", audience=web.APPLICANT)
async def start_claim(body: ClaimBegun, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Begin a claim. One that is under way for the same placement is the answer then."""
    command = StartClaim(body.placement_id)
    return await door.answer(
        by(actor, commands.start_claim, command),
        status=201,
        location=lambda begun: f"{ADDRESS}/{begun['claim_id']}",
    )


@api.post("/claims/{claim_id}/lines", audience=web.APPLICANT)
async def add_lines(
    claim_id: UUID, body: LinesWritten, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Write lines into a claim; each says what the rules make of it."""
    held = await views.show_claim(door.database, claim_id, to=actor)
    if not body.lines:
        raise one_fault("lines", "too-few", "Write one line at least.")
    for n, line in enumerate(body.lines):
        if line.currency is not None and line.currency != held.claim.currency:
            sentence = f"Claims of this programme are in {held.claim.currency}."
            raise one_fault(f"lines/{n}/currency", "currency", sentence)
    if body.total is not None and body.total != sum(line.amount for line in body.lines):
        raise one_fault("total", "total", "This is not the sum of the lines.")
    command = AddLines(claim_id, tuple(line.spending() for line in body.lines))
    return await _answer_of_lines(
        door,
        by(actor, commands.add_lines, command),
        status=201,
    )


@api.put("/claims/{claim_id}/lines/{line_id}", audience=web.APPLICANT)
async def change_line(
    claim_id: UUID, line_id: UUID, body: LineRewritten, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Write a line anew, from the version of the claim that was read."""
    spending = Spending(body.date, body.kind, body.amount, body.what, body.reason)
    command = ChangeLine(claim_id, line_id, spending, version=if_match(door))
    try:
        return await door.answer(by(actor, commands.change_line, command))
    except ClaimHasChanged as changed:
        held = await views.show_claim(door.database, claim_id, to=actor)
        problem = one_fault("", changed.slug(), changed.sentence, status=changed.status)
        return with_version(await say(door.request, problem), held.claim.row_version)


@api.put("/claims/{claim_id}/lines/{line_id}/receipt", audience=web.APPLICANT)
async def add_receipt(
    claim_id: UUID, line_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Put a receipt beside a line: the bare PDF, JPEG or PNG, or a form with the field `receipt`."""
    await views.show_claim(door.database, claim_id, to=actor)
    upload = await sent_file(door)
    return await door.answer(
        lambda tx: commands.add_receipt(
            tx,
            claim_id,
            line_id,
            name=upload.name,
            judged=upload.judged,
            actor=actor,
            now=clock.now,
        )
    )


@api.post("/claims/{claim_id}/lines/{line_id}/remove", audience=web.APPLICANT)
async def remove_line(
    claim_id: UUID, line_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Leave a line out, and its receipt with it."""
    return await door.answer(by(actor, commands.remove_line, RemoveLine(claim_id, line_id)))


@api.post("/claims/{claim_id}/submit", audience=web.APPLICANT)
async def submit_claim(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Send it to the host."""
    return await _answer_of_lines(door, by(actor, commands.submit_claim, SubmitClaim(claim_id)))


@api.post("/claims/{claim_id}/withdraw", audience=web.APPLICANT)
async def withdraw_claim(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Take it back before it is decided."""
    return await door.answer(by(actor, commands.withdraw_claim, WithdrawClaim(claim_id)))


@api.post("/claims/{claim_id}/confirm", audience=web.APPLICANT)
async def confirm_reimbursement(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The money has come."""
    command = ConfirmReimbursement(claim_id)
    return await door.answer(by(actor, decisions.confirm_reimbursement, command))


@api.post("/claims/{claim_id}/dispute", audience=web.APPLICANT)
async def dispute_reimbursement(
    claim_id: UUID, body: Dispute, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """The money has not come, or not all of it."""
    command = DisputeReimbursement(claim_id, body.reason_code, body.words)
    return await door.answer(by(actor, decisions.dispute_reimbursement, command))


# ---- the host ----


@api.post("/claims/{claim_id}/decide", audience=READERS)
async def decide_claim(
    claim_id: UUID, body: ClaimDecided, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Agree to repay what the rules allow, but for the lines named."""
    said = {line.line_id: LineDecision(line.approved, line.reason) for line in body.lines}
    command = DecideClaim(claim_id, said)
    return await _answer_of_lines(door, by(actor, decisions.decide_claim, command))


@api.post("/claims/{claim_id}/return", audience=READERS)
async def return_claim(
    claim_id: UUID, body: Remark, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Ask the intern for changes."""
    command = ReturnClaim(claim_id, body.reason_code, body.reason)
    return await door.answer(by(actor, decisions.return_claim, command))


@api.post("/claims/{claim_id}/reject", audience=READERS)
async def reject_claim(
    claim_id: UUID, body: Remark, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Refuse a claim as a whole."""
    command = RejectClaim(claim_id, body.reason_code, body.reason)
    return await door.answer(by(actor, decisions.reject_claim, command))


@api.post("/claims/{claim_id}/report-reimbursement", audience=READERS)
async def report_reimbursement(
    claim_id: UUID, body: Payment, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """The host says that it has paid."""
    command = ReportReimbursement(claim_id, body.paid, body.paid_on)
    return await door.answer(by(actor, decisions.report_reimbursement, command))


# ---- the office ----


@api.post("/claims/{claim_id}/settle", audience=web.OFFICE)
async def settle_dispute(
    claim_id: UUID, body: Settlement, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """End a dispute."""
    command = SettleDispute(claim_id, body.outcome, body.reason)
    return await door.answer(by(actor, decisions.settle_dispute, command))


async def _answer_of_lines(door: Door, act: Act, *, status: int = 200) -> Response:
    """A refusal about one line names it: `#/lines/0/date`."""
    try:
        return await door.answer(act, status=status)
    except Refused as refused:
        n = refused.facts.get("line")
        if n is None or refused.field is None:
            raise
        where = f"lines/{n}/{refused.field}"
        raise one_fault(where, refused.slug(), refused.sentence, status=refused.status) from refused
