"""Vacancies for programs: the public search, one advert, and what host and office do with them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from chassis import clock, web
from chassis.fields import Text
from chassis.paging import MOST, USUAL
from schemas.proposals import VacancyWithdrawal
from services.proposals.commands import vacancies as commands
from services.proposals.domain.second_round import ReadvertiseVacancy
from services.proposals.domain.vacancy import WithdrawVacancy
from services.proposals.views import vacancies as views
from services.proposals.web.searching import Sort, asked_by, search

api = web.api("proposals")
Values = Annotated[list[str] | None, Query()]


class WithdrawalOfVacancy(web.Body):
    """Who withdraws it and why, as those who applied will read it."""

    because: Literal[VacancyWithdrawal.BY_HOST, VacancyWithdrawal.BY_OFFICE]
    reason: Annotated[str, Text(most=2000, lines=True)]


@api.get("/vacancies", audience=web.PUBLIC)
async def search_vacancies(
    door: web.TheDoor,
    words: Annotated[str, Query(max_length=200)] = "",
    programme: Values = None,
    mode: Values = None,
    week: Values = None,
    sector: Values = None,
    skill: Values = None,
    host_kind: Values = None,
    country: Values = None,
    category: Values = None,
    round: Values = None,  # noqa: A002 - the facet's name
    sort: Sort = "closes_at",
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> dict[str, Any]:
    """What takes applications at this instant, with the number each value of a facet would give."""
    given = {
        "programme": programme,
        "mode": mode,
        "week": week,
        "sector": sector,
        "skill": skill,
        "host_kind": host_kind,
        "country": country,
        "category": category,
        "round": round,
    }
    pairs = ((name, value) for name, values in given.items() for value in values or ())
    asked = asked_by(words, pairs)
    now = await clock.shown(door.database)
    page = await search(door, asked, sort=sort, limit=limit, cursor=cursor, now=now)
    return {
        "vacancies": page.rows,
        "found": len(page.found.rows),
        "facets": page.found.counts,
        "next": page.next,
    }


@api.get("/vacancies/{vacancy_id}", audience=web.PUBLIC)
async def show_vacancy(vacancy_id: UUID, door: web.TheDoor) -> dict[str, Any]:
    """One vacancy, once it has opened."""
    now = await clock.shown(door.database)
    return await views.show_vacancy(door.database, vacancy_id, now=now, to=door.who)


@api.get("/cycles/{cycle_id}/vacancies")
async def list_vacancies_of_cycle(
    cycle_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> dict[str, Any]:
    """Every vacancy of a cycle for the office, a host's own for the host, with its places."""
    now = await clock.shown(door.database)
    found = await views.list_vacancies_of_cycle(door.database, cycle_id, now=now, to=actor)
    return {"vacancies": found}


@api.post("/vacancies/{vacancy_id}/withdraw")
async def withdraw_vacancy(
    vacancy_id: UUID, body: WithdrawalOfVacancy, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Take a vacancy back: as its host, or as the office."""
    command = WithdrawVacancy(vacancy_id, body.because, body.reason)
    return await door.answer(
        lambda tx: commands.withdraw_vacancy(tx, command, actor=actor, now=clock.now)
    )


@api.post("/vacancies/{vacancy_id}/readvertise", audience=web.OFFICER)
async def readvertise_vacancy(vacancy_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Put a vacancy with free places into the second round."""
    command = ReadvertiseVacancy(vacancy_id)
    return await door.answer(
        lambda tx: commands.readvertise_vacancy(tx, command, actor=actor, now=clock.now)
    )
