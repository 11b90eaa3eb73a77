"""Sign-ins, rights, contact cards, erasure."""

from enum import StrEnum, auto
from typing import ClassVar
from uuid import UUID

from schemas import sample
from schemas.cases import Tolerant
from schemas.envelope import Instant, fact
from schemas.proposals.case import Examples, OfPerson


class OfficeRole(StrEnum):
    """A right that can be taken away from a person."""

    INTERNSHIP_OFFICER = auto()
    PROGRAMME_MANAGER = auto()
    SUPPORT = auto()
    AUDITOR = auto()
    HOST_CONTACT = auto()
    SUPERVISOR = auto()


class SignInEnded(OfPerson):
    """A person signed out, or all sign-ins before an instant were ended: refuse their cookies."""

    signin_hash: str | None = fact(
        "SHA-256 of the sign-in that ended", classification="internal", default=None
    )
    all_before: Instant | None = fact("Every sign-in made before this ended", default=None)

    examples: ClassVar[Examples] = (
        {
            **sample.of_person("2024-02-28T10:00:00Z"),
            "signin_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        {**sample.of_person("2024-02-28T10:00:00Z"), "all_before": "2024-02-28T10:00:00Z"},
    )


class RoleEnded(OfPerson):
    """A right was taken from a person; cookies that still show it are refused."""

    role: Tolerant[OfficeRole] = fact("The right")
    host_id: UUID | None = fact("At which host, if it is a host's", default=None)

    examples: ClassVar[Examples] = (
        {**sample.of_person("2024-02-28T10:00:00Z"), "role": "internship_officer"},
    )


class PersonErasureOrdered(OfPerson):
    """A person is to be forgotten: each service erases, and answers with its `PersonErased`."""

    examples: ClassVar[Examples] = (sample.of_person("2024-09-20T10:00:00Z"),)


class PersonErased(OfPerson):
    """The proposals service has erased what it knew of a person."""

    records: int = fact("How many records were erased or emptied", unit="records", ge=0)

    examples: ClassVar[Examples] = ({**sample.of_person("2024-09-20T10:00:00Z"), "records": 3},)


class ContactCard(OfPerson):
    """How to write to a person, for the notifications service alone.

    Sealed: a compact JWE over JSON with `name`, `address`, `language` and `zone`. A null value ends it.
    """

    topic: ClassVar[str] = "contacts"

    sealed: str = fact("The card as a compact JWE", classification="encrypted")

    examples: ClassVar[Examples] = (
        {**sample.of_person("2024-01-29T09:00:00Z"), "sealed": "eyJhbGciOiJFQ0RILUVTIn0..aa.bb.cc"},
    )


class SealedLetter(OfPerson):
    """A letter that holds a secret, such as a link to sign in: mailed at once, and kept nowhere.

    Sealed: a compact JWE over JSON with the address and what the letter's template asks for.
    """

    topic: ClassVar[str] = "contacts"

    letter: str = fact("Name of the letter, such as sign_in_link")
    sealed: str = fact("Address and link as a compact JWE", classification="encrypted")

    examples: ClassVar[Examples] = (
        {
            **sample.of_person("2024-01-29T09:00:00Z"),
            "letter": "sign_in_link",
            "sealed": "eyJhbGciOiJFQ0RILUVTIn0..aa.bb.cc",
        },
    )
