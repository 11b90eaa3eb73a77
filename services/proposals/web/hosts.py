"""For hosts: what is asked of them, registering, and how one's organisation stands."""

from typing import Annotated
from uuid import UUID

from starlette.responses import Response

from chassis import clock, web
from chassis.door import Door
from chassis.fields import Address, Email, Text, Zone
from chassis.forms import Form, FormFaults, Sheet, asks, parse, show
from schemas.advert import HostKind
from schemas.rules import ProfitStatus
from services.proposals.commands import hosts as commands
from services.proposals.commands.hosts import Registration
from services.proposals.views import hosts as views
from services.proposals.views import programmes as programme_views
from services.proposals.web.advertised import Words
from services.proposals.web.choices import (
    Country,
    Region,
    Size,
    countries,
    host_kinds,
    profit_statuses,
    regions,
    sizes,
)
from services.proposals.web.front_desk import front_desk

pages = web.pages("/hosts", audience=web.PUBLIC)


class RegistrationForm(Form):
    """What an organisation says of itself, and who acts for it."""

    public_name: Annotated[str, Text(most=160)] = asks(
        "Name of your organisation", hint="As the public knows it"
    )
    kind: HostKind = asks("What sort of organisation it is", choices=host_kinds())
    profit_status: ProfitStatus = asks(
        "Whether it works for profit",
        hint="It decides which travel costs you repay",
        choices=profit_statuses(),
    )
    size: Size = asks("How many people work there", choices=sizes())
    sector: Annotated[str, Text(most=60)] = asks("Sector", control="select")
    country: Annotated[str, Country()] = asks("Country", control="select")
    region: Region = asks("Region", choices=regions(), control="select")
    zone: Annotated[str, Zone()] = asks(
        "Time zone", hint="Like Europe/London: hours of placements are meant in it"
    )
    has_alumni_link: bool = asks("Alumni of this university work with us", default=False)
    about: Annotated[str, Text(least=0, most=2000, lines=True)] = asks(
        "About your organisation", hint="Two or three sentences, which applicants read", default=""
    )
    contact_name: Annotated[str, Text(most=120)] = asks("Your name")
    contact_email: Annotated[Address, Email()] = asks(
        "Your e-mail address", hint="We send you links to sign in; there is no password"
    )


FACTS = ("public_name", "kind", "profit_status", "size", "sector", "country", "region", "zone",
         "has_alumni_link")  # fmt: skip


@pages.get("")
async def show_hosts(door: web.TheDoor) -> Response:
    """Why, how, when, and what is asked of hosts."""
    rules = await programme_views.list_rules(door.database, to=door.who)
    now = await clock.shown(door.database)
    cycles = await programme_views.list_cycles_for_proposals(door.database, to=door.who, now=now)
    return await door.page("hosts.html", rules=rules, cycles=cycles)


@pages.get("/register")
async def show_registration(door: web.TheDoor) -> Response:
    """The form."""
    here = door.request.app.state.universities[door.university].zone
    values = {"country": "GB", "zone": here}
    typed = await door.kept_pairs()
    sheet = show(RegistrationForm, typed=typed, values=values, choices=await _choices(door))
    return await door.page("host_register.html", sheet=sheet, errors=())


@pages.post("/register")
async def register_host(door: web.TheDoor) -> Response:
    """Keep the registration; the office answers."""
    choices = await _choices(door)
    try:
        form = parse(RegistrationForm, door.typed_pairs, choices=choices)
    except FormFaults as faulty:
        sheet = show(
            RegistrationForm, typed=door.typed_pairs, faults=faulty.faults, choices=choices
        )
        return await _slips(door, sheet)
    given = Registration(
        {name: getattr(form, name) for name in FACTS},
        form.about,
        form.contact_name,
        form.contact_email.stored,
    )
    made = await door.run(
        lambda tx: commands.register_host(
            tx,
            given,
            university=door.university,
            contacts=front_desk(door).contacts,
            actor=door.who,
            now=clock.now,
        )
    )
    return door.see_other(f"/hosts/registered?of={made['host_id']}")


async def _slips(door: Door, sheet: Sheet) -> Response:
    return await door.page("host_register.html", status=422, sheet=sheet, errors=sheet.errors)


async def _choices(door: Door) -> dict[str, list[tuple[str, str]]]:
    rules = await programme_views.list_rules(door.database, to=door.who)
    sectors = sorted(Words.of(*rules.values()).sectors.items(), key=lambda each: each[1])
    return {"sector": sectors or [("other", "Other")], "country": countries()}


@pages.get("/registered")
async def show_registered(door: web.TheDoor) -> Response:
    """What happens next. The address says nothing about who registered."""
    return await door.page("host_registered.html")


@pages.get("/mine", audience=web.SIGNED_IN)
async def show_own_hosts(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One's organisations, how each stands, and who acts for it."""
    hosts = await views.list_own_hosts(door.database, to=actor)
    rules = await programme_views.list_rules(door.database, to=actor)
    people = {
        host["host_id"]: await _people(door, host["host_id"], actor)
        for host in hosts
        if host["host_id"] in actor.organisations
    }
    return await door.page(
        "host_mine.html",
        hosts=hosts,
        people=people,
        words=Words.of(*rules.values()),
        kinds=host_kinds(),
        profits=profit_statuses(),
        sizes=sizes(),
        regions=regions(),
    )


async def _people(door: Door, host_id: UUID, actor: web.SignedIn) -> list[dict[str, str]]:
    return await views.list_contacts(door.database, host_id, to=actor)
