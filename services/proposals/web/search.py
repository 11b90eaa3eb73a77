"""Vacancies for everybody: the search with its filters, and one advert."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.door import Door
from chassis.languages import gettext as _
from chassis.paging import USUAL
from services.proposals.domain.content import Content
from services.proposals.views import programmes as programme_views
from services.proposals.views import vacancies as views
from services.proposals.views.vacancies import Asked, Found
from services.proposals.web import advertised
from services.proposals.web.advertised import Words
from services.proposals.web.choices import COUNTRIES, host_kinds, modes, pay_models
from services.proposals.web.searching import asked_by, search

pages = web.pages("/vacancies", audience=web.PUBLIC)
OPEN_FACETS = ("programme", "mode", "week")


@dataclass(frozen=True, slots=True)
class Facet:
    """One group of filters as the page shows it."""

    name: str
    legend: str
    choices: list[dict[str, Any]]
    is_closed: bool


@pages.get("")
async def search_vacancies(door: web.TheDoor) -> Response:
    """What takes applications now. The address holds the filters, so it can be kept and shared."""
    query = door.request.query_params
    given = asked_by(query.get("words", "")[:200], query.multi_items())
    known = await _known_words(door)
    asked, unknown = _without_unknown(given, known)
    now = await clock.shown(door.database)
    page = await search(
        door, asked, sort="closes_at", limit=USUAL, cursor=query.get("cursor"), now=now
    )
    is_table = query.get("view") == "table"
    return await door.page(
        "search.html",
        asked=asked,
        unknown=unknown,
        found=page.found,
        vacancies=[_result(row, known.words) for row in page.rows],
        facets=_facets(page.found, asked, known),
        applied=_applied(page.found, asked, known),
        closings=_closings(page.found),
        next_page=_address(asked, cursor=page.next, is_table=is_table) if page.next else None,
        first_page=_address(asked, is_table=is_table) if query.get("cursor") else None,
        other_view=_address(asked, is_table=not is_table),
        is_table=is_table,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """Every value a filter may have, in words."""

    words: Words
    labels: Mapping[str, Mapping[str, str]]


async def _known_words(door: Door) -> Known:
    rules = await programme_views.list_rules(door.database, to=door.who)
    words = Words.of(*rules.values())
    labels = {
        "programme": {slug: each.kind.programme_name for slug, each in rules.items()},
        "mode": modes(),
        "sector": words.sectors,
        "skill": words.skills,
        "category": words.categories,
        "host_kind": host_kinds(),
        "country": COUNTRIES,
        "round": {"first": _("First round"), "second": _("Second round")},
    }
    return Known(words, labels)


def _without_unknown(asked: Asked, known: Known) -> tuple[Asked, bool]:
    """A value nobody knows is left out, and that is said."""
    kept = {
        name: frozenset(v for v in values if _label(known, name, v) is not None)
        for name, values in asked.facets.items()
    }
    kept = {name: values for name, values in kept.items() if values}
    return Asked(asked.words, kept), kept != dict(asked.facets)


def _label(known: Known, facet: str, value: str) -> str | None:
    if facet != "week":
        return known.labels[facet].get(value)
    first, _slash, last = value.partition("/")
    try:
        return instants.days(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return None


def _legends() -> dict[str, str]:
    return {
        "programme": _("Programme"),
        "mode": _("Where the work is done"),
        "week": _("Week"),
        "sector": _("Sector"),
        "skill": _("Skills"),
        "host_kind": _("Kind of host"),
        "country": _("Country"),
        "category": _("Kind of project"),
        "round": _("Round"),
    }


def _facets(found: Found, asked: Asked, known: Known) -> list[Facet]:
    facets: list[Facet] = []
    for name, legend in _legends().items():
        chosen = asked.facets.get(name, frozenset())
        counts = dict.fromkeys(chosen, 0) | dict(found.counts[name])
        choices = [
            {
                "value": value,
                "text": _label(known, name, value) or value,
                "count": count,
                "checked": value in chosen,
            }
            for value, count in sorted(counts.items())
        ]
        if choices:
            is_closed = name not in OPEN_FACETS and not chosen
            facets.append(Facet(name, legend, choices, is_closed))
    return facets


def _applied(found: Found, asked: Asked, known: Known) -> list[dict[str, Any]]:
    """Filters in use, each with the address without it and what that would find."""
    applied: list[dict[str, Any]] = []
    if asked.words:
        rest = Asked("", asked.facets)
        applied.append({"text": asked.words, "without": _address(rest), "count": None})
    for name, values in asked.facets.items():
        for value in sorted(values):
            rest = Asked(asked.words, {**asked.facets, name: values - {value}})
            applied.append(
                {
                    "text": _label(known, name, value),
                    "without": _address(rest),
                    "count": found.count(rest.facets),
                }
            )
    return applied


def _address(asked: Asked, *, cursor: str | None = None, is_table: bool = False) -> str:
    pairs = [("words", asked.words)] if asked.words else []
    pairs += [(name, each) for name, values in asked.facets.items() for each in sorted(values)]
    pairs += [("view", "table")] if is_table else []
    pairs += [("cursor", cursor)] if cursor else []
    return "/vacancies" + (f"?{urlencode(pairs)}" if pairs else "")


def _closings(found: Found) -> list[dict[str, Any]]:
    """When what is open closes, once for each cycle."""
    known = {(row["cycle_name"], row["closes_at"], row["zone"]) for row in found.everything}
    return [
        {"cycle": cycle, "at": at, "zone": zone}
        for cycle, at, zone in sorted(known, key=lambda each: each[1])
    ]


def _result(row: dict[str, Any], words: Words) -> dict[str, Any]:
    advert = row["advert"]
    host = [
        advertised.joined([advert.host_public_name, advert.city]),
        advertised.said(words.sectors, advert.sector).lower(),
        advertised.kind_of_host(str(advert.host_kind)).lower(),
    ]
    return row | {
        "mode_words": modes().get(str(advert.mode), str(advert.mode)),
        "host": " · ".join(host),
        "host_name": advert.host_public_name,
        "when": advertised.when(advert.days),
    }


@pages.get("/{vacancy_id}")
async def show_vacancy(vacancy_id: UUID, door: web.TheDoor) -> Response:
    """One advert, from its opening on, with a sentence for every state it can be in later."""
    now = await clock.shown(door.database)
    vacancy = await views.show_vacancy(door.database, vacancy_id, now=now, to=door.who)
    rules = await programme_views.show_rules_of(
        door.database, vacancy["programme_id"], vacancy["rule_set_version"]
    )
    advert = vacancy["advert"]
    content = Content.read(advert.model_dump())
    here: str = door.request.app.state.universities[door.university].zone
    return await door.page(
        "vacancy.html",
        vacancy=vacancy,
        advert=advert,
        rules=rules,
        pay=pay_models()[rules.kind.pay_model],
        cap=rules.applying.cap_in(vacancy["round"]),
        facts=advertised.facts(content, Words.of(rules), here=here),
        host_kind=advertised.kind_of_host(str(advert.host_kind)),
    )
