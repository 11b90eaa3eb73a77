"""Sessions: workshops and one-to-one slots."""

from enum import StrEnum, auto
from typing import ClassVar
from uuid import UUID

from schemas import sample
from schemas.applications.case import APPLICATIONS, Examples
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import Event, Service, fact, pseudonym


class SessionKind(StrEnum):
    """What is booked."""

    WORKSHOP = auto()
    ONE_TO_ONE = auto()


class _OfSession(Event):
    service: ClassVar[Service] = APPLICATIONS
    key_field: ClassVar[str] = "session_id"

    session_id: UUID = fact("The workshop or one-to-one slot")
    programme_id: UUID = fact("The programme")
    person_ref: UUID = pseudonym("Who booked")
    kind: Tolerant[SessionKind] = fact("Workshop or one-to-one")
    title: str = fact("What it is called")
    starts_at: Deadline = fact("When it starts")


class SessionBooked(_OfSession):
    """A person booked a workshop or slot, or moved up from its waiting list."""

    is_waiting: bool = fact("Whether it is a place on the waiting list")

    examples: ClassVar[Examples] = (
        {
            **sample.at("2024-01-24T09:00:00Z"),
            "session_id": sample.SESSION,
            "programme_id": sample.PROGRAMME,
            "person_ref": sample.STUDENT,
            "kind": "one_to_one",
            "title": "Application support",
            "starts_at": sample.deadline("2024-01-29 14:15"),
            "is_waiting": False,
        },
    )


class SessionCancelled(_OfSession):
    """A booking ended: the person cannot come, or the session does not take place."""

    by_office: bool = fact("Whether the session itself was called off")

    examples: ClassVar[Examples] = (
        {
            **sample.at("2024-01-26T09:00:00Z"),
            "session_id": sample.SESSION,
            "programme_id": sample.PROGRAMME,
            "person_ref": sample.STUDENT,
            "kind": "one_to_one",
            "title": "Application support",
            "starts_at": sample.deadline("2024-01-29 14:15"),
            "by_office": False,
        },
    )
