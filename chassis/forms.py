"""A form: a pydantic model on one side, a page on the other.

    class Register(Form):
        name: Annotated[str, Text(most=120)] = asks("Name of your organisation")
        kind: Kind = asks("What it is", choices={Kind.CHARITY: "A charity"})

    command = parse(Register, posted)                    # raises FormFaults
    sheet = show(Register, typed=posted, faults=...)     # {{ fields(sheet) }} in a template

Everything typed is kept: a sheet shows what was sent, word for word, beside each field's first fault.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from chassis import texts
from chassis.addresses import Address
from chassis.faults import Fault, FormFaults, faults_of, sentence
from chassis.fields import Day, Email, File, Local, Money, Text, WallTime, Whole, Words
from chassis.languages import gettext
from chassis.money import amount

OURS = frozenset({"csrf", "command_key", "then", "language"})
"""Fields that the frame of a form sends along: the door reads them, no form declares them."""

Posted = Iterable[tuple[str, Any]]
Choices = Mapping[str, Sequence[tuple[str, str]]]


class Form(BaseModel):
    """What one page asks. Unknown fields are refused, nothing is coerced."""

    # Not strict: all that comes in is text, and an answer such as "charity" must become its Enum.
    # The kinds of `fields` are strict themselves.
    model_config = ConfigDict(extra="forbid", frozen=True)


F = TypeVar("F", bound=Form)


def asks(
    label: str,
    *,
    hint: str = "",
    missing: str = "",
    choices: Mapping[Any, str] | None = None,
    control: str = "",
    **more: Any,
) -> Any:
    """Declare a field of a form: what the page asks, and in which words.

    `missing` is the sentence when nothing was given; `control` overrules the control that follows
    from the field's kind (a `select` where there are many choices). Other keywords are pydantic's.
    """
    named = {_value(key): words for key, words in (choices or {}).items()}
    extra = {"missing": missing, "choices": named, "control": control}
    return Field(title=label, description=hint or None, json_schema_extra={"asks": extra}, **more)


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
class Asked:
    """One field as a page shows it."""

    name: str
    label: str
    hint: str
    control: str  # text, textarea, email, money, number, date, time, tick, radios, checkboxes, select, file
    kind: Any  # Text, Words, Money …, or None
    choices: tuple[tuple[str, str], ...] = ()
    missing: str = ""
    is_optional: bool = False
    is_nullable: bool = False
    values: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict[str, str])  # of a date or a time
    error: str = ""
    code: str = ""  # of that error

    @property
    def items(self) -> list[dict[str, Any]]:
        """The choices, for radios and tick boxes."""
        chosen = set(self.values)
        return [
            {"value": value, "text": gettext(words), "checked": value in chosen}
            for value, words in self.choices
        ]

    @property
    def options(self) -> list[dict[str, Any]]:
        """The choices, for a select: nothing is chosen until someone chooses."""
        first = {"value": "", "text": gettext("Choose"), "selected": not self.value}
        return [first, *({**item, "selected": item["checked"]} for item in self.items)]

    @property
    def boxes(self) -> list[dict[str, Any]]:
        """Day, month and year of a date."""
        wrong = " govuk-input--error" if self.error else ""
        labels = {"day": gettext("Day"), "month": gettext("Month"), "year": gettext("Year")}
        return [
            {
                "name": part,
                "label": label,
                "value": self.parts.get(part, ""),
                "classes": f"govuk-input--width-{4 if part == 'year' else 2}{wrong}",
            }
            for part, label in labels.items()
        ]

    @property
    def value(self) -> str:
        """The one value of a field that has one."""
        return self.values[0] if self.values else ""

    @property
    def focus(self) -> str:
        """The id an error summary leads to: the first thing that can be typed or ticked."""
        return f"{self.name}-day" if self.control in ("date", "time") else self.name

    @property
    def names(self) -> tuple[str, ...]:
        """What the browser sends for it."""
        parts = {"date": _DATE, "time": (*_DATE, "time", "clock")}.get(self.control)
        return tuple(f"{self.name}-{part}" for part in parts) if parts else (self.name,)

    @property
    def words(self) -> int:
        """How many words there are, by the server's count."""
        return texts.count_words(self.value)


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
        return [{"text": fault.sentence, "href": f"#{self._focus(fault)}"} for fault in kept]

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


def ask(form: type[Form], name: str, choices: Choices | None = None) -> Asked:
    """What a form's declaration says of one field."""
    info = form.model_fields[name]
    extra: Any = info.json_schema_extra or {}
    own: Mapping[str, Any] = extra.get("asks", {})
    kind, annotation, is_nullable = _kind(info)
    given = (choices or {}).get(name) or own.get("choices", {}).items() or _named(annotation)
    return Asked(
        name=name,
        label=info.title or name.replace("_", " ").capitalize(),
        hint=info.description or "",
        control=own.get("control") or _control(kind, annotation),
        kind=kind,
        choices=tuple((str(value), words) for value, words in given),
        missing=own.get("missing", ""),
        is_optional=is_nullable or not info.is_required() or _may_be_empty(kind),
        is_nullable=is_nullable,
    )


_DATE = ("day", "month", "year")
_CONTROLS = {
    Email: "email",
    Money: "money",
    Whole: "number",
    Day: "date",
    WallTime: "time",
    File: "file",
}


def _control(kind: Any, annotation: Any) -> str:
    if isinstance(kind, Words) or (isinstance(kind, Text) and kind.lines):
        return "textarea"
    if type(kind) in _CONTROLS:
        return _CONTROLS[type(kind)]
    if get_origin(annotation) in (tuple, list, set, frozenset):
        return "checkboxes"
    if annotation is bool:
        return "tick"
    return "radios" if _named(annotation) else "text"


def _kind(info: FieldInfo) -> tuple[Any, Any, bool]:
    """The kind (Text, Money …), the bare annotation, and whether None is an answer."""
    kinds = (*_CONTROLS, Text, Words)
    held: list[Any] = list(info.metadata)
    annotation: Any = info.annotation
    options = [each for each in get_args(annotation) if each is not type(None)]
    is_nullable = type(None) in get_args(annotation)
    if is_nullable and len(options) == 1:
        annotation = options[0]
        if hasattr(annotation, "__metadata__"):
            held += annotation.__metadata__
            annotation = annotation.__origin__
    return next((each for each in held if isinstance(each, kinds)), None), annotation, is_nullable


def _named(annotation: Any) -> list[tuple[str, str]]:
    if get_origin(annotation) is Literal:
        return [(str(each), str(each)) for each in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [(str(each.value), str(each.value)) for each in annotation]
    inner = get_args(annotation)
    return _named(inner[0]) if get_origin(annotation) in (tuple, list) and inner else []


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
        each.choices or (each.is_optional and not _may_be_empty(each.kind))
    ):
        return {}
    return {each.name: text}


def _may_be_empty(kind: Any) -> bool:
    return isinstance(kind, Text | Words) and kind.least == 0


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
            several: Iterable[Any] = value
            return tuple(_value(one) for one in several), {}
        case int() if isinstance(each.kind, Money):
            return (amount(value, each.kind.currency),), {}
        case _:
            return (_value(value),), {}


def _parts(on: date) -> dict[str, str]:
    return {"day": str(on.day), "month": str(on.month), "year": str(on.year)}


def _value(each: Any) -> str:
    return str(each.value) if isinstance(each, Enum) else str(each)


def _with(
    each: Asked, values: tuple[str, ...], parts: dict[str, str], fault: Fault | None
) -> Asked:
    error, code = (fault.sentence, fault.code) if fault else ("", "")
    return replace(each, values=values, parts=parts, error=error, code=code)
