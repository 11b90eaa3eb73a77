"""One place where everything that goes wrong is answered: a page for people, problem+json for the API."""

from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Match

from chassis import identity
from chassis.decision import Refused
from chassis.door import NOBODYS_FAULT, Door, is_api
from chassis.faults import Fault, FormFaults, faults_of_details
from chassis.problems import Problem, not_found, of_faults, of_refusal

log = structlog.get_logger()

TRY_AGAIN = "This is not possible at the moment. Try again: nothing is done twice by that."
PLAIN = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Try again in a minute</title>'
    "<h1>Try again in a minute</h1><p>The service cannot answer at the moment. What you have saved is "
    "safe. If you have just sent a form, send it again: it is never done twice.</p></html>"
)
"""For when not even the frame of a page can be made: it needs the database."""


def install(app: FastAPI) -> None:
    """Have every fault answered."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(FormFaults, _form_faults)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    for kind in NOBODYS_FAULT:
        app.add_exception_handler(kind, _away)
    app.add_exception_handler(Exception, _broken)


async def _problem(request: Request, error: Any) -> Response:
    return await say(request, error)


async def _refused(request: Request, error: Any) -> Response:
    return await say(request, of_refusal(error))


async def _form_faults(request: Request, error: Any) -> Response:
    return await say(request, of_faults(error.faults))


async def _invalid(request: Request, error: Any) -> Response:
    """An id that is no id is answered like one that does not exist (rows 19, 20)."""
    found: list[Fault] = []
    for detail in error.errors():
        place, *rest = detail["loc"]
        if place == "path":
            return await say(request, not_found())
        found.extend(faults_of_details([detail | {"loc": tuple(rest)}], under=str(place)))
    return await say(request, of_faults(found))


async def _http(request: Request, error: Any) -> Response:
    return await say(request, _of_http(request, error))


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
        match, _ = route.matches(dict(request.scope))
        if match is not Match.NONE:
            allowed |= route.methods
    return allowed | ({"HEAD"} if "GET" in allowed else set())


async def _gone(_request: Request, _error: Exception) -> Response:
    """Whoever asked hung up in the middle of what they sent: nothing was begun, and nobody reads this."""
    log.info("request.cut_off")
    return Response(status_code=400)


async def _away(request: Request, error: Exception) -> Response:
    """Nobody's fault, and passing: whoever asks again with the same key finds out (P2)."""
    log.warning("request.unavailable", error=type(error).__name__)
    return await say(request, Problem(503, "unavailable", TRY_AGAIN, headers={"Retry-After": "2"}))


async def _broken(request: Request, error: Exception) -> Response:
    log.error("request.failed", error=type(error).__name__, exc_info=error)
    return await say(request, Problem(500, "our-fault", "Something went wrong on our side."))


async def say(request: Request, problem: Problem) -> Response:
    """A problem as the API or a page says it; a 303 leads to sign-in."""
    if problem.status == 303:
        response: Response = RedirectResponse(problem.headers["location"], status_code=303)
    elif is_api(request) or not _wants_page(request):
        response = problem.response()
    else:
        response = await _page(request, problem)
    if getattr(request.state, "cookie_is_stale", False):
        identity.clear_cookie(response)
    return response


def _wants_page(request: Request) -> bool:
    accepted = request.headers.get("accept", "*/*")
    return "text/html" in accepted or "*/*" in accepted


async def _page(request: Request, problem: Problem) -> Response:
    door: Door = getattr(request.state, "door", None) or Door(request, None, None)
    is_form = problem.code == "csrf" and door.form is not None
    try:
        response: Response = await door.page(
            "csrf_form_with_typed_text.html" if is_form else "error.html",
            status=problem.status,
            detail="" if problem.status in (403, 404, 500, 503) else problem.detail,
            reference=problem.facts.get("reference", ""),
            again=int(problem.headers.get("Retry-After", 0)),
            action=door.address,
            typed=door.typed_pairs,
            labels={},
        )
    except NOBODYS_FAULT:
        response = HTMLResponse(PLAIN, status_code=problem.status)
    response.headers.update(problem.headers)
    return response
