"""Pages of hosts: which vacancy waits, reading what was released, ranking, and confirming it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from chassis import audit, clock, web
from chassis.actor import Actor
from chassis.decision import Refused
from chassis.door import Door
from chassis.languages import gettext
from schemas.rules import Round, RuleSet
from services.applications.commands import reading, selections
from services.applications.domain.selection import RankApplications, SelectionIsNotYours, in_order
from services.applications.store.rules import get_rules
from services.applications.store.selections import find_selection
from services.applications.views import selections as shown
from services.applications.web import ranking
from services.applications.web.cvs import answer_cv
from services.applications.web.recent import ask_for_recent_sign_in

pages = web.pages("/selections", audience=web.HOST)
WhichRound = Annotated[Round | None, Query(alias="round")]
"""`?round=second`; left out, the round that was released last."""

TO_CHOOSE = ("overdue", "released")


@pages.get("")
async def list_vacancies(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Every vacancy of one's host, the most urgent choice first."""
    rows = await shown.list_selections(door.database, to=actor)
    waiting = [row for row in rows if row["state"] in TO_CHOOSE and row["applications"]]
    return await door.page("selections.html", rows=rows, first=next(iter(waiting), None))


@pages.get("/{vacancy_id}")
async def choose(
    vacancy_id: UUID, door: web.TheDoor, actor: web.SignedIn, asked: WhichRound = None
) -> Response:
    """Read and rank. Before the release there is no such page."""
    row = await _released(door, vacancy_id, asked, actor)
    return await _choosing(door, row, actor, done=door.request.query_params.get("done", ""))


@pages.post("/{vacancy_id}")
async def keep_choice(
    vacancy_id: UUID, door: web.TheDoor, actor: web.SignedIn, asked: WhichRound = None
) -> Response:
    """Keep what is typed; go on to check it where nothing is amiss."""
    row = await _released(door, vacancy_id, asked, actor)
    which = Round(row["round"])
    people = await shown.list_applications(door.database, vacancy_id, which, to=actor)
    live = {each["application_id"]: each["name"] for each in people if each["is_live"]}
    draft = ranking.draft_of(door.typed, live)
    try:
        await door.run(
            lambda tx: selections.keep_draft_of_choice(
                tx, vacancy_id, which, draft, actor=actor, now=clock.now
            )
        )
    except Refused as refused:
        return await _choosing(door, row, actor, refused=refused)
    address = f"/selections/{vacancy_id}"
    if (door.form or {}).get("then") != "check":
        return door.see_other(f"{address}?round={which}&done=saved")
    if slips := ranking.slips_in(draft, live):
        row |= {"draft": draft}
        return await _choosing(door, row, actor, slips=slips)
    return door.see_other(f"{address}/check?round={which}")


@pages.get("/{vacancy_id}/check")
async def check_choice(
    vacancy_id: UUID, door: web.TheDoor, actor: web.SignedIn, asked: WhichRound = None
) -> Response:
    """Places, reserves and reasons as they will be told; nothing is decided yet."""
    row = await _released(door, vacancy_id, asked, actor)
    return await _checking(door, row, actor)


@pages.post("/{vacancy_id}/check")
async def confirm_choice(
    vacancy_id: UUID, door: web.TheDoor, actor: web.SignedIn, asked: WhichRound = None
) -> Response:
    """Confirm the choice; if something changed meanwhile, show it anew."""
    row = await _released(door, vacancy_id, asked, actor)
    which = Round(row["round"])
    seen = str((door.form or {}).get("seen", ""))
    command = RankApplications(
        ranking.choices_in(row["draft"]), seen=int(seen) if seen.isdecimal() else None
    )
    try:
        await door.run(
            lambda tx: selections.rank_applications(
                tx, vacancy_id, which, command, actor=actor, now=clock.now
            )
        )
    except Refused as refused:
        row = await _released(door, vacancy_id, which, actor)
        return await _choosing(door, row, actor, refused=refused)
    return door.see_other(f"/selections/{vacancy_id}?round={which}&done=confirmed")


@pages.get("/{vacancy_id}/{application_id}")
async def read_application(
    vacancy_id: UUID, application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Read one. The mark is for the reader alone, and decides nothing."""
    person, row = await _one(door, vacancy_id, application_id, actor)
    async with door.database.transaction() as tx:
        await reading.mark_read(tx, application_id, actor=actor, now=clock.now)
        await audit.viewed(tx, actor=actor, act="ApplicationViewed", subject=application_id)
    people = await shown.list_applications(door.database, vacancy_id, Round(row["round"]), to=actor)
    ids = [each["application_id"] for each in people if each["is_live"]]
    after = ids[ids.index(application_id) + 1 :] if application_id in ids else ids
    return await door.page(
        "selection_application.html",
        row=row,
        applicant=person | {"about": about(person)},
        next_one=next(iter(after), None),
    )


@pages.post("/{vacancy_id}/{application_id}")
async def keep_note(
    vacancy_id: UUID, application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Keep a note to oneself."""
    await _one(door, vacancy_id, application_id, actor)
    note = str((door.form or {}).get("note", ""))[:2000].replace("\x00", "")
    await door.run(
        lambda tx: reading.keep_note(tx, application_id, note, actor=actor, now=clock.now)
    )
    return door.see_other(f"/selections/{vacancy_id}/{application_id}")


@pages.get("/{vacancy_id}/{application_id}/cv")
async def read_cv(
    vacancy_id: UUID, application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """The host's copy of a CV."""
    return await answer_cv(door, vacancy_id, application_id, actor=actor)


# ---- what the pages are made of ----


async def _released(
    door: Door, vacancy_id: UUID, which: Round | None, actor: Actor
) -> dict[str, Any]:
    row = await shown.show_selection(door.database, vacancy_id, which, to=actor)
    if row["released_at"] is None or row["host_id"] not in actor.hosts:
        raise SelectionIsNotYours
    await ask_for_recent_sign_in(door, actor)
    return row


async def _one(
    door: Door, vacancy_id: UUID, application_id: UUID, actor: Actor
) -> tuple[dict[str, Any], dict[str, Any]]:
    person = await shown.show_application(door.database, application_id, to=actor)
    if person["vacancy_id"] != vacancy_id:
        raise SelectionIsNotYours
    return person, await _released(door, vacancy_id, Round(person["round"]), actor)


async def _choosing(
    door: Door,
    row: dict[str, Any],
    actor: Actor,
    *,
    slips: list[ranking.Slip] | None = None,
    refused: Refused | None = None,
    done: str = "",
) -> Response:
    which = Round(row["round"])
    people = await shown.list_applications(door.database, row["vacancy_id"], which, to=actor)
    rules = await get_rules(door.database, row["programme_id"], row["rule_set_version"])
    held = await find_selection(door.database, row["vacancy_id"], which)
    places = held.places if held else row["places"]
    now = await clock.shown(door.database)
    draft = row["draft"] or _draft_from(people)
    if kept := await door.kept_form():  # typed before they had to sign in again
        live = {each["application_id"]: each["name"] for each in people if each["is_live"]}
        draft = ranking.draft_of(kept, live)
    errors = {slip.field: slip.sentence for slip in slips or ()}
    return await door.page(
        "selection.html",
        status=refused.status if refused else 422 if slips else 200,
        row=row,
        places=places,
        people=_people(people, draft, errors, places=places, rules=rules),
        reasons=_reasons(rules),
        can_choose=_can_choose(row, now),
        refused=refused,
        errors=[{"text": words, "href": f"#{name}"} for name, words in errors.items()],
        notice=_NOTICES.get(done),
    )


_NOTICES = {
    "saved": "Your numbers and reasons are kept. Nothing is decided yet.",
    "confirmed": "Your choice is confirmed.",
}


async def _checking(door: Door, row: dict[str, Any], actor: Actor) -> Response:
    which = Round(row["round"])
    people = await shown.list_applications(door.database, row["vacancy_id"], which, to=actor)
    live = {each["application_id"]: each["name"] for each in people if each["is_live"]}
    draft: ranking.Draft = row["draft"]
    if not draft or ranking.slips_in(draft, live):
        return door.see_other(f"/selections/{row['vacancy_id']}?round={which}")
    rules = await get_rules(door.database, row["programme_id"], row["rule_set_version"])
    held = await find_selection(door.database, row["vacancy_id"], which)
    places = held.places if held else row["places"]
    choices = ranking.choices_in(draft)
    words = {each.code: each.words for each in rules.telling.unsuccessful_reasons}
    named = [
        (choice, {"name": live.get(choice.application_id, "?")})
        for choice in in_order(choices, places=places)
    ]
    return await door.page(
        "selection_check.html",
        row=row,
        places=places,
        closed_gap=ranking.has_gap(choices),
        chosen=[p for c, p in named if c.rank and not c.is_reserve],
        reserves=[p for c, p in named if c.is_reserve],
        refused_people=[
            p | {"reason_words": words.get(c.reason_code or "", "")} for c, p in named if not c.rank
        ],
    )


def _can_choose(row: dict[str, Any], now: Any) -> bool:
    if row["state"] == "ranked":
        return now < row["host_selects_by"].at
    return row["state"] in TO_CHOOSE and row["vacancy_status"] != "withdrawn"


def _draft_from(people: list[dict[str, Any]]) -> ranking.Draft:
    """The confirmed choice, to be changed."""
    return {
        str(each["application_id"]): {
            "rank": str(each["rank"] or ""),
            "reason": each["reason_code"] or "",
        }
        for each in people
    }


def _people(
    people: list[dict[str, Any]],
    draft: ranking.Draft,
    errors: dict[str, str],
    *,
    places: int,
    rules: RuleSet,
) -> list[dict[str, Any]]:
    words = {each.code: each.words for each in rules.telling.unsuccessful_reasons}
    placed = ranking.places_of(draft, places=places)
    shown_people: list[dict[str, Any]] = []
    for each in people:
        key = str(each["application_id"])
        given = draft.get(key, {"rank": "", "reason": ""})
        shown_people.append(
            each
            | {
                "about": about(each),
                "typed_rank": given["rank"],
                "typed_reason": given["reason"],
                "place": placed.get(key, ""),
                "reason_words": words.get(each["reason_code"] or "", ""),
                "rank_error": errors.get(f"rank-{key}", ""),
                "reason_error": errors.get(f"reason-{key}", ""),
            }
        )
    return shown_people


def _reasons(rules: RuleSet) -> list[dict[str, str]]:
    first = {"value": "", "text": gettext("Choose a reason")}
    named = rules.telling.unsuccessful_reasons
    return [first, *({"value": each.code, "text": each.words} for each in named)]


def about(person: dict[str, Any]) -> str:
    """What the programme shows of a person: level and course."""
    facts: dict[str, Any] = person["facts"]
    level = str(facts.get("level", "")).replace("_", " ").replace("-", " ")
    known = [words for words in (level, str(facts.get("course", ""))) if words]
    return ", ".join(known)[:1].upper() + ", ".join(known)[1:]
