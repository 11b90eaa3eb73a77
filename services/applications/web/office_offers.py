"""The office's offers: a working table; taking one back and letting one stand longer, each with a reason."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, web
from chassis.actor import Actor
from chassis.database import Transaction
from chassis.decision import Refused
from chassis.door import Door
from chassis.faults import FormFaults
from chassis.fields import Local, Text, WallTime
from chassis.forms import Form, asks, parse, show
from chassis.languages import gettext
from schemas.deadline import Deadline
from services.applications.commands import offers as commands
from services.applications.domain.intervention import ExtendOffer, WithdrawOffer
from services.applications.domain.offer import OfferIsNotYours
from services.applications.store.rules import get_rules
from services.applications.views import offers as shown
from services.applications.web.offers import details, history_of
from services.applications.web.sections import SECTIONS
from services.applications.web.working_table import Column, Filter, Row, table_as_csv, table_of

HERE = "/office/applications/offers"
pages = web.pages(HERE, audience=web.OFFICE)
STATES = (
    ("made", "Offer made"),
    ("prepared", "Held"),
    ("accepted", "Accepted"),
    ("declined", "Declined"),
    ("expired", "Ran out"),
    ("withdrawn", "Withdrawn"),
    ("superseded", "Released"),
    ("vacated", "Cancelled"),
)
COLUMNS = (
    Column("name", "Applicant", lambda row: row["name"]),
    Column("title", "Vacancy", lambda row: row["title"]),
    Column("host", "Host", lambda row: row["host"]),
    Column("rank", "Host's rank", lambda row: row["rank"], is_number=True),
    Column("due", "Answer by", lambda row: row["respond_by"] and row["respond_by"].wall),
    Column("state", "State", lambda row: row["state"]),
)


class Withdrawal(Form):
    """Why an offer is taken back."""

    reason: Annotated[str, Text(most=500, lines=True)] = asks(
        "Reason, as the applicant will read it",
        missing="Write a reason: the applicant reads it.",
    )


class Extension(Form):
    """Until when an offer stands from now on."""

    deadline: Annotated[Local, WallTime()] = asks(
        "Answer by", missing="Write until when the offer stands."
    )
    reason: Annotated[str, Text(most=500, lines=True)] = asks(
        "Reason, for the record", missing="Write a reason, for the record."
    )


class Making(Form):
    """Why a held offer is made now."""

    reason: Annotated[str, Text(most=500, lines=True)] = asks(
        "Reason, for the record", missing="Write a reason, for the record."
    )


@pages.get("")
async def list_offers(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Every offer of the university, the first to be answered first."""
    rows = await shown.list_offers(door.database, to=actor)
    table = table_of(
        door.request.query_params,
        rows,
        here=HERE,
        columns=COLUMNS,
        filters=(
            Filter(
                "state",
                gettext("State"),
                tuple((code, gettext(words)) for code, words in STATES),
                lambda row, value: row["state"] == value,
            ),
        ),
    )
    if door.request.query_params.get("format") == "csv":
        return table_as_csv("offers", table)
    counted = [(gettext(words), sum(r["state"] == s for r in rows)) for s, words in STATES[:5]]
    return await door.page("office_offers.html", sections=SECTIONS, table=table, totals=counted)


@pages.get("/{offer_id}")
async def show_offer(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One offer, and what the office can do about it."""
    return await _page(door, offer_id, actor)


@pages.get("/{offer_id}/{act}", audience=web.OFFICER)
async def ask_for_a_reason(
    offer_id: UUID, act: str, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """The page before the deed, with its form."""
    if act not in FORMS:
        raise OfferIsNotYours
    return await _form_page(door, offer_id, act, actor)


@pages.post("/{offer_id}/withdraw", audience=web.OFFICER)
async def withdraw_offer(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Take an offer back."""

    def act(form: Any) -> Callable[[Transaction], Awaitable[Any]]:
        command = WithdrawOffer(offer_id, form.reason)
        return lambda tx: commands.withdraw_offer(tx, command, actor=actor, now=clock.now)

    return await _do(door, offer_id, "withdraw", actor, act)


@pages.post("/{offer_id}/extend", audience=web.OFFICER)
async def extend_offer(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Let an offer stand longer."""

    def act(form: Any) -> Callable[[Transaction], Awaitable[Any]]:
        until = Deadline(
            at=form.deadline.at,
            zone=form.deadline.zone,
            wall=f"{form.deadline.wall:%Y-%m-%d %H:%M}",
        )
        command = ExtendOffer(offer_id, deadline=until, reason=form.reason)
        return lambda tx: commands.extend_offer(tx, command, actor=actor, now=clock.now)

    return await _do(door, offer_id, "extend", actor, act)


@pages.post("/{offer_id}/make", audience=web.OFFICER)
async def make_offer(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Make an offer that is held for a reserve."""

    def act(form: Any) -> Callable[[Transaction], Awaitable[Any]]:
        return lambda tx: commands.make_prepared_offer(
            tx, offer_id, actor=actor, now=clock.now, reason=form.reason
        )

    return await _do(door, offer_id, "make", actor, act)


FORMS: dict[str, tuple[type[Form], str, str]] = {
    "withdraw": (Withdrawal, "Withdraw this offer?", "Withdraw this offer"),
    "extend": (Extension, "Let this offer stand longer?", "Extend this offer"),
    "make": (Making, "Make this offer?", "Make this offer"),
}


async def _do(
    door: Door,
    offer_id: UUID,
    act: str,
    actor: Actor,
    run: Callable[[Any], Callable[[Transaction], Awaitable[Any]]],
) -> Response:
    row = await shown.show_offer(door.database, offer_id, to=actor)
    try:
        form = parse(FORMS[act][0], door.typed_pairs, zone=_zone(row))
        await door.run(run(form))
    except FormFaults as faults:
        return await _form_page(door, offer_id, act, actor, faults=faults)
    except Refused as refused:
        return await _form_page(door, offer_id, act, actor, refused=refused)
    return door.see_other(f"{HERE}/{offer_id}")


async def _page(door: Door, offer_id: UUID, actor: Actor) -> Response:
    row = await shown.show_offer(door.database, offer_id, to=actor)
    rules = await get_rules(door.database, row["programme_id"], row["rule_set_version"])
    return await door.page(
        "office_offer.html",
        sections=SECTIONS,
        offer=row,
        details=details(row, own_zone=rules.kind.zone),
        history=history_of(row, rules.kind.zone),
    )


async def _form_page(
    door: Door,
    offer_id: UUID,
    act: str,
    actor: Actor,
    *,
    faults: FormFaults | None = None,
    refused: Refused | None = None,
) -> Response:
    row: Row = await shown.show_offer(door.database, offer_id, to=actor)
    form, heading, button = FORMS[act]
    is_typed = bool(faults or refused)
    sheet = show(
        form,
        typed=door.typed_pairs if is_typed else None,
        faults=faults.faults if faults else (),
    )
    return await door.page(
        "office_offer_act.html",
        status=422 if faults else refused.status if refused else 200,
        sections=SECTIONS,
        offer=row,
        act=act,
        heading=gettext(heading),
        button=gettext(button),
        sheet=sheet,
        errors=sheet.errors,
        refused=refused,
    )


def _zone(row: Row) -> str:
    return row["respond_by"].zone if row["respond_by"] else row["zone"]
