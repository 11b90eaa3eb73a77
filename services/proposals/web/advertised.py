"""How an advert is said: its facts in words, for applicants, for its host and for the office."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from chassis import instants
from chassis.languages import gettext as _
from chassis.languages import ngettext
from schemas.advert import Day, ProjectKind
from schemas.rules import Mode, RuleSet
from services.proposals.domain.content import Content
from services.proposals.web.choices import (
    host_kinds,
    modes,
    placement_kinds,
    words_of,
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of every code, taken together from the programmes of a university."""

    sectors: Mapping[str, str]
    categories: Mapping[str, str]
    skills: Mapping[str, str]

    @classmethod
    def of(cls, *rules: RuleSet) -> "Words":
        """Out of one rule set or several."""
        sectors: dict[str, str] = {}
        categories: dict[str, str] = {}
        skills: dict[str, str] = {}
        for each in rules:
            sectors |= words_of(each.proposal.sectors)
            categories |= words_of(each.proposal.categories)
            skills |= words_of(each.proposal.skills)
        return cls(sectors, categories, skills)


def said(words: Mapping[str, str], code: str) -> str:
    """The words of a code; a code without words is said as it is."""
    return words.get(code) or code.replace("_", " ").capitalize()


def joined(parts: list[str], mark: str = ", ") -> str:
    """What is not empty, joined."""
    return mark.join(part for part in parts if part)


def when(days: tuple[Day, ...]) -> str:
    """ "11–15 March 2024, 5 days"; scattered days are counted between the first and the last."""
    if not days:
        return ""
    on = sorted(day.on for day in days)
    count = ngettext("%(n)s day", "%(n)s days", len(on)) % {"n": len(on)}
    return f"{instants.days(on[0], on[-1])}, {count}"


def day_by_day(days: tuple[Day, ...]) -> list[str]:
    """Each day with its mode, where they differ."""
    shown = modes()
    return [
        f"{instants.day(day.on, year=False)}: {shown.get(str(day.mode), str(day.mode)).lower()}"
        for day in sorted(days, key=lambda day: day.on)
    ]


def hours(days: tuple[Day, ...], *, is_flexible: bool) -> str:
    """ "9am to 5:30pm with a break of 60 minutes: 37.5 hours"."""
    if not days:
        return ""
    total = sum(day.minutes for day in days) / 60
    first = days[0]
    if len({(day.starts, day.ends, day.break_minutes) for day in days}) == 1:
        rest = first.break_minutes
        text = _("%(starts)s to %(ends)s%(rest)s: %(total)s hours in all") % {
            "starts": instants.time_of_day(first.starts),
            "ends": instants.time_of_day(first.ends),
            "rest": _(" with a break of %(n)s minutes") % {"n": rest} if rest else "",
            "total": f"{total:g}",
        }
    else:
        text = _("%(total)s hours in all") % {"total": f"{total:g}"}
    return text + (_(". Flexible by agreement") if is_flexible else "")


def hours_here(days: tuple[Day, ...], zone: str, here: str) -> str:
    """The same hours by the clocks here, on the first of those days, where the host is abroad."""
    if not days or zone == here:
        return ""
    first = min(days, key=lambda day: day.on)
    starts, ends = (
        datetime.combine(first.on, at, ZoneInfo(zone)).astimezone(ZoneInfo(here))
        for at in (first.starts, first.ends)
    )
    return _("That is %(starts)s to %(ends)s, %(zone)s") % {
        "starts": instants.time_of_day(starts.time()),
        "ends": instants.time_of_day(ends.time()),
        "zone": instants.zone_words(starts, here),
    }


def where(content: Content) -> str:
    """ "In person, Oxford"; from home a place says nothing."""
    mode = modes().get(content.mode, "")
    if content.mode == Mode.REMOTE:
        return mode
    return joined([mode, content.city])


def facts(content: Content, words: Words, *, here: str) -> list[tuple[str, str]]:
    """What the list of facts of an advert or proposal says."""
    rows = [
        (_("When"), when(content.days)),
        (
            _("Hours"),
            joined(
                [
                    hours(content.days, is_flexible=content.hours_are_flexible),
                    hours_here(content.days, content.zone or here, here),
                ],
                ". ",
            ),
        ),
        (_("Where"), where(content)),
    ]
    if content.mode == Mode.HYBRID:
        rows.append((_("Day by day"), joined(day_by_day(content.days), "; ")))
    rows += [
        (_("Places"), str(content.places)),
        (_("Kind of work"), _kind_of_work(content, words)),
        (_("Sector"), said(words.sectors, content.sector) if content.sector else ""),
        (_("Skills"), joined([said(words.skills, code) for code in content.skills])),
        (_("Suits"), joined(list(content.disciplines))),
    ]
    return [(name, value) for name, value in rows if value]


def _kind_of_work(content: Content, words: Words) -> str:
    return joined(
        [
            said(words.categories, content.category) if content.category else "",
            placement_kinds().get(content.placement_kind, ""),
            _how_it_stands(content),
            _("with work shadowing") if content.has_work_shadowing else "",
        ],
        " · ",
    )


def _how_it_stands(content: Content) -> str:
    """In the middle of a line, where the form's own sentence would not stand."""
    words: dict[str, str] = {
        ProjectKind.STAND_ALONE: _("a project by itself"),
        ProjectKind.PART_OF_LARGER: _("part of a larger project"),
    }
    return words.get(content.project_kind, "")


def kind_of_host(code: str) -> str:
    """What sort of organisation it is."""
    return host_kinds().get(code, code)
