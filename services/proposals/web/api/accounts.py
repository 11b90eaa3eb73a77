"""The front desk for programs: ask for a link, read one's own account, sign out."""

from typing import Annotated, Any

from fastapi.encoders import jsonable_encoder
from starlette.responses import JSONResponse, Response

from chassis import clock, identity, web
from chassis.database import Transaction
from chassis.fields import Address, Email
from chassis.problems import Problem
from services.proposals.commands import accounts as commands
from services.proposals.domain.account import LINK_LIVES, TooManyLinks
from services.proposals.views import accounts as views
from services.proposals.web.front_desk import front_desk
from services.proposals.web.sign_in import PAUSE, asked_for, remember_asking

api = web.api("proposals")


class LinkAsked(web.Body):
    """Whose mailbox a link to sign in goes to."""

    email: Annotated[Address, Email()]


@api.get("/sign-in", audience=web.PUBLIC)
async def show_ways_in(door: web.TheDoor) -> Response:
    """The ways in, and the token that a visitor's commands carry as `X-CSRF-Token`."""
    return JSONResponse(
        {
            "university": door.university,
            "by_university": "/sign-in/start",
            "by_mail": "/api/proposals/v1/sign-in-links",
            "csrf_token": identity.csrf_token(door.request.app.state.keys, door.sign_in),
        }
    )


@api.post("/sign-in-links", audience=web.PUBLIC)
async def ask_for_link(body: LinkAsked, door: web.TheDoor) -> Response:
    """Mail a link; the same answer whether the address is known or not.

    The link works in the browser that keeps the cookie of this answer.
    """
    desk = front_desk(door)
    try:
        await desk.let_ask(door, body.email.stored)
    except TooManyLinks as often:
        raise Problem(
            often.status, often.slug(), often.sentence, headers={"Retry-After": PAUSE}
        ) from often
    command = asked_for(door, body.email)
    has_run = False

    async def ask(tx: Transaction) -> dict[str, Any]:
        nonlocal has_run
        await commands.ask_for_link(tx, command, contacts=desk.contacts, now=clock.now)
        has_run = True
        return {"valid_for_seconds": int(LINK_LIVES.total_seconds())}

    answer = await door.answer(ask, status=202)
    if has_run:  # a second sending of the same command asked for nothing, and binds nothing
        remember_asking(door, answer, command, shown=body.email.shown, after=None)
    return answer


@api.get("/account")
async def show_account(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """One's own account."""
    return JSONResponse(jsonable_encoder(await views.show_account(door.database, to=actor)))


@api.post("/sign-out")
async def sign_out(door: web.TheDoor) -> Response:
    """End this sign-in."""
    ending = door.sign_in

    async def end(tx: Transaction) -> dict[str, Any]:
        if ending:
            await commands.sign_out(tx, ending, actor=door.who, now=clock.now)
        return {"signed_out": ending is not None}

    answer = await door.answer(end)
    identity.clear_cookie(answer)
    return answer
