"""The API of applications: begin, write, add a CV, send, withdraw; and what the office reads."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import JSONResponse, Response

from chassis import clock, web
from chassis.fields import Text
from chassis.paging import MOST, USUAL, Cursors
from chassis.versions import if_match, with_version
from schemas.rules import Round
from services.applications.commands import applications as commands
from services.applications.commands import rounds as round_commands
from services.applications.commands.applications import Check
from services.applications.commands.documents import add_cv
from services.applications.domain.application import (
    BeginApplication,
    SaveApplication,
    Status,
    SubmitApplication,
    WithdrawApplication,
)
from services.applications.domain.content import Content, Statement
from services.applications.domain.vacancy_round import ReleaseApplications
from services.applications.views import applications as shown
from services.applications.views import cycles
from services.applications.views.applications import Filters
from services.applications.views.documents import open_cv
from services.applications.web.files import answer_file
from services.applications.web.uploads import sent_file

api = web.api("applications")
READERS = web.Audience(
    "applicant or office", web.APPLICANT.roles | web.OFFICE.roles, scope="office"
)


class Beginning(web.Body):
    """Which vacancy is applied for; the round is the one that is open."""

    vacancy_id: UUID


class Writing(web.Body):
    """Everything an applicant writes; what is left out is empty from now on."""

    statement: Annotated[str, Text(least=0, most=20_000, lines=True)] = ""
    weeks: tuple[Annotated[str, Text(most=100)], ...] = Field(default=(), max_length=20)
    declarations: tuple[Annotated[str, Text(most=100)], ...] = Field(default=(), max_length=20)
    leave_note: Annotated[str, Text(least=0, most=500, lines=True)] = ""


class Withdrawing(web.Body):
    """Why: for the record, where the office does it."""

    reason: Annotated[str, Text(least=0, most=500)] = ""


class Releasing(web.Body):
    """Why, for the record."""

    reason: Annotated[str, Text(least=0, most=500)] = ""


@api.post("/applications", audience=web.APPLICANT)
async def begin_application(body: Beginning, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Begin a draft. One that is there for the same round already is the answer then."""
    command = BeginApplication(body.vacancy_id)
    return await door.answer(
        lambda tx: commands.begin_application(tx, command, actor=actor, now=clock.now),
        status=201,
        location=lambda begun: f"/api/applications/v1/applications/{begun['application_id']}",
    )


@api.get("/applications", audience=READERS)
async def list_applications(
    door: web.TheDoor,
    actor: web.SignedIn,
    cycle_id: UUID | None = None,
    vacancy_id: UUID | None = None,
    person_ref: UUID | None = None,
    round: Round | None = None,  # noqa: A002 (the word of the domain)
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
    cursor: str | None = None,
) -> dict[str, Any]:
    """One's own; for the office, all of its university, by filters, in pages."""
    if not (actor.is_office or "office" in actor.scopes):
        own = await shown.list_own_applications(door.database, to=actor)
        return {"applications": [each.as_json() for each in own], "next": None}
    filters = Filters(cycle_id, vacancy_id, person_ref, round, status)
    cursors, name = Cursors(door.request.app.state.keys), f"applications {filters}"
    after = cursors.opened(cursor, of=name)
    found = await shown.list_applications(
        door.database, to=actor, filters=filters, after=UUID(after) if after else None, most=limit + 1
    )  # fmt: skip
    page = found[:limit]
    is_last = len(found) <= limit
    following = None if is_last else cursors.sealed(page[-1].application.application_id, of=name)
    return {"applications": [each.as_json() for each in page], "next": following}


@api.get("/applications/{application_id}", audience=READERS)
async def show_application(
    application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """One application, with the version that an edit names."""
    found = await shown.show_application(door.database, application_id, to=actor)
    response = JSONResponse(_plain(found.as_json()))
    return with_version(response, found.application.version)


@api.put("/applications/{application_id}", audience=web.APPLICANT)
async def save_application(
    application_id: UUID, body: Writing, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Write: a draft may be unfinished; a sent application is revised, and must be whole."""
    version = if_match(door)
    content = Content(Statement(body.statement), body.weeks, body.declarations, body.leave_note)
    command = SaveApplication(application_id, content, version=version)
    return await door.answer(
        lambda tx: commands.save_application(
            tx, command, actor=actor, now=clock.now, check=Check.UNFINISHED
        )
    )


@api.put("/applications/{application_id}/cv", audience=web.APPLICANT)
async def save_application_cv(
    application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Add the CV, or another in its place: the bare PDF, or a form with the field `cv`."""
    held = await shown.show_application(door.database, application_id, to=actor)
    upload = await sent_file(door, rules=held.rules.applying)
    version = if_match(door) if "if-match" in door.request.headers else None
    command = SaveApplication(application_id, version=version)
    return await door.answer(lambda tx: add_cv(tx, upload, to=command, actor=actor, now=clock.now))


@api.get("/applications/{application_id}/cv", audience=READERS)
async def open_application_cv(
    application_id: UUID, door: web.TheDoor, actor: web.SignedIn, as_host: str = ""
) -> Response:
    """The CV as sent; with `as_host=yes` the copy that the host gets."""
    file = await open_cv(door.database, application_id, to=actor, as_host=as_host == "yes")
    return answer_file(file)


@api.post("/applications/{application_id}/submit", audience=web.APPLICANT)
async def submit_application(
    application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Send it. The answer is the receipt."""
    command = SubmitApplication(application_id)
    return await door.answer(
        lambda tx: commands.submit_application(tx, command, actor=actor, now=clock.now)
    )


@api.post("/applications/{application_id}/withdraw", audience=READERS)
async def withdraw_application(
    application_id: UUID, body: Withdrawing, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """End it before it is decided."""
    command = WithdrawApplication(application_id, body.reason)
    return await door.answer(
        lambda tx: commands.withdraw_application(tx, command, actor=actor, now=clock.now)
    )


@api.post("/vacancies/{vacancy_id}/rounds/{round}/release", audience=web.OFFICER)
async def release_applications(
    vacancy_id: UUID, round: Round, body: Releasing, door: web.TheDoor, actor: web.SignedIn  # noqa: A002
) -> Response:  # fmt: skip
    """Let the host read the applications of a closed round, once."""
    command = ReleaseApplications(vacancy_id, round, body.reason)
    return await door.answer(
        lambda tx: round_commands.release_applications(tx, command, actor=actor, now=clock.now)
    )


@api.get("/cycles", audience=web.OFFICE)
async def list_cycles(door: web.TheDoor, actor: web.SignedIn) -> dict[str, Any]:
    """The cycles this service has heard of."""
    return {"cycles": await cycles.list_cycles(door.database, to=actor)}


@api.get("/cycles/{cycle_id}/figures", audience=web.OFFICE)
async def show_figures(cycle_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> dict[str, Any]:
    """The funnel of a cycle."""
    return (await cycles.count_cycle(door.database, cycle_id, to=actor)).as_json()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
