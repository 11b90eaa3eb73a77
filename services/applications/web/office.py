"""The office's pages of applying: a cycle at a glance, and releasing closed rounds to their hosts."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from chassis import audit, clock, instants, web
from chassis.decision import Refused
from chassis.languages import gettext
from schemas.rules import Round
from services.applications.commands.rounds import release_applications
from services.applications.domain.vacancy_round import ReleaseApplications
from services.applications.views import cycles, rounds
from services.applications.views.cycles import Attention
from services.applications.views.rounds import WaitingRound, fingerprint
from services.applications.web.sections import SECTIONS

pages = web.pages("/office/applications", audience=web.OFFICE)
HERE = "/office/applications"
RELEASES = f"{HERE}/releases"


@pages.get("")
async def show_cycle(door: web.TheDoor, actor: web.SignedIn, cycle: UUID | None = None) -> Response:
    """Figures, the funnel, and what needs attention: of the cycle asked for, else of the newest."""
    known = await cycles.list_cycles(door.database, to=actor)
    chosen = cycle or (known[0]["cycle_id"] if known else None)
    if chosen is None:
        return await door.page("office_cycle.html", sections=SECTIONS, figures=None, cycles=known)
    now = await clock.shown(door.database)
    figures = await cycles.count_cycle(door.database, chosen, to=actor)
    waiting = await cycles.list_what_needs_attention(door.database, chosen, to=actor, now=now)
    return await door.page(
        "office_cycle.html",
        sections=SECTIONS,
        figures=figures,
        cycles=known,
        totals=_totals(figures),
        attention=[_attention(each, late=each.due_at <= now) for each in waiting],
        next_date=await cycles.find_next_date(door.database, chosen, now=now),
    )


def _totals(figures: cycles.Figures) -> list[tuple[str, Any]]:
    return [
        (gettext("Vacancies"), figures.vacancies),
        (gettext("Places"), figures.places),
        (gettext("Applicants"), figures.applicants),
        (gettext("Applications"), figures.submitted),
        (gettext("Placed"), figures.placed),
    ]


def _attention(each: Attention, *, late: bool) -> dict[str, Any]:
    words = {
        "release": (gettext("Send the applications to the host"), RELEASES),
        "choose": (gettext("Ask the host to choose"), f"{HERE}/selections"),
        "tell": (gettext("Tell the outcomes"), f"{HERE}/selections"),
    }
    text, href = words[each.what]
    return {
        "text": text,
        "href": href,
        "title": each.title,
        "host": each.host,
        "due": instants.short(each.due_at, each.zone),
        "state": gettext("Overdue") if late and each.what != "release" else gettext("Waiting"),
    }


@pages.get("/releases")
async def show_releases(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Closed rounds whose host has not been given the applications yet."""
    waiting = await rounds.list_waiting_rounds(door.database, to=actor)
    return await door.page("office_releases.html", sections=SECTIONS, rounds=waiting)


@pages.post("/releases/check", audience=web.OFFICER)
async def see_what_would_happen(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The dry run. Nothing is done yet."""
    waiting = await rounds.list_waiting_rounds(door.database, to=actor)
    chosen = _chosen(door, waiting)
    if not chosen:
        slip = {"text": gettext("Choose at least one vacancy."), "href": "#rounds"}
        return await door.page(
            "office_releases.html", status=422, sections=SECTIONS, rounds=waiting, errors=[slip]
        )
    return await _dry_run(door, chosen)


@pages.post("/releases", audience=web.OFFICER)
async def release_rounds(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Release each in a transaction of its own, and say of each what became of it."""
    waiting = await rounds.list_waiting_rounds(door.database, to=actor)
    chosen, form = _chosen(door, waiting), door.form or {}
    asked = len(set(door.form.getlist("round"))) if door.form else 0
    if fingerprint(chosen) != form.get("fingerprint"):
        return await _dry_run(door, chosen, changed=max(asked - len(chosen), 1), asked=asked)
    reason = str(form.get("reason") or "").strip()
    if not reason:
        return await _dry_run(door, chosen, lacks_reason=True)
    done = [await _release(door, each, reason=reason[:500]) for each in chosen]
    return await door.page("office_released.html", sections=SECTIONS, done=done)


async def _release(door: web.Door, each: WaitingRound, *, reason: str) -> dict[str, Any]:
    command = ReleaseApplications(each.vacancy_id, Round(each.round), reason)
    try:
        async with door.database.transaction() as tx:
            released = await release_applications(tx, command, actor=door.who, now=clock.now)
    except Refused as refused:
        await audit.refused(
            door.database, refused, actor=door.who, act="release_rounds", subject=each.key
        )
        return {"round": each, "refused": refused.sentence, "count": 0}
    return {"round": each, "refused": "", "count": released["count"]}


async def _dry_run(
    door: web.Door,
    chosen: list[WaitingRound],
    *,
    changed: int = 0,
    asked: int = 0,
    lacks_reason: bool = False,
) -> Response:
    said = gettext("%(changed)s of %(asked)s have changed since; here is how they stand now.")
    missing = {"text": gettext("Say why, for the record."), "href": "#reason"}
    return await door.page(
        "office_release_check.html",
        status=409 if changed else 422 if lacks_reason else 200,
        sections=SECTIONS,
        rounds=sorted(chosen, key=lambda each: (each.count > 0, each.title)),
        count=sum(each.count for each in chosen),
        empty=sum(each.count == 0 for each in chosen),
        fingerprint=fingerprint(chosen),
        changed=said % {"changed": changed, "asked": asked} if changed else "",
        errors=[missing] if lacks_reason else (),
    )


def _chosen(door: web.Door, waiting: list[WaitingRound]) -> list[WaitingRound]:
    """The ticked ones, or all that wait."""
    form = door.form
    if form is None:
        return []
    if form.get("which") == "all":
        return waiting
    ticked = {str(key) for key in form.getlist("round")}
    return [each for each in waiting if each.key in ticked]
