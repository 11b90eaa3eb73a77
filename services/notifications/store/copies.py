"""What other services told, as far as a letter needs it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.database import Transaction


async def save_known_card(
    tx: Transaction, *, university: str, person_ref: UUID, sealed: str
) -> None:
    """Keep the newest card of a person, sealed as it came."""
    await tx.execute(
        """
        INSERT INTO known_cards (university, person_ref, sealed)
        VALUES ($1, $2, $3)
        ON CONFLICT (university, person_ref)
        DO UPDATE SET sealed = excluded.sealed, received_at = clock_timestamp()
        """,
        university,
        person_ref,
        sealed,
    )


async def save_known_programme(tx: Transaction, *, known: Mapping[str, Any]) -> None:
    """Keep one version of a programme's rules, as far as letters quote it."""
    await tx.execute(
        """
        INSERT INTO known_programmes (
            programme_id, rule_set_version, university, programme_name, mailbox, zone, currency,
            warning_minutes, reasons, signature, preparation
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (programme_id, rule_set_version) DO NOTHING
        """,
        *(
            known[name]
            for name in (
                "programme_id",
                "rule_set_version",
                "university",
                "programme_name",
                "mailbox",
                "zone",
                "currency",
                "warning_minutes",
                "reasons",
                "signature",
                "preparation",
            )
        ),
    )


async def save_known_cycle(tx: Transaction, *, cycle_id: UUID, university: str, dates: Any) -> None:
    """Keep a cycle's dates as they are now."""
    await tx.execute(
        """
        INSERT INTO known_cycles (cycle_id, university, dates)
        VALUES ($1, $2, $3)
        ON CONFLICT (cycle_id) DO UPDATE SET dates = excluded.dates
        """,
        cycle_id,
        university,
        dates,
    )


async def save_known_vacancy(
    tx: Transaction, *, vacancy_id: UUID, university: str, host_id: UUID, advert: Any, rounds: Any
) -> None:
    """Keep an advert as it is now."""
    await tx.execute(
        """
        INSERT INTO known_vacancies (vacancy_id, university, host_id, advert, rounds)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (vacancy_id)
        DO UPDATE SET advert = excluded.advert, rounds = excluded.rounds
        """,
        vacancy_id,
        university,
        host_id,
        advert,
        rounds,
    )


async def save_withdrawn_vacancy(tx: Transaction, vacancy_id: UUID) -> None:
    """Note that a vacancy was taken back."""
    await tx.execute(
        "UPDATE known_vacancies SET is_withdrawn = true WHERE vacancy_id = $1", vacancy_id
    )


async def save_known_application(
    tx: Transaction,
    *,
    application_id: UUID,
    university: str,
    person_ref: UUID,
    vacancy_id: UUID,
    reference: str,
    submitted_at: Any,
) -> None:
    """Keep the reference that a receipt shows, and when the application was first sent."""
    await tx.execute(
        """
        INSERT INTO known_applications (
            application_id, university, person_ref, vacancy_id, reference, submitted_at
        )
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (application_id) DO NOTHING
        """,
        application_id,
        university,
        person_ref,
        vacancy_id,
        reference,
        submitted_at,
    )


async def save_known_offer(
    tx: Transaction, *, offer_id: UUID, application_id: UUID, status: str, respond_by_at: Any = None
) -> None:
    """Keep how an offer stands; a deadline once told stays until a new one is."""
    await tx.execute(
        """
        INSERT INTO known_offers (offer_id, application_id, status, respond_by_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (offer_id)
        DO UPDATE SET status = excluded.status,
                      respond_by_at = coalesce(excluded.respond_by_at, known_offers.respond_by_at)
        """,
        offer_id,
        application_id,
        status,
        respond_by_at,
    )


async def save_known_placement(
    tx: Transaction,
    *,
    placement_id: UUID,
    application_id: UUID,
    status: str,
    days: Any = None,
    zone: str | None = None,
    supervisor_ref: UUID | None = None,
) -> None:
    """Keep how a placement stands; what is not told anew stays as it was."""
    await tx.execute(
        """
        INSERT INTO known_placements (
            placement_id, application_id, status, days, zone, supervisor_ref
        )
        VALUES ($1, $2, $3, coalesce($4::jsonb, '[]'), coalesce($5, ''), $6)
        ON CONFLICT (placement_id)
        DO UPDATE SET status = excluded.status,
                      days = coalesce($4::jsonb, known_placements.days),
                      zone = coalesce($5, known_placements.zone),
                      supervisor_ref = coalesce($6, known_placements.supervisor_ref)
        """,
        placement_id,
        application_id,
        status,
        days,
        zone,
        supervisor_ref,
    )


async def save_known_claim(tx: Transaction, *, claim_id: UUID, status: str) -> None:
    """Keep how a claim stands."""
    await tx.execute(
        """
        INSERT INTO known_claims (claim_id, status)
        VALUES ($1, $2)
        ON CONFLICT (claim_id) DO UPDATE SET status = excluded.status
        """,
        claim_id,
        status,
    )


async def save_known_selection(
    tx: Transaction, *, vacancy_id: UUID, which_round: str, status: str
) -> None:
    """Keep whether a host has chosen in a round."""
    await tx.execute(
        """
        INSERT INTO known_selections (vacancy_id, round, status)
        VALUES ($1, $2, $3)
        ON CONFLICT (vacancy_id, round) DO UPDATE SET status = excluded.status
        """,
        vacancy_id,
        which_round,
        status,
    )


# ---- asked by a reaction, before it queues ----


async def get_presence(tx: Transaction, *, ids: Mapping[str, Any]) -> dict[str, bool]:
    """Which of the copies that a letter may need are here."""
    return await tx.get_row(
        """
        SELECT EXISTS (SELECT FROM known_programmes WHERE programme_id = $1) AS programme,
               EXISTS (SELECT FROM known_vacancies WHERE vacancy_id = $2) AS vacancy,
               EXISTS (SELECT FROM known_hosts WHERE host_id = $3) AS host,
               EXISTS (SELECT FROM known_placements WHERE placement_id = $4) AS placement
        """,
        ids.get("programme_id"),
        ids.get("vacancy_id"),
        ids.get("host_id"),
        ids.get("placement_id"),
    )


async def list_contacts(tx: Transaction, host_id: UUID) -> list[UUID]:
    """Who acts for a host."""
    rows = await tx.list_rows(
        """
        SELECT person_ref
          FROM known_host_contacts
         WHERE host_id = $1 AND kind = 'contact'
         ORDER BY person_ref
        """,
        host_id,
    )
    return [row["person_ref"] for row in rows]


async def find_supervisor(tx: Transaction, placement_id: UUID) -> UUID | None:
    """Who supervises a placement."""
    return await tx.value(
        "SELECT supervisor_ref FROM known_placements WHERE placement_id = $1", placement_id
    )


async def find_warning_minutes(tx: Transaction, programme_id: UUID, version: int) -> int | None:
    """After how long an unsent receipt alarms the office."""
    return await tx.value(
        """
        SELECT warning_minutes
          FROM known_programmes
         WHERE programme_id = $1
         ORDER BY rule_set_version = $2 DESC, rule_set_version DESC
         LIMIT 1
        """,
        programme_id,
        version,
    )
