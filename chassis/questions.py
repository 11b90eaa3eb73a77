"""What a form asks: its declaration, read field by field, for parsing and for showing alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from chassis import texts
from chassis.fields import Day, Email, File, Money, Text, WallTime, Whole, Words
from chassis.languages import gettext

Choices = Mapping[str, Sequence[tuple[str, str]]]
"""The answers offered to a field: (value, words)."""


class Form(BaseModel):
    """What one page asks. Unknown fields are refused, nothing is coerced."""

    # Not strict: all that comes in is text, and an answer such as "charity" must become its Enum.
    # The kinds of `fields` are strict themselves.
    model_config = ConfigDict(extra="forbid", frozen=True)


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
    named = {text_of(key): words for key, words in (choices or {}).items()}
    extra: dict[str, Any] = {"missing": missing, "choices": named, "control": control}
    return Field(title=label, description=hint or None, json_schema_extra={"asks": extra}, **more)


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
        is_optional=is_nullable or not info.is_required() or may_be_empty(kind),
        is_nullable=is_nullable,
    )


_DATE = ("day", "month", "year")
_CONTROLS: dict[type[Any], str] = {
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


def may_be_empty(kind: Any) -> bool:
    """Whether an empty text is an answer."""
    return isinstance(kind, Text | Words) and kind.least == 0


def text_of(each: Any) -> str:
    """A value as a form sends it."""
    return str(each.value) if isinstance(each, Enum) else str(each)
