"""The API of offers: applicants answer, the office withdraws and extends."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from chassis import clock, web
from chassis.fields import Moment
from schemas.deadline import Deadline
from services.applications.commands import offers as commands
from services.applications.domain.intervention import ExtendOffer, WithdrawOffer
from services.applications.domain.offer import AcceptOffer, DeclineOffer
from services.applications.store.rules import get_rules
from services.applications.views import offers as shown
from services.applications.views.selections import is_office

api = web.api("applications")
READERS = web.Audience(
    "applicant or office", web.APPLICANT.roles | web.OFFICE.roles, scope="office"
)


class Acceptance(web.Body):
    """The agreement an intern makes (R61)."""

    conduct_agreed: bool
    hours_confirmed: bool = False


class Declining(web.Body):
    """One of the programme's reasons, if one likes."""

    reason_code: str | None = Field(default=None, max_length=100)


class Withdrawal(web.Body):
    """Why, as the applicant reads it."""

    reason: str = Field(max_length=500)


class Extension(web.Body):
    """Until when, and why."""

    deadline: Annotated[datetime, Moment()]
    reason: str = Field(max_length=500)


class Making(web.Body):
    """Why now, for the record."""

    reason: str = Field(min_length=1, max_length=500)


@api.get("/offers", audience=READERS)
async def list_offers(door: web.TheDoor, actor: web.SignedIn) -> dict[str, Any]:
    """One's own offers; for the office, all of them."""
    rows = await shown.list_offers(door.database, to=actor)
    return {"offers": [_offer(row, for_office=is_office(actor)) for row in rows]}


@api.get("/offers/{offer_id}", audience=READERS)
async def show_offer(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> dict[str, Any]:
    """One offer, with what its applicant agrees to."""
    row = await shown.show_offer(door.database, offer_id, to=actor)
    rules = await get_rules(door.database, row["programme_id"], row["rule_set_version"])
    return _offer(row, for_office=is_office(actor)) | {
        "conduct_agreement": rules.placement.conduct_agreement
    }


@api.post("/offers/{offer_id}/accept", audience=web.APPLICANT)
async def accept_offer(
    offer_id: UUID, body: Acceptance, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Take the place."""
    command = AcceptOffer(offer_id, body.conduct_agreed, body.hours_confirmed)
    return await door.answer(
        lambda tx: commands.accept_offer(tx, command, actor=actor, now=clock.now)
    )


@api.post("/offers/{offer_id}/decline", audience=web.APPLICANT)
async def decline_offer(
    offer_id: UUID, body: Declining, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Leave the place."""
    command = DeclineOffer(offer_id, body.reason_code)
    return await door.answer(
        lambda tx: commands.decline_offer(tx, command, actor=actor, now=clock.now)
    )


@api.post("/offers/{offer_id}/withdraw", audience=web.OFFICER)
async def withdraw_offer(
    offer_id: UUID, body: Withdrawal, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Take an offer back."""
    command = WithdrawOffer(offer_id, body.reason)
    return await door.answer(
        lambda tx: commands.withdraw_offer(tx, command, actor=actor, now=clock.now)
    )


@api.post("/offers/{offer_id}/extend", audience=web.OFFICER)
async def extend_offer(
    offer_id: UUID, body: Extension, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Let an offer stand longer: a wall time of the zone in which it was made."""
    row = await shown.show_offer(door.database, offer_id, to=actor)
    zone = row["respond_by"].zone if row["respond_by"] else "UTC"
    deadline = Deadline.from_instant(body.deadline, zone)
    command = ExtendOffer(offer_id, deadline=deadline, reason=body.reason)
    return await door.answer(
        lambda tx: commands.extend_offer(tx, command, actor=actor, now=clock.now)
    )


@api.post("/offers/{offer_id}/make", audience=web.OFFICER)
async def make_offer(
    offer_id: UUID, body: Making, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Tell a reserve whose place is held ready."""
    return await door.answer(
        lambda tx: commands.make_prepared_offer(
            tx, offer_id, actor=actor, now=clock.now, reason=body.reason
        )
    )


def _offer(row: dict[str, Any], *, for_office: bool) -> dict[str, Any]:
    kept = [
        "offer_id",
        "application_id",
        "vacancy_id",
        "round",
        "title",
        "host",
        "programme_id",
        "cycle_id",
        "state",
        "made_at",
        "respond_by",
        "answered_at",
        "reason_code",
        "reason",
        "first_on",
        "last_on",
        "mode",
        "city",
        "country",
        "placement_id",
        "placement_state",
        "reference",
    ]
    if for_office:
        kept += ["person_ref", "name", "rank", "from_reserve"]
    return {name: row[name] for name in kept}
