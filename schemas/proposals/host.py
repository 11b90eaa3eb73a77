"""Hosts and the people who act for them."""

from datetime import date
from enum import StrEnum, auto
from typing import ClassVar
from uuid import UUID

from schemas import sample
from schemas.advert import HostKind
from schemas.cases import Tolerant
from schemas.envelope import Part, fact, pseudonym
from schemas.proposals.case import Examples, OfHost
from schemas.rules import ProfitStatus


class ContactKind(StrEnum):
    """What a person does for a host."""

    CONTACT = auto()  # acts for it: proposals, rankings, claims
    SUPERVISOR = auto()  # sees the placement, signs off days


class HostFacts(Part):
    """What is true of a host from a day on."""

    public_name: str = fact("The host, as the public knows it")
    profit_status: Tolerant[ProfitStatus] = fact("Whether it works for profit (R96, R97)")
    kind: Tolerant[HostKind] = fact("What sort of organisation it is (R33)")
    size: str = fact("Band of its size, such as 10_to_49", unit="people")
    sector: str = fact("Code of its sector")
    region: str = fact("Code of its region")
    country: str = fact("Where it is", unit="ISO 3166-1 alpha-2")
    zone: str = fact("Zone it works in")
    has_alumni_link: bool = fact("Whether alumni of the university work there (R59)", default=False)
    valid_from_on: date = fact("From which day on this is so")


class HostRegistered(OfHost):
    """An organisation registered; the office has not looked at it yet (R16)."""

    facts: HostFacts = fact("What it says of itself")
    person_ref: UUID = pseudonym("Who registered it")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2023-11-01T10:00:00Z"),
            "facts": sample.HOST_FACTS,
            "person_ref": sample.CONTACT,
        },
    )


class HostApproved(OfHost):
    """The office approved a host, or lifted its suspension: it may send proposals and see its own."""

    facts: HostFacts = fact("What is true of it from now on")

    examples: ClassVar[Examples] = (
        {**sample.of_host("2023-11-02T10:00:00Z"), "facts": sample.HOST_FACTS},
    )


class HostRefused(OfHost):
    """The office refused a registration."""

    public_name: str = fact("The host, as the public knows it")
    reason_codes: tuple[str, ...] = fact("Why", classification="internal")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2023-11-02T10:00:00Z"),
            "public_name": "Museum of the History of Weather",
            "reason_codes": ["not_an_organisation"],
        },
    )


class HostSuspended(OfHost):
    """The office suspended a host: its contacts may do nothing until it is approved again."""

    public_name: str = fact("The host, as the public knows it")
    reason_codes: tuple[str, ...] = fact("Why", classification="internal")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2024-02-02T10:00:00Z"),
            "public_name": "Museum of the History of Weather",
            "reason_codes": ["supervision_not_given"],
        },
    )


class HostFactsAmended(OfHost):
    """A fact about a host became different from a day on; what happened before keeps the old one."""

    facts: HostFacts = fact("What is true of it from `valid_from_on` on")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2024-02-02T10:00:00Z"),
            "facts": {**sample.HOST_FACTS, "region": "london", "valid_from_on": "2024-03-01"},
        },
    )


class HostContactAdded(OfHost):
    """A person may from now on act for a host, or supervise there."""

    person_ref: UUID = pseudonym("The person")
    kind: Tolerant[ContactKind] = fact("Contact or supervisor")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2023-11-01T10:00:00Z"),
            "person_ref": sample.CONTACT,
            "kind": "contact",
        },
    )


class HostContactRemoved(OfHost):
    """A person no longer acts for a host in this way."""

    person_ref: UUID = pseudonym("The person")
    kind: Tolerant[ContactKind] = fact("Contact or supervisor")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2024-03-01T10:00:00Z"),
            "person_ref": sample.CONTACT,
            "kind": "contact",
        },
    )
