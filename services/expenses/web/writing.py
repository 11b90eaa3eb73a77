"""The intern's pages for the lines of a claim: one at a time, with the verdict of the rules at once."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.actor import Actor
from chassis.decision import Refused
from chassis.door import Door, by
from chassis.faults import Fault
from chassis.fields import File, Money, Text
from chassis.forms import Form, FormFaults, asks, parse, show
from chassis.languages import gettext
from schemas.advert import Day
from schemas.rules import LineKind, Mode
from services.expenses.commands import claims as commands
from services.expenses.domain.claim import may_move
from services.expenses.domain.line import Line, Spending
from services.expenses.domain.policy import is_ones_own
from services.expenses.domain.receipt import NoFile, ReceiptIsRefused
from services.expenses.domain.writing import (
    AddLines,
    ChangeLine,
    RemoveLine,
    line_of,
    refusal_of_writing,
)
from services.expenses.views import claims as views
from services.expenses.views.claims import ShownClaim
from services.expenses.views.grounds import show_likely
from services.expenses.web import wording
from services.expenses.web.claims import HERE, act_on_claim, claim_page
from services.expenses.web.uploads import Upload, chosen_file

pages = web.pages("/expenses", audience=web.APPLICANT)


class LineForm(Form):
    """One cost of one day."""

    day: str = asks("Which day was it for?", control="select", missing="Choose a day.")
    kind: LineKind = asks("What was it for?", choices=wording.KINDS, missing="Choose one.")
    amount: Annotated[int, Money()] = asks(
        "How much was it?", hint="Like 12.50, as the receipt says", missing="Write the amount."
    )
    what: Annotated[str, Text(least=0, most=100)] = asks(
        "What was it?", hint="Such as: coach, Oxford to London"
    )
    reason: Annotated[str, Text(least=0, most=500, lines=True)] = asks(
        "Why was it needed?", hint="Only where it cost more than the rules expect."
    )
    receipt: Annotated[str, File(".pdf,.jpg,.jpeg,.png")] = asks(
        "Receipt", hint="PDF, JPEG or PNG, up to 10 MB", default=""
    )

    def spending(self) -> Spending:
        """As the domain has it."""
        on = date.fromisoformat(self.day)  # one of the choices, else the form was refused
        return Spending(on, self.kind, self.amount, self.what, self.reason)


@pages.get("/{claim_id}/lines/new")
async def show_new_line(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """An empty line."""
    found = await _writable(door, claim_id, actor)
    if isinstance(found, Response):
        return found
    return await _line_page(door, found)


@pages.post("/{claim_id}/lines/new")
async def add_line(claim_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Keep a line with its receipt."""
    return await _save(door, claim_id, None, actor)


@pages.get("/{claim_id}/lines/{line_id}")
async def show_line(
    claim_id: UUID, line_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """A line as it stands, to be changed."""
    found = await _writable(door, claim_id, actor)
    if isinstance(found, Response):
        return found
    return await _line_page(door, found, line_of(found.claim, line_id))


@pages.post("/{claim_id}/lines/{line_id}")
async def change_line(
    claim_id: UUID, line_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Keep a line anew; another receipt takes the place of the old one."""
    return await _save(door, claim_id, line_id, actor)


@pages.post("/{claim_id}/lines/{line_id}/remove")
async def remove_line(
    claim_id: UUID, line_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Leave a line out."""
    command = RemoveLine(claim_id, line_id)
    return await act_on_claim(door, claim_id, by(actor, commands.remove_line, command))


async def _save(door: Door, claim_id: UUID, line_id: UUID | None, actor: Actor) -> Response:
    found = await _writable(door, claim_id, actor)
    if isinstance(found, Response):
        return found
    line = line_of(found.claim, line_id) if line_id else None
    try:
        form = parse(LineForm, door.typed_pairs, choices=_choices(found))
        if (door.form or {}).get("then") == "verdict":
            return await _line_page(door, found, line, form=form)
        upload = await _receipt_of(door, found, line, form)
    except FormFaults as faulty:
        return await _line_page(door, found, line, faulty=faulty)
    except ReceiptIsRefused as refused:
        return await _line_page(door, found, line, faulty=_as_faults(refused))
    try:
        await door.run(lambda tx: _keep(tx, found, line, form.spending(), upload, actor))
    except Refused as refused:
        if refused.field is not None and refused.status == 422:
            return await _line_page(door, found, line, faulty=_as_faults(refused))
        return await claim_page(door, claim_id, actor, refused)
    return door.see_other(f"{HERE}/{claim_id}")


async def _receipt_of(
    door: Door, found: ShownClaim, line: Line | None, form: LineForm
) -> Upload | None:
    """The receipt that was chosen. Raises a refusal where one is needed and none is there."""
    upload = await chosen_file(door)
    ruled = await show_likely(door.database, found.claim, form.spending(), instead_of=line)
    has_one = upload is not None or (line is not None and line.receipt_id is not None)
    if ruled.ruling.receipt_needed and not has_one:
        raise NoFile
    if ruled.lacks_reason:
        sentence = gettext("This is more than the rules expect. Say why it was needed.")
        raise FormFaults([Fault("reason", "required", sentence)])
    return upload


async def _keep(
    tx: Any,
    found: ShownClaim,
    line: Line | None,
    spending: Spending,
    upload: Upload | None,
    actor: Actor,
) -> Any:
    """The line and its receipt: together, or not at all."""
    claim_id = found.claim.claim_id
    if line is None:
        command = AddLines(claim_id, (spending,))
        told = await commands.add_lines(tx, command, actor=actor, now=clock.now)
        line_id = UUID(told["lines_added"][0])
    else:
        line_id = line.line_id
        change = ChangeLine(claim_id, line_id, spending)
        told = await commands.change_line(tx, change, actor=actor, now=clock.now)
    if upload is None:
        return told
    return await commands.add_receipt(
        tx, claim_id, line_id, name=upload.name, judged=upload.judged, actor=actor, now=clock.now
    )


async def _writable(door: Door, claim_id: UUID, actor: Actor) -> ShownClaim | Response:
    """One's own claim; where it cannot be written any more, the page that says how it stands."""
    found = await views.show_claim(door.database, claim_id, to=actor)
    if is_ones_own(actor, found.claim) and may_move(found.claim, "submit"):
        return found
    if door.request.method == "GET":
        return door.see_other(f"{HERE}/{claim_id}")
    refused = refusal_of_writing(found.claim)
    return await claim_page(door, claim_id, actor, refused)


async def _line_page(
    door: Door,
    found: ShownClaim,
    line: Line | None = None,
    *,
    form: LineForm | None = None,
    faulty: FormFaults | None = None,
) -> Response:
    typed = door.typed_pairs if form or faulty else await door.kept_pairs()
    sheet = show(
        LineForm,
        typed=typed,
        values=_values(line) if line else None,
        faults=faulty.faults if faulty else (),
        choices=_choices(found),
    )
    if line is None or line.receipt_id is None:  # a file is asked for, whatever its field may hold
        receipt = replace(sheet["receipt"], is_optional=False)
        sheet = replace(sheet, asked={**sheet.asked, "receipt": receipt})
    ruled = None
    if form:
        ruled = await show_likely(door.database, found.claim, form.spending(), instead_of=line)
    return await door.page(
        "claim_line.html",
        status=422 if faulty else 200,
        errors=sheet.errors,
        sheet=sheet,
        shown=found,
        claim=found.claim,
        line=line,
        verdict=wording.likely(ruled) if ruled else "",
        is_allowed=bool(ruled and ruled.ruling.allowed_pence),
    )


def _values(line: Line) -> dict[str, Any]:
    spending = line.spending
    return {
        "day": spending.spent_on.isoformat(),
        "kind": spending.kind,
        "amount": spending.amount_pence,
        "what": spending.what,
        "reason": spending.reason,
    }


def _choices(found: ShownClaim) -> dict[str, list[tuple[str, str]]]:
    days = sorted((Day.model_validate(day) for day in found.row["days"]), key=lambda day: day.on)
    return {"day": [(day.on.isoformat(), _day_words(day)) for day in days]}


def _day_words(day: Day) -> str:
    words = instants.day(day.on, year=False)
    return gettext("%(day)s (from home)") % {"day": words} if day.mode == Mode.REMOTE else words


def _as_faults(refused: Refused) -> FormFaults:
    field = {"date": "day"}.get(refused.field or "", refused.field or "")
    return FormFaults([Fault(field, refused.slug(), refused.sentence)])
