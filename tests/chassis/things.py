"""An application of the tests' own: one thing that can be renamed, taken and removed, by API and page."""

import json
from uuid import UUID, uuid4

import httpx2
from joserfc.jwk import OKPKey

from chassis import clock, identity, web
from chassis.actor import Role
from chassis.decision import Refused

SECRET = "s" * 32
SIGNING = OKPKey.generate_key("Ed25519")
THING = uuid4()


class ThingIsTaken(Refused):
    """Somebody else took this thing first."""


class Rename(web.Body):
    title: str
    count: int = 1
    is_open: bool = False


def routes():
    api = web.api("proposals")
    pages = web.pages("/things", audience=web.APPLICANT)

    @api.post("/things/{thing_id}/rename", audience=web.APPLICANT)
    async def rename(thing_id: UUID, body: Rename, door: web.TheDoor):
        async def act(tx):
            if body.title == "taken":
                raise ThingIsTaken
            number = await tx.value(
                "INSERT INTO sequences VALUES ('t', $1, 1) "
                "ON CONFLICT (topic, key) DO UPDATE SET last = sequences.last + 1 RETURNING last",
                str(thing_id),
            )
            return {"title": body.title, "number": number}

        return await door.answer(act, status=201)

    @api.get("/things", audience=web.APPLICANT)
    async def list_things(door: web.TheDoor, limit: int = 5):
        return {"limit": limit}

    @api.get("/office", audience=web.OFFICE)
    async def office(door: web.TheDoor):
        return {}

    @pages.get("")
    async def show(door: web.TheDoor):
        return await door.page("error.html", detail="", reference="", again=0)

    @pages.post("/{thing_id}/remove")
    async def remove(thing_id: UUID, door: web.TheDoor):
        return door.see_other("/things")

    @pages.post("")
    async def take(door: web.TheDoor):
        async def act(tx):
            await tx.execute("INSERT INTO sequences VALUES ('page', $1, 1)", str(uuid4()))
            return {"place": str(uuid4())}

        done = await door.run(act)
        return door.see_other(f"/things/{done['place']}")

    return [api, pages]


def a_sign_in(**changes) -> identity.SignIn:
    given = {
        "sign_in_id": uuid4().hex,
        "person_ref": uuid4(),
        "university": "oxford",
        "roles": (Role.APPLICANT.value,),
        "name": "Ada Byron",
        "method": "oidc",
        "signed_in_at": clock.real_now(),
    }
    return identity.SignIn(**(given | changes))


KEYS = identity.Keys.read(SECRET, json.dumps(SIGNING.as_dict(private=False)))


def cookie_of(sign_in, *, at=None) -> str:
    return identity.mint(sign_in, signing_key=SIGNING, keys=KEYS, now=at or clock.real_now())


def client_of(app, sign_in=None, **headers):
    known = {"accept": "application/json"}
    if sign_in:
        known["cookie"] = f"{identity.COOKIE}={cookie_of(sign_in)}"
        known["x-csrf-token"] = identity.csrf_token(KEYS, sign_in)
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(
        transport=transport, base_url="http://localhost", headers=known | headers
    )


async def rename(client, body, *, key=None, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body)
    sent = {"content-type": "application/json", "idempotency-key": key or uuid4().hex} | headers
    return await client.post(
        f"/api/proposals/v1/things/{THING}/rename",
        content=content,
        headers={name: value for name, value in sent.items() if value is not None},
    )
