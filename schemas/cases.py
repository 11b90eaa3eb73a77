"""Whose an event is: the ids that travel together, so that no reader joins to learn them.

These bases name no service, so they are no events themselves; each service's file derives its own.
"""

from typing import Annotated, ClassVar, TypeVar
from uuid import UUID

from pydantic import Field

from schemas.envelope import Event, fact, pseudonym
from schemas.rules import Round

Closed = TypeVar("Closed")

Tolerant = Annotated[Closed | str, Field(union_mode="left_to_right")]
"""A closed set for who writes it, an open one for who reads: a value added later is kept as text."""


class OfProgramme(Event):
    """About a programme's rules."""

    key_field: ClassVar[str] = "programme_id"

    programme_id: UUID = fact("The programme")
    rule_set_version: int = fact("Version of its rules under which this was decided", ge=1)


class OfCycle(OfProgramme):
    """About one run of a programme."""

    key_field: ClassVar[str] = "cycle_id"

    cycle_id: UUID = fact("The cycle")


class OfHost(Event):
    """About a host."""

    key_field: ClassVar[str] = "host_id"

    host_id: UUID = fact("The host")


class OfVacancy(OfCycle):
    """About a proposal or the vacancy it became."""

    key_field: ClassVar[str] = "vacancy_id"

    vacancy_id: UUID = fact("The vacancy, whose id is its proposal's")
    host_id: UUID = fact("The host")


class OfRound(OfVacancy):
    """About one round of a vacancy."""

    round: Round = fact("The round of the vacancy")


class OfApplication(OfRound):
    """About an application; so keyed, everything about it stays in order."""

    key_field: ClassVar[str] = "application_id"

    application_id: UUID = fact("The application")
    person_ref: UUID = pseudonym("The applicant")


class OfOffer(OfApplication):
    """About an offer, in order with its application."""

    subject_field: ClassVar[str | None] = "offer_id"

    offer_id: UUID = fact("The offer")


class OfPlacement(OfOffer):
    """About a placement, in order with its application."""

    subject_field: ClassVar[str | None] = "placement_id"

    placement_id: UUID = fact("The placement")


class OfClaim(OfVacancy):
    """About a claim."""

    key_field: ClassVar[str] = "claim_id"

    claim_id: UUID = fact("The claim")
    placement_id: UUID = fact("The placement it is for")
    application_id: UUID = fact("The application that led to the placement")
    person_ref: UUID = pseudonym("The intern")


class OfPerson(Event):
    """About a person, by pseudonym alone."""

    key_field: ClassVar[str] = "person_ref"

    person_ref: UUID = pseudonym("The person")
