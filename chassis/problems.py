"""Answers that are not what was hoped for, as the API says them: problem+json (RFC 9457)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from chassis import logs
from chassis.decision import Refused
from chassis.faults import Fault


@dataclass(slots=True, eq=False)
class Problem(Exception):
    """An answer other than the hoped-for one: raised anywhere below a route, answered in one place.

    `facts` are members of their own in the API's answer: the deadline, the server's time.
    """

    status: int
    code: str
    detail: str
    errors: tuple[Fault, ...] = ()
    headers: dict[str, str] = field(default_factory=dict[str, str])
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def title(self) -> str:
        """The code as words."""
        return self.code.replace("-", " ").capitalize()

    def response(self) -> Response:
        """As `application/problem+json`."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": logs.correlation_id.get(),
            "correlation_id": logs.correlation_id.get(),
        }
        if self.errors:
            body["errors"] = [fault.as_problem() for fault in self.errors]
        return Response(
            json.dumps(self.facts | body, ensure_ascii=False, default=str),
            status_code=self.status,
            media_type="application/problem+json",
            headers=self.headers,
        )


def not_found() -> Problem:
    """The same words for what never was, is not yet, and is not yours (rows 19 to 21)."""
    return Problem(404, "not-found", "There is nothing here, or it is not yours to see.")


def of_refusal(refused: Refused) -> Problem:
    """A rule's no, as a problem. A 404 says nothing that would tell it from a missing page."""
    if refused.status == 404:
        return not_found()
    errors = (
        (Fault(refused.field, refused.slug(), refused.sentence),)
        if refused.field is not None
        else ()
    )
    return Problem(
        refused.status, refused.slug(), refused.sentence, errors, facts=dict(refused.facts)
    )


def of_faults(faults: Iterable[Fault]) -> Problem:
    """Malformed fields: 422, every fault at once."""
    return Problem(422, "invalid", "Some fields need another look.", tuple(faults))


def one_fault(where: str, code: str, sentence: str, *, status: int = 422) -> Problem:
    """A single malformed field or parameter, whose code is the problem's own."""
    return Problem(status, code, sentence, (Fault(where, code, sentence),))
