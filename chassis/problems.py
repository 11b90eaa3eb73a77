"""Answers that are not what was hoped for: problem+json for the API (RFC 9457), a page for people."""

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from chassis import logs
from chassis.decision import Refused


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field; `pointer` is a JSON pointer (`#/statement`)."""

    pointer: str
    code: str
    detail: str


@dataclass(slots=True, eq=False)
class Problem(Exception):
    """An answer other than the hoped-for one: raised anywhere below a route, answered in one place."""

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
            body["errors"] = [
                {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
                for fault in self.errors
            ]
        return Response(
            json.dumps(body | self.facts, ensure_ascii=False, default=str),
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
    errors = ()
    if refused.field:
        errors = (Fault(f"#/{refused.field}", refused.slug(), refused.sentence),)
    return Problem(
        refused.status, refused.slug(), refused.sentence, errors, facts=dict(refused.facts)
    )


_CODES = {
    "missing": "required",
    "extra_forbidden": "unknown-field",
    "string_too_long": "too-long",
    "string_too_short": "too-short",
    "too_long": "too-long",
    "too_short": "too-short",
    "greater_than_equal": "range",
    "greater_than": "range",
    "less_than_equal": "range",
    "less_than": "range",
    "enum": "unknown-value",
    "literal_error": "unknown-value",
    "string_pattern_mismatch": "format",
    "uuid_parsing": "format",
    "timezone_aware": "offset-required",
    "date_from_datetime_parsing": "invalid-date",
    "date_parsing": "invalid-date",
    "datetime_parsing": "invalid-time",
    "datetime_from_date_parsing": "invalid-time",
}
_SENTENCES = {
    "unknown-field": "This field is not known here.",
    "required": "This field is missing.",
    "type": "This is not the kind of value that belongs here.",
}


def of_validation(error: ValidationError, *, where: str = "#") -> Problem:
    """Every fault of a body at once; the offending values themselves are never echoed."""
    return of_faults(fault_of(detail, where=where) for detail in error.errors(include_input=False))


def of_faults(faults: Any) -> Problem:
    """Malformed fields: 422."""
    return Problem(422, "invalid", "Some fields need another look.", tuple(faults))


def fault_of(detail: Any, *, where: str = "#") -> Fault:
    """One of pydantic's findings in our words. A `ValueError` of ours may name its own code.

    A validator says `raise PydanticCustomError("too-many-words", "…")`, whose type is the code.
    """
    kind: str = detail["type"]
    code = _CODES.get(kind)
    if code is None:
        is_type = kind.endswith("_type") or kind in ("none_required", "int_from_float", "is_instance_of")
        code = "type" if is_type else kind.replace("_", "-")
    sentence = _SENTENCES.get(code) or str(detail["msg"]).removeprefix("Value error, ")
    parts = [str(part) for part in detail["loc"]]
    return Fault("/".join([where, *parts]), code, sentence)
