"""Programmes and cycles for programs: load a file, publish a cycle, read what is promised."""

from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, web
from chassis.faults import Fault, FormFaults
from chassis.fields import Text
from schemas.programme import FileIsFaulty, Programme, read_text
from services.proposals.commands import programmes as commands
from services.proposals.domain.cycle import CycleIsNotYours, PublishCycle
from services.proposals.views import programmes as views

api = web.api("proposals")


class ProgrammeLoaded(web.Body):
    """The text of a programme's file, as it stands in `programmes/`."""

    file: Annotated[str, Text(most=500_000, lines=True)]


def read_programme(text: str) -> Programme:
    """A file's text. Raises `FormFaults` naming every key at fault."""
    try:
        return read_text(text, file="file")
    except FileIsFaulty as faulty:
        said = (f"{fault.key}: {fault.words}" for fault in faulty.faults)
        raise FormFaults([Fault("file", "faulty", words) for words in said]) from None


@api.post("/programmes", audience=web.OFFICER)
async def load_programme(body: ProgrammeLoaded, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Put a programme's rules in force and lay its cycles down as drafts."""
    file = read_programme(body.file)
    return await door.answer(
        lambda tx: commands.load_programme(tx, file, actor=actor, now=clock.now), status=201
    )


@api.get("/programmes", audience=web.PUBLIC)
async def list_programmes(door: web.TheDoor) -> dict[str, Any]:
    """The programmes of this university."""
    return {"programmes": await views.list_programmes(door.database, to=door.who)}


@api.get("/programmes/{slug}/rules", audience=web.PUBLIC)
async def show_rules(slug: str, door: web.TheDoor) -> dict[str, Any]:
    """The rules in force."""
    return await views.show_rules(door.database, slug, to=door.who)


@api.get("/programmes/{slug}/rules/{version}", audience=web.PUBLIC)
async def show_version(slug: str, version: int, door: web.TheDoor) -> dict[str, Any]:
    """One version of the rules."""
    return await views.show_rules(door.database, slug, version, to=door.who)


@api.get("/cycles", audience=web.PUBLIC)
async def list_cycles(door: web.TheDoor) -> dict[str, Any]:
    """The cycles with every date that is promised; the office also sees drafts."""
    return {"cycles": await views.list_cycles(door.database, to=door.who)}


@api.get("/cycles/{cycle_id}", audience=web.PUBLIC)
async def show_cycle(cycle_id: UUID, door: web.TheDoor) -> dict[str, Any]:
    """One cycle."""
    found = await views.find_cycle(door.database, cycle_id, to=door.who)
    if found is None:
        raise CycleIsNotYours
    return found


@api.post("/cycles/{cycle_id}/publish", audience=web.OFFICER)
async def publish_cycle(cycle_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Promise a cycle's dates to everyone."""
    command = PublishCycle(cycle_id)
    return await door.answer(
        lambda tx: commands.publish_cycle(tx, command, actor=actor, now=clock.now)
    )
