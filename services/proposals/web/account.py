"""One's own account: name, address, language, and where one is signed in."""

from starlette.responses import Response

from chassis import clock, identity, web
from services.proposals.commands import accounts as commands
from services.proposals.views import accounts as views

pages = web.pages("/account", audience=web.SIGNED_IN)


@pages.get()
async def show_account(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What we know of this person here, and the sign-ins of the last thirty days."""
    account = await views.show_account(door.database, to=actor)
    return await door.page("account.html", account=account, present=door.sign_in)


@pages.post("/sign-ins/end")
async def end_all_sign_ins(door: web.TheDoor) -> Response:
    """Sign out everywhere, this browser included."""
    if door.sign_in is None:
        return door.see_other("/sign-in")
    ending = door.sign_in
    async with door.database.transaction() as tx:
        await commands.end_all_sign_ins(tx, ending, actor=door.who, now=clock.now)
    response = door.see_other("/sign-in")
    identity.clear_cookie(response)
    return response
