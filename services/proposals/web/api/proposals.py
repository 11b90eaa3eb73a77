"""Proposals for programs: write, send, take back, screen."""

from datetime import date, time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from chassis import clock, web
from chassis.door import Door
from chassis.faults import Fault, FormFaults
from chassis.fields import Address, Email, Text, Whole, Words, Zone
from chassis.versions import if_match, with_version
from schemas.advert import PlacementKind, ProjectKind
from schemas.proposals import ScreeningOutcome
from schemas.rules import Mode
from services.proposals.commands import proposals as commands
from services.proposals.domain.proposal import (
    DraftProposal,
    EditProposal,
    SubmitProposal,
    WithdrawProposal,
)
from services.proposals.domain.screening import ScreenProposal, TakeUpProposal
from services.proposals.domain.submission import ProposalIsIncomplete
from services.proposals.views import proposals as views
from services.proposals.web.choices import Country, Region
from services.proposals.web.front_desk import front_desk

api = web.api("proposals")

Line = Annotated[str, Text(least=0, most=200)]
Prose = Annotated[str, Words(least=0)]
Code = Annotated[str, Text(most=60)]


class Piece(BaseModel):
    """A part of a body: as strict as the body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ProjectWritten(Piece):
    """One project."""

    title: Line
    scope: Prose = ""
    tasks: Prose = ""
    deliverables: Prose = ""
    learning: Prose = ""


class DayWritten(Piece):
    """One day, with hours by the clock there."""

    on: date
    mode: Literal[Mode.IN_PERSON, Mode.REMOTE]
    starts: time
    ends: time
    break_minutes: Annotated[int, Whole(least=0, most=240)] = 0


class SupervisorNamed(Piece):
    """Who looks after the intern."""

    name: Annotated[str, Text(most=120)]
    email: Annotated[Address, Email()]


class Writing(web.Body):
    """What is written. A field that is not sent stays as it was; what is missing is said on sending."""

    title: Line | None = None
    projects: Annotated[tuple[ProjectWritten, ...], Field(max_length=20)] | None = None
    project_kind: ProjectKind | None = None
    placement_kind: PlacementKind | None = None
    strategic_focus: Prose | None = None
    supervision: Prose | None = None
    supervisor: SupervisorNamed | None = None
    has_work_shadowing: bool | None = None
    skills: Annotated[tuple[Code, ...], Field(max_length=30)] | None = None
    sector: Code | None = None
    category: Code | None = None
    disciplines: Annotated[tuple[Line, ...], Field(max_length=30)] | None = None
    country: Annotated[str, Country()] | None = None
    region: Region | None = None
    city: Line | None = None
    mode: Mode | None = None
    days: Annotated[tuple[DayWritten, ...], Field(max_length=200)] | None = None
    hours_are_flexible: bool | None = None
    places: Annotated[int, Whole(least=1, most=100)] | None = None
    zone: Annotated[str, Zone()] | None = None

    def content(self) -> dict[str, Any]:
        """The fields that were sent, as a draft holds them."""
        sent = self.model_dump(mode="json", exclude_none=True, exclude={"supervisor"})
        if self.supervisor:
            sent["supervisor"] = {
                "name": self.supervisor.name,
                "mail_address": self.supervisor.email.stored,
            }
        return sent


class ProposalBegun(web.Body):
    """For which cycle, and for which of one's organisations."""

    cycle_id: UUID
    host_id: UUID


class Verdict(web.Body):
    """The office's verdict on a revision."""

    revision: Annotated[int, Whole(least=1)]
    outcome: ScreeningOutcome
    checks: dict[str, bool]
    reason_codes: tuple[Code, ...] = ()
    reason: Annotated[str, Text(least=0, most=4000, lines=True)] = ""


@api.post("/proposals", audience=web.HOST)
async def draft_proposal(body: ProposalBegun, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Begin a draft."""
    command = DraftProposal(body.cycle_id, body.host_id)
    response = await door.answer(
        lambda tx: commands.draft_proposal(tx, command, actor=actor, now=clock.now),
        status=201,
        location=lambda made: f"/api/proposals/v1/proposals/{made['proposal_id']}",
    )
    return with_version(response, 1)


@api.get("/proposals")
async def list_proposals(
    door: web.TheDoor, actor: web.SignedIn, status: str | None = None
) -> dict[str, Any]:
    """The proposals one may see: one's organisation's, or for the office all that were sent."""
    found = await views.list_proposals(door.database, to=actor, status=status)
    return {"proposals": [views.for_api(each) for each in found]}


@api.get("/proposals/{proposal_id}")
async def show_proposal(
    proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn, response: Response
) -> dict[str, Any]:
    """One proposal; its version stands in ETag."""
    found = await views.show_proposal(door.database, proposal_id, to=actor)
    with_version(response, found["row_version"])
    return views.for_api(found)


@api.put("/proposals/{proposal_id}", audience=web.HOST)
async def edit_proposal(
    proposal_id: UUID, body: Writing, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Keep what was written, whole or not."""
    command = EditProposal(proposal_id, body.content(), row_version=if_match(door))
    response = await door.answer(
        lambda tx: commands.edit_proposal(tx, command, actor=actor, now=clock.now)
    )
    return with_version(response, (command.row_version or 0) + 1)


@api.post("/proposals/{proposal_id}/submit", audience=web.HOST)
async def submit_proposal(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Send it to be screened; everything that is missing is said at once."""
    return await submit(door, proposal_id, actor)


async def submit(door: Door, proposal_id: UUID, actor: web.SignedIn) -> Response:
    """Send, and answer what is missing field by field."""
    try:
        return await door.answer(
            lambda tx: commands.submit_proposal(
                tx,
                SubmitProposal(proposal_id),
                contacts=front_desk(door).contacts,
                actor=actor,
                now=clock.now,
            )
        )
    except ProposalIsIncomplete as refused:
        found = [Fault(gap.field, gap.code, gap.sentence) for gap in refused.gaps]
        raise FormFaults(found) from refused


@api.post("/proposals/{proposal_id}/withdraw", audience=web.HOST)
async def withdraw_proposal(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Take it back before it becomes a vacancy."""
    command = WithdrawProposal(proposal_id)
    return await door.answer(
        lambda tx: commands.withdraw_proposal(tx, command, actor=actor, now=clock.now)
    )


@api.post("/proposals/{proposal_id}/take-up", audience=web.OFFICER)
async def take_up_proposal(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Say that one is screening it."""
    command = TakeUpProposal(proposal_id)
    return await door.answer(lambda tx: commands.take_up_proposal(tx, command, actor=actor))


@api.post("/proposals/{proposal_id}/screening", audience=web.OFFICER)
async def screen_proposal(
    proposal_id: UUID, body: Verdict, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Record the verdict on the revision that was read."""
    command = ScreenProposal(
        proposal_id,
        revision=body.revision,
        outcome=body.outcome,
        checks=body.checks,
        reason_codes=body.reason_codes,
        reason=body.reason,
    )
    return await door.answer(
        lambda tx: commands.screen_proposal(tx, command, actor=actor, now=clock.now)
    )
