"""A form: a pydantic model on one side, a page on the other.

    class Register(Form):
        name: Annotated[str, Text(most=120)] = asks("Name of your organisation")
        kind: Kind = asks("What it is", choices={Kind.CHARITY: "A charity"})

    command = parse(Register, posted)                    # raises FormFaults
    sheet = show(Register, typed=posted, faults=...)     # {{ fields(sheet) }} in a template

Everything typed is kept: a sheet shows what was sent, word for word, beside each field's first fault.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from chassis import texts
from chassis.addresses import Address
from chassis.faults import Fault, FormFaults, faults_of, sentence
from chassis.fields import Day, Local, Money, Text, Words
from chassis.languages import gettext
from chassis.money import amount
from chassis.questions import Asked, Choices, Form, ask, asks, may_be_empty, text_of

__all__ = ["OURS", "Asked", "Choices", "Form", "Posted", "Sheet", "asks", "check", "parse", "show"]

OURS = frozenset({"csrf", "command_key", "then", "language"})
"""Fields that the frame of a form sends along: the door reads them, no form declares them."""

Posted = Iterable[tuple[str, Any]]
"""What was sent, pair by pair: `request.form().multi_items()`. Files in it are passed over."""

F = TypeVar("F", bound=Form)


def parse(form: type[F], posted: Posted, *, choices: Choices | None = None, zone: str = "") -> F:
    """Read a posted form: all faults at once, or the form.

    `choices` are those known only now (the weeks of a cycle); `zone` is the one in which wall times
    of this form are meant.
    """
    sent = _collect(posted)
    asked = {name: ask(form, name, choices) for name in form.model_fields}
    values, faults = _gather(asked, sent)
    read: F | None = None
    try:
        read = form.model_validate(values, context={"posted": True, "zone": zone})
    except ValidationError as error:
        known = {fault.field for fault in faults}
        found = (_worded(fault, asked, values) for fault in faults_of(error))
        faults += [fault for fault in found if fault.field not in known]
    if faults or read is None:
        raise FormFaults(_in_order(faults, list(asked)))
    return read


def check(name: str, kind: Text | Words | Money | Day, text: str) -> Any:
    """Judge one value by a kind made at run time: a rule set's number of words, say."""
    try:
        return kind.read(text)
    except PydanticCustomError as error:
        raise FormFaults([Fault(name, error.type, error.message())]) from None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole form as a page shows it: `{{ field(sheet.name) }}`, or all of it in order."""

    asked: Mapping[str, Asked]
    faults: tuple[Fault, ...] = ()

    def __iter__(self) -> Iterator[Asked]:
        return iter(self.asked.values())

    def __getitem__(self, name: str) -> Asked:
        return self.asked[name]

    @property
    def errors(self) -> list[dict[str, str]]:
        """For the error summary: the first fault of each field, with a link to it."""
        first = {fault.field: fault for fault in reversed(self.faults)}
        kept = [fault for fault in self.faults if first[fault.field] is fault]
        return [{"text": self._told(fault), "href": f"#{self._focus(fault)}"} for fault in kept]

    def _told(self, fault: Fault) -> str:
        """Far from its field, a fault names it; a field's own sentence does so already."""
        each = self.asked.get(fault.field.partition("/")[0])
        if each is None or fault.sentence == each.missing:
            return fault.sentence
        return f"{gettext(each.label)}: {fault.sentence}"

    def _focus(self, fault: Fault) -> str:
        name = fault.field.partition("/")[0]
        return self.asked[name].focus if name in self.asked else "main-content"


def show(
    form: type[Form],
    *,
    typed: Posted | None = None,
    values: Mapping[str, Any] | None = None,
    faults: Iterable[Fault] = (),
    choices: Choices | None = None,
) -> Sheet:
    """Make the sheet of a form: from what was typed, else from stored values, else empty."""
    faults = tuple(faults)
    sent = _collect(typed) if typed is not None else None
    asked: dict[str, Asked] = {}
    for name in form.model_fields:
        each = ask(form, name, choices)
        fault = next((f for f in faults if f.field.partition("/")[0] == name), None)
        shown = _typed(each, sent) if sent is not None else _stored(each, (values or {}).get(name))
        asked[name] = _with(each, *shown, fault)
    return Sheet(asked, faults)


def _collect(posted: Posted) -> dict[str, list[str]]:
    """Texts by field, in order; files are the upload's matter."""
    sent: dict[str, list[str]] = {}
    for name, value in posted:
        if isinstance(value, str):
            sent.setdefault(name, []).append(value)
    return sent


def _gather(
    asked: Mapping[str, Asked], sent: Mapping[str, list[str]]
) -> tuple[dict[str, Any], list[Fault]]:
    """What the model is given for each field, and the faults of the form as such."""
    known = {name for each in asked.values() for name in each.names} | OURS
    faults = [_plain(name, "unknown-field") for name in sent if name not in known]
    values: dict[str, Any] = {}
    for each in asked.values():
        given = {name: sent.get(name, []) for name in each.names}
        if each.control != "checkboxes" and any(len(texts_) > 1 for texts_ in given.values()):
            faults.append(_plain(each.name, "repeated-parameter"))
        elif each.choices and not set(given[each.name]) - {""} <= {v for v, _ in each.choices}:
            faults.append(_plain(each.name, "unknown-value"))
        elif each.control != "file":
            values |= _given(each, given)
    absent = {fault.field for fault in faults}
    return values, [*faults, *(_absent(asked[n]) for n in asked if _must(asked[n], values, absent))]


def _given(each: Asked, sent: Mapping[str, list[str]]) -> dict[str, Any]:
    first = {name.rpartition("-")[2]: texts_[0] for name, texts_ in sent.items() if texts_}
    whole = sent.get(each.name, [])
    match each.control:
        case "tick":
            return {each.name: bool(whole)}
        case "checkboxes":
            return {each.name: tuple(whole)} if whole else {}
        case "date":
            text = _date(first)
        case "time":
            text = _time(first)
        case _:
            text = whole[0] if whole else ""
    if texts.is_blank(text) and each.is_nullable:
        return {each.name: None}
    if texts.is_blank(text) and (
        each.choices or (each.is_optional and not may_be_empty(each.kind))
    ):
        return {}
    return {each.name: text}


def _must(each: Asked, values: Mapping[str, Any], known: set[str]) -> bool:
    """Whether a choice is missing: the model would only say that a field is not there."""
    return bool(each.choices) and not (
        each.is_optional or each.name in known or each.name in values
    )


def _date(parts: Mapping[str, str]) -> str:
    given = [parts.get(part, "").strip() for part in ("year", "month", "day")]
    if not any(given):
        return ""
    year, month, on = given
    return f"{year}-{month.zfill(2)}-{on.zfill(2)}"


def _time(parts: Mapping[str, str]) -> str:
    on, at = _date(parts), parts.get("time", "").strip()
    if not on and not at:
        return ""
    return f"{on}T{_twenty_four(at)} {parts.get('clock', '')}".strip()


def _twenty_four(at: str) -> str:
    """ "5:15pm", "noon" and "17:15" are one time; what cannot be read is left for the check."""
    at = at.lower().replace(" ", "")
    if at in ("noon", "12noon", "midday"):
        return "12:00"
    match = re.fullmatch(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?(am|pm)?", at, re.ASCII)
    if not match or not (match[2] or match[3]):
        return at
    hour = int(match[1])
    if match[3]:
        if not 1 <= hour <= 12:
            return at
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    return f"{hour:02}:{match[2] or '00'}"


def _worded(fault: Fault, asked: Mapping[str, Asked], values: Mapping[str, Any]) -> Fault:
    """A field's own sentence where nothing was given."""
    each = asked.get(fault.field.partition("/")[0])
    given = values.get(each.name, "") if each else ""
    is_empty = isinstance(given, str) and texts.is_blank(given)
    if each and each.missing and is_empty:
        return replace(fault, sentence=each.missing)
    return fault


def _absent(each: Asked) -> Fault:
    return Fault(each.name, "required", each.missing or gettext("Choose an answer."))


def _plain(name: str, code: str) -> Fault:
    return Fault(name, code, sentence(code))


def _in_order(faults: Iterable[Fault], names: list[str]) -> list[Fault]:
    """As the page asks: a summary is read from top to bottom, and so is the form."""
    place = {name: n for n, name in enumerate(names)}
    return sorted(faults, key=lambda fault: place.get(fault.field.partition("/")[0], len(names)))


def _typed(each: Asked, sent: Mapping[str, list[str]]) -> tuple[tuple[str, ...], dict[str, str]]:
    shown = {name: [texts.shown_again(t) for t in sent.get(name, [])] for name in each.names}
    parts = {name.rpartition("-")[2]: t[0] for name, t in shown.items() if t and name != each.name}
    return tuple(shown.get(each.name, ())), parts


def _stored(each: Asked, value: Any) -> tuple[tuple[str, ...], dict[str, str]]:
    match value:
        case None | False:
            return (), {}
        case True:
            return ("yes",), {}
        case Address():
            return (value.shown,), {}
        case Local():
            return (), _parts(value.wall.date()) | {"time": f"{value.wall:%H:%M}"}
        case date():
            return (), _parts(value)
        case list() | tuple() | set() | frozenset():
            return tuple(text_of(one) for one in cast(Iterable[Any], value)), {}
        case int() if isinstance(each.kind, Money):
            return (amount(value, each.kind.currency),), {}
        case _:
            return (text_of(value),), {}


def _parts(on: date) -> dict[str, str]:
    return {"day": str(on.day), "month": str(on.month), "year": str(on.year)}


def _with(
    each: Asked, values: tuple[str, ...], parts: dict[str, str], fault: Fault | None
) -> Asked:
    error, code = (fault.sentence, fault.code) if fault else ("", "")
    return replace(each, values=values, parts=parts, error=error, code=code)
