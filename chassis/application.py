"""The process that serves a service's pages and API. No Kafka in it: a dead broker stops no write."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic.json_schema import models_json_schema
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import answers, breach_pages, compatibility, identity, known_hosts
from chassis.database import Database
from chassis.door import HostsOf
from chassis.machines import Machines
from chassis.nudge import Nudger
from chassis.pages import Pages
from chassis.protocol import Protocol
from chassis.settings import Settings
from chassis.universities import universities
from chassis.web import BODIES, SIGNED_IN, TheDoor, guard
from schemas.envelope import Service

STATIC = Path(__file__).parent / "static"


def application(
    *,
    service: Service,
    settings: Settings,
    database: Database,
    routes: Sequence[APIRouter],
    hosts_of: HostsOf = known_hosts.list_hosts_of,
    largest_form: int = 1024 * 1024,
    at_start: Callable[[FastAPI], Awaitable[None]] | None = None,
) -> Any:
    """Make the ASGI application of a service.

    `largest_form` is the most bytes a form with files may send; `at_start` may put outside systems
    on `app.state` before the first request.
    """
    app = FastAPI(
        title=f"Micro-internships: {service}",
        version="1",
        lifespan=_lifespan(settings, service, database, at_start),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    _furnish(app, service=service, settings=settings, database=database, hosts_of=hosts_of)
    answers.install(app)
    app.add_middleware(_RenewedCookies)
    routes = (breach_pages.pages(service), *routes)  # before pages that any id leads to
    for router in (*routes, _of_every_service(service)):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.state.every_route = [route for router in routes for route in router.routes]
    return Protocol(
        app,
        service=service,
        universities=settings.universities,
        largest_form=largest_form,
        is_https=settings.public_url.startswith("https://"),
    )


def _furnish(
    app: FastAPI, *, service: Service, settings: Settings, database: Database, hosts_of: HostsOf
) -> None:
    secret = settings.cookie_secret.get_secret_value()
    app.state.service = service
    app.state.settings = settings
    app.state.database = database
    app.state.keys = identity.Keys.read(secret, settings.signing_public_key)
    app.state.machines = Machines(settings.issuer, settings.audience)
    app.state.hosts_of = hosts_of
    app.state.universities = universities(settings.universities.values())
    app.state.pages = Pages(service)


def _lifespan(
    settings: Settings,
    service: str,
    database: Database,
    at_start: Callable[[FastAPI], Awaitable[None]] | None,
) -> Any:
    nudger = Nudger(settings.dsn, service)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        nudger.start()
        database.on_record(nudger.nudge)
        if at_start:
            await at_start(app)
        yield
        await nudger.close()

    return lifespan


class _RenewedCookies:
    """Advance "last seen", at most once a minute; where a route sets or clears the cookie, leave it.

    Plain ASGI, so that what reading a body raises reaches the application as it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def renew(message: Message) -> None:
            renewed = scope.get("state", {}).get("renewed_cookie")
            if renewed and message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "set-cookie" not in headers:
                    carrier = Response()
                    identity.set_cookie(carrier, renewed)
                    headers["set-cookie"] = carrier.headers["set-cookie"]
            await send(message)

        await self._app(scope, receive, renew)


def _of_every_service(service: str) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        """The process alone."""
        return JSONResponse({"status": "alive"})

    @router.get("/readyz")
    async def readyz(request: Request) -> JSONResponse:
        """Postgres answers, and its schema is new enough. Kafka is none of this process's business."""
        status = await compatibility.judge(request.app.state.database, service)
        return JSONResponse({"status": status}, status_code=200 if status == "ready" else 503)

    @router.get(f"/api/{service}/v1/openapi.json")
    async def openapi(request: Request) -> Response:
        """The API's own description."""
        return Response(json.dumps(describe(request.app)), media_type="application/json")

    @router.get(f"/api/{service}/v1/me", dependencies=[Depends(guard(SIGNED_IN))])
    async def me(door: TheDoor) -> JSONResponse:
        """Who this sign-in is, and the token its commands must carry as `X-CSRF-Token`."""
        actor = door.who
        return JSONResponse(
            {
                "person_ref": str(actor.person_ref) if actor.person_ref else None,
                "university": actor.university,
                "roles": sorted(actor.roles),
                "hosts": sorted(str(host) for host in actor.organisations),
                "csrf_token": identity.csrf_token(door.request.app.state.keys, door.sign_in),
            }
        )

    return router


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with the bodies that we read ourselves."""
    document = app.openapi()
    kinds: list[Any] = [
        (kind, "validation") for kind in sorted(BODIES, key=lambda kind: kind.__name__)
    ]
    if kinds:
        _, schemas = models_json_schema(kinds, ref_template="#/components/schemas/{model}")
        components = document.setdefault("components", {}).setdefault("schemas", {})
        components.update(schemas.get("$defs", {}))
    return document
