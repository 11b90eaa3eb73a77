"""Pages of the office: deliveries, one delivery, one person's history."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from chassis import web
from chassis.database import Row
from chassis.decision import Invalid, Refused
from chassis.languages import gettext
from services.notifications.commands import deliveries as commands
from services.notifications.domain import table
from services.notifications.domain.delivery import ResendLetter, Status
from services.notifications.views import deliveries as views
from services.notifications.views.deliveries import PAGE, Filters
from services.notifications.web.wording import STATES, Shown, names_of, shown, titled

HOME = "/office/notifications"

pages = web.pages(HOME, audience=web.OFFICE)


class ReasonIsMissing(Invalid):
    """Say why this letter is sent again."""

    field = "reason"


@pages.get("")
async def list_deliveries(
    door: web.TheDoor,
    actor: web.SignedIn,
    letter: str = "",
    status: str = "",
    application: str = "",
    page: str = "1",
) -> Response:
    """Every letter of this university: those that failed first, offers before all others."""
    filters = Filters(
        letter=letter if table.is_known(letter) else None,
        status=status if status in set(Status) else None,
        application_id=_uuid(application),
    )
    number = int(page) if page.isdecimal() and 0 < int(page) < 100_000 else 1
    rows = await views.list_deliveries(door.database, filters, to=actor, page=number)
    total = await views.count_deliveries(door.database, filters, to=actor)
    return await door.page(
        "deliveries.html",
        deliveries=await _shown(door, rows),
        total=total,
        number=number,
        pages=max(1, -(-total // PAGE)),
        filters=filters,
        applied=_applied(filters),
        query=_query(filters),
        letters=[(each.name, titled(each.name)) for each in table.LETTERS],
        states=list(STATES.items()),
        figures=_figures(await views.count_by_letter(door.database, to=actor)),
    )


@pages.get("/deliveries/{delivery_id}")
async def show_delivery(delivery_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One letter: how far it got, what it said, what to do."""
    return await door.page("delivery.html", **await _one(door, delivery_id, actor))


@pages.post("/deliveries/{delivery_id}/resend")
async def resend(delivery_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Send the same letter once more, with a reason for the record."""
    reason = " ".join(str(door.typed.get("reason", "")).split())

    async def act(tx: Any) -> Any:
        if not reason:
            raise ReasonIsMissing
        return str(await commands.resend_letter(tx, ResendLetter(delivery_id, reason), actor=actor))

    try:
        again = await door.run(act)
    except ReasonIsMissing as missing:
        errors = [{"text": missing.sentence, "href": "#reason"}]
        values = await _one(door, delivery_id, actor)
        return await door.page("delivery.html", status=422, errors=errors, **values)
    except Refused as refused:
        if refused.status == 404:
            raise
        return await door.refusal("delivery.html", refused, **await _one(door, delivery_id, actor))
    return door.see_other(f"{HOME}/deliveries/{again}")


@pages.get("/people/{person_ref}")
async def show_person(person_ref: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Everything one person was written (R58), newest first."""
    filters = Filters(person_ref=person_ref)
    rows = await views.list_deliveries(door.database, filters, to=actor, size=200)
    return await door.page(
        "person.html", deliveries=await _shown(door, rows), person_ref=person_ref
    )


async def _one(door: web.TheDoor, delivery_id: UUID, actor: web.SignedIn) -> dict[str, Any]:
    row = await views.show_delivery(door.database, delivery_id, to=actor)
    (delivery,) = await _shown(door, [row])
    return {"delivery": delivery, "zone": _zone(door)}


async def _shown(door: web.TheDoor, rows: list[Row]) -> list[Shown]:
    key = door.settings.contacts_private_key.get_secret_value()
    names = await names_of(door.database, rows, university=door.university, private_jwk=key)
    return [shown(row, names=names, zone=_zone(door)) for row in rows]


def _zone(door: web.TheDoor) -> str:
    return door.request.app.state.universities[door.university].zone


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _query(filters: Filters, *, without: str = "") -> str:
    given = {
        "letter": filters.letter,
        "status": filters.status,
        "application": filters.application_id,
    }
    return urlencode({name: it for name, it in given.items() if it and name != without})


def _applied(filters: Filters) -> list[dict[str, str]]:
    """Filters in use, each with the address that leaves it out."""
    words = {
        "letter": titled(filters.letter) if filters.letter else "",
        "status": gettext(STATES[filters.status]) if filters.status else "",
        "application": gettext("One application") if filters.application_id else "",
    }
    return [
        {"text": text, "without": f"{HOME}?{_query(filters, without=name)}"}
        for name, text in words.items()
        if text
    ]


def _figures(rows: list[Row]) -> list[tuple[str, int]]:
    """What the office wants to see at once: how many went, wait, and failed."""
    counted = dict.fromkeys(Status, 0)
    for row in rows:
        counted[Status(row["status"])] += row["count"]
    failed = counted[Status.FAILED] + counted[Status.BOUNCED] + counted[Status.UNKNOWN]
    return [
        (gettext("Sent"), counted[Status.SENT] + counted[Status.DELIVERED]),
        (gettext("Waiting"), counted[Status.QUEUED] + counted[Status.SENDING]),
        (gettext("To look at"), failed),
    ]
