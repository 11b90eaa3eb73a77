"""Pages of placements: for interns, hosts and supervisors."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.actor import Actor, Role
from chassis.decision import Refused
from chassis.door import Door
from chassis.languages import gettext
from schemas.applications import CancelledBy
from services.applications.commands import placements as commands
from services.applications.domain import placement
from services.applications.domain.placement import (
    CancellationNeedsAReason,
    CancelPlacement,
    PlacementIsNotYours,
)
from services.applications.store.placements import find_placement
from services.applications.store.rules import get_rules
from services.applications.views import placements as shown

CONCERNED = web.Audience("placed", web.HOST_OR_SUPERVISOR.roles | {Role.APPLICANT})
pages = web.pages("/placements", audience=CONCERNED)


@pages.get("")
async def list_placements(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One's own, one's host's, those one supervises."""
    rows = await shown.list_placements(door.database, to=actor)
    return await door.page("placements.html", rows=rows, to_host=_is_for_host(actor))


@pages.get("/{placement_id}")
async def show_placement(placement_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Where and when, with whom, and what comes next."""
    row = await shown.show_placement(door.database, placement_id, to=actor)
    rules = await get_rules(door.database, row["programme_id"], row["rule_set_version"])
    held = await find_placement(door.database, placement_id)
    can_cancel = held is not None and placement.canceller(held, actor) is not None
    return await door.page(
        "placement.html",
        row=row,
        to_host=row["person_ref"] != actor.person_ref,
        zone=instants.zone_words(row["starts_at"], row["zone"]),
        checklist=rules.placement.checklist,
        pack=rules.placement.preparation_pack,
        can_cancel=can_cancel and row["state"] in ("confirmed", "introduced"),
        history=history_of(row),
    )


@pages.get("/{placement_id}/cancel")
async def ask_whether_to_cancel(
    placement_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """What cancelling changes, before it does."""
    row = await shown.show_placement(door.database, placement_id, to=actor)
    if row["state"] not in ("confirmed", "introduced"):
        return door.see_other(f"/placements/{placement_id}")
    return await cancelling_page(door, row, actor, base="/placements", current="/placements")


@pages.post("/{placement_id}/cancel")
async def cancel_placement(placement_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Give the place back, with a reason."""
    return await answer_cancelling(
        door, placement_id, actor, base="/placements", current="/placements"
    )


# ---- shared with the office's pages ----


async def answer_cancelling(
    door: Door, placement_id: UUID, actor: Actor, *, base: str, current: str
) -> Response:
    """Run the command; a refusal comes back on the page that asked."""
    form = door.form or {}
    command = CancelPlacement(
        placement_id,
        reason_code=str(form.get("reason_code", "")),
        reason=str(form.get("reason", ""))[:500].replace("\x00", ""),
    )
    try:
        await door.run(
            lambda tx: commands.cancel_placement(tx, command, actor=actor, now=clock.now)
        )
    except PlacementIsNotYours:
        raise
    except Refused as refused:
        row = await shown.show_placement(door.database, placement_id, to=actor)
        return await cancelling_page(door, row, actor, base=base, current=current, refused=refused)
    return door.see_other(f"{base}/{placement_id}")


async def cancelling_page(
    door: Door,
    row: dict[str, Any],
    actor: Actor,
    *,
    base: str,
    current: str,
    refused: Refused | None = None,
) -> Response:
    """The page before the deed."""
    held = await find_placement(door.database, row["placement_id"])
    by = placement.canceller(held, actor) if held else None
    if by is None:
        raise PlacementIsNotYours
    rules = await get_rules(door.database, row["programme_id"], row["rule_set_version"])
    named = rules.telling.cancellation_reasons
    first = {"value": "", "text": gettext("Choose a reason")}
    reason_error = refused.sentence if isinstance(refused, CancellationNeedsAReason) else ""
    effects = {
        CancelledBy.INTERN: gettext("Your host is told, and a reserve is asked."),
        CancelledBy.HOST: gettext("Your intern is told, and a reserve is asked."),
        CancelledBy.OFFICE: gettext("Intern and host are told, and a reserve is asked."),
    }
    address = f"{base}/{row['placement_id']}"
    return await door.page(
        "placement_cancel.html",
        status=refused.status if refused else 200,
        row=row,
        address=address,
        action=f"{address}/cancel",
        current_item=current,
        effect=effects[by],
        intern_is_free=placement.is_free_afterwards(by, rules=rules),
        reasons=[first, *({"value": each.code, "text": each.words} for each in named)],
        reason_error=reason_error,
        errors=[{"text": reason_error, "href": "#reason_code"}] if reason_error else (),
        refused=None if reason_error else refused,
        typed=door.typed,
    )


def history_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """What happened so far, and the next date as an open dot."""
    ended = row["ended_at"]
    entries: list[tuple[datetime | None, str, str, bool]] = [
        (row["confirmed_at"], gettext("Place accepted"), "", False),
        (row["introduced_at"], gettext("Introduced by mail"), "", False),
        (row["started_at"], gettext("Placement began"), "", False),
    ]
    if ended is not None:
        is_over = row["state"] == "completed"
        words = gettext("Placement completed") if is_over else gettext("Placement ended")
        entries.append((ended, words, row["reason"], False))
    elif row["started_at"] is None:
        entries.append((row["starts_at"], gettext("First day"), "", True))
    else:
        entries.append((row["ends_at"], gettext("The placement is over"), "", True))
    return [
        {
            "iso": at.astimezone(UTC).isoformat(),
            "at": instants.moment(at, row["zone"], year=True),
            "text": text,
            "why": why,
            "next": is_next,
        }
        for at, text, why, is_next in entries
        if at is not None
    ]


def _is_for_host(actor: Actor) -> bool:
    return actor.is_a(Role.HOST_CONTACT, Role.SUPERVISOR)
