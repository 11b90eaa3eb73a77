"""The office's placements: a working table, introducing and cancelling."""

from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.languages import gettext
from services.applications.commands import placements as commands
from services.applications.views import placements as shown
from services.applications.web.placements import answer_cancelling, cancelling_page, history_of
from services.applications.web.sections import SECTIONS
from services.applications.web.working_table import Column, Filter, table_as_csv, table_of

HERE = "/office/applications/placements"
BAR = "/office/applications"
pages = web.pages(HERE, audience=web.OFFICE)
STATES = (
    ("confirmed", "Confirmed"),
    ("introduced", "Introduced"),
    ("in_progress", "In progress"),
    ("completed", "Completed"),
    ("not_completed", "Not completed"),
    ("no_show", "Nobody came"),
    ("cancelled", "Cancelled"),
)
COLUMNS = (
    Column("name", "Intern", lambda row: row["name"]),
    Column("title", "Vacancy", lambda row: row["title"]),
    Column("host", "Host", lambda row: row["host"]),
    Column("starts", "First day", lambda row: row["first_on"]),
    Column("ends", "Last day", lambda row: row["last_on"]),
    Column("state", "State", lambda row: row["state"]),
)


@pages.get("")
async def list_placements(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Every placement of the university, the first to begin first."""
    rows = await shown.list_placements(door.database, to=actor)
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
                lambda row, value: row["state"].startswith(value),
            ),
        ),
    )
    if door.request.query_params.get("format") == "csv":
        return table_as_csv("placements", table)
    counted = [
        (gettext(words), sum(row["state"].startswith(state) for row in rows))
        for state, words in STATES
        if state not in ("not_completed", "no_show")
    ]
    return await door.page("office_placements.html", sections=SECTIONS, table=table, totals=counted)


@pages.get("/{placement_id}")
async def show_placement(placement_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One placement, and what the office can do about it."""
    row = await shown.show_placement(door.database, placement_id, to=actor)
    return await door.page(
        "office_placement.html",
        sections=SECTIONS,
        row=row,
        zone=instants.zone_words(row["starts_at"], row["zone"]),
        history=history_of(row),
    )


@pages.post("/{placement_id}/introduce", audience=web.OFFICER)
async def introduce_placement(
    placement_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Let intern and host write to each other."""
    await door.run(
        lambda tx: commands.introduce_placement(tx, placement_id, actor=actor, now=clock.now)
    )
    return door.see_other(f"{HERE}/{placement_id}")


@pages.get("/{placement_id}/cancel", audience=web.OFFICER)
async def ask_whether_to_cancel(
    placement_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """What cancelling changes, before it does."""
    row = await shown.show_placement(door.database, placement_id, to=actor)
    return await cancelling_page(door, row, actor, base=HERE, current=BAR)


@pages.post("/{placement_id}/cancel", audience=web.OFFICER)
async def cancel_placement(placement_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Cancel, with a reason."""
    return await answer_cancelling(door, placement_id, actor, base=HERE, current=BAR)
