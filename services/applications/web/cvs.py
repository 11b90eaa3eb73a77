"""Handing a host its copy of a CV: every look is noted, and nothing but the copy leaves."""

from uuid import UUID

from starlette.responses import Response

from chassis import audit
from chassis.actor import Actor
from chassis.door import Door
from services.applications.domain.selection import SelectionIsNotYours
from services.applications.views import selections as shown
from services.applications.web.recent import ask_for_recent_sign_in


async def answer_cv(
    door: Door, vacancy_id: UUID, application_id: UUID, *, actor: Actor
) -> Response:
    """The copy as a PDF, or the answer for what does not exist."""
    await ask_for_recent_sign_in(door, actor)
    found = await shown.find_cv(door.database, vacancy_id, application_id, to=actor)
    if found is None:
        raise SelectionIsNotYours
    async with door.database.transaction() as tx:
        await audit.viewed(tx, actor=actor, act="CvViewed", subject=application_id)
    name = f"CV-{found['reference']}.pdf"
    return Response(
        bytes(found["host_copy"]),
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="{name}"',
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        },
    )
