"""Pages and the API: who may come in, how bodies are read, how every fault is answered.

A service's `web/` declares routes with `pages(...)` and `api(...)`; each names its audience.
`application(...)` makes the ASGI application of a `web` process. No Kafka here: a dead broker never
stops a write.
"""

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Match
from starlette.staticfiles import StaticFiles

from chassis import database as databases
from chassis import identity, known_hosts, migrate, strict_json
from chassis.actor import OFFICE as OFFICE_ROLES
from chassis.actor import Actor, Role
from chassis.database import Database
from chassis.decision import Refused
from chassis.door import NOBODYS_FAULT, Door, HostsOf, enter, is_api
from chassis.forms import FormFaults
from chassis.machines import Machines
from chassis.outbox import Nudger
from chassis.pages import Pages
from chassis.problems import Fault, Problem, fault_of, not_found, of_refusal, of_validation
from chassis.protocol import Protocol
from chassis.settings import Settings
from chassis.universities import universities

log = structlog.get_logger()
STATIC = Path(__file__).parent / "static"


# ---- who may come in ----


@dataclass(frozen=True, slots=True)
class Audience:
    """Who a route is for. None of its roles: anybody who is signed in, or anybody at all."""

    name: str
    roles: frozenset[Role] = frozenset()
    must_sign_in: bool = True
    scope: str | None = None  # what a machine's token must allow instead of a role


PUBLIC = Audience("public", must_sign_in=False)
SIGNED_IN = Audience("signed in")
APPLICANT = Audience("applicant", frozenset({Role.APPLICANT}))
HOST = Audience("host", frozenset({Role.HOST_CONTACT}))
HOST_OR_SUPERVISOR = Audience("host", frozenset({Role.HOST_CONTACT, Role.SUPERVISOR}))
OFFICE = Audience("office", frozenset(OFFICE_ROLES), scope="office")
OFFICER = Audience("officer", frozenset({Role.OFFICER, Role.PROGRAMME_MANAGER}), scope="office")
PLACED = Audience(
    "placed", frozenset({Role.APPLICANT, Role.HOST_CONTACT, Role.SUPERVISOR, *OFFICE_ROLES})
)


def _guard(audience: Audience) -> Callable[[Door], Awaitable[None]]:
    async def guard(door: Annotated[Door, Depends(enter)]) -> None:
        if not audience.must_sign_in:
            return
        if door.actor is None:
            raise _sign_in_first(door)
        may = not audience.roles or door.actor.is_a(*audience.roles)
        if door.actor.is_a(Role.MACHINE):
            may = audience.scope is not None and audience.scope in door.actor.scopes
        if not may:
            raise Problem(403, "forbidden", "This page is not for you to use.")

    return guard


def _sign_in_first(door: Door) -> Problem:
    request = door.request
    if door.is_api:
        return Problem(401, "sign-in", "Sign in first.", headers={"WWW-Authenticate": "Bearer"})
    path = request.url.path
    if request.url.query:
        path += f"?{request.url.query}"
    target = f"/sign-in?next={quote(path, safe='')}" if request.method == "GET" else "/sign-in"
    return Problem(303, "sign-in", "Sign in first.", headers={"location": target})


def _signed_in(door: Annotated[Door, Depends(enter)]) -> Actor:
    if door.actor is None:
        raise _sign_in_first(door)
    return door.actor


TheDoor = Annotated[Door, Depends(enter)]
SignedIn = Annotated[Actor, Depends(_signed_in)]
"""The actor of a route that asks for a sign-in."""


def _database(request: Request) -> Database:
    return request.app.state.database


TheDatabase = Annotated[Database, Depends(_database)]


# ---- routes ----


class Body(BaseModel):
    """The body of an API command: strict, nothing unknown, nothing coerced (rows 10 to 15)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Routes(APIRouter):
    """Routes of one audience under one prefix."""

    def __init__(self, prefix: str, *, audience: Audience, is_page: bool) -> None:
        super().__init__(prefix=prefix)
        self._audience = audience
        self._is_page = is_page

    def get(self, path: str = "", *, audience: Audience | None = None, **more: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A page, or something read by the API."""
        return self._declare("GET", path, audience, more)

    def post(self, path: str = "", *, audience: Audience | None = None, **more: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A command."""
        return self._declare("POST", path, audience, more)

    def put(self, path: str = "", *, audience: Audience | None = None, **more: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """An edit of something that has a version (`If-Match`)."""
        return self._declare("PUT", path, audience, more)

    def _declare(
        self, method: str, path: str, audience: Audience | None, more: dict[str, Any]
    ) -> Any:
        who = audience or self._audience

        def declared(endpoint: Any) -> Any:
            extra: dict[str, Any] = {"x-audience": who.name}
            checks = [Depends(_guard(who))]
            if not self._is_page:
                checks.append(Depends(_api_protocol(endpoint)))
                _read_bodies_strictly(endpoint, extra)
            self.add_api_route(
                path,
                endpoint,
                methods=[method],
                dependencies=checks,
                include_in_schema=not self._is_page,
                response_model=None,
                openapi_extra=extra,
                **more,
            )
            return endpoint

        return declared


def pages(prefix: str = "", *, audience: Audience) -> Routes:
    """Routes that answer with pages."""
    return Routes(prefix, audience=audience, is_page=True)


def api(service: str, *, audience: Audience = SIGNED_IN) -> Routes:
    """Routes of the service's JSON API."""
    return Routes(f"/api/{service}/v1", audience=audience, is_page=False)


BODIES: set[type[Body]] = set()


def _read_bodies_strictly(endpoint: Any, extra: dict[str, Any]) -> None:
    """A parameter annotated with a `Body` is read by us, not by the framework, which is too kind."""
    signature = inspect.signature(endpoint)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if isinstance(kind, type) and issubclass(kind, Body):
            BODIES.add(kind)
            ref = {"$ref": f"#/components/schemas/{kind.__name__}"}
            extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": ref}}}
            parameter = parameter.replace(annotation=Annotated[kind, Depends(_reader(kind))])
        parameters.append(parameter)
    endpoint.__signature__ = signature.replace(parameters=parameters)


def _reader(kind: type[Body]) -> Callable[[Request], Awaitable[Body]]:
    async def read(request: Request) -> Body:
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise Problem(415, "unsupported-media-type", "Send the body as application/json.")
        body = await request.body()
        try:
            strict_json.check(body)
            return kind.model_validate_json(body)
        except strict_json.NotOurJson as bad:
            errors = (Fault(bad.pointer, bad.code, bad.sentence),) if bad.pointer else ()
            raise Problem(400, bad.code, bad.sentence, errors) from bad
        except ValidationError as bad:
            raise of_validation(bad) from bad

    return read


def _api_protocol(endpoint: Any) -> Callable[[Request], Awaitable[None]]:
    """What the API asks of a request beside its body: what it accepts, no parameter twice."""
    lists = {
        name
        for name, parameter in inspect.signature(endpoint).parameters.items()
        if "list[" in str(parameter.annotation)
    }

    async def check(request: Request) -> None:
        accepted = request.headers.get("accept", "*/*")
        if not any(kind in accepted for kind in ("*/*", "application/", "json")):
            raise Problem(406, "not-acceptable", "Answers here are application/json.")
        for name in set(request.query_params.keys()) - lists:
            if len(request.query_params.getlist(name)) > 1:
                fault = Fault(f"#/query/{name}", "repeated-parameter", "This is given more than once.")
                raise Problem(422, "repeated-parameter", fault.detail, (fault,))

    return check


# ---- answering faults ----


async def _say(request: Request, problem: Problem) -> Response:
    """A problem as the API or a page says it; a 303 leads to sign-in."""
    if problem.status == 303:
        return RedirectResponse(problem.headers["location"], status_code=303)
    if is_api(request) or not _wants_page(request):
        response = problem.response()
    else:
        response = await _error_page(request, problem)
    if getattr(request.state, "cookie_is_stale", False):
        _clear_cookie(response)
    return response


def _wants_page(request: Request) -> bool:
    accepted = request.headers.get("accept", "*/*")
    return "text/html" in accepted or "*/*" in accepted


async def _error_page(request: Request, problem: Problem) -> Response:
    door: Door = getattr(request.state, "door", None) or Door(request, None, None)
    template = "csrf.html" if problem.code == "csrf" and door.form is not None else "error.html"
    try:
        response: Response = await door.page(
            template, status=problem.status, problem=problem, typed=door.typed
        )
    except NOBODYS_FAULT:
        response = HTMLResponse(_PLAIN, status_code=problem.status)
    response.headers.update(problem.headers)
    return response


_PLAIN = (
    '<!doctype html><html lang="en"><title>Try again shortly</title><h1>Try again shortly</h1>'
    "<p>The service is not available at the moment. Nothing you sent was lost if you were told so. "
    "Try again in a minute.</p></html>"
)


def _clear_cookie(response: Response) -> None:
    response.delete_cookie(identity.COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def set_cookie(response: Response, value: str) -> None:
    """The one cookie: until the browser closes, or 12 hours, or 30 idle minutes."""
    response.set_cookie(identity.COOKIE, value, path="/", secure=True, httponly=True, samesite="lax")


def _answer_faults(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return await _say(request, error)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return await _say(request, of_refusal(error))

    @app.exception_handler(FormFaults)
    async def form_faults(request: Request, error: FormFaults) -> Response:
        faults = tuple(Fault(f"#/{f.field}", f.code, f.sentence) for f in error.faults)
        return await _say(request, Problem(422, "invalid", "Some fields need another look.", faults))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return await _say(request, _of_request(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return await _say(request, _of_http(request, error))

    for kind in NOBODYS_FAULT:

        @app.exception_handler(kind)
        async def away(request: Request, error: Exception) -> Response:
            log.warning("request.unavailable", error=type(error).__name__)
            words = "This is not possible at the moment. Try again: the same command key finds out."
            return await _say(request, Problem(503, "unavailable", words, headers={"Retry-After": "2"}))

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        log.error("request.failed", error=type(error).__name__, exc_info=error)
        words = "Something went wrong on our side. Nothing was changed."
        return await _say(request, Problem(500, "our-fault", words))


def _of_request(error: RequestValidationError) -> Problem:
    """An id that is no id is answered like one that does not exist (rows 19, 20)."""
    faults: list[Fault] = []
    for detail in error.errors():
        place, *rest = detail["loc"]
        if place == "path":
            return not_found()
        faults.append(fault_of(detail | {"loc": rest}, where=f"#/{place}"))
    return Problem(422, "invalid", "Some parameters need another look.", tuple(faults))


def _of_http(request: Request, error: HTTPException) -> Problem:
    if error.status_code == 404:
        return not_found()
    if error.status_code == 405:
        allow = ", ".join(sorted(_methods_of(request)))
        return Problem(
            405, "method-not-allowed", "This method is not used here.", headers={"Allow": allow}
        )
    if error.status_code == 400:
        return Problem(400, "malformed-multipart", "The form came in a shape that cannot be read.")
    return Problem(error.status_code, "refused", str(error.detail))


def _methods_of(request: Request) -> set[str]:
    """Every method that any route with this path knows, not only the first's (row 28)."""
    allowed: set[str] = set()
    for route in request.app.state.every_route:
        methods: set[str] = getattr(route, "methods", None) or set()
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            allowed |= methods
    return allowed | ({"HEAD"} if "GET" in allowed else set())


# ---- the application ----


def application(
    *,
    service: str,
    settings: Settings,
    database: Database,
    routes: Sequence[APIRouter],
    hosts_of: HostsOf = known_hosts.list_hosts_of,
    largest_form: int = 1024 * 1024,
    templates: Path | None = None,
    at_start: Callable[[FastAPI], Awaitable[None]] | None = None,
) -> Any:
    """Make the web application of a service. Returns the outermost ASGI application."""
    nudger = Nudger(settings.dsn, service)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await nudger.start()
        database.on_record(nudger.nudge)
        if at_start:
            await at_start(app)
        yield
        await nudger.stop()

    app = FastAPI(
        title=f"Micro-internships: {service}",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.settings = settings
    app.state.database = database
    app.state.keys = identity.Keys.read(
        settings.cookie_secret.get_secret_value(), settings.signing_public_key
    )
    app.state.machines = Machines(settings.issuer, settings.audience)
    app.state.hosts_of = hosts_of
    app.state.universities = universities(settings.universities.values())
    app.state.pages = Pages(templates or migrate.ROOT / "services" / service / "web" / "templates")
    _answer_faults(app)
    _renew_cookies(app)
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


def _renew_cookies(app: FastAPI) -> None:
    """Advance "last seen", at most once a minute; where a route cleared or set the cookie, leave it."""

    @app.middleware("http")
    async def renew(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        renewed = getattr(request.state, "renewed_cookie", None)
        if renewed and "set-cookie" not in response.headers:
            set_cookie(response, renewed)
        return response


def _of_every_service(service: str) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        """The process alone."""
        return JSONResponse({"status": "alive"})

    @router.get("/readyz")
    async def readyz(request: Request) -> JSONResponse:
        """Postgres answers, and its schema is new enough. Kafka is none of this process's business."""
        try:
            version = await schema_version(request.app.state.database)
        except databases.TRANSIENT:
            return JSONResponse({"status": "no database"}, status_code=503)
        if version < migrate.newest(service):
            return JSONResponse({"status": "schema too old"}, status_code=503)
        return JSONResponse({"status": "ready"})

    @router.get(f"/api/{service}/v1/openapi.json")
    async def openapi(request: Request) -> Response:
        """The API's own description."""
        return Response(json.dumps(describe(request.app)), media_type="application/json")

    @router.get(f"/api/{service}/v1/me", dependencies=[Depends(_guard(SIGNED_IN))])
    async def me(door: TheDoor) -> JSONResponse:
        """Who this sign-in is, and the token its commands must carry as `X-CSRF-Token`."""
        actor = door.who
        return JSONResponse(
            {
                "person_ref": str(actor.person_ref) if actor.person_ref else None,
                "university": actor.university,
                "roles": sorted(actor.roles),
                "hosts": sorted(str(host) for host in actor.hosts),
                "csrf_token": identity.csrf_token(door.request.app.state.keys, door.sign_in),
            }
        )

    return router


async def schema_version(database: Database) -> str:
    """The newest migration this schema has had; empty where it had none."""
    try:
        return await database.value("SELECT coalesce(max(version), '') FROM schema_migrations")
    except databases.UndefinedTable:
        return ""


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with the bodies that we read ourselves."""
    document = app.openapi()
    if BODIES:
        kinds: list[Any] = [(kind, "validation") for kind in sorted(BODIES, key=lambda k: k.__name__)]
        _, schemas = models_json_schema(kinds, ref_template="#/components/schemas/{model}")
        components = document.setdefault("components", {}).setdefault("schemas", {})
        components.update(schemas.get("$defs", {}))
    return document
