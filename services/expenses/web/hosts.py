"""The host's pages: decide line by line, ask for changes, refuse, report the payment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.actor import Actor
from chassis.decision import Refused
from chassis.door import Act, Door, by
from chassis.faults import Fault
from chassis.fields import Day, Money, Text
from chassis.forms import Form, FormFaults, asks, check, parse, show
from chassis.languages import gettext
from chassis.money import amount
from services.expenses.commands import decisions
from services.expenses.domain.claim import ClaimIsOnesOwn, may_move
from services.expenses.domain.deciding import (
    REJECTION_REASONS,
    RETURN_REASONS,
    DecideClaim,
    LineDecision,
    RejectClaim,
    ReturnClaim,
)
from services.expenses.domain.line import Line, is_remote
from services.expenses.domain.policy import is_ones_own
from services.expenses.domain.repaying import ReportReimbursement
from services.expenses.views import claims as views
from services.expenses.views.claims import ShownClaim
from services.expenses.web import wording
from services.expenses.web.claims import HERE, act_on_claim, claim_page, sums_of

pages = web.pages("/expenses", audience=web.HOST)
REASON = Text(least=0, most=500)
F = TypeVar("F", bound=Form)


class ReturnForm(Form):
    """What is to be changed."""

    reason_code: str = asks(
        "What is to be changed?",
        choices=RETURN_REASONS,
        control="radios",
        missing="Choose what is to be changed.",
    )
    reason: Annotated[str, Text(most=500, lines=True)] = asks(
        "Say it to the intern", hint="As the intern reads it", missing="Say what is to be changed."
    )


class RejectForm(Form):
    """Why nothing is repaid."""

    reason_code: str = asks(
        "Why is nothing repaid?",
        choices=REJECTION_REASONS,
        control="radios",
        missing="Choose a reason.",
    )
    reason: Annotated[str, Text(least=0, most=500, lines=True)] = asks(
        "Say it to the intern", hint="As the intern reads it"
    )


class ReportForm(Form):
    """What was paid, and when."""

    paid: Annotated[int, Money()] = asks("How much did you pay?", missing="Write the amount.")
    paid_on: Annotated[date, Day()] = asks(
        "On which day?", hint="For example, 2 4 2024", missing="Give the day."
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line on the page of decisions."""

    line: Line
    words: dict[str, Any]
    approved: str  # as typed, else what the rules say
    reason: str
    is_fixed: bool  # a day from home: nothing to decide
    approved_error: str = ""
    reason_error: str = ""


@pages.get("/{claim_id}/decide")
async def show_decision(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Every line with the verdict of the rules preset."""
    found = await _of_the_host(door, claim_id, actor)
    if not may_move(found.claim, "return"):
        return door.see_other(f"{HERE}/{claim_id}")
    return await _decide_page(door, found)


@pages.post("/{claim_id}/decide")
async def decide_claim(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """First a look at what was decided, then the decision itself."""
    found = await _of_the_host(door, claim_id, actor)
    try:
        said = _said(found, door.typed)
    except FormFaults as faulty:
        return await _decide_page(door, found, faulty)
    if (door.form or {}).get("then") != "decide" and may_move(found.claim, "return"):
        return await _check_page(door, found, said)
    command = DecideClaim(claim_id, said)
    return await act_on_claim(door, claim_id, by(actor, decisions.decide_claim, command))


@pages.get("/{claim_id}/return")
async def ask_for_changes(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What is to be changed."""
    return await _form_page(door, await _of_the_host(door, claim_id, actor), ReturnForm, "return")


@pages.post("/{claim_id}/return")
async def return_claim(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Send it back."""
    return await _act_on_form(
        door,
        claim_id,
        ReturnForm,
        "return",
        lambda form: by(
            actor, decisions.return_claim, ReturnClaim(claim_id, form.reason_code, form.reason)
        ),
    )


@pages.get("/{claim_id}/reject")
async def ask_why(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Why nothing is repaid."""
    return await _form_page(door, await _of_the_host(door, claim_id, actor), RejectForm, "reject")


@pages.post("/{claim_id}/reject")
async def reject_claim(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Refuse it as a whole."""
    return await _act_on_form(
        door,
        claim_id,
        RejectForm,
        "reject",
        lambda form: by(
            actor, decisions.reject_claim, RejectClaim(claim_id, form.reason_code, form.reason)
        ),
    )


@pages.get("/{claim_id}/report")
async def ask_what_was_paid(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What was paid, and when."""
    return await _form_page(door, await _of_the_host(door, claim_id, actor), ReportForm, "report")


@pages.post("/{claim_id}/report")
async def report_reimbursement(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Say that it was paid."""
    return await _act_on_form(
        door,
        claim_id,
        ReportForm,
        "report",
        lambda form: by(
            actor,
            decisions.report_reimbursement,
            ReportReimbursement(claim_id, form.paid, form.paid_on),
        ),
    )


async def _of_the_host(door: Door, claim_id: UUID, actor: Actor) -> ShownClaim:
    """A claim of this host, and not one's own."""
    found = await views.show_claim(door.database, claim_id, to=actor)
    if is_ones_own(actor, found.claim):
        raise ClaimIsOnesOwn
    return found


async def _act_on_form(
    door: Door, claim_id: UUID, form: type[F], name: str, act_of: Callable[[F], Act]
) -> Response:
    """Run what the form asks for. Slips, and what the rules say of one field, come back in the form."""
    found = await _of_the_host(door, claim_id, door.who)
    try:
        await door.run(act_of(parse(form, door.typed_pairs)))
    except FormFaults as faulty:
        return await _form_page(door, found, form, name, faulty)
    except Refused as refused:
        if refused.status == 422 and refused.field:
            faulty = FormFaults([Fault(refused.field, refused.slug(), refused.sentence)])
            return await _form_page(door, found, form, name, faulty)
        return await claim_page(door, claim_id, door.who, refused)
    return door.see_other(f"{HERE}/{claim_id}")


async def _form_page(
    door: Door,
    found: ShownClaim,
    form: type[Form],
    act: str,
    faulty: FormFaults | None = None,
) -> Response:
    if faulty is None and not may_move(found.claim, act):
        return door.see_other(f"{HERE}/{found.claim.claim_id}")
    sheet = show(
        form,
        typed=door.typed_pairs if faulty else None,
        values={"paid": found.claim.approved_pence} if act == "report" else None,
        faults=faulty.faults if faulty else (),
    )
    return await door.page(
        f"claim_{act}.html",
        status=422 if faulty else 200,
        errors=sheet.errors,
        sheet=sheet,
        shown=found,
        claim=found.claim,
        sums=sums_of(found),
    )


# ---- line by line ----


def _said(found: ShownClaim, typed: dict[str, Any]) -> dict[UUID, LineDecision]:
    """What was typed for each line that differs from the rules. Raises every fault at once."""
    faults: list[Fault] = []
    said: dict[UUID, LineDecision] = {}
    for line in found.claim.lines:
        if is_remote(line):
            continue
        try:
            decision = _said_of(line, typed, found.claim.currency)
        except FormFaults as faulty:
            faults.extend(faulty.faults)
            continue
        if decision.approved_pence != line.ruling.allowed_pence:
            said[line.line_id] = decision
    if faults:
        raise FormFaults(faults)
    return said


def _said_of(line: Line, typed: dict[str, Any], currency: str) -> LineDecision:
    place = line.place
    preset = amount(line.ruling.allowed_pence, currency)
    approved: int = check(
        f"approved-{place}", Money(currency), str(typed.get(f"approved-{place}", preset))
    )
    reason: str = check(f"reason-{place}", REASON, str(typed.get(f"reason-{place}", "")))
    if approved > line.amount_pence:
        sentence = gettext("A line is repaid up to what was claimed for it.")
        raise FormFaults([Fault(f"approved-{place}", "range", sentence)])
    if approved != line.ruling.allowed_pence and not reason:
        sentence = gettext("Say why you decide otherwise than the rules.")
        raise FormFaults([Fault(f"reason-{place}", "required", sentence)])
    return LineDecision(approved, reason)


async def _decide_page(door: Door, found: ShownClaim, faulty: FormFaults | None = None) -> Response:
    claim = found.claim
    faults = {fault.field: fault.sentence for fault in (faulty.faults if faulty else ())}
    now = await clock.shown(door.database)
    typed = door.typed if door.form else {}
    return await door.page(
        "claim_decide.html",
        status=422 if faulty else 200,
        errors=[{"text": text, "href": f"#{name}"} for name, text in faults.items()],
        shown=found,
        claim=claim,
        rows=[_row(line, found, typed, faults) for line in claim.lines],
        due=instants.instant(claim.decide_by_at, claim.zone, now=now) if claim.decide_by_at else None,
        sums=sums_of(found),
    )  # fmt: skip


def _row(line: Line, found: ShownClaim, typed: dict[str, Any], faults: dict[str, str]) -> Row:
    place = line.place
    preset = amount(line.ruling.allowed_pence, found.claim.currency)
    return Row(
        line,
        wording.line_words(line, found.claim, is_own=False),
        approved=str(typed.get(f"approved-{place}", preset)),
        reason=str(typed.get(f"reason-{place}", "")),
        is_fixed=is_remote(line),
        approved_error=faults.get(f"approved-{place}", ""),
        reason_error=faults.get(f"reason-{place}", ""),
    )


async def _check_page(door: Door, found: ShownClaim, said: dict[UUID, LineDecision]) -> Response:
    """What the decision comes to, before it is made."""
    claim = found.claim
    rows: list[dict[str, Any]] = []
    total = 0
    for line in claim.lines:
        decision = said.get(line.line_id, LineDecision(line.ruling.allowed_pence))
        total += decision.approved_pence
        beyond = decision.approved_pence > line.ruling.allowed_pence
        rows.append(
            wording.line_words(line, claim, is_own=False)
            | {
                "approved": amount(decision.approved_pence, claim.currency),
                "repaid": wording.pounds(claim, decision.approved_pence),
                "verdict": "Allowed" if decision.approved_pence else "Not allowed",
                "reason": decision.reason,
                "beyond": beyond,
            }
        )
    return await door.page(
        "claim_decide_check.html",
        shown=found,
        claim=claim,
        rows=rows,
        total=wording.pounds(claim, total),
        is_nothing=total == 0,
        sums=sums_of(found),
    )
