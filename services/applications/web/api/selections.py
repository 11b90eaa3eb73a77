"""The API of choosing and telling: hosts rank, the office tells."""

from typing import Any
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from chassis import clock, web
from chassis.actor import Role
from schemas.rules import Round
from services.applications.commands import outcomes, selections
from services.applications.domain import outcome
from services.applications.domain.outcome import TellOutcomes
from services.applications.domain.selection import Choice, OfficeDoesNotRank, RankApplications
from services.applications.store import places
from services.applications.store.rules import get_rules
from services.applications.views import selections as shown
from services.applications.web.cvs import answer_cv
from services.applications.web.recent import ask_for_recent_sign_in

api = web.api("applications")
READERS = web.Audience("host or office", web.HOST.roles | web.OFFICE.roles, scope="office")


class ChoiceOfOne(web.Body):
    """A rank, or one of the programme's reasons."""

    application_id: UUID
    rank: int | None = Field(default=None, ge=1, le=1000)
    reason_code: str | None = Field(default=None, max_length=100)
    remark: str = Field(default="", max_length=300)


class RankingBody(web.Body):
    """A host's whole choice. `seen` is the revision it was made from, where the caller says so."""

    choices: tuple[ChoiceOfOne, ...] = Field(max_length=1000)
    seen: int | None = None


class TellingBody(web.Body):
    """The office's word for one round. `fingerprint` is that of the dry run it was decided on."""

    vacancy_id: UUID
    round: Round
    reason: str = Field(max_length=500)
    fingerprint: str | None = Field(default=None, max_length=64)


@api.get("/selections", audience=READERS)
async def list_selections(door: web.TheDoor, actor: web.SignedIn) -> dict[str, Any]:
    """Every round of one's vacancies, with its state; no count before its release."""
    rows = await shown.list_selections(door.database, to=actor)
    return {"selections": [_selection(row) for row in rows]}


@api.get("/selections/{vacancy_id}/{which}", audience=READERS)
async def show_selection(
    vacancy_id: UUID, which: Round, door: web.TheDoor, actor: web.SignedIn
) -> dict[str, Any]:
    """One round: for its host, what was released; for the office, what telling would do."""
    row = await shown.show_selection(door.database, vacancy_id, which, to=actor)
    rules = await get_rules(door.database, row["programme_id"], row["rule_set_version"])
    answer = _selection(row) | {
        "reasons": [
            {"code": each.code, "words": each.words} for each in rules.telling.unsuccessful_reasons
        ]
    }
    if row["released_at"] is None:
        return answer
    if row["host_id"] in actor.hosts and actor.is_a(Role.HOST_CONTACT):
        await ask_for_recent_sign_in(door, actor)
        found = await shown.list_applications(door.database, vacancy_id, which, to=actor)
        return answer | {"applications": [_application(each) for each in found]}
    choices = await places.list_considered(door.database, vacancy_id, which)
    free = (await places.get_places(door.database, vacancy_id)).free
    planned = outcome.plan(choices, places_free=free)
    return answer | {
        "would_happen": [
            {
                "application_id": each.application_id,
                "name": each.name,
                "rank": each.rank,
                "happens": happens,
            }
            for each, happens in planned
        ],
        "fingerprint": outcome.fingerprint(planned),
    }


@api.post("/selections/{vacancy_id}/{which}", audience=READERS)
async def rank_applications(
    vacancy_id: UUID, which: Round, body: RankingBody, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Confirm a choice. The office is refused: it takes no part in choosing (R88)."""
    if not actor.is_a(Role.HOST_CONTACT):
        raise OfficeDoesNotRank
    await ask_for_recent_sign_in(door, actor)
    choices = tuple(
        Choice(each.application_id, each.rank, each.reason_code, each.remark)
        for each in body.choices
    )
    command = RankApplications(choices, seen=body.seen)
    return await door.answer(
        lambda tx: selections.rank_applications(
            tx, vacancy_id, which, command, actor=actor, now=clock.now
        )
    )


@api.get("/selections/{vacancy_id}/applications/{application_id}/cv", audience=web.HOST)
async def read_cv(
    vacancy_id: UUID, application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """The host's copy of a CV."""
    return await answer_cv(door, vacancy_id, application_id, actor=actor)


@api.post("/outcomes", audience=READERS)
async def tell_outcomes(body: TellingBody, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Give the word; the loop carries it out, one person a transaction."""
    command = TellOutcomes(body.reason, body.fingerprint)
    return await door.answer(
        lambda tx: outcomes.tell_outcomes(
            tx, body.vacancy_id, body.round, command, actor=actor, now=clock.now
        ),
        status=202,
    )


def _selection(row: dict[str, Any]) -> dict[str, Any]:
    kept = [
        "vacancy_id",
        "round",
        "title",
        "host_id",
        "host",
        "programme_id",
        "cycle_id",
        "first_on",
        "last_on",
        "places",
        "state",
        "revision",
        "opens_at",
        "closes_at",
        "host_selects_by",
        "office_tells_by",
        "released_at",
        "ranked_at",
        "told_at",
        "ranked",
        "reserves",
        "not_ranked",
        "offers_out",
        "offers_accepted",
    ]
    return {name: row[name] for name in kept} | {"applications_released": row["applications"]}


def _application(row: dict[str, Any]) -> dict[str, Any]:
    kept = [
        "application_id",
        "name",
        "facts",
        "is_live",
        "statement",
        "weeks",
        "cv_pages",
        "rank",
        "is_reserve",
        "reason_code",
        "remark",
        "read_at",
    ]
    base = f"/api/applications/v1/selections/{row['vacancy_id']}/applications"
    has_cv = row["is_live"] and row["cv_pages"]
    return {name: row[name] for name in kept} | {
        "cv": f"{base}/{row['application_id']}/cv" if has_cv else None
    }
