"""Organisations for programs: register, and for the office decide."""

from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, web
from chassis.fields import Address, Email, Text, Zone
from schemas.advert import HostKind
from schemas.rules import ProfitStatus
from services.proposals.commands import hosts as commands
from services.proposals.commands.hosts import Registration
from services.proposals.domain.host import ApproveHost, RefuseHost, SuspendHost
from services.proposals.views import hosts as views
from services.proposals.web.choices import Country, Region, Size
from services.proposals.web.front_desk import front_desk

api = web.api("proposals")


class HostRegistration(web.Body):
    """What an organisation says of itself, and who acts for it."""

    public_name: Annotated[str, Text(most=160)]
    profit_status: ProfitStatus
    kind: HostKind
    size: Size
    sector: Annotated[str, Text(most=60)]
    region: Region
    country: Annotated[str, Country()]
    zone: Annotated[str, Zone()] = "Europe/London"
    has_alumni_link: bool = False
    about: Annotated[str, Text(least=0, most=2000, lines=True)] = ""
    contact_name: Annotated[str, Text(most=120)]
    contact_email: Annotated[Address, Email()]

    def registration(self) -> Registration:
        """As the command takes it."""
        apart = {"about", "contact_name", "contact_email"}
        facts = {name: value for name, value in dict(self).items() if name not in apart}
        return Registration(facts, self.about, self.contact_name, self.contact_email.stored)


class RefusalOfHost(web.Body):
    """Why, as the host reads it."""

    reason_code: Annotated[str, Text(most=60)]
    reason: Annotated[str, Text(most=2000, lines=True)]


class Suspension(web.Body):
    """Why, and whether its vacancies end."""

    reason_code: Annotated[str, Text(most=60)]
    reason: Annotated[str, Text(most=2000, lines=True)]
    vacancies_end: bool = False


@api.post("/hosts", audience=web.PUBLIC)
async def register_host(body: HostRegistration, door: web.TheDoor) -> Response:
    """Ask to be let in. The office answers; the contact signs in by mailed link."""
    return await door.answer(
        lambda tx: commands.register_host(
            tx,
            body.registration(),
            university=door.university,
            contacts=front_desk(door).contacts,
            actor=door.who,
            now=clock.now,
        ),
        status=201,
        location=lambda made: f"/api/proposals/v1/hosts/{made['host_id']}",
    )


@api.get("/hosts")
async def list_hosts(door: web.TheDoor, actor: web.SignedIn) -> dict[str, Any]:
    """The organisations one may see."""
    return {"hosts": await views.list_hosts(door.database, to=actor)}


@api.get("/hosts/{host_id}")
async def show_host(host_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> dict[str, Any]:
    """One organisation."""
    return await views.show_host(door.database, host_id, to=actor)


@api.post("/hosts/{host_id}/approve", audience=web.OFFICER)
async def approve_host(host_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Let an organisation send proposals, or lift its suspension."""
    return await door.answer(
        lambda tx: commands.approve_host(tx, ApproveHost(host_id), actor=actor, now=clock.now)
    )


@api.post("/hosts/{host_id}/refuse", audience=web.OFFICER)
async def refuse_host(
    host_id: UUID, body: RefusalOfHost, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Turn a registration down."""
    command = RefuseHost(host_id, body.reason_code, body.reason)
    return await door.answer(
        lambda tx: commands.refuse_host(tx, command, actor=actor, now=clock.now)
    )


@api.post("/hosts/{host_id}/suspend", audience=web.OFFICER)
async def suspend_host(
    host_id: UUID, body: Suspension, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Take every right from an organisation until it is approved again."""
    command = SuspendHost(host_id, body.reason_code, body.reason, body.vacancies_end)
    return await door.answer(
        lambda tx: commands.suspend_host(tx, command, actor=actor, now=clock.now)
    )
