"""What an event is: a fact in the past tense, who owns it, which case it belongs to, who may read it.

On the wire an event is a CloudEvents 1.0 record in Kafka's binary mode: attributes in headers named
`ce_…`, the event's own JSON as the value. `docs/subscribing.md` tells a reader the rest.
"""

import re
import secrets
import time
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, cast
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

SPEC_VERSION = "1.0"
TYPE_PREFIX = "micro-internships"
LARGEST_VALUE = 256 * 1024  # bytes; the broker takes 1 MiB (P22)

Service = Literal["proposals", "applications", "notifications", "expenses"]
Classification = Literal["public", "internal", "pseudonym", "encrypted"]

NAMES_A_PERSON = re.compile(
    r"(^|_)(e?mail|name_of|full_name|first_name|surname|person_name|telephone|phone|address|"
    r"statement|cv|note|free_text|bank(?!_holiday)|iban|birth|ip|subject|username)"
    r"($|_(?!(pages|words|kinds|bytes|is_required)$))"  # a rule about a CV is not a CV
)


def _to_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment, always in UTC on the wire."""


def fact(
    meaning: str, *, classification: Classification = "public", unit: str | None = None, **more: Any
) -> Any:
    """Declare a field of an event: what it means, in which unit, and who may read it.

    `public` may be shown to anyone, `internal` to subscribers, `pseudonym` is a person_ref, and
    `encrypted` is readable by the holder of one key only. Other keywords are pydantic's.
    """
    extra: dict[str, Any] = {"x-classification": classification}
    if unit:
        extra["x-unit"] = unit
    return Field(description=meaning, json_schema_extra=extra, **more)


def pseudonym(meaning: str, **more: Any) -> Any:
    """Declare a field that holds a person_ref: the only way in which an event names a person."""
    return fact(meaning, classification="pseudonym", **more)


class Part(BaseModel):
    """A piece of an event: a day, a round, a line. Its fields are declared like an event's."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        _refuse_careless_fields(cls)


class Event(BaseModel):
    """Something that happened, said once, by the service that owns the fact.

    A subclass names its `service`, the field that is its `key_field` (the case: events of one case
    stay in order) and, where it differs, the `subject_field` (the aggregate it happened to). The
    class a decision returns is the class on the wire; a breaking change is a new class `…V2`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    service: ClassVar[Service]
    key_field: ClassVar[str]
    subject_field: ClassVar[str | None] = None
    topic: ClassVar[str] = "events"  # see schemas/topics.py
    owner: ClassVar[str] = "the service's maintainers"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()

    university: str = fact("Slug of the university whose case this is", classification="public")
    occurred_at: Instant = fact("Business time of the decision: the wire's `ce_time`")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        _refuse_careless_fields(cls)
        is_whole = hasattr(cls, "service") and hasattr(cls, "key_field")
        if is_whole and not A_BASE.match(cls.__name__):
            EVENTS[cls.type_name()] = cls

    @classmethod
    def version(cls) -> int:
        """1, or what stands after the `V` of the class's name."""
        found = re.search(r"V(\d+)$", cls.__name__)
        return int(found[1]) if found else 1

    @classmethod
    def type_name(cls) -> str:
        """The CloudEvents type, the same under any topic prefix."""
        name = re.sub(r"V\d+$", "", cls.__name__)
        return f"{TYPE_PREFIX}.{cls.service}.{name}.v{cls.version()}"

    @property
    def key(self) -> str:
        """The case, which is the record's key."""
        return str(getattr(self, self.key_field))

    @property
    def subject(self) -> str:
        """The aggregate it happened to."""
        return str(getattr(self, self.subject_field or self.key_field))


A_BASE = re.compile(r"_|Of[A-Z]")
"""What events derive from is none itself: `OfOffer`, `_PlacementDays`; but `OfferMade` is."""

EVENTS: dict[str, type[Event]] = {}
"""Every event class by its CloudEvents type, filled as the classes are defined."""


def _refuse_careless_fields(cls: type[BaseModel]) -> None:
    """A field says who may read it, and none names a person: refused when the class is defined."""
    for name, field in cls.model_fields.items():
        extra = cast(dict[str, Any] | None, field.json_schema_extra)
        classification = (extra or {}).get("x-classification")
        if classification is None:
            raise TypeError(f"{cls.__name__}.{name} does not say who may read it: use fact()")
        if classification != "encrypted" and NAMES_A_PERSON.search(name):
            raise TypeError(
                f"{cls.__name__}.{name} would name a person: events carry person_ref only"
            )


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by the time it was made, and cannot be guessed."""
    ms = time.time_ns() // 1_000_000
    value = (ms & 0xFFFFFFFFFFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
