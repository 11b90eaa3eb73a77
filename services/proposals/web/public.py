"""Pages for everybody: the way in, what the programmes are, their rules, and what we promise."""

from datetime import datetime
from typing import Any

from starlette.responses import Response

from chassis import clock, web
from chassis.decision import NotFound
from chassis.door import Door
from services.proposals.views import programmes as views
from services.proposals.views import vacancies as vacancy_views
from services.proposals.views.vacancies import Asked
from services.proposals.web.choices import modes, pay_models
from services.proposals.web.problems import PROBLEMS
from services.proposals.web.rules_in_words import differences, sections_of

pages = web.pages("", audience=web.PUBLIC)
offices = web.pages("/office", audience=web.OFFICE)


@pages.get("/")
async def show_start(door: web.TheDoor) -> Response:
    """Find your door: what the programmes are, the dates that come next, and two ways on."""
    now = await clock.shown(door.database)
    cycles = await views.list_cycles(door.database, to=door.who)
    found = await vacancy_views.search_vacancies(door.database, Asked(), now=now, to=door.who)
    rules = await views.list_rules(door.database, to=door.who)
    present = [each for each in cycles if each["status"] != "draft" and not _is_over(each, now)]
    return await door.page(
        "start.html",
        rules=rules,
        cycles=[each | {"phase": phase_of(each, now)} for each in present],
        open_now=len(found.rows),
    )


def _is_over(cycle: dict[str, Any], now: datetime) -> bool:
    return cycle["dates"].ends_on < now.date()


def phase_of(cycle: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What applicants can expect of a cycle now: the round that is open, closed, or next."""
    rounds = sorted(cycle["dates"].rounds, key=lambda each: each.opens_at.at)
    for each in rounds:
        if each.opens_at.at <= now < each.closes_at.at:
            return {"is": "open", "until": each.closes_at}
    closed = [each for each in rounds if each.closes_at.at <= now]
    ahead = [each for each in rounds if now < each.opens_at.at]
    if closed:
        following = ahead[0].opens_at if ahead else None
        return {"is": "closed", "at": closed[-1].closes_at, "following": following}
    return {"is": "ahead", "from": ahead[0].opens_at}


@pages.get("/programmes")
async def list_programmes(door: web.TheDoor) -> Response:
    """The programmes, with the cycles that are promised."""
    rules = await views.list_rules(door.database, to=door.who)
    cycles = await views.list_cycles(door.database, to=door.who)
    promised = [each for each in cycles if each["status"] != "draft"]
    programmes = await views.list_programmes(door.database, to=door.who)
    return await door.page("programmes.html", programmes=programmes, rules=rules, cycles=promised)


@pages.get("/programmes/{slug}")
async def show_programme(slug: str, door: web.TheDoor) -> Response:
    """A programme under the rules in force."""
    return await _rules(door, slug, None)


@pages.get("/programmes/{slug}/rules/{version}")
async def show_rules(slug: str, version: int, door: web.TheDoor) -> Response:
    """One version of the rules, with what differs from the one before (R99, R103)."""
    return await _rules(door, slug, version)


async def _rules(door: Door, slug: str, version: int | None) -> Response:
    shown = await views.show_rules(door.database, slug, version, to=door.who)
    versions = await views.list_versions(door.database, slug, to=door.who)
    before = None
    if shown["version"] > 1:
        older = await views.show_rules(door.database, slug, shown["version"] - 1, to=door.who)
        before = older["rules"]
    cycles = await views.list_cycles(door.database, to=door.who)
    return await door.page(
        "programme.html",
        programme=shown,
        rules=shown["rules"],
        sections=sections_of(shown["rules"]),
        changes=differences(before, shown["rules"]) if before else [],
        versions=versions,
        pay=pay_models()[shown["rules"].kind.pay_model],
        modes=modes(),
        cycles=[c for c in cycles if c["programme"] == slug and c["status"] != "draft"],
    )


@pages.get("/privacy")
async def show_privacy(door: web.TheDoor) -> Response:
    """What we keep of people, and for how long."""
    rules = await views.list_rules(door.database, to=door.who)
    return await door.page("privacy.html", rules=rules)


@pages.get("/accessibility")
async def show_accessibility(door: web.TheDoor) -> Response:
    """How these pages can be used, and whom to tell where they cannot."""
    return await door.page("accessibility.html")


class NoSuchProblem(NotFound):
    """We cannot find this page."""


@pages.get("/problems/{slug}")
async def show_problem(slug: str, door: web.TheDoor) -> Response:
    """What a kind of problem means, for programs that meet it."""
    if slug not in PROBLEMS:
        raise NoSuchProblem
    status, words = PROBLEMS[slug]
    return await door.page("problem.html", slug=slug, meaning=words, code=status)


@offices.get("")
async def lead_to_the_cycle(door: web.TheDoor) -> Response:
    """The office begins with the cycle at a glance, which applications shows."""
    return door.see_other("/office/applications")
