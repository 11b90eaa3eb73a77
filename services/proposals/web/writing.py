"""The guided form of a proposal: six steps, one theme each. Nothing must be answered to be kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, time, timedelta
from typing import Annotated, Any

from chassis.faults import Fault
from chassis.fields import Address, Day, Email, Text, Whole, Words
from chassis.forms import Form, FormFaults, asks
from schemas.advert import Day as PlacementDay
from schemas.advert import PlacementKind, Project, ProjectKind
from schemas.cycle import CycleDates
from schemas.rules import Mode, RuleSet
from services.proposals.domain.content import Content, Gap, Supervisor
from services.proposals.web.choices import (
    Country,
    Region,
    countries,
    modes,
    placement_kinds,
    project_kinds,
    regions,
    words_of,
)

Prose = Annotated[str, Words(least=0)]
Line = Annotated[str, Text(least=0, most=200)]
Answers = Mapping[str, Any]


class ProjectStep(Form):
    """Project and need."""

    title: Line = asks("Title", hint="As applicants read it in the list", default="")
    scope: Prose = asks(
        "What it is about, and the need it meets",
        hint="What is the question or task, and why does it matter to you?",
        default="",
    )
    strategic_focus: Prose = asks("What your organisation is working towards", default="")
    category: str | None = asks("Kind of project", control="select", default=None)
    sector: str | None = asks("Sector", control="select", default=None)
    project_kind: ProjectKind | None = asks(
        "How it stands", choices=project_kinds(), control="radios", default=None
    )
    placement_kind: PlacementKind | None = asks(
        "What the work is like", choices=placement_kinds(), control="radios", default=None
    )


class TasksStep(Form):
    """Tasks and end product."""

    tasks: Prose = asks("What the intern does", hint="One task a line", default="")
    deliverables: Prose = asks("What will be there at the end", default="")
    learning: Prose = asks("What the intern learns", default="")


class SupervisionStep(Form):
    """Supervision."""

    supervision: Prose = asks(
        "How the intern is looked after", hint="Who is there, and when do you talk?", default=""
    )
    supervisor_name: Line = asks(
        "Name of the supervisor", hint="The person who looks after the intern", default=""
    )
    supervisor_email: Annotated[Address, Email()] | None = asks(
        "The supervisor's e-mail address", hint="Shown to nobody before a placement", default=None
    )
    has_work_shadowing: bool = asks("The intern shadows people at work", default=False)


class WhenStep(Form):
    """When, hours, where."""

    mode: Mode | None = asks(
        "Where the work is done", choices=modes(), control="radios", default=None
    )
    days: tuple[str, ...] = asks("Days", control="checkboxes", default=())
    remote_days: tuple[str, ...] = asks(
        "Which of these are remote",
        hint="In a hybrid placement only",
        control="checkboxes",
        default=(),
    )
    starts: Line = asks("Work starts at", hint="Like 09:00", default="")
    ends: Line = asks("Work ends at", hint="Like 17:30", default="")
    break_minutes: Annotated[int, Whole(least=0, most=240)] | None = asks(
        "Unpaid break in minutes", hint="It is deducted from the hours", default=None
    )
    hours_are_flexible: bool = asks("The hours can be moved by agreement", default=False)
    city: Line = asks("Town", hint="Not needed when all is remote", default="")
    region: Region | None = asks("Region", choices=regions(), control="select", default=None)
    country: Annotated[str, Country()] | None = asks("Country", control="select", default=None)


class WhenRollingStep(WhenStep):
    """When, hours, where, in a programme without stated weeks: the first day and how many."""

    first_on: Annotated[date, Day()] | None = asks("First day", default=None)
    working_days: Annotated[int, Whole(least=1, most=200)] | None = asks(
        "How many working days", default=None
    )


class WhoStep(Form):
    """Who you look for."""

    skills: tuple[str, ...] = asks("Skills you look for", control="checkboxes", default=())
    disciplines: Line = asks(
        "Subjects it suits", hint="With commas between them; empty for all", default=""
    )
    places: Annotated[int, Whole(least=1, most=100)] | None = asks("Places", default=None)


STEPS: dict[str, str] = {
    "project": "Project and need",
    "tasks": "Tasks and end product",
    "supervision": "Supervision",
    "when": "When, hours, where",
    "who": "Who you look for",
    "check": "Check and send",
}
_FORMS: dict[str, type[Form]] = {
    "project": ProjectStep,
    "tasks": TasksStep,
    "supervision": SupervisionStep,
    "when": WhenStep,
    "who": WhoStep,
}
_OF_STEP = {
    "title": "project",
    "scope": "project",
    "strategic_focus": "project",
    "category": "project",
    "sector": "project",
    "project_kind": "project",
    "placement_kind": "project",
    "projects": "project",
    "tasks": "tasks",
    "deliverables": "tasks",
    "learning": "tasks",
    "supervision": "supervision",
    "supervisor": "supervision",
    "skills": "who",
    "disciplines": "who",
    "places": "who",
}


def form_of(step: str, dates: CycleDates) -> type[Form]:
    """The form of a step; without stated weeks the days are asked otherwise."""
    if step == "when" and not dates.weeks:
        return WhenRollingStep
    return _FORMS[step]


_ALWAYS_ASKED = frozenset(
    ("project_kind", "placement_kind", "supervisor_name", "supervisor_email", "starts", "ends",
     "days", "first_on", "working_days", "places", "country")
)  # fmt: skip


def is_asked(name: str, rules: RuleSet) -> bool:
    """Whether a proposal is not sent without this answer; it is kept without it all the same."""
    return name in _ALWAYS_ASKED or any(each.field == name for each in rules.proposal.required)


def step_of(gap: Gap) -> str:
    """Where a gap is closed."""
    name = gap.field.rsplit("/", 1)[-1]
    return _OF_STEP.get(name, "when")


def following(step: str) -> str:
    """The step that comes next."""
    names = list(STEPS)
    return names[min(names.index(step) + 1, len(names) - 1)]


def choices_of(step: str, *, rules: RuleSet, dates: CycleDates) -> dict[str, list[tuple[str, str]]]:
    """The answers that the programme and its cycle offer."""
    asked = rules.proposal
    match step:
        case "project":
            return {
                "category": list(words_of(asked.categories).items()),
                "sector": list(words_of(asked.sectors).items()),
            }
        case "who":
            return {"skills": list(words_of(asked.skills).items())}
        case "when":
            days = [(on.isoformat(), _day_said(on, rules)) for on in working_days(dates, rules)]
            offered = [(str(mode), modes()[mode]) for mode in asked.modes]
            found = {"mode": offered, "country": countries()}
            return found | ({"days": days, "remote_days": days} if days else {})
        case _:
            return {}


def _day_said(on: date, rules: RuleSet) -> str:
    said = f"{on:%A} {on.day} {on:%B}"
    return f"{said} (bank holiday)" if on in rules.calendar.bank_holidays else said


def working_days(dates: CycleDates, rules: RuleSet) -> list[date]:
    """The days of the cycle's weeks but for weekends; bank holidays are shown as such."""
    return [
        on
        for week in dates.weeks
        for on in _from(week.first_on, (week.last_on - week.first_on).days + 1)
        if on.isoweekday() not in rules.calendar.weekend
    ]


def _from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


# ---- from a form to a content, and back ----


def values_of(step: str, content: Content) -> Answers:
    """What a step shows of a stored draft."""
    project = content.projects[0] if content.projects else None
    match step:
        case "project":
            return {
                "title": content.title,
                "scope": project.scope if project else "",
                "strategic_focus": content.strategic_focus,
                "category": content.category or None,
                "sector": content.sector or None,
                "project_kind": content.project_kind or None,
                "placement_kind": content.placement_kind or None,
            }
        case "tasks":
            names = ("tasks", "deliverables", "learning")
            return {name: getattr(project, name) if project else "" for name in names}
        case "supervision":
            named = content.supervisor
            return {
                "supervision": content.supervision,
                "supervisor_name": named.name if named else "",
                "supervisor_email": named.mail_address if named else None,
                "has_work_shadowing": content.has_work_shadowing,
            }
        case "when":
            return _when_of(content)
        case _:
            return {
                "skills": content.skills,
                "disciplines": ", ".join(content.disciplines),
                "places": content.places,
            }


def _when_of(content: Content) -> Answers:
    first = content.days[0] if content.days else None
    remote = tuple(str(day.on) for day in content.days if day.mode == Mode.REMOTE)
    return {
        "mode": content.mode or None,
        "days": tuple(str(day.on) for day in content.days),
        "remote_days": remote if content.mode == Mode.HYBRID else (),
        "starts": f"{first.starts:%H:%M}" if first else "",
        "ends": f"{first.ends:%H:%M}" if first else "",
        "break_minutes": first.break_minutes if first else None,
        "hours_are_flexible": content.hours_are_flexible,
        "city": content.city,
        "region": content.region or None,
        "country": content.country or None,
        "first_on": min((day.on for day in content.days), default=None),
        "working_days": len(content.days) or None,
    }


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of every day."""

    starts: time
    ends: time
    break_minutes: int


def content_of(step: str, form: Any, content: Content, rules: RuleSet) -> Answers:
    """What a step's answers make of the draft. Raises `FormFaults` for hours that are no hours."""
    match step:
        case "project":
            project = _project(content, title=form.title, scope=form.scope)
            return {
                "title": form.title,
                "projects": project,
                "strategic_focus": form.strategic_focus,
                "category": form.category or "",
                "sector": form.sector or "",
                "project_kind": str(form.project_kind or ""),
                "placement_kind": str(form.placement_kind or ""),
            }
        case "tasks":
            asked = {n: getattr(form, n) for n in ("tasks", "deliverables", "learning")}
            return {"projects": _project(content, **asked)}
        case "supervision":
            return {
                "supervision": form.supervision,
                "supervisor": _supervisor(form),
                "has_work_shadowing": form.has_work_shadowing,
            }
        case "when":
            return {
                "mode": str(form.mode or ""),
                "days": _days(form, rules),
                "hours_are_flexible": form.hours_are_flexible,
                "city": form.city,
                "region": form.region or "",
                "country": form.country or "",
            }
        case _:
            parts = (part.strip() for part in form.disciplines.split(","))
            return {
                "skills": list(form.skills),
                "disciplines": [part for part in parts if part],
                "places": form.places or 1,
            }


def _project(content: Content, **said: str) -> list[dict[str, Any]]:
    """The first project with what was said now; others, which the API can add, stay."""
    empty = Project(title=content.title, scope="", tasks="", deliverables="")
    first, *others = content.projects or (empty,)
    return [each.model_dump(mode="json") for each in (first.model_copy(update=said), *others)]


def _supervisor(form: SupervisionStep) -> dict[str, str] | None:
    if not form.supervisor_name and form.supervisor_email is None:
        return None
    if not form.supervisor_name:
        raise FormFaults([Fault("supervisor_name", "required", "Write the supervisor's name.")])
    if form.supervisor_email is None:
        raise FormFaults([Fault("supervisor_email", "required", "Write the supervisor's address.")])
    return asdict(Supervisor(form.supervisor_name, form.supervisor_email.stored))


def _days(form: Any, rules: RuleSet) -> list[dict[str, Any]]:
    on = _dates(form, rules)
    if not on:
        return []
    hours = _hours(form)
    remote = set(form.remote_days)
    return [
        PlacementDay(
            on=each,
            mode=_mode_of(form.mode, each, remote),
            starts=hours.starts,
            ends=hours.ends,
            break_minutes=hours.break_minutes,
        ).model_dump(mode="json")
        for each in on
    ]


def _dates(form: Any, rules: RuleSet) -> list[date]:
    if form.days or not getattr(form, "first_on", None):
        return sorted(date.fromisoformat(each) for each in form.days)
    count = form.working_days or 1
    free = rules.calendar.weekend
    ahead = (form.first_on + timedelta(days=n) for n in range(count * 7))
    return [each for each in ahead if each.isoweekday() not in free][:count]


def _mode_of(mode: Mode | None, on: date, remote: set[str]) -> Mode:
    if mode == Mode.HYBRID:
        return Mode.REMOTE if on.isoformat() in remote else Mode.IN_PERSON
    return Mode.REMOTE if mode == Mode.REMOTE else Mode.IN_PERSON


def _hours(form: Any) -> Hours:
    read: dict[str, time] = {}
    faults: list[Fault] = []
    for name in ("starts", "ends"):
        try:
            read[name] = time.fromisoformat(getattr(form, name))
        except ValueError:
            faults.append(Fault(name, "invalid-time", "Write the time like 09:00"))
    if faults:
        raise FormFaults(faults)
    return Hours(read["starts"], read["ends"], form.break_minutes or 0)
