"""What a proposal says, what of it is still missing, and the advert that it becomes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from schemas.advert import Advert, Day, Project
from schemas.cycle import CycleDates, Week
from schemas.proposals import HostFacts
from schemas.rules import Mode, Rhythm, RuleSet, WeekChoice

CountWords = Callable[[str], int]
OF_A_PROJECT = ("scope", "tasks", "deliverables", "learning")


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who looks after the intern, as the host names the person; an account follows on sending."""

    name: str
    mail_address: str


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a host says. Empty is what was not answered yet."""

    title: str = ""
    projects: tuple[Project, ...] = ()
    project_kind: str = ""
    placement_kind: str = ""
    strategic_focus: str = ""
    supervision: str = ""
    supervisor: Supervisor | None = None
    supervisor_ref: UUID | None = None
    has_work_shadowing: bool = False
    skills: tuple[str, ...] = ()
    sector: str = ""
    category: str = ""
    disciplines: tuple[str, ...] = ()
    country: str = ""
    region: str = ""
    city: str = ""
    mode: str = ""
    days: tuple[Day, ...] = ()
    hours_are_flexible: bool = False
    places: int = 1
    zone: str = ""

    @classmethod
    def read(cls, held: Mapping[str, Any]) -> "Content":
        """Out of a stored draft or revision. What a later version of the form added is left out."""
        known = {name.name for name in fields(cls)}
        values = {name: value for name, value in held.items() if name in known}
        for name, kind in (("projects", Project), ("days", Day)):
            if name in values:
                values[name] = tuple(kind.model_validate(each) for each in values[name])
        for name in ("skills", "disciplines"):
            if name in values:
                values[name] = tuple(values[name])
        if values.get("supervisor"):
            values["supervisor"] = Supervisor(**values["supervisor"])
        if values.get("supervisor_ref"):
            values["supervisor_ref"] = UUID(str(values["supervisor_ref"]))
        return cls(**values)

    def held(self) -> dict[str, Any]:
        """As it is stored."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["projects"] = [each.model_dump(mode="json") for each in self.projects]
        values["days"] = [each.model_dump(mode="json") for each in self.days]
        values["supervisor"] = asdict(self.supervisor) if self.supervisor else None
        values["supervisor_ref"] = str(self.supervisor_ref) if self.supervisor_ref else None
        values["skills"], values["disciplines"] = list(self.skills), list(self.disciplines)
        return values

    def minutes_by_week(self) -> dict[tuple[int, int], int]:
        """Working time of each calendar week, unpaid breaks deducted (R39)."""
        weeks: dict[tuple[int, int], int] = {}
        for day in self.days:
            year, week, _ = day.on.isocalendar()
            weeks[year, week] = weeks.get((year, week), 0) + day.minutes
        return weeks


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that keeps a proposal from being sent: the field, a code, a sentence."""

    field: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A content with all that it is judged by."""

    content: Content
    rules: RuleSet
    dates: CycleDates
    count_words: CountWords


def list_gaps(
    content: Content, *, rules: RuleSet, dates: CycleDates, count_words: CountWords
) -> tuple[Gap, ...]:
    """All that is missing or out of bounds, in the order in which the form asks."""
    judged = Judged(content, rules, dates, count_words)
    found = (
        *_words_that_are_missing(judged),
        *_choices_that_are_unknown(judged),
        *_people_who_are_missing(judged),
        *_places_out_of_bounds(judged),
        *_days_out_of_bounds(judged),
        *_hours_out_of_bounds(judged),
    )
    return tuple({gap.field: gap for gap in found}.values())  # the nearest sentence of each field


def _words_that_are_missing(judged: Judged) -> Iterator[Gap]:
    for asked in judged.rules.proposal.required:
        for pointer, text in _texts(judged.content, asked.field):
            if not text:
                yield Gap(pointer, "required", "Fill this in.")
            elif judged.count_words(text) < asked.least_words and asked.least_words > 1:
                yield Gap(pointer, "too-short", _too_short(judged, text, asked.least_words))


def _too_short(judged: Judged, text: str, least: int) -> str:
    return f"Write at least {least} words; this has {judged.count_words(text)}."


def _texts(content: Content, name: str) -> Iterator[tuple[str, str]]:
    """The texts behind a required field's name: one, or one for each project."""
    if name in OF_A_PROJECT:
        for number, project in enumerate(content.projects or (_NOTHING,)):
            yield f"projects/{number}/{name}", getattr(project, name)
    elif hasattr(content, name):
        value = getattr(content, name)
        yield name, value if isinstance(value, str) else "given" if value else ""


_NOTHING = Project(title="", scope="", tasks="", deliverables="")


def _choices_that_are_unknown(judged: Judged) -> Iterator[Gap]:
    content, asked = judged.content, judged.rules.proposal
    known = {
        "sector": {named.code for named in asked.sectors},
        "category": {named.code for named in asked.categories},
        "mode": {str(mode) for mode in asked.modes},
    }
    for name, codes in known.items():
        value: str = getattr(content, name)
        if value and value not in codes:
            yield Gap(name, "unknown-value", "Choose one of the answers given.")
    if not set(content.skills) <= {named.code for named in asked.skills}:
        yield Gap("skills", "unknown-value", "Choose one of the answers given.")
    for name in ("project_kind", "placement_kind"):
        if not getattr(content, name):
            yield Gap(name, "required", "Choose an answer.")


def _people_who_are_missing(judged: Judged) -> Iterator[Gap]:
    content = judged.content
    is_named = content.supervisor is not None or content.supervisor_ref is not None
    if judged.rules.proposal.supervisor_is_required and not is_named:  # R51
        yield Gap("supervisor", "required", "Name the person who looks after the intern.")


def _places_out_of_bounds(judged: Judged) -> Iterator[Gap]:
    content, asked = judged.content, judged.rules.proposal
    if not 1 <= content.places <= asked.places_most:
        yield Gap("places", "range", f"Give between 1 and {asked.places_most} places.")
    if len(content.projects) > asked.projects_most:
        yield Gap("projects", "too-many", f"Give at most {asked.projects_most} projects.")
    if not content.projects:
        yield Gap("projects", "required", "Describe the project.")
    if not content.country:
        yield Gap("country", "required", "Say in which country it takes place.")
    if content.mode in (Mode.IN_PERSON, Mode.HYBRID) and not content.city:
        yield Gap("city", "required", "Say in which town it takes place.")


def _days_out_of_bounds(judged: Judged) -> Iterator[Gap]:
    content, asked = judged.content, judged.rules.proposal
    count = len({day.on for day in content.days})
    least, most = asked.days_least or 1, asked.days_most
    if not content.days:
        yield Gap("days", "required", "Choose the days.")
    elif count < len(content.days):
        yield Gap("days", "duplicate", "Name each day once.")
    elif count < least or (most is not None and count > most):  # R2, R28
        bounds = f"{least} to {most} days" if most else f"at least {least} days"
        yield Gap("days", "range", f"Choose {bounds}.")
    elif not _lie_in_the_cycle(content.days, judged):
        yield Gap("days", "outside-weeks", _outside(judged.dates))
    elif modes := _modes_that_differ(content):
        yield Gap("days", "mode", modes)


def _lie_in_the_cycle(days: tuple[Day, ...], judged: Judged) -> bool:
    dates = judged.dates
    if not dates.weeks or judged.rules.kind.rhythm == Rhythm.ROLLING:
        return all(dates.starts_on <= day.on <= dates.ends_on for day in days)
    weeks = {_week_of(day.on, dates.weeks) for day in days}
    is_one = len(weeks) == 1 or dates.week_choice == WeekChoice.MAY_SPAN  # R35, R66
    return None not in weeks and is_one


def _week_of(on: date, weeks: tuple[Week, ...]) -> str | None:
    return next((week.name for week in weeks if week.first_on <= on <= week.last_on), None)


def _outside(dates: CycleDates) -> str:
    if not dates.weeks:
        return f"Choose days between {dates.starts_on} and {dates.ends_on}."
    choice = "in one of the weeks" if dates.week_choice == WeekChoice.ONE_ONLY else "in the weeks"
    return f"Choose days {choice} of the cycle: {', '.join(week.name for week in dates.weeks)}."


def _modes_that_differ(content: Content) -> str:
    modes = {str(day.mode) for day in content.days}
    if content.mode == Mode.HYBRID:
        if modes != {Mode.IN_PERSON, Mode.REMOTE}:  # R36
            return "Say which days are in person and which are remote."
    elif content.mode and modes != {content.mode}:
        return "These days are not spent in the way the placement is."
    return ""


def _hours_out_of_bounds(judged: Judged) -> Iterator[Gap]:
    content, asked = judged.content, judged.rules.proposal
    if any(day.minutes <= 0 for day in content.days):
        yield Gap("hours", "range", "Each day ends after it starts, with its break deducted.")
        return
    weeks = content.minutes_by_week()
    most = max(weeks.values(), default=0)
    if most > asked.hours_per_week_most * 60:
        yield Gap("hours", "range", _hours(f"At most {asked.hours_per_week_most:g}", most))
    least = min(weeks.values(), default=0)
    if asked.hours_per_week_least and weeks and least < asked.hours_per_week_least * 60:
        yield Gap("hours", "range", _hours(f"At least {asked.hours_per_week_least:g}", least))
    total = sum(weeks.values())
    if asked.hours_total and total > asked.hours_total * 60:
        yield Gap(
            "hours", "range", f"At most {asked.hours_total:g} hours in all, not {total / 60:g}."
        )


def _hours(bound: str, minutes: int) -> str:
    return f"{bound} hours a week, breaks deducted; this comes to {minutes / 60:g}."


def list_hints(content: Content, *, rules: RuleSet) -> tuple[str, ...]:
    """What a screener may want to look at. Hints help and never decide."""
    hints: list[str] = []
    holidays = [day.on for day in content.days if day.on in rules.calendar.bank_holidays]
    hints += [f"{on:%A} {on.day} {on:%B %Y} is a bank holiday." for on in holidays]
    weekends = [day.on for day in content.days if day.on.isoweekday() in rules.calendar.weekend]
    hints += [f"{on:%A} {on.day} {on:%B %Y} is at the weekend." for on in weekends]
    if content.supervisor is None and content.supervisor_ref is None:
        hints.append("No supervisor is named.")
    most = max(content.minutes_by_week().values(), default=0)
    if most > rules.proposal.hours_per_week_most * 60:
        hints.append(_hours(f"More than {rules.proposal.hours_per_week_most:g}", most))
    if any(not project.learning for project in content.projects):
        hints.append("What the intern learns is not said.")
    return tuple(hints)


def advert_of(content: Content, *, host: HostFacts, rules: RuleSet, dates: CycleDates) -> Advert:
    """The advert that a proposal becomes, with the host as it is on the day of its screening."""
    return Advert(
        title=content.title,
        projects=content.projects,
        project_kind=content.project_kind,
        placement_kind=content.placement_kind,
        strategic_focus=content.strategic_focus,
        supervision=content.supervision,
        supervisor_ref=content.supervisor_ref,
        has_work_shadowing=content.has_work_shadowing,
        skills=content.skills,
        sector=content.sector or host.sector,
        category=content.category,
        disciplines=content.disciplines,
        host_public_name=host.public_name,
        host_kind=host.kind,
        host_profit_status=host.profit_status,
        host_region=host.region,
        country=content.country,
        region=content.region or host.region,
        city=content.city if content.mode != Mode.REMOTE else "",
        mode=content.mode,
        days=tuple(sorted(content.days, key=lambda day: day.on)),
        hours_are_flexible=content.hours_are_flexible,
        places=content.places,
        pay_model=rules.kind.pay_model,
        programme_name=dates.programme_name,
        cycle_name=dates.cycle_name,
        zone=content.zone or host.zone,
    )


def weeks_of(days: tuple[Day, ...], dates: CycleDates) -> tuple[str, ...]:
    """The cycle's weeks that a placement lies in, as `2024-03-11/2024-03-15`: what people filter by.

    By dates, since every cycle has a ninth week.
    """
    found = [
        f"{week.first_on}/{week.last_on}"
        for week in dates.weeks
        if any(week.first_on <= day.on <= week.last_on for day in days)
    ]
    return tuple(sorted(found))
