"""What the notifications service tells of its letters: handed over, arrived, come back, given up."""

from enum import StrEnum, auto
from typing import Any, ClassVar
from uuid import UUID

from schemas import cases, sample
from schemas.cases import Tolerant
from schemas.envelope import Event, Instant, Service, fact, pseudonym

NOTIFICATIONS: Service = "notifications"
Examples = tuple[dict[str, Any], ...]


class AboutKind(StrEnum):
    """What a letter is about."""

    APPLICATION = auto()
    OFFER = auto()
    PLACEMENT = auto()
    CLAIM = auto()
    VACANCY = auto()
    SELECTION = auto()
    HOST = auto()
    CYCLE = auto()
    SESSION = auto()


class BounceKind(StrEnum):
    """Whether trying again could help."""

    HARD = auto()
    SOFT = auto()


class FailureReason(StrEnum):
    """Why a letter was given up."""

    REFUSED_BY_SERVER = auto()
    NO_CONTACT_CARD = auto()
    TRIED_TOO_OFTEN = auto()
    CANNOT_BE_RENDERED = auto()


class _OfDelivery(Event):
    service: ClassVar[Service] = NOTIFICATIONS
    key_field: ClassVar[str] = "delivery_id"

    delivery_id: UUID = fact("The delivery")
    letter: str = fact("Name of the letter, such as offer")
    cause_id: UUID = fact("Id of the event that the letter tells of")
    about_kind: Tolerant[AboutKind] = fact("What the letter is about")
    about_id: UUID = fact("Id of the application, offer, claim … that it is about")
    person_ref: UUID | None = pseudonym("To whom; empty for a programme's mailbox", default=None)
    programme_id: UUID | None = fact("The programme, where its case has one", default=None)
    cycle_id: UUID | None = fact("The cycle, where its case has one", default=None)
    vacancy_id: UUID | None = fact("The vacancy, where its case has one", default=None)
    host_id: UUID | None = fact("The host, where its case has one", default=None)


_DELIVERY: dict[str, Any] = {
    "delivery_id": sample.DELIVERY,
    "letter": "offer",
    "cause_id": sample.EVENT,
    "about_kind": "offer",
    "about_id": sample.OFFER,
    "person_ref": sample.STUDENT,
    "programme_id": sample.PROGRAMME,
    "cycle_id": sample.CYCLE,
    "vacancy_id": sample.VACANCY,
    "host_id": sample.HOST,
}


class MessageSent(_OfDelivery):
    """A letter was handed over to the mail server, which took it."""

    delay_seconds: float = fact("Real time since the cause was recorded", unit="seconds", ge=0)

    examples: ClassVar[Examples] = (
        {**sample.at("2024-02-26T12:00:01Z"), **_DELIVERY, "delay_seconds": 0.6},
    )


class MessageDelivered(_OfDelivery):
    """The recipient's mail server says that a letter has arrived."""

    examples: ClassVar[Examples] = ({**sample.at("2024-02-26T12:00:09Z"), **_DELIVERY},)


class MessageBounced(_OfDelivery):
    """A letter came back."""

    kind: Tolerant[BounceKind] = fact("Whether trying again could help")

    examples: ClassVar[Examples] = (
        {**sample.at("2024-02-26T12:05:00Z"), **_DELIVERY, "kind": "hard"},
    )


class MessageFailed(_OfDelivery):
    """A letter was given up: nobody will get it, and the office has to know."""

    reason_code: Tolerant[FailureReason] = fact("Why")
    delay_seconds: float = fact("Real time since the cause was recorded", unit="seconds", ge=0)

    examples: ClassVar[Examples] = (
        {
            **sample.at("2024-02-26T13:00:00Z"),
            **_DELIVERY,
            "reason_code": "no_contact_card",
            "delay_seconds": 3600.0,
        },
    )


class ConfirmationOverdue(cases.OfApplication):
    """The receipt of an application has not been handed over in the promised time (R83)."""

    service: ClassVar[Service] = NOTIFICATIONS

    delivery_id: UUID = fact("The delivery that is late")
    reference: str = fact("What the receipt on the screen shows")
    waiting_since: Instant = fact("When the application was submitted")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-12T12:29:59Z"),
            "delivery_id": sample.DELIVERY,
            "reference": "OX-4F7K",
            "waiting_since": "2024-02-12T11:59:59Z",
        },
    )


class PersonErased(cases.OfPerson):
    """The notifications service has erased what it knew of a person."""

    service: ClassVar[Service] = NOTIFICATIONS

    records: int = fact("How many records were erased or emptied", unit="records", ge=0)

    examples: ClassVar[Examples] = ({**sample.of_person("2024-09-20T10:01:00Z"), "records": 21},)
