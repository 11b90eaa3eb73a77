"""What is wrong with an input: a field, a code for machines, a sentence for people.

One list serves both surfaces: the page's error summary and `errors` of a problem+json answer. A
sentence never repeats what was typed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from chassis.languages import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right."""

    field: str  # "statement"; "lines/0/amount"; "" for the whole
    code: str
    sentence: str

    def as_problem(self) -> dict[str, str]:
        """How a caller of the API reads it."""
        pointer = f"#/{self.field}" if self.field else "#"
        return {"pointer": pointer, "code": self.code, "detail": self.sentence}


class FormFaults(Exception):
    """Everything that is wrong with a form or a body, all at once."""

    status = 422

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(", ".join(f"{fault.field}: {fault.code}" for fault in self.faults))

    def as_problems(self) -> list[dict[str, str]]:
        """`errors` of a problem+json answer."""
        return [fault.as_problem() for fault in self.faults]


def sentence(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """The plain words of a code."""
    # Pydantic's own checks name their limits otherwise.
    given = dict(facts or {})
    limits = {"most": given.get("max_length", ""), "least": given.get("min_length", "")}
    facts = {"first": "", "second": "", **limits, **given}
    if code in ("too-long", "too-short") and "words" in facts:
        return _about_words(code, int(facts["words"]), int(facts.get("counted", 0)))
    return _sentences().get(code, gettext("This cannot be read. Look at it again.")) % facts


def custom(code: str, facts: Mapping[str, Any] | None = None) -> PydanticCustomError:
    """The same fault, raised inside a pydantic model."""
    # Braces would be taken for places to fill by pydantic's own templates.
    words = sentence(code, facts).replace("{", "(").replace("}", ")")
    return PydanticCustomError(code, words)  # pyright: ignore[reportArgumentType]  # no literal


def faults_of(error: ValidationError, *, under: str = "") -> tuple[Fault, ...]:
    """Every fault that pydantic found, in our codes and words."""
    return faults_of_details(error.errors(include_url=False, include_input=False), under=under)


def faults_of_details(details: Iterable[Any], *, under: str = "") -> tuple[Fault, ...]:
    """The same from a list of pydantic's findings, as a framework passes them on."""
    found = (_fault(each, under) for each in details)
    return tuple({(fault.field, fault.code): fault for fault in found}.values())


def _fault(error: ErrorDetails, under: str) -> Fault:
    where = [*([under] if under else []), *(_step(part) for part in error["loc"])]
    code = _code(error["type"])
    own = error["type"] == code and code not in _PYDANTIC
    said = error["msg"] if own else sentence(code, error.get("ctx"))
    return Fault("/".join(where), code, said)


def _step(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


_PYDANTIC = {
    "extra_forbidden": "unknown-field",
    "missing": "required",
    "enum": "unknown-value",
    "literal_error": "unknown-value",
    "union_tag_invalid": "unknown-value",
    "union_tag_not_found": "required",
    "uuid_parsing": "unknown-value",
    "too_long": "too-many",
    "too_short": "too-few",
    "string_too_long": "too-long",
    "string_too_short": "too-short",
    "string_pattern_mismatch": "format",
    "greater_than": "range",
    "greater_than_equal": "range",
    "less_than": "range",
    "less_than_equal": "range",
    "finite_number": "range",
    "value_error": "invalid",
}


def _code(kind: str) -> str:
    """Pydantic's name for a fault in ours; what is of another kind altogether is `type`."""
    if kind.endswith(("_type", "_parsing", "_from_float")) and kind not in _PYDANTIC:
        return "type"
    return _PYDANTIC.get(kind, kind)


def _about_words(code: str, words: int, counted: int) -> str:
    if code == "too-long":
        told = ngettext(
            "Write at most %(words)s word; this has %(counted)s.",
            "Write at most %(words)s words; this has %(counted)s.",
            words,
        )
    else:
        told = ngettext(
            "Write at least %(words)s word; this has %(counted)s.",
            "Write at least %(words)s words; this has %(counted)s.",
            words,
        )
    return told % {"words": words, "counted": counted}


def _sentences() -> dict[str, str]:
    return {
        "required": gettext("Fill this in."),
        "blank": gettext("Fill this in."),
        "type": gettext("This is of the wrong kind."),
        "unknown-field": gettext("There is no such field."),
        "unknown-value": gettext("Choose one of the answers given."),
        "repeated-parameter": gettext("This was sent more than once."),
        "invalid": gettext("This cannot be read. Look at it again."),
        "invalid-character": gettext("This holds a character that cannot be shown. Type it again."),
        "too-many-marks": gettext("One letter here carries too many accents."),
        "too-long": gettext("Write at most %(most)s characters."),
        "too-short": gettext("Write at least %(least)s characters."),
        "too-many": gettext("This is too many."),
        "too-few": gettext("This is too few."),
        "format": gettext("Write the amount like 12.50"),
        "scale": gettext("Write the amount like 12.50, with at most two decimals."),
        "range": gettext("This is outside what is possible here."),
        "above-limit": gettext("This amount is larger than any that can be paid here."),
        "whole-number": gettext("Write a whole number, like 12"),
        "invalid-date": gettext("There is no such day. Write it like 27 3 2027"),
        "invalid-time": gettext("Write the time like 12:30 or 5:15pm"),
        "offset-required": gettext("Give the time with its offset, like 2027-03-27T12:00:00+00:00"),
        "invalid-offset": gettext("There is no such offset from UTC."),
        "nonexistent-local-time": gettext(
            "The clocks go forward then: this time never comes. Choose another."
        ),
        "ambiguous-local-time": gettext(
            "The clocks go back then: this time comes twice. Say which: %(first)s or %(second)s."
        ),
        "unknown-zone": gettext("There is no such time zone. Write it like Europe/London"),
        "invalid-email": gettext("Write one e-mail address, like name@example.org"),
        "non-ascii-local": gettext(
            "The part before the @ can hold plain letters, digits and signs only."
        ),
    }
