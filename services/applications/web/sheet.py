"""The form of an application: what one programme asks, and what was typed into it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis import clock, instants, texts, web
from chassis.faults import Fault, FormFaults
from chassis.fields import Text, Words
from chassis.forms import Form, Sheet, asks, parse, show
from chassis.instants import Said
from chassis.languages import gettext
from schemas.rules import OverLength, RuleSet, WeekChoice
from services.applications.documents.judge import KINDS
from services.applications.domain.application import Status
from services.applications.domain.content import MOST_CHARACTERS, Content, Statement
from services.applications.domain.document import Document
from services.applications.domain.vacancy_round import VacancyRound
from services.applications.views import vacancies
from services.applications.views.applications import ShownApplication
from services.applications.views.vacancies import OpenVacancy
from services.applications.web import wording

Choices = dict[str, Sequence[tuple[str, str]]]
MEGABYTE = 1024 * 1024
STAFF = frozenset({"research_staff", "employee", "staff", "faculty"})


class ApplicationForm(Form):
    """What an applicant types and ticks; the file is the upload's matter."""

    statement: Annotated[str, Words(least=0, characters=MOST_CHARACTERS)] = asks("Your statement")
    weeks: tuple[str, ...] = asks("Weeks in which you are free", default=(), control="checkboxes")
    declarations: tuple[str, ...] = asks("What you confirm", default=(), control="checkboxes")
    leave_note: Annotated[str, Text(least=0, most=500, lines=True)] = asks(
        "Time off you have agreed", default=""
    )


@dataclass(frozen=True, slots=True)
class Asking:
    """One vacancy's form: what is asked, by which rules, and what is there already."""

    round: VacancyRound
    rules: RuleSet
    row: dict[str, Any]
    choices: Choices
    closes: Said
    clocks: str  # "The clocks go forward …", or nothing
    tells: str
    content: Content
    cv: Document | None
    application_id: UUID | None
    is_sent: bool
    saved_at: str
    slots: str
    asks_for_leave: bool
    hints: dict[str, str]
    kinds: str

    @property
    def cv_size(self) -> str:
        """How large the stored file is."""
        return wording.kilobytes(self.cv.size) if self.cv else ""

    @property
    def hours(self) -> str:
        """After which an applicant without a mail is shown whom to ask."""
        return wording.number(self.rules.applying.contact_route_hours)

    @property
    def action(self) -> str:
        """Where the form is sent."""
        if self.application_id is None:
            return f"/applications/new?vacancy={self.round.vacancy_id}"
        return f"/applications/{self.application_id}/edit"


async def asking_of(door: web.Door, found: OpenVacancy | ShownApplication) -> Asking:
    """Everything that the page says and asks."""
    now = await clock.shown(door.database)
    zone, rules = found.round.zone, found.rules
    is_shown = isinstance(found, ShownApplication)
    held = found.application if is_shown else None
    weeks = await vacancies.list_weeks(door.database, found.round.cycle_id)
    return Asking(
        round=found.round,
        rules=rules,
        row=found.row,
        choices={
            "weeks": _weeks(weeks),
            "declarations": [(each.code, each.words) for each in rules.applying.declarations],
        },
        closes=instants.instant(found.round.closes_at, zone, now=now),
        clocks=instants.clocks_change(now, found.round.closes_at, zone),
        tells=instants.day(found.round.office_tells_by.astimezone(ZoneInfo(zone)).date()),
        content=held.content if held else Content(),
        cv=found.cv if is_shown else None,
        application_id=held.application_id if held else None,
        is_sent=held is not None and held.status is Status.SUBMITTED,
        saved_at=_time(held.saved_at, zone) if held else "",
        slots=await _slots(door, found),
        asks_for_leave=not STAFF.isdisjoint(_affiliations(door)),
        hints=_hints(rules),
        kinds=", ".join(KINDS.values()),
    )


def content_of(
    door: web.Door, asking: Asking, *, kept: Content
) -> tuple[Content, tuple[Fault, ...]]:
    """What was typed, with everything that is wrong with it; what no row can hold is left as it was."""
    typed = [pair for pair in door.typed_pairs if pair[0] in ApplicationForm.model_fields]
    try:
        form = parse(ApplicationForm, typed, choices=_asked(asking))
    except FormFaults as bad:
        return _as_far_as_it_goes(door, asking, kept), bad.faults
    content = Content(Statement(form.statement), form.weeks, form.declarations, form.leave_note)
    return content, ()


def sheet_of(
    door: web.Door,
    asking: Asking,
    *,
    faults: Sequence[Fault] = (),
    typed: bool = False,
    kept: dict[str, Any] | None = None,
) -> Sheet:
    """The sheet with what was typed, else with what is stored."""
    pairs = door.typed_pairs if typed else None
    if kept:
        pairs = [
            (name, each)
            for name, value in kept.items()
            for each in (value if isinstance(value, list) else [value])
        ]
    content = asking.content
    values = {
        "statement": content.statement.text,
        "weeks": content.weeks,
        "declarations": content.declarations,
        "leave_note": content.leave_note,
    }
    own = [fault for fault in faults if fault.field != "cv"]
    sheet = show(
        ApplicationForm,
        typed=[p for p in pairs if p[0] in ApplicationForm.model_fields] if pairs is not None else None,
        values=values,
        faults=own,
        choices=_asked(asking),
    )  # fmt: skip
    return _in_this_programme(sheet, asking, faults)


def errors_of(sheet: Sheet) -> list[dict[str, str]]:
    """For the error summary. The file is no field of the sheet, and has its place all the same."""
    first = {fault.field: fault for fault in reversed(sheet.faults)}
    kept = [fault for fault in sheet.faults if first[fault.field] is fault]
    return [{"text": fault.sentence, "href": f"#{_focus(sheet, fault)}"} for fault in kept]


def _focus(sheet: Sheet, fault: Fault) -> str:
    name = fault.field.partition("/")[0]
    return sheet[name].focus if name in sheet.asked else name


def _in_this_programme(sheet: Sheet, asking: Asking, faults: Sequence[Fault]) -> Sheet:
    """The numbers of the rule set, which the declaration of the form cannot know."""
    asked = dict(sheet.asked)
    kind = Words(most=asking.rules.applying.statement_words)
    asked["statement"] = replace(
        asked["statement"], kind=kind, hint=asking.hints["statement"], is_optional=False
    )
    asked["declarations"] = replace(asked["declarations"], is_optional=False)
    asked["weeks"] = replace(
        asked["weeks"],
        hint=gettext("Free for the whole placement, not part of it"),
        is_optional=False,
    )
    return Sheet(asked, tuple(faults))


def _asked(asking: Asking) -> Choices:
    """Only what there is to choose from."""
    return {name: choices for name, choices in asking.choices.items() if choices}


def _as_far_as_it_goes(door: web.Door, asking: Asking, kept: Content) -> Content:
    typed = door.typed
    allowed = {name: {value for value, _ in given} for name, given in asking.choices.items()}

    def chosen(name: str) -> tuple[str, ...]:
        given = typed.get(name, [])
        values = given if isinstance(given, list) else [given]
        return tuple(value for value in values if value in allowed[name])

    return Content(
        statement=Statement(_text(typed, "statement", kept.statement.text)),
        weeks=chosen("weeks"),
        declarations=chosen("declarations"),
        leave_note=_text(typed, "leave_note", kept.leave_note)[:500],
    )


def _text(typed: dict[str, Any], name: str, kept: str) -> str:
    given = typed.get(name, "")
    try:
        return texts.normalise(given, lines=True) if isinstance(given, str) else kept
    except texts.TextFault:
        return kept


def _weeks(weeks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Asked only where a placement may lie in several: else the advert's days say it all."""
    if not weeks or weeks[0]["choice"] != WeekChoice.MAY_SPAN:
        return []
    return [
        (
            week["name"],
            gettext("%(first)s to %(last)s")
            % {
                "first": instants.day(week["first_on"], year=False),
                "last": instants.day(week["last_on"]),
            },
        )
        for week in weeks
    ]


def _hints(rules: RuleSet) -> dict[str, str]:
    applying = rules.applying
    facts = {"words": applying.statement_words, "pages": wording.number(applying.cv_pages)}
    statement = gettext("Why this placement, and what you bring to it. Up to %(words)s words.")
    if applying.over_length is OverLength.TRIM:
        cut = gettext("The host reads the first %(words)s; what is longer is cut there.")
        statement = f"{statement} {cut}"
    sizes = facts | {"most": applying.cv_bytes // MEGABYTE}
    cv = (
        gettext("PDF, one page, up to %(most)s MB")
        if applying.cv_pages == 1
        else gettext("PDF, %(pages)s pages, up to %(most)s MB")
    )
    return {"statement": statement % facts, "cv": cv % sizes}


async def _slots(door: web.Door, found: OpenVacancy | ShownApplication) -> str:
    most = found.rules.applying.cap_in(found.round.round)
    if most is None:
        return ""
    if isinstance(found, OpenVacancy):
        used = found.cycle.live_in(found.round.round)
    elif found.application.takes_a_slot:
        return ""
    else:
        cycle = await vacancies.show_applicant_cycle(door.database, found.round, to=door.who)
        used = cycle.live_in(found.round.round)
    return wording.slots_used(used, most) if used >= most else wording.this_is_your(used, most)


def _affiliations(door: web.Door) -> set[str]:
    given = door.who.facts.get("affiliation", ())
    values = given if isinstance(given, list | tuple) else [given]
    return {str(value).replace("-", "_") for value in values}


def _time(at: Any, zone: str) -> str:
    return instants.time_of_day(at.astimezone(ZoneInfo(zone)).time())
