"""The API over deliveries, for the office and its tools."""

from typing import Any
from uuid import UUID

from starlette.responses import JSONResponse, Response

from chassis import web
from chassis.database import Row
from services.notifications.commands import deliveries as commands
from services.notifications.domain.delivery import ResendLetter, Status
from services.notifications.views import deliveries as views
from services.notifications.views.deliveries import Filters

api = web.api("notifications", audience=web.OFFICE)

MOST = 200


class Resending(web.Body):
    """Why a letter is sent again, for the record."""

    reason: str


@api.get("/deliveries")
async def list_deliveries(
    door: web.TheDoor,
    actor: web.SignedIn,
    letter: str | None = None,
    status: Status | None = None,
    person_ref: UUID | None = None,
    application_id: UUID | None = None,
    page: int = 1,
) -> Response:
    """Deliveries that match, two hundred a page: failed offers first, then the newest."""
    filters = Filters(letter, status, person_ref, application_id)
    rows = await views.list_deliveries(
        door.database, filters, to=actor, page=max(1, page), size=MOST
    )
    total = await views.count_deliveries(door.database, filters, to=actor)
    return JSONResponse({"items": [_plain(row) for row in rows], "total": total, "page": page})


@api.get("/deliveries/{delivery_id}")
async def show_delivery(delivery_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One delivery with what was written, for as long as that is kept."""
    return JSONResponse(_plain(await views.show_delivery(door.database, delivery_id, to=actor)))


@api.get("/figures")
async def show_figures(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """How many of each letter got how far."""
    rows = await views.count_by_letter(door.database, to=actor)
    letters: dict[str, dict[str, int]] = {}
    for row in rows:
        letters.setdefault(row["letter"], {})[row["status"]] = row["count"]
    by_status: dict[str, int] = {}
    for row in rows:
        by_status[row["status"]] = by_status.get(row["status"], 0) + row["count"]
    return JSONResponse({"letters": letters, "by_status": by_status})


@api.post("/deliveries/{delivery_id}/resend")
async def resend(
    delivery_id: UUID, body: Resending, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Queue the same letter once more, as a delivery of its own."""
    command = ResendLetter(delivery_id, body.reason)

    async def act(tx: Any) -> Any:
        again = await commands.resend_letter(tx, command, actor=actor)
        return {"delivery_id": str(again)}

    return await door.answer(act, status=202)


def _plain(row: Row) -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else _text(value)
        for name, value in row.items()
        if name != "number"
    }


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
