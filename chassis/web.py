"""Pages and the API: routes, who each is for, how the bodies of commands are read.

A service's `web/` declares routes with `pages(...)` and `api(...)`; each names its audience, and a
house test lists those that do not. `chassis.application` makes the process of them.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from chassis import navigation, strict_json
from chassis.actor import OFFICE as OFFICE_ROLES
from chassis.actor import Actor, Role
from chassis.door import Door, enter, sign_in_first
from chassis.faults import faults_of
from chassis.problems import Problem, of_faults, one_fault

# ---- who may come in ----


@dataclass(frozen=True, slots=True)
class Audience:
    """Who a route is for. None of its roles: anybody who is signed in, or anybody at all.

    `scope` is what a machine's token must allow to stand in for the role.
    """

    name: str
    roles: frozenset[Role] = frozenset()
    must_sign_in: bool = True
    scope: str | None = None
    bar: navigation.Audience | None = (
        None  # whose items the bar shows, where a person has two roles
    )


PUBLIC = Audience("public", must_sign_in=False)
SIGNED_IN = Audience("signed in")
APPLICANT = Audience("applicant", frozenset({Role.APPLICANT}), bar=navigation.Audience.APPLICANT)
HOST = Audience("host", frozenset({Role.HOST_CONTACT}), bar=navigation.Audience.HOST)
HOST_OR_SUPERVISOR = Audience("host or supervisor", frozenset({Role.HOST_CONTACT, Role.SUPERVISOR}))
OFFICE = Audience("office", OFFICE_ROLES, scope="office", bar=navigation.Audience.OFFICE)
OFFICER = Audience(
    "officer",
    frozenset({Role.OFFICER, Role.PROGRAMME_MANAGER}),
    scope="office",
    bar=navigation.Audience.OFFICE,
)
PLACED = Audience("placed", HOST_OR_SUPERVISOR.roles | {Role.APPLICANT} | OFFICE_ROLES)


def guard(audience: Audience) -> Callable[[Door], Awaitable[None]]:
    """The check at the door: the role alone; whose thing it is, the domain asks."""

    async def check(door: Annotated[Door, Depends(enter)]) -> None:
        door.request.state.bar = audience.bar
        if not audience.must_sign_in:
            return
        if door.actor is None:
            raise _sign_in_first(door)
        if door.actor.is_a(Role.MACHINE):
            may = audience.scope is not None and audience.scope in door.actor.scopes
        else:
            may = not audience.roles or door.actor.is_a(*audience.roles)
        if not may:
            raise Problem(403, "forbidden", "This page is not for you to use.")

    return check


def _sign_in_first(door: Door) -> Problem:
    request = door.request
    if door.is_api:
        return Problem(401, "sign-in", "Sign in first.", headers={"WWW-Authenticate": "Bearer"})
    path = request.url.path
    if request.url.query:
        path += f"?{request.url.query}"
    if request.method == "GET":
        return sign_in_first(path)
    return Problem(303, "sign-in", "Sign in first.", headers={"location": "/sign-in"})


def _signed_in(door: Annotated[Door, Depends(enter)]) -> Actor:
    if door.actor is None:
        raise _sign_in_first(door)
    return door.actor


TheDoor = Annotated[Door, Depends(enter)]
"""The request's door: `page`, `run`, `answer`, `see_other`."""

SignedIn = Annotated[Actor, Depends(_signed_in)]
"""The actor of a route that asks for a sign-in."""


# ---- routes ----


class Body(BaseModel):
    """The body of an API command: strict, nothing unknown, nothing coerced (rows 10 to 15)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


BODIES: set[type[Body]] = set()
"""Every body that a route of this process reads, for the API's description."""


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
            checks = [Depends(guard(who))]
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


def _read_bodies_strictly(endpoint: Any, extra: dict[str, Any]) -> None:
    """A parameter annotated with a `Body` is read by us, not by the framework, which is too kind."""
    signature = inspect.signature(endpoint)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if isinstance(kind, type) and issubclass(kind, Body):
            BODIES.add(kind)
            ref = {"$ref": f"#/components/schemas/{kind.__name__}"}
            extra["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": ref}},
            }
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
            if bad.pointer is None:
                raise Problem(400, bad.code, bad.sentence) from bad
            where = bad.pointer.removeprefix("#/")
            raise one_fault(where, bad.code, bad.sentence, status=400) from bad
        except ValidationError as bad:
            raise of_faults(faults_of(bad)) from bad

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
                raise one_fault(
                    f"query/{name}", "repeated-parameter", "This was sent more than once."
                )

    return check
