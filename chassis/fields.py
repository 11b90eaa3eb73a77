"""What a field may hold, said once, for forms and for the JSON API alike.

    name: Annotated[str, Text(most=200)] = asks("Your name")
    statement: Annotated[str, Words(most=300)]
    amount: Annotated[int, Money()]          # typed 12.50, held as pence

Nothing is coerced: a body's text must be text, a number a number. Texts become NFC once, before any
check. Each kind raises the codes of `bad-input`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from chassis import texts
from chassis.addresses import Address, AddressFault, read_address
from chassis.faults import custom
from chassis.instants import ZONES, WallTimeFault, resolve
from chassis.money import LARGEST, MoneyFault, read_money

FIRST_YEAR, LAST_YEAR = 1900, 2199


@dataclass(frozen=True, slots=True)
class Text:
    """Words on one line, or on several with `lines`. `least=0` lets it stay empty."""

    least: int = 1
    most: int = 200
    lines: bool = False

    def read(self, text: str) -> str:
        """The text as it is stored."""
        try:
            text = texts.normalise(text, lines=self.lines)
        except texts.TextFault as fault:
            raise custom(fault.code, fault.facts) from None
        if self.least and texts.is_blank(text):
            raise custom("blank")
        if len(text) < self.least:
            raise custom("too-short", {"least": self.least})
        if len(text) > self.most:
            raise custom("too-long", {"most": self.most})
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _out_of_text(self.read)


@dataclass(frozen=True, slots=True)
class Words:
    """A text counted in words, on several lines.

    The numbers of a rule set are known only when it has been read: then call `read` with a kind made
    from them. A trimming programme accepts any number of words; `texts.trim_words` makes the host's copy.
    """

    least: int = 1
    most: int | None = None
    characters: int = 4000

    def read(self, text: str) -> str:
        """The text as it is stored."""
        try:
            text = texts.normalise(text, lines=True)
        except texts.TextFault as fault:
            raise custom(fault.code, fault.facts) from None
        counted = texts.count_words(text)
        if len(text) > self.characters:
            raise custom("too-long", {"most": self.characters})
        if counted < self.least:
            raise custom("too-short", {"words": self.least, "counted": counted})
        if self.most is not None and counted > self.most:
            raise custom("too-long", {"words": self.most, "counted": counted})
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _out_of_text(self.read)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount written `12` or `12.50`, held in minor units."""

    currency: str = "GBP"
    most: int = LARGEST

    def read(self, text: str) -> int:
        """Minor units."""
        try:
            return read_money(text, self.currency, most=self.most)
        except MoneyFault as fault:
            raise custom("blank" if texts.is_blank(text) else fault.code) from None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _out_of_text(self.read)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number. A form sends digits; a body must send a number."""

    least: int = 0
    most: int = 1_000_000

    def read(self, value: Any, info: ValidationInfo) -> Any:
        """The digits of a form as a number; anything else as it came."""
        if not (is_posted(info) and isinstance(value, str)):
            return value
        if texts.is_blank(value):
            raise custom("blank")
        if not re.fullmatch(r"-?[0-9]{1,12}", value.strip(), re.ASCII):
            raise custom("whole-number")
        return int(value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        whole = core_schema.int_schema(strict=True, ge=self.least, le=self.most)
        return core_schema.with_info_before_validator_function(self.read, whole)


@dataclass(frozen=True, slots=True)
class Day:
    """A civil day, `2027-03-28`; a form asks day, month and year."""

    def read(self, text: str) -> date:
        """The day."""
        if texts.is_blank(text):
            raise custom("blank")
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            raise custom("invalid-date")
        if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
            raise custom("range")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise custom("invalid-date") from None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _out_of_text(self.read)


@dataclass(frozen=True, slots=True)
class Local:
    """A wall time with the instant it names: what a deadline is stored as."""

    at: datetime  # UTC
    zone: str
    wall: datetime  # naive, as it was written


@dataclass(frozen=True, slots=True)
class WallTime:
    """A wall time, `2027-03-28T12:00`, in a zone: this one, or the one the form is parsed with.

    Where the clocks show a time twice, `2027-10-31T01:30 GMT` says which is meant.
    """

    zone: str = ""

    def read(self, text: str, info: ValidationInfo) -> Local:
        """The instant it names."""
        zone = self.zone or str(_context(info).get("zone", ""))
        if texts.is_blank(text):
            raise custom("blank")
        written, _, clock = text.partition(" ")
        wall = _wall(written)
        try:
            return Local(resolve(wall, zone, clock=clock), zone, wall)
        except WallTimeFault as fault:
            raise custom(fault.code, fault.facts) from None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        text = core_schema.str_schema(strict=True)
        return core_schema.with_info_after_validator_function(
            self.read, text, serialization=_AS_IT_IS
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant with its offset, as the API takes it: `2027-03-27T12:00:00+00:00`."""

    def read(self, text: str) -> datetime:
        """The instant, in UTC."""
        match = re.fullmatch(r"([0-9-]{10}T[0-9:.]+)(Z|[+-][0-9]{2}:[0-9]{2})?", text, re.ASCII)
        if not match:
            raise custom("invalid-time")
        wall = _wall(match[1])
        if not match[2]:
            raise custom("offset-required")
        hours, minutes = (0, 0) if match[2] == "Z" else map(int, match[2][1:].split(":"))
        if hours > 14 or minutes > 59:
            raise custom("invalid-offset")
        ahead = timedelta(hours=hours, minutes=minutes) * (-1 if match[2][0] == "-" else 1)
        return (wall - ahead).replace(tzinfo=UTC)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _out_of_text(self.read)


@dataclass(frozen=True, slots=True)
class Zone:
    """The name of a time zone, judged against the list of zones; no file is opened."""

    def read(self, text: str) -> str:
        """The zone's name."""
        if text not in ZONES:
            raise custom("unknown-zone")
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _out_of_text(self.read)


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail address."""

    def read(self, text: str) -> Address:
        """The address, as mail takes it and as it was written."""
        if texts.is_blank(text):
            raise custom("blank")
        try:
            return read_address(text)
        except AddressFault as fault:
            raise custom(fault.code, {"most": 254}) from None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _out_of_text(self.read)


@dataclass(frozen=True, slots=True)
class File:
    """A file to be chosen. The form only shows it: the upload is read and judged by its service."""

    accept: str  # ".pdf,.docx"


_AS_IT_IS = core_schema.plain_serializer_function_ser_schema(lambda value: value)
"""What was read is no text any more: pence, a day, an address."""


def is_posted(info: ValidationInfo) -> bool:
    """Whether the value comes out of a form, where everything is text."""
    return bool(_context(info).get("posted"))


def _context(info: ValidationInfo) -> dict[str, Any]:
    given: Any = info.context
    return given or {}


def _out_of_text(read: Any) -> CoreSchema:
    text = core_schema.str_schema(strict=True)
    return core_schema.no_info_after_validator_function(read, text, serialization=_AS_IT_IS)


def _wall(text: str) -> datetime:
    shape = r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    match = re.fullmatch(shape, text, re.ASCII)
    if not match:
        on = text.partition("T")[0]
        raise custom(
            "invalid-time" if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}", on) else "invalid-date"
        )
    Day().read(match[1])
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise custom("invalid-time") from None
