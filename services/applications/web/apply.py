"""Applying: write, check, submit. A draft is saved at each post, right or wrong; nothing typed is lost."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, web
from chassis.decision import Refused
from chassis.faults import Fault, FormFaults
from services.applications.commands import applications as commands
from services.applications.commands.applications import Check
from services.applications.commands.documents import add_cv
from services.applications.commands.statements import said, with_count
from services.applications.domain.application import (
    ApplicationIsSubmittedAlready,
    BeginApplication,
    DeadlineHasPassed,
    SaveApplication,
    Status,
    SubmitApplication,
)
from services.applications.domain.content import Content, slips
from services.applications.domain.document import Upload
from services.applications.domain.submission import RULES_FOR_APPLYING, Applying
from services.applications.views import applications as shown
from services.applications.views import vacancies
from services.applications.views.applications import ShownApplication
from services.applications.views.vacancies import OpenVacancy
from services.applications.web import wording
from services.applications.web.applicants import answer_application
from services.applications.web.sheet import Asking, asking_of, content_of, errors_of, sheet_of
from services.applications.web.uploads import chosen_file

pages = web.pages("/applications", audience=web.APPLICANT)


@pages.get("/new")
async def show_new(door: web.TheDoor, actor: web.SignedIn, vacancy: UUID) -> Response:
    """An empty form; or, said before anybody writes for nothing, why there is none."""
    found = await vacancies.show_vacancy(door.database, vacancy, to=actor)
    earlier = await vacancies.find_live_application(door.database, found.round, to=actor)
    if earlier is not None:
        return door.see_other(f"/applications/{earlier}/edit")
    refused = await _refusal(door, found)
    return await _form(door, found, refused=refused, kept=await door.kept_form())


@pages.post("/new")
async def begin_application(door: web.TheDoor, actor: web.SignedIn, vacancy: UUID) -> Response:
    """Begin the draft with what was typed."""
    found = await vacancies.show_vacancy(door.database, vacancy, to=actor)
    asking = await asking_of(door, found)
    content, faults = content_of(door, asking, kept=Content())
    upload, more = await _chosen(door, asking)
    try:
        begun = await door.run(lambda tx: _begin(tx, vacancy, content, upload, actor))
    except Refused as refused:
        return await _form(door, found, refused=refused, typed=True)
    return await _after_saving(door, begun["application_id"], (*faults, *more))


async def _begin(
    tx: Any, vacancy_id: UUID, content: Content, upload: Upload | None, actor: Any
) -> dict[str, Any]:
    begin = BeginApplication(vacancy_id)
    begun = await commands.begin_application(tx, begin, actor=actor, now=clock.now)
    if begun["status"] != Status.DRAFT:
        return begun
    to = SaveApplication(UUID(begun["application_id"]), content)
    return await _save(tx, to, upload, actor)


async def _save(tx: Any, to: SaveApplication, upload: Upload | None, actor: Any) -> dict[str, Any]:
    """What a page keeps of a draft is kept right or wrong; a sent application must be whole."""
    if upload is None:
        return await commands.save_application(
            tx, to, actor=actor, now=clock.now, check=Check.NOTHING
        )
    return await add_cv(tx, upload, to=to, actor=actor, now=clock.now, check=Check.NOTHING)


@pages.get("/{application_id}/edit")
async def show_form(application_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The form with what was written; after closing, how the application stands."""
    found = await shown.show_application(door.database, application_id, to=actor)
    now = await clock.shown(door.database)
    if not found.round.is_open(now) or found.application.status not in ("draft", "submitted"):
        return door.see_other(f"/applications/{application_id}")
    kept = await door.kept_form()
    return await _form(door, found, kept=kept)


@pages.post("/{application_id}/edit")
async def save_form(application_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Save; then stay, or go on to check."""
    found = await shown.show_application(door.database, application_id, to=actor)
    asking = await asking_of(door, found)
    content, faults = content_of(door, asking, kept=found.application.content)
    upload, more = await _chosen(door, asking)
    faults = (*faults, *more)
    is_sent = found.application.status is Status.SUBMITTED
    if is_sent and faults:
        return await _form(door, found, faults=faults, typed=True)
    removes = (door.form or {}).get("remove") == "cv"
    to = SaveApplication(application_id, content, removes_cv=removes)
    try:
        await door.run(lambda tx: _save(tx, to, upload, actor))
    except FormFaults as bad:
        return await _form(door, found, faults=bad.faults, typed=True)
    except Refused as refused:
        return await answer_application(door, found, refused=refused)
    if is_sent:
        return door.see_other(f"/applications/{application_id}")
    return await _after_saving(door, application_id, faults)


async def _after_saving(
    door: web.Door, application_id: UUID | str, faults: Sequence[Fault]
) -> Response:
    """Slips stay on the page; otherwise on to the check, where everything missing is asked for."""
    found = await shown.show_application(door.database, UUID(str(application_id)), to=door.who)
    form = door.form or {}
    if form.get("then") == "check" and not form.get("remove"):
        faults = faults or await _missing(door, found)
        if not faults:
            return door.see_other(f"/applications/{application_id}/check")
    if faults:
        return await _form(door, found, faults=faults, typed=True)
    return door.see_other(f"/applications/{application_id}/edit")


async def _missing(door: web.Door, found: ShownApplication) -> tuple[Fault, ...]:
    held, rules = found.application, found.rules.applying
    weeks = await vacancies.list_weeks(door.database, held.cycle_id)
    names = tuple(week["name"] for week in weeks)
    kept = slips(with_count(held.content, rules), found.cv, rules=rules, weeks=names)
    return tuple(Fault(slip.field, slip.code, said(slip)) for slip in kept)


@pages.get("/{application_id}/check")
async def show_check(application_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The application as its host will read it."""
    found = await shown.show_application(door.database, application_id, to=actor)
    if found.application.status is not Status.DRAFT:
        return door.see_other(f"/applications/{application_id}")
    if faults := await _missing(door, found):
        return await _form(door, found, faults=faults)
    return await _check(door, found)


@pages.post("/{application_id}/check")
async def submit_application(
    application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Send it; the receipt is a page of its own."""
    command = SubmitApplication(application_id)
    try:
        await door.run(
            lambda tx: commands.submit_application(tx, command, actor=actor, now=clock.now)
        )
    except FormFaults as bad:
        found = await shown.show_application(door.database, application_id, to=actor)
        return await _form(door, found, faults=bad.faults)
    except Refused as refused:
        found = await shown.show_application(door.database, application_id, to=actor)
        shows_it = isinstance(refused, ApplicationIsSubmittedAlready | DeadlineHasPassed)
        if shows_it or found.application.status is not Status.DRAFT:
            return await answer_application(door, found, refused=refused)
        return await _check(door, found, refused=refused)
    return door.see_other(f"/applications/{application_id}")


async def _check(
    door: web.Door, found: ShownApplication, *, refused: Refused | None = None
) -> Response:
    now = await clock.shown(door.database)
    rules = found.rules.applying
    content = with_count(found.application.content, rules)
    values: dict[str, Any] = {
        "shown": found,
        "held": found.application,
        "host_statement": content.statement.for_host(rules),
        "statement_is_cut": content.statement.is_cut(rules),
        "words": content.statement.words,
        "rules": rules,
        "confirmed": [each.words for each in rules.declarations],
        "now": now,
    }
    if refused is None:
        return await door.page("application_check.html", **values)
    return await door.refusal("application_check.html", wording.in_words(refused), **values)


async def _chosen(door: web.Door, asking: Asking) -> tuple[Upload | None, tuple[Fault, ...]]:
    """The file, judged; a refusal of it is a fault of its field like any other."""
    try:
        return await chosen_file(door, rules=asking.rules.applying), ()
    except Refused as refused:
        return None, (Fault("cv", refused.slug(), refused.sentence),)


async def _refusal(door: web.Door, found: OpenVacancy) -> Refused | None:
    """Why this person cannot apply here, by the rules that beginning is judged by."""
    now = await clock.shown(door.database)
    case = Applying(found.round, found.cycle, door.who, now, found.rules, found.used)
    return next((no.because(case) for holds, no in RULES_FOR_APPLYING if not holds(case)), None)


async def _form(
    door: web.Door,
    found: OpenVacancy | ShownApplication,
    *,
    faults: Sequence[Fault] = (),
    refused: Refused | None = None,
    typed: bool = False,
    kept: dict[str, Any] | None = None,
) -> Response:
    """The form; 409 with a refusal, 422 with slips, and everything that was typed."""
    asking = await asking_of(door, found)
    sheet = sheet_of(door, asking, faults=faults, typed=typed, kept=kept)
    status = 422 if faults else 200
    if any(fault.code == "too-large" for fault in faults):
        status = 413
    if refused is not None:
        status = refused.status
        refused = wording.in_words(refused)
    return await door.page(
        "application_form.html",
        status=status,
        asking=asking,
        typed=typed,
        sheet=sheet,
        errors=errors_of(sheet),
        refused=refused,
        signpost=refused.facts.get("signpost") if refused else None,
    )
