"""What a letter knows when it is written: the copies of facts around one event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.database import Reader, Row
from services.notifications.domain.delivery import Delivery

Copy = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """Copies as they came; None is what this letter's case does not have."""

    programme: Copy | None = None
    cycle: Copy | None = None
    vacancy: Copy | None = None
    host: Copy | None = None
    application: Copy | None = None
    placement: Copy | None = None
    contacts: tuple[UUID, ...] = ()  # who acts for the host
    cards: Mapping[UUID, str] = field(default_factory=dict[UUID, str])  # sealed

    @property
    def zone(self) -> str:
        """The programme's, in which its instants are said."""
        return self.programme["zone"] if self.programme else "Europe/London"


async def show_known(reader: Reader, delivery: Delivery) -> Known:
    """Gather what the letter of one delivery speaks of."""
    case = delivery.case
    placement = await _find_placement(reader, delivery)
    contacts = await _list_contacts(reader, case.get("host_id"))
    supervisor = placement["supervisor_ref"] if placement else None
    people = {delivery.person_ref, _person(delivery), supervisor, *contacts} - {None}
    return Known(
        programme=await _find_programme(reader, delivery),
        cycle=await _find_cycle(reader, case.get("cycle_id")),
        vacancy=await _find_vacancy(reader, case.get("vacancy_id")),
        host=await _find_host(reader, case.get("host_id")),
        application=await _find_application(reader, case.get("application_id")),
        placement=placement,
        contacts=contacts,
        cards=await list_cards(reader, delivery.university, list(people)),
    )


def _person(delivery: Delivery) -> UUID | None:
    told = delivery.fact.get("person_ref")
    return UUID(told) if told else None


async def _find_programme(reader: Reader, delivery: Delivery) -> Row | None:
    """The version the event was decided under, or the newest."""
    return await reader.find_row(
        """
        SELECT programme_name, mailbox, zone, currency, reasons, signature, preparation
          FROM known_programmes
         WHERE programme_id = $1
         ORDER BY rule_set_version = $2 DESC, rule_set_version DESC
         LIMIT 1
        """,
        delivery.case.get("programme_id"),
        delivery.fact.get("rule_set_version", 0),
    )


async def _find_cycle(reader: Reader, cycle_id: UUID | None) -> Row | None:
    return await reader.find_row("SELECT dates FROM known_cycles WHERE cycle_id = $1", cycle_id)


async def _find_vacancy(reader: Reader, vacancy_id: UUID | None) -> Row | None:
    return await reader.find_row(
        "SELECT advert, rounds FROM known_vacancies WHERE vacancy_id = $1", vacancy_id
    )


async def _find_host(reader: Reader, host_id: UUID | None) -> Row | None:
    return await reader.find_row("SELECT public_name FROM known_hosts WHERE host_id = $1", host_id)


async def _find_application(reader: Reader, application_id: UUID | None) -> Row | None:
    return await reader.find_row(
        "SELECT reference, submitted_at FROM known_applications WHERE application_id = $1",
        application_id,
    )


async def _find_placement(reader: Reader, delivery: Delivery) -> Row | None:
    told = delivery.fact.get("placement_id")
    return await reader.find_row(
        "SELECT days, zone, supervisor_ref FROM known_placements WHERE placement_id = $1",
        UUID(told) if told else None,
    )


async def _list_contacts(reader: Reader, host_id: UUID | None) -> tuple[UUID, ...]:
    rows = await reader.list_rows(
        """
        SELECT person_ref
          FROM known_host_contacts
         WHERE host_id = $1 AND kind = 'contact'
         ORDER BY person_ref
        """,
        host_id,
    )
    return tuple(row["person_ref"] for row in rows)


async def list_cards(reader: Reader, university: str, people: list[Any]) -> dict[UUID, str]:
    """The sealed cards of these people."""
    rows = await reader.list_rows(
        "SELECT person_ref, sealed FROM known_cards WHERE university = $1 AND person_ref = ANY ($2)",
        university,
        people,
    )
    return {row["person_ref"]: row["sealed"] for row in rows}
