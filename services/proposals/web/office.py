"""Programmes, cycles, hosts and vacancies in the office."""

from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, web
from chassis.decision import NotFound, Refused
from chassis.door import Door
from chassis.faults import Fault
from chassis.fields import Text
from chassis.forms import Form, FormFaults, Sheet, asks, parse, show
from schemas.programme import PROGRAMMES, FileIsFaulty, Programme, read, read_text
from schemas.proposals import VacancyWithdrawal
from services.proposals.commands import hosts as host_commands
from services.proposals.commands import programmes as programme_commands
from services.proposals.commands import vacancies as vacancy_commands
from services.proposals.domain.cycle import PublishCycle
from services.proposals.domain.host import (
    REFUSING,
    SUSPENDING,
    ApproveHost,
    RefuseHost,
    SuspendHost,
)
from services.proposals.domain.second_round import ReadvertiseVacancy
from services.proposals.domain.vacancy import WithdrawVacancy
from services.proposals.views import hosts as host_views
from services.proposals.views import programmes as programme_views
from services.proposals.views import vacancies as vacancy_views
from services.proposals.web.choices import host_kinds, profit_statuses, regions, sizes
from services.proposals.web.rules_in_words import differences

pages = web.pages("/office/proposals", audience=web.OFFICE)
REASONS = {
    "not_an_organisation": "It is no organisation",
    "known_already": "It is registered already",
    "cannot_be_reached": "We cannot reach it",
    "not_suitable": "It does not suit the programme",
    "supervision_not_given": "Supervision was not given",
    "costs_not_repaid": "Costs were not repaid",
    "conduct": "Conduct towards interns",
    "at_its_own_wish": "At its own wish",
}


# ---- programmes ----


class FileForm(Form):
    """A programme's file: one that comes with the software, or its text."""

    known: str | None = asks(
        "A programme that comes with the software", control="select", default=None
    )
    file: Annotated[str, Text(least=0, most=60_000, lines=True)] = asks(
        "Or the text of a programme's file",
        hint="TOML, as in the folder of programmes; nothing is taken if any of it is wrong",
        default="",
    )


def _known_files(university: str) -> list[tuple[str, str]]:
    """The shipped files of this university. A file that cannot be read is nobody's."""
    known: list[tuple[str, str]] = []
    for path in sorted(PROGRAMMES.glob("*.toml")):
        try:
            file = read(path)
        except FileIsFaulty:
            continue
        if file.university.slug == university:
            known.append((path.stem, f"{file.rules.kind.programme_name} ({file.programme.slug})"))
    return known


@pages.get("/programmes")
async def list_programmes(door: web.TheDoor) -> Response:
    """The programmes and the versions of their rules; a form to load one."""
    sheet = show(FileForm, choices={"known": _known_files(door.university)})
    return await _programmes_page(door, sheet)


async def _programmes_page(
    door: Door, sheet: Sheet, *, status: int = 200, refused: Refused | None = None
) -> Response:
    return await door.page(
        "office_programmes.html",
        status=status,
        refused=refused,
        programmes=await programme_views.list_programmes(door.database, to=door.who),
        sheet=sheet,
        errors=sheet.errors,
    )


@pages.post("/programmes", audience=web.OFFICER)
async def load_programme(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """First the difference from the rules in force; when it has been seen, publish."""
    choices = {"known": _known_files(door.university)}
    pairs = [(name, value) for name, value in door.typed_pairs if name != "seen"]
    try:
        form = parse(FileForm, pairs, choices=choices)
        file, text = _file_of(form)
    except FormFaults as faulty:
        sheet = show(FileForm, typed=pairs, faults=faulty.faults, choices=choices)
        return await _programmes_page(door, sheet, status=422)
    if door.typed.get("seen") != "yes":
        return await _difference_page(door, file, text)
    try:
        await door.run(
            lambda tx: programme_commands.load_programme(tx, file, actor=actor, now=clock.now)
        )
    except Refused as refused:
        sheet = show(FileForm, typed=pairs, choices=choices)
        return await _programmes_page(door, sheet, status=refused.status, refused=refused)
    return door.see_other("/office/proposals/cycles")


def _file_of(form: FileForm) -> tuple[Programme, str]:
    text = form.file
    if form.known:
        text = (PROGRAMMES / f"{form.known}.toml").read_text(encoding="utf-8")
    if not text:
        raise FormFaults([Fault("known", "required", "Choose a programme, or give its text.")])
    try:
        return read_text(text, file="file"), text
    except FileIsFaulty as faulty:
        said = "; ".join(f"{fault.key}: {fault.words}" for fault in faulty.faults)
        raise FormFaults([Fault("file", "faulty", said)]) from None


async def _difference_page(door: Door, file: Programme, text: str) -> Response:
    slug = file.programme.slug
    present = await programme_views.find_programme(door.database, slug, to=door.who)
    before = present.rules if present else None
    return await door.page(
        "office_difference.html",
        name=file.rules.kind.programme_name,
        file=text,
        is_new=present is None,
        version=(present.rule_set_version if present else 0) + 1,
        changes=differences(before, file.rules) if before else [],
        cycles=[(cycle.name, file.dates_of(cycle)) for cycle in file.cycles],
    )


# ---- cycles ----


@pages.get("/cycles")
async def list_cycles(door: web.TheDoor) -> Response:
    """Every cycle with its dates; those that are not published wait for it."""
    return await _cycles_page(door)


async def _cycles_page(door: Door, refused: Refused | None = None) -> Response:
    return await door.page(
        "office_cycles.html",
        status=refused.status if refused else 200,
        refused=refused,
        cycles=await programme_views.list_cycles(door.database, to=door.who),
    )


@pages.post("/cycles/{cycle_id}/publish", audience=web.OFFICER)
async def publish_cycle(cycle_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Promise the dates to everyone."""
    command = PublishCycle(cycle_id)
    try:
        await door.run(
            lambda tx: programme_commands.publish_cycle(tx, command, actor=actor, now=clock.now)
        )
    except Refused as refused:
        if refused.status == 404:
            raise
        return await _cycles_page(door, refused)
    return door.see_other("/office/proposals/cycles")


# ---- hosts ----


@pages.get("/hosts")
async def list_hosts(door: web.TheDoor) -> Response:
    """Organisations, those who wait first."""
    hosts = await host_views.list_hosts(door.database, to=door.who)
    return await door.page("office_hosts.html", hosts=hosts)


@pages.get("/hosts/{host_id}")
async def show_host(host_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One organisation, and what can be decided on it."""
    return await _host_page(door, host_id, actor)


async def _host_page(
    door: Door, host_id: UUID, actor: web.SignedIn, refused: Refused | None = None
) -> Response:
    host = await host_views.show_host(door.database, host_id, to=actor)
    codes = REFUSING if host["status"] == "registered" else SUSPENDING
    return await door.page(
        "office_host.html",
        status=refused.status if refused else 200,
        refused=refused,
        host=host,
        people=await host_views.list_contacts(door.database, host_id, to=actor),
        reasons=[(code, REASONS[code]) for code in codes],
        typed=door.typed,
        kinds=host_kinds(),
        profits=profit_statuses(),
        sizes=sizes(),
        regions=regions(),
    )


@pages.post("/hosts/{host_id}/{decision}", audience=web.OFFICER)
async def decide_on_host(
    host_id: UUID, decision: str, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Approve, refuse or suspend; refusing and suspending say why, as the host reads it."""
    typed: dict[str, Any] = door.typed
    code, reason = str(typed.get("reason_code", "")), str(typed.get("reason", ""))[:2000].strip()
    acts: dict[str, Any] = {
        "approve": lambda tx: host_commands.approve_host(
            tx, ApproveHost(host_id), actor=actor, now=clock.now
        ),
        "refuse": lambda tx: host_commands.refuse_host(
            tx, RefuseHost(host_id, code, reason), actor=actor, now=clock.now
        ),
        "suspend": lambda tx: host_commands.suspend_host(
            tx,
            SuspendHost(host_id, code, reason, vacancies_end="vacancies_end" in typed),
            actor=actor,
            now=clock.now,
        ),
    }
    if decision not in acts:
        raise NoSuchDecision
    try:
        await door.run(acts[decision])
    except Refused as refused:
        if refused.status == 404:
            raise
        return await _host_page(door, host_id, actor, refused)
    return door.see_other("/office/proposals/hosts")


class NoSuchDecision(NotFound):
    """We cannot find this page."""


# ---- vacancies ----


@pages.get("/vacancies")
async def list_vacancies(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Every vacancy of every cycle with its places."""
    now = await clock.shown(door.database)
    cycles = await programme_views.list_cycles(door.database, to=actor)
    found = [
        (
            cycle,
            await vacancy_views.list_vacancies_of_cycle(
                door.database, cycle["cycle_id"], now=now, to=actor
            ),
        )
        for cycle in reversed(cycles)
        if cycle["status"] != "draft"
    ]
    return await door.page("office_vacancies.html", cycles=[each for each in found if each[1]])


@pages.get("/vacancies/{vacancy_id}")
async def show_vacancy(vacancy_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One vacancy, and what can be done with it."""
    return await _vacancy_page(door, vacancy_id, actor)


async def _vacancy_page(
    door: Door, vacancy_id: UUID, actor: web.SignedIn, refused: Refused | None = None
) -> Response:
    now = await clock.shown(door.database)
    vacancy = await vacancy_views.show_vacancy(door.database, vacancy_id, now=now, to=actor)
    return await door.page(
        "office_vacancy.html",
        status=refused.status if refused else 200,
        refused=refused,
        vacancy=vacancy,
        typed=door.typed,
    )


@pages.post("/vacancies/{vacancy_id}/withdraw", audience=web.OFFICER)
async def withdraw_vacancy(vacancy_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Take a vacancy back; those who applied read why."""
    reason = str(door.typed.get("reason", ""))[:2000]
    command = WithdrawVacancy(vacancy_id, VacancyWithdrawal.BY_OFFICE, reason)
    try:
        await door.run(
            lambda tx: vacancy_commands.withdraw_vacancy(tx, command, actor=actor, now=clock.now)
        )
    except Refused as refused:
        if refused.status == 404:
            raise
        return await _vacancy_page(door, vacancy_id, actor, refused)
    return door.see_other(f"/office/proposals/vacancies/{vacancy_id}")


@pages.post("/vacancies/{vacancy_id}/readvertise", audience=web.OFFICER)
async def readvertise_vacancy(vacancy_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Put a vacancy with free places into the second round."""
    command = ReadvertiseVacancy(vacancy_id)
    try:
        await door.run(
            lambda tx: vacancy_commands.readvertise_vacancy(tx, command, actor=actor, now=clock.now)
        )
    except Refused as refused:
        if refused.status == 404:
            raise
        return await _vacancy_page(door, vacancy_id, actor, refused)
    return door.see_other(f"/office/proposals/vacancies/{vacancy_id}")
