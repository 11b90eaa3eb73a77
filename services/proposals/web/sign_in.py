"""Come in: by the university's identity provider, or by a link in a mail; and go out again.

The way to the provider starts with a link, since our content policy stops a posted form that is sent
on elsewhere. What a browser must remember on the way is sealed in a cookie of a few minutes. Nothing
here runs under a command key: a key answers a second sending with the first answer, and a sign-in
is given once.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from chassis import audit, clock, identity, web
from chassis.clock import real_now
from chassis.decision import Refused
from chassis.door import Door
from chassis.fields import Address, Email
from chassis.forms import Form, FormFaults, asks, parse, show
from chassis.identity import SignIn
from chassis.navigation import home
from chassis.problems import Problem
from services.proposals.commands import accounts as commands
from services.proposals.domain import account, assertion
from services.proposals.domain.account import (
    CODE_DIGITS,
    LINK_LIVES,
    CodeIsWrong,
    LinkIsSpent,
    NobodySignedIn,
)
from services.proposals.provider import Journey, NotConfirmed, ProviderIsAway
from services.proposals.views import accounts as views
from services.proposals.web.carried import ASKED, JOURNEY, carried, carry, put_down
from services.proposals.web.front_desk import front_desk, origin
from services.proposals.web.next_page import known_page

pages = web.pages(audience=web.PUBLIC)

JOURNEY_LIVES = timedelta(minutes=10)
BACK = "/sign-in/return"
PAUSE = "900"  # seconds: the quarter of an hour that the sentences name


class LinkForm(Form):
    """What a host types to get a link."""

    email: Annotated[Address, Email()] = asks(
        "Your e-mail address", hint="The one that your organisation's registration names."
    )


# ---- the page ----


@pages.get("/sign-in")
async def show_sign_in(door: web.TheDoor) -> Response:
    """The two ways in. A cookie that opens nothing any more is taken away here (row 39)."""
    page = await _sign_in_page(door, after=door.request.query_params.get("next"))
    return _without_stale_cookie(door, page)


def _without_stale_cookie(door: Door, response: Response) -> Response:
    """A form sent with a cookie that has ended would be kept for later instead of being read."""
    if getattr(door.request.state, "cookie_is_stale", False):
        identity.clear_cookie(response)
    return response


async def _sign_in_page(
    door: Door, *, after: str | None, status: int = 200, **values: Any
) -> Response:
    page = known_page(after)
    again = door.request.query_params.get("again") == "yes"
    kept = {"next": page} if page else {}
    asked = urlencode(kept | ({"again": "yes"} if again else {}))
    start = "/sign-in/start" + (f"?{asked}" if asked else "")
    sheet = values.pop("sheet", None) or show(LinkForm)
    return await door.page(
        "sign_in.html",
        status=status,
        start=start,
        after=page or "",
        again=again,
        sheet=sheet,
        errors=sheet.errors,
        **values,
    )


# ---- by the university ----


@pages.get("/sign-in/start")
async def start(door: web.TheDoor) -> Response:
    """Off to the university's identity provider."""
    journey = Journey.new()
    try:
        address = await front_desk(door).provider.where_to(
            journey,
            back_to=origin(door) + BACK,
            again=door.request.query_params.get("again") == "yes",
        )
    except ProviderIsAway as away:
        raise _away() from away
    content = {
        "state": journey.state,
        "nonce": journey.nonce,
        "verifier": journey.verifier,
        "next": known_page(door.request.query_params.get("next")),
    }
    response = RedirectResponse(address, status_code=303)
    carry(door, response, JOURNEY, content, lives=JOURNEY_LIVES, now=real_now())
    return response


@pages.get(BACK)
async def come_back(door: web.TheDoor) -> Response:
    """Back from there: whoever it is comes in, or reads why not."""
    desk = front_desk(door)
    try:
        await desk.let_try(door)
        went = carried(door, JOURNEY, now=real_now())
        who = assertion.read(
            await _confirmed(door, went), key=desk.person_key, trust=desk.trust(door.university)
        )
        async with door.database.transaction() as tx:
            sign_in = await commands.sign_in_from_provider(
                tx, who, contacts=desk.contacts, now=clock.now
            )
    except Refused as refused:
        await desk.note_failure(door)
        response = await _refusal(door, refused)
    else:
        response = await _let_in(door, sign_in, after=(went or {}).get("next"))
    put_down(response, JOURNEY)
    return response


async def _confirmed(door: Door, went: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What the provider vouches for. Every doubt is the same sentence; the audit knows which it was."""
    if went is None:
        raise NobodySignedIn(why="no-journey")
    journey = Journey(went["state"], went["nonce"], went["verifier"])
    answer = dict(door.request.query_params)
    if len(answer) != len(door.request.query_params.multi_items()):
        raise NobodySignedIn(why="repeated-parameter")
    try:
        return await front_desk(door).provider.who(answer, journey, back_to=origin(door) + BACK)
    except NotConfirmed as doubt:
        raise NobodySignedIn(why=doubt.reason) from doubt
    except ProviderIsAway as away:
        raise _away() from away


def _away() -> Problem:
    return Problem(
        503,
        "provider-away",
        "Your university's sign-in does not answer at the moment. Try again in a minute.",
        headers={"Retry-After": "60"},
    )


# ---- by mail ----


@pages.post("/sign-in/links")
async def ask_for_link(door: web.TheDoor) -> Response:
    """Mail a link; the same words whether we know the address or not (S17)."""
    fields = dict(door.typed)
    after = known_page(str(fields.pop("next", "")))
    try:
        form = parse(LinkForm, fields.items())
    except FormFaults as faults:
        sheet = show(LinkForm, typed=fields.items(), faults=faults.faults)
        return await _sign_in_page(door, after=after, status=422, sheet=sheet)
    desk = front_desk(door)
    try:
        await desk.let_ask(door, form.email.stored)
    except Refused as refused:
        await _audit(door, refused)
        sheet = show(LinkForm, typed=fields.items())
        page = await _sign_in_page(
            door, after=after, status=refused.status, sheet=sheet, refused=refused
        )
        return _with_pause(page)
    command = asked_for(door, form.email)
    async with door.database.transaction() as tx:
        await commands.ask_for_link(tx, command, contacts=desk.contacts, now=clock.now)
    response = door.see_other("/sign-in/sent")
    remember_asking(door, response, command, shown=form.email.shown, after=after)
    return response


def asked_for(door: Door, address: Address) -> commands.AskForLink:
    """The command of whoever asks; a browser that asks twice can use either link."""
    asked = carried(door, ASKED, now=real_now())
    browser = asked["browser"] if asked else secrets.token_urlsafe(32)
    return commands.AskForLink(door.university, address.stored, browser, origin(door))


def remember_asking(
    door: Door, response: Response, command: commands.AskForLink, *, shown: str, after: str | None
) -> None:
    """Bind the link to the browser that asked for it."""
    content = {"browser": command.browser, "address": shown, "next": after}
    carry(door, response, ASKED, content, lives=LINK_LIVES, now=real_now())


@pages.get("/sign-in/sent")
async def show_sent(door: web.TheDoor) -> Response:
    """What happens next; and the field for the code, should the link be opened elsewhere."""
    asked = carried(door, ASKED, now=real_now())
    if asked is None:
        return door.see_other("/sign-in")
    return _without_stale_cookie(door, await _sent_page(door, asked))


async def _sent_page(
    door: Door, asked: Mapping[str, Any], *, refused: Refused | None = None
) -> Response:
    errors = [{"text": refused.sentence, "href": "#code"}] if refused else []
    return await door.page(
        "link_sent.html",
        status=refused.status if refused else 200,
        sent_to=asked["address"],
        minutes=int(LINK_LIVES.total_seconds() // 60),
        errors=errors,
        typed=door.typed.get("code", ""),
    )


@pages.get("/sign-in/link")
async def show_link(door: web.TheDoor) -> Response:
    """The mailed link opened: a button where it was asked for, a code anywhere else.

    Nothing is used up by looking: mail scanners follow links, and browsers load them ahead.
    """
    token = door.request.query_params.get("token", "")
    link_hash = account.hashed(token)
    browser = await views.find_browser_of_link(
        door.database, university=door.university, link_hash=link_hash
    )
    if browser is None:
        return await door.page(
            "not_signed_in.html", status=LinkIsSpent.status, sentence=LinkIsSpent().sentence
        )
    asked = carried(door, ASKED, now=real_now())
    code, half = account.code_of(link_hash, key=_code_key(door)), CODE_DIGITS // 2
    page = await door.page(
        "link.html",
        token=token,
        is_asking_browser=asked is not None and account.hashed(asked["browser"]) == browser,
        code=f"{code[:half]} {code[half:]}",
    )
    return _without_stale_cookie(door, page)


@pages.post("/sign-in/link")
async def use_link(door: web.TheDoor) -> Response:
    """Use the link, once, in the browser that asked for it."""
    asked = carried(door, ASKED, now=real_now())
    token = str(door.typed.get("token", ""))
    try:
        await front_desk(door).let_try(door)
        if asked is None:
            raise LinkIsSpent
        async with door.database.transaction() as tx:
            sign_in = await commands.use_link(
                tx, university=door.university, secret=token, browser=asked["browser"]
            )
    except Refused as refused:
        await front_desk(door).note_failure(door)
        return await _refusal(door, refused)
    return await _let_in_by_mail(door, sign_in, asked)


@pages.post("/sign-in/code")
async def use_code(door: web.TheDoor) -> Response:
    """Type, where the link was asked for, the code that it showed elsewhere."""
    asked = carried(door, ASKED, now=real_now())
    code = "".join(filter(str.isdigit, str(door.typed.get("code", ""))))
    try:
        await front_desk(door).let_try(door)
        if asked is None:
            raise LinkIsSpent
        async with door.database.transaction() as tx:
            sign_in = await commands.use_code(
                tx,
                university=door.university,
                code=code,
                browser=asked["browser"],
                key=_code_key(door),
            )
        if sign_in is None:
            raise CodeIsWrong
    except CodeIsWrong as wrong:
        await front_desk(door).note_failure(door)
        await _audit(door, wrong)
        return await _sent_page(door, asked or {}, refused=wrong)
    except Refused as refused:
        await front_desk(door).note_failure(door)
        return await _refusal(door, refused)
    return await _let_in_by_mail(door, sign_in, asked)


def _code_key(door: Door) -> bytes:
    return door.request.app.state.keys.derived("sign-in code")


async def _let_in_by_mail(door: Door, sign_in: SignIn, asked: Mapping[str, Any]) -> Response:
    response = await _let_in(door, sign_in, after=asked.get("next"))
    put_down(response, ASKED)
    return response


# ---- in and out ----


async def _let_in(door: Door, sign_in: SignIn, *, after: str | None) -> Response:
    """The cookie, and the page that was asked for; else the home of this person's role."""
    state = door.request.app.state
    hosts = await state.hosts_of(door.database, sign_in.person_ref, sign_in.university)
    actor = identity.actor_of(sign_in, hosts=hosts)
    response = door.see_other(known_page(after) or home(actor.roles))
    value = identity.mint(
        sign_in, signing_key=front_desk(door).signing_key, keys=state.keys, now=real_now()
    )
    identity.set_cookie(response, value)
    return response


async def _refusal(door: Door, refused: Refused) -> Response:
    """Nobody came in: a sentence, and the way to try again."""
    await _audit(door, refused)
    page = await door.page("not_signed_in.html", status=refused.status, sentence=refused.sentence)
    return _with_pause(page)


def _with_pause(response: Response) -> Response:
    """Say for programs, too, how long a brake holds."""
    if response.status_code == 429:
        response.headers["retry-after"] = PAUSE
    return response


async def _audit(door: Door, refused: Refused) -> None:
    why = refused.facts.get("why", "sign-in")
    await audit.refused(door.database, refused, actor=door.who, act="SignIn", subject=why)


@pages.post("/sign-out")
async def sign_out(door: web.TheDoor) -> Response:
    """End this sign-in, here at once and everywhere within a minute."""
    if door.sign_in:
        ending = door.sign_in
        async with door.database.transaction() as tx:
            await commands.sign_out(tx, ending, actor=door.who, now=clock.now)
    response = door.see_other("/")
    identity.clear_cookie(response)
    return response
