"""Claims on pages: the list and one claim for its intern, its host and the office; the intern's answers."""

from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.actor import Actor, Role
from chassis.decision import Refused
from chassis.door import Act, Door, by
from chassis.fields import Text
from chassis.forms import Form, FormFaults, asks, parse, show
from schemas.expenses import DisputeReason
from services.expenses.commands import claims as commands
from services.expenses.commands import decisions
from services.expenses.domain.case import Placement
from services.expenses.domain.claim import Status, may_move
from services.expenses.domain.policy import is_ones_own
from services.expenses.domain.repaying import (
    DISPUTE_REASONS,
    ConfirmReimbursement,
    DisputeReimbursement,
)
from services.expenses.domain.sending import StartClaim, SubmitClaim, WithdrawClaim
from services.expenses.views import claims as views
from services.expenses.views.claims import Filters, ShownClaim
from services.expenses.views.receipts import open_receipt
from services.expenses.web import wording
from services.expenses.web.files import answer_file

pages = web.pages("/expenses", audience=web.PLACED)
HERE = "/expenses"


class DisputeForm(Form):
    """What is wrong with a repayment."""

    reason_code: DisputeReason = asks(
        "What is wrong?", choices=DISPUTE_REASONS, missing="Choose what is wrong."
    )
    words: Annotated[str, Text(least=0, most=500, lines=True)] = asks(
        "What should the office know?", hint="The office reads this, and may tell the host."
    )


@pages.get("")
async def list_claims(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Claims with state, sum and next step; what waits for the reader first."""
    return await _list(door, actor)


@pages.post("", audience=web.APPLICANT)
async def start_claim(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Begin a claim for a placement."""
    try:
        command = StartClaim(UUID(str(door.typed.get("placement", ""))))
        begun = await door.run(by(actor, commands.start_claim, command))
    except ValueError:
        return door.see_other(HERE)
    except Refused as refused:
        return await _list(door, actor, refused)
    return door.see_other(f"{HERE}/{begun['claim_id']}/lines/new")


@pages.get("/{claim_id}")
async def show_claim(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Verdict and reason per line, total, rule version, timeline."""
    return await claim_page(door, claim_id, actor)


@pages.get("/{claim_id}/lines/{line_id}/receipt")
async def show_receipt(
    claim_id: UUID, line_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """The receipt of a line, to be saved."""
    return answer_file(await open_receipt(door.database, claim_id, line_id, to=actor))


@pages.post("/{claim_id}/submit", audience=web.APPLICANT)
async def submit_claim(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Send it to the host."""
    command = SubmitClaim(claim_id)
    return await act_on_claim(door, claim_id, by(actor, commands.submit_claim, command))


@pages.get("/{claim_id}/withdraw", audience=web.APPLICANT)
async def ask_to_withdraw(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What withdrawing ends, before it is done."""
    found = await views.show_claim(door.database, claim_id, to=actor)
    if not may_move(found.claim, "withdraw") or not is_ones_own(actor, found.claim):
        return door.see_other(f"{HERE}/{claim_id}")
    return await door.page("claim_withdraw.html", shown=found, claim=found.claim)


@pages.post("/{claim_id}/withdraw", audience=web.APPLICANT)
async def withdraw_claim(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Take it back."""
    command = WithdrawClaim(claim_id)
    return await act_on_claim(door, claim_id, by(actor, commands.withdraw_claim, command))


@pages.post("/{claim_id}/confirm", audience=web.APPLICANT)
async def confirm_reimbursement(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The money has come."""
    command = ConfirmReimbursement(claim_id)
    return await act_on_claim(door, claim_id, by(actor, decisions.confirm_reimbursement, command))


@pages.get("/{claim_id}/dispute", audience=web.APPLICANT)
async def ask_what_is_wrong(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What a dispute does, and what is wrong."""
    found = await views.show_claim(door.database, claim_id, to=actor)
    if not may_move(found.claim, "dispute") or not is_ones_own(actor, found.claim):
        return door.see_other(f"{HERE}/{claim_id}")
    return await _dispute_page(door, found)


@pages.post("/{claim_id}/dispute", audience=web.APPLICANT)
async def dispute_reimbursement(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The money has not come, or not all of it."""
    found = await views.show_claim(door.database, claim_id, to=actor)
    try:
        form = parse(DisputeForm, door.typed_pairs)
    except FormFaults as faulty:
        return await _dispute_page(door, found, faulty)
    command = DisputeReimbursement(claim_id, form.reason_code, form.words)
    return await act_on_claim(door, claim_id, by(actor, decisions.dispute_reimbursement, command))


async def _dispute_page(
    door: Door, found: ShownClaim, faulty: FormFaults | None = None
) -> Response:
    sheet = show(
        DisputeForm,
        typed=door.typed_pairs if faulty else None,
        faults=faulty.faults if faulty else (),
    )
    return await door.page(
        "claim_dispute.html",
        status=422 if faulty else 200,
        errors=sheet.errors,
        sheet=sheet,
        shown=found,
        claim=found.claim,
        paid=wording.pounds(found.claim, found.claim.paid_pence),
    )


async def act_on_claim(door: Door, claim_id: UUID, act: Act) -> Response:
    """Run a command; the claim as it stands then, or the claim with the refusal above it."""
    try:
        await door.run(act)
    except Refused as refused:
        return await claim_page(door, claim_id, door.who, refused)
    return door.see_other(f"{HERE}/{claim_id}")


async def claim_page(
    door: Door, claim_id: UUID, actor: Actor, refused: Refused | None = None
) -> Response:
    """One claim as it stands; with a refusal above it, where something could not be done."""
    if refused is not None and refused.status == 404:
        raise refused
    found = await views.show_claim(door.database, claim_id, to=actor)
    claim = found.claim
    is_own = is_ones_own(actor, claim)
    now = await clock.shown(door.database)
    return await door.page(
        "claim.html",
        status=refused.status if refused else 200,
        refused=refused,
        shown=found,
        claim=claim,
        is_own=is_own,
        is_payer=actor.is_a(Role.HOST_CONTACT) and claim.case.host_id in actor.hosts and not is_own,
        is_office=actor.is_office,
        may={move: may_move(claim, move) for move in ("submit", "withdraw", "return", "report")},
        tag=wording.tag(claim, to=actor),
        next_sentence=wording.next_step(found, to=actor),
        steps=wording.steps(found, to=actor),
        history=wording.timeline(found, to=actor),
        when=wording.when(found),
        lines=await _lines(door, found, actor),
        summary=wording.summary(claim),
        sums=sums_of(found),
        due=_due(found, now=now),
        reason=wording.reason_words(claim) if claim.reason_codes else "",
        is_disputed=claim.status is Status.DISPUTED,
        dispute=wording.dispute_words(claim),
    )


async def _lines(door: Door, found: ShownClaim, actor: Actor) -> list[dict[str, Any]]:
    is_own = is_ones_own(actor, found.claim)
    rows: list[dict[str, Any]] = []
    for line in found.claim.lines:
        seen_in = ""
        if is_own and line.is_seen_before:
            other = await views.find_other_claim_with(
                door.database, line.receipt_id, to=actor, line_id=line.line_id
            )
            seen_in = other or ""
        rows.append(wording.line_words(line, found.claim, seen_in=seen_in, is_own=is_own))
    return rows


def sums_of(found: ShownClaim) -> dict[str, str]:
    """What is claimed, what the rules allow, what was agreed, what was paid."""
    claim = found.claim
    approved = claim.approved_pence
    return {
        "total": wording.pounds(claim, claim.total_pence),
        "allowed": wording.pounds(claim, claim.allowed_pence),
        "repaid": wording.pounds(claim, claim.allowed_pence if approved is None else approved),
        "paid": wording.pounds(claim, claim.paid_pence),
    }


def _due(found: ShownClaim, *, now: Any) -> Any:
    """The instant that the reader's next step has to keep."""
    claim = found.claim
    at = {
        Status.DRAFT: claim.send_by_at,
        Status.CHANGES_REQUESTED: claim.send_by_at,
        Status.SUBMITTED: claim.decide_by_at,
        Status.APPROVED: claim.repay_by_at,
        Status.PARTLY_APPROVED: claim.repay_by_at,
        Status.REIMBURSEMENT_REPORTED: claim.confirm_by_at,
    }.get(claim.status)
    return instants.instant(at, claim.zone, now=now) if at else None


async def _list(door: Door, actor: Actor, refused: Refused | None = None) -> Response:
    found = await views.list_claims(door.database, to=actor, filters=Filters())
    mine = [each for each in found if is_ones_own(actor, each.claim)]
    ours = actor.organisations
    theirs = [each for each in found if each.claim.case.host_id in ours and each not in mine]
    placements = await views.list_placements_to_claim_for(door.database, to=actor)
    return await door.page(
        "claims.html",
        status=refused.status if refused else 200,
        refused=refused,
        is_host=bool(ours),
        is_intern=actor.is_a(Role.APPLICANT),
        mine=[_card(each, actor) for each in mine],
        theirs=[_card(each, actor) for each in _most_urgent_first(theirs)],
        placements=[
            row | {"all_remote": Placement.from_row(row).is_all_remote} for row in placements
        ],
        oldest=next(
            (
                each.claim.claim_id
                for each in _most_urgent_first(theirs)
                if may_move(each.claim, "return")
            ),
            None,
        ),
        may_decide=actor.is_a(Role.HOST_CONTACT),
        to_write=next(
            (each.claim.claim_id for each in mine if may_move(each.claim, "submit")), None
        ),
    )


def _most_urgent_first(found: list[ShownClaim]) -> list[ShownClaim]:
    def urgency(each: ShownClaim) -> tuple[bool, bool, Any]:
        claim = each.claim
        is_theirs = views.waits_for_the_host(claim)
        due = claim.decide_by_at or claim.repay_by_at or claim.begun_at
        return (not is_theirs, views.has_ended(claim), due)

    return sorted(found, key=urgency)


def _card(each: ShownClaim, actor: Actor) -> dict[str, Any]:
    return {
        "claim": each.claim,
        "host": each.host,
        "title": each.row["title"],
        "when": wording.when(each),
        "tag": wording.tag(each.claim, to=actor),
        "next": wording.next_step(each, to=actor),
        "sum": sums_of(each)["total"],
    }
