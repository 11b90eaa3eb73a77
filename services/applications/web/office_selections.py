"""The office's selections: a working table, and telling outcomes by way of a dry run."""

import hashlib
from datetime import datetime

from starlette.responses import Response

from chassis import audit, clock, instants, web
from chassis.actor import Actor
from chassis.decision import Refused
from chassis.door import Door
from chassis.languages import gettext
from schemas.rules import Round
from services.applications.commands import outcomes
from services.applications.domain import outcome
from services.applications.domain.answer_time import respond_by
from services.applications.domain.outcome import Considered, Happens, TellOutcomes
from services.applications.store import places
from services.applications.store.rules import get_rules
from services.applications.views import selections as shown
from services.applications.web.sections import SECTIONS
from services.applications.web.working_table import (
    Column,
    Filter,
    Row,
    csv_of,
    table_as_csv,
    table_of,
)

HERE = "/office/applications/selections"
pages = web.pages(HERE, audience=web.OFFICE)
STATES = (
    ("todo", "Ranked or overdue"),
    ("waiting", "Waiting"),
    ("released", "With the host"),
    ("overdue", "Overdue"),
    ("ranked", "Ranked"),
    ("telling", "Being told"),
    ("told", "Told"),
)
COLUMNS = (
    Column("title", "Vacancy", lambda row: row["title"]),
    Column("host", "Host", lambda row: row["host"]),
    Column("due", "Host chooses by", lambda row: row["host_selects_by"].wall),
    Column("chosen", "Host chose", lambda row: row["ranked_at"] and row["ranked_at"].isoformat()),
    Column("places", "Places", lambda row: row["places"], is_number=True),
    Column("applied", "Applied", lambda row: row["applications"], is_number=True),
    Column("reserves", "Reserves", lambda row: row["reserves"], is_number=True),
    Column("state", "State and next step", lambda row: row["state"]),
)


@pages.get("")
async def list_selections(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Every round with its selection, the longest due first."""
    rows = [_keyed(row) for row in await shown.list_selections(door.database, to=actor)]
    table = table_of(
        door.request.query_params, rows, here=HERE, columns=COLUMNS, filters=_filters(rows)
    )
    if door.request.query_params.get("format") == "csv":
        return table_as_csv("selections", table)
    return await door.page(
        "office_selections.html",
        sections=SECTIONS,
        table=table,
        ranked=sum(row["state"] == "ranked" for row in table.matching),
        totals=[
            (gettext("Vacancies"), len(rows)),
            (gettext("With the host"), sum(row["state"] == "released" for row in rows)),
            (gettext("Overdue"), sum(row["state"] == "overdue" for row in rows)),
            (gettext("Ranked"), sum(row["state"] == "ranked" for row in rows)),
            (gettext("Offers out"), sum(row["offers_out"] for row in rows)),
            (gettext("Accepted"), sum(row["offers_accepted"] for row in rows)),
        ],
    )


@pages.get("/outcomes", audience=web.OFFICER)
async def see_what_would_happen(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The dry run: it changes nothing, so it has an address that can be loaded again."""
    chosen = await _chosen(door, actor, door.request.query_params.multi_items())
    if not chosen:
        return door.see_other(f"{HERE}?state=ranked")
    return await _dry_run(door, chosen)


@pages.post("/outcomes", audience=web.OFFICER)
async def tell_outcomes(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Give the word for each round, in a transaction of its own; the loop carries it out."""
    form = door.form or {}
    chosen = await _chosen(door, actor, door.typed_pairs)
    planned = [await _planned(door, row) for row in chosen]
    if _fingerprint(planned) != form.get("fingerprint"):
        return await _dry_run(door, chosen, has_changed=True)
    reason = str(form.get("reason") or "").strip()[:500].replace("\x00", "")
    if not reason:
        return await _dry_run(door, chosen, lacks_reason=True)
    done = [await _tell(door, row, reason=reason) for row in chosen]
    return await door.page("office_outcomes_told.html", sections=SECTIONS, done=done)


async def _tell(door: Door, row: Row, *, reason: str) -> Row:
    try:
        async with door.database.transaction() as tx:
            await outcomes.tell_outcomes(
                tx,
                row["vacancy_id"],
                Round(row["round"]),
                TellOutcomes(reason),
                actor=door.who,
                now=clock.now,
            )
    except Refused as refused:
        await audit.refused(
            door.database, refused, actor=door.who, act="tell_outcomes", subject=row["key"]
        )
        return row | {"refused": refused.sentence}
    return row | {"refused": ""}


async def _chosen(door: Door, actor: Actor, pairs: list[tuple[str, str]]) -> list[Row]:
    """The ticked rounds, or all ranked ones that match the table's filters."""
    asked, ticked = dict(pairs), {value for name, value in pairs if name == "key"}
    rows = [_keyed(row) for row in await shown.list_selections(door.database, to=actor)]
    if asked.get("which") == "all":
        words = asked.get("words", "").lower()
        return [
            row
            for row in rows
            if row["state"] == "ranked" and words in f"{row['title']} {row['host']}".lower()
        ]
    return [row for row in rows if row["key"] in ticked and row["released_at"] is not None]


Planned = tuple[Row, list[tuple[Considered, Happens]]]


async def _planned(door: Door, row: Row) -> Planned:
    vacancy_id = row["vacancy_id"]
    choices = await places.list_considered(door.database, vacancy_id, Round(row["round"]))
    free = (await places.get_places(door.database, vacancy_id)).free
    return row, outcome.plan(choices, places_free=free)


def _fingerprint(planned: list[Planned]) -> str:
    lines = sorted(
        f"{row['key']}:{row['state']}:{outcome.fingerprint(plan)}" for row, plan in planned
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


async def _dry_run(
    door: Door, chosen: list[Row], *, has_changed: bool = False, lacks_reason: bool = False
) -> Response:
    query = door.request.query_params
    planned = [await _planned(door, row) for row in chosen]
    people = [_person(row, each, happens) for row, plan in planned for each, happens in plan]
    people += [_not_chosen(row) for row, _ in planned if row["state"] != "ranked"]
    if query.get("format") == "csv":
        heads = ("Vacancy", "Host", "Applicant", "Host's rank", "Would happen", "Why")
        cells = ("title", "host", "who", "rank", "state", "why")
        return csv_of("dry-run", heads, [[each[cell] for cell in cells] for each in people])
    unusual = [each for each in people if each["is_unusual"]]
    counted = {each: sum(p["happens"] == each for p in people) for each in Happens}
    now = await clock.shown(door.database)
    offers = counted[Happens.OFFER] + counted[Happens.OFFER_TO_A_RESERVE]
    missing = {"text": gettext("Write a reason, for the record."), "href": "#reason"}
    return await door.page(
        "office_outcomes.html",
        status=409 if has_changed else 422 if lacks_reason else 200,
        sections=SECTIONS,
        chosen=chosen,
        people=people if query.get("show") == "all" else unusual,
        count=len(people),
        unusual=len(unusual),
        shows_all=query.get("show") == "all",
        offers=offers,
        told=counted[Happens.RESERVE] + counted[Happens.UNSUCCESSFUL],
        totals=[
            (gettext("Offers to make"), offers),
            (gettext("of them to a reserve"), counted[Happens.OFFER_TO_A_RESERVE]),
            (gettext("Told: reserve"), counted[Happens.RESERVE]),
            (gettext("Told: not successful"), counted[Happens.UNSUCCESSFUL]),
            (gettext("Answers due by"), await _due(door, chosen, now)),
        ],
        due=await _due(door, chosen, now, in_full=True),
        fingerprint=_fingerprint(planned),
        changed=has_changed,
        address=_address(chosen),
        errors=[missing] if lacks_reason else (),
    )


def _address(chosen: list[Row]) -> str:
    return f"{HERE}/outcomes?" + "&".join(f"key={row['key']}" for row in chosen)


async def _due(door: Door, chosen: list[Row], now: datetime, *, in_full: bool = False) -> str:
    if not chosen:
        return "–"
    row = chosen[0]
    rules = await get_rules(door.database, row["programme_id"], row["rule_set_version"])
    by = respond_by(now, rules=rules)
    return str(instants.instant(by.at, by.zone)) if in_full else instants.short(by.at, by.zone)


def _person(row: Row, each: Considered, happens: Happens) -> Row:
    words = {
        Happens.OFFER: ("Offer", ""),
        Happens.OFFER_TO_A_RESERVE: (
            "Offer to a reserve",
            gettext("Somebody before this person cannot be asked"),
        ),
        Happens.RESERVE: ("Reserve", gettext("Told to be in reserve")),
        Happens.UNSUCCESSFUL: ("Not successful", gettext("Told, with the host's reason")),
        Happens.NOTHING: ("Held back", _why_nothing(each)),
    }
    state, why = words[happens]
    is_unusual = happens is Happens.OFFER_TO_A_RESERVE or (
        happens is Happens.NOTHING and each.rank is not None
    )
    rank = "" if each.rank is None else str(each.rank)
    return {
        "title": row["title"],
        "host": row["host"],
        "who": each.name,
        "rank": f"{rank}, {gettext('reserve')}" if each.is_reserve else rank,
        "happens": happens,
        "state": state,
        "why": why,
        "is_unusual": is_unusual,
    }


def _why_nothing(each: Considered) -> str:
    if each.is_bound:
        return gettext("Has accepted another place in this cycle")
    if each.was_asked:
        return gettext("Has had an offer already")
    return gettext("The application has ended")


def _not_chosen(row: Row) -> Row:
    return {
        "title": row["title"],
        "host": row["host"],
        "who": "–",
        "rank": "",
        "happens": None,
        "state": "Refused",
        "why": gettext("The host has not chosen, or everyone is told already"),
        "is_unusual": True,
    }


def _keyed(row: Row) -> Row:
    return row | {"key": f"{row['vacancy_id']}:{row['round']}"}


def _filters(rows: list[Row]) -> tuple[Filter, ...]:
    weeks = sorted({(row["first_on"], row["last_on"]) for row in rows})
    cycles = sorted({(str(row["cycle_id"]), row["cycle_name"]) for row in rows})
    return (
        Filter("cycle", gettext("Cycle"), tuple(cycles), lambda r, v: str(r["cycle_id"]) == v),
        Filter(
            "round",
            gettext("Round"),
            (("first", gettext("First")), ("second", gettext("Second"))),
            lambda r, v: r["round"] == v,
        ),
        Filter(
            "state",
            gettext("State"),
            tuple((code, gettext(words)) for code, words in STATES),
            lambda r, v: r["state"] in (("ranked", "overdue") if v == "todo" else (v,)),
        ),
        Filter(
            "week",
            gettext("Week"),
            tuple((f"{first}", instants.days(first, last)) for first, last in weeks),
            lambda r, v: str(r["first_on"]) == v,
        ),
    )
