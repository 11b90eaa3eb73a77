"""The public search, for pages and programs alike: what was asked, and one page of what was found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from chassis.door import Door
from chassis.paging import Cursors
from services.proposals.views import vacancies as views
from services.proposals.views.vacancies import FACETS, Asked, Found

Sort = Literal["closes_at", "title", "published_at"]


@dataclass(frozen=True, slots=True)
class PageOfVacancies:
    """One page of a search."""

    found: Found
    rows: list[dict[str, Any]]
    next: str | None  # the cursor of the next page


def asked_by(words: str, given: Iterable[tuple[str, str]]) -> Asked:
    """What was asked; a facet nobody knows is left out."""
    facets: dict[str, set[str]] = {}
    for name, value in given:
        if name in FACETS and value:
            facets.setdefault(name, set()).add(value)
    return Asked(words.strip(), {name: frozenset(values) for name, values in facets.items()})


async def search(
    door: Door, asked: Asked, *, sort: Sort, limit: int, cursor: str | None, now: datetime
) -> PageOfVacancies:
    """Search, and cut the page that begins after the cursor."""
    cursors = Cursors(door.request.app.state.keys)
    of = f"vacancies {door.university} {sort} {_said(asked.words, asked.facets)}"
    position = cursors.opened(cursor, of=of)
    found = await views.search_vacancies(door.database, asked, now=now, sort=sort, to=door.who)
    rows = views.rows_after(found.rows, position, sort)
    page, rest = rows[:limit], rows[limit:]
    following = cursors.sealed(views.position_of(page[-1], sort), of=of) if rest else None
    adverts = await views.list_adverts(door.database, [row["vacancy_id"] for row in page])
    return PageOfVacancies(
        found, [row | {"advert": adverts[row["vacancy_id"]]} for row in page], following
    )


def _said(words: str, facets: Mapping[str, frozenset[str]]) -> str:
    return repr((words, sorted((name, sorted(values)) for name, values in facets.items())))
