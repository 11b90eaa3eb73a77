"""The API of placements: seen by whom they concern, cancelled with a reason."""

from typing import Any
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from chassis import clock, web
from services.applications.commands import placements as commands
from services.applications.domain.placement import CancelPlacement
from services.applications.views import placements as shown
from services.applications.views.selections import is_office

api = web.api("applications")
CONCERNED = web.Audience("placed", web.PLACED.roles, scope="office")


class Cancelling(web.Body):
    """One of the programme's reasons, and words where they help."""

    reason_code: str = Field(max_length=100)
    reason: str = Field(default="", max_length=500)


@api.get("/placements", audience=CONCERNED)
async def list_placements(door: web.TheDoor, actor: web.SignedIn) -> dict[str, Any]:
    """One's own, one's host's; for the office, all of them."""
    rows = await shown.list_placements(door.database, to=actor)
    return {"placements": [_placement(row, for_office=is_office(actor)) for row in rows]}


@api.get("/placements/{placement_id}", audience=CONCERNED)
async def show_placement(
    placement_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> dict[str, Any]:
    """One placement."""
    row = await shown.show_placement(door.database, placement_id, to=actor)
    return _placement(row, for_office=is_office(actor))


@api.post("/placements/{placement_id}/cancel", audience=CONCERNED)
async def cancel_placement(
    placement_id: UUID, body: Cancelling, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Give the place back, or take it away."""
    command = CancelPlacement(placement_id, body.reason_code, body.reason)
    return await door.answer(
        lambda tx: commands.cancel_placement(tx, command, actor=actor, now=clock.now)
    )


@api.post("/placements/{placement_id}/introduce", audience=web.OFFICER)
async def introduce_placement(
    placement_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Let intern and host write to each other."""
    return await door.answer(
        lambda tx: commands.introduce_placement(tx, placement_id, actor=actor, now=clock.now)
    )


def _placement(row: dict[str, Any], *, for_office: bool) -> dict[str, Any]:
    kept = [
        "placement_id",
        "offer_id",
        "application_id",
        "vacancy_id",
        "host_id",
        "title",
        "host",
        "cycle_id",
        "state",
        "days",
        "mode",
        "region",
        "country",
        "zone",
        "starts_at",
        "ends_at",
        "confirmed_at",
        "introduced_at",
        "started_at",
        "ended_at",
        "first_on",
        "last_on",
        "name",
    ]
    if for_office:
        kept += ["person_ref", "reason_code", "reason"]
    return {name: row[name] for name in kept}
