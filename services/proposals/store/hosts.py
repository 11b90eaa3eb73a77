"""Organisations and who acts for them, as stored."""

from datetime import datetime
from uuid import UUID

from chassis.database import Row, Transaction
from schemas.proposals import ContactKind, HostFacts
from services.proposals.domain.host import Host, Status


async def lock_host(tx: Transaction, host_id: UUID) -> Host | None:
    """Hold an organisation that is about to be decided on: of two decisions, the second is refused."""
    row = await tx.find_row(f"{_HOST} WHERE host_id = $1 FOR UPDATE", host_id)
    return _host(row) if row else None


async def find_host(tx: Transaction, host_id: UUID) -> Host | None:
    """An organisation, held against being decided on meanwhile by whoever acts for it."""
    row = await tx.find_row(f"{_HOST} WHERE host_id = $1 FOR SHARE", host_id)
    return _host(row) if row else None


async def list_hosts(tx: Transaction, host_ids: list[UUID]) -> list[Host]:
    """These, to be told anew."""
    rows = await tx.list_rows(
        f"{_HOST} WHERE host_id = ANY ($1::uuid[]) ORDER BY host_id", host_ids
    )
    return [_host(row) for row in rows]


async def list_contacts_of(
    tx: Transaction, host_ids: list[UUID]
) -> dict[UUID, list[tuple[UUID, ContactKind, datetime]]]:
    """Who acts for these organisations, as what and since when."""
    rows = await tx.list_rows(
        """
        SELECT host_id, person_ref, kind, added_at
          FROM host_contacts
         WHERE host_id = ANY ($1::uuid[])
         ORDER BY added_at, person_ref
        """,
        host_ids,
    )
    found: dict[UUID, list[tuple[UUID, ContactKind, datetime]]] = {}
    for row in rows:
        contact = row["person_ref"], ContactKind(row["kind"]), row["added_at"]
        found.setdefault(row["host_id"], []).append(contact)
    return found


_HOST = """
    SELECT host_id, university, status, facts, about, registered_by, registered_at, decided_at,
           decided_by, reason_codes, reason, vacancies_end, row_version
      FROM hosts
"""


async def add_host(tx: Transaction, host: Host) -> None:
    """Keep a new registration."""
    await tx.execute(
        """
        INSERT INTO hosts (
            host_id, university, status, facts, public_name, about, registered_by, registered_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        host.host_id,
        host.university,
        host.status,
        host.facts.model_dump(mode="json"),
        host.facts.public_name,
        host.about,
        host.registered_by,
        host.registered_at,
    )


async def save_decision(tx: Transaction, host: Host) -> None:
    """Keep what the office decided on an organisation."""
    await tx.execute(
        """
        UPDATE hosts
           SET status = $2, decided_at = $3, decided_by = $4, reason_codes = $5, reason = $6,
               vacancies_end = $7, row_version = row_version + 1
         WHERE host_id = $1
        """,
        host.host_id,
        host.status,
        host.decided_at,
        host.decided_by,
        list(host.reason_codes),
        host.reason,
        host.vacancies_end,
    )


async def add_contact(
    tx: Transaction, host: Host, person_ref: UUID, *, kind: ContactKind, now: datetime
) -> bool:
    """Keep that a person acts for an organisation; False where they did in some way already."""
    added = await tx.execute(
        """
        INSERT INTO host_contacts (host_id, person_ref, kind, university, added_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (host_id, person_ref) DO NOTHING
        """,
        host.host_id,
        person_ref,
        kind,
        host.university,
        now,
    )
    return added == 1


async def is_contact(tx: Transaction, host_id: UUID, person_ref: UUID | None) -> bool:
    """Whether a person writes and sends proposals for an organisation."""
    return await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM host_contacts
             WHERE host_id = $1 AND person_ref = $2 AND kind = 'contact'
        )
        """,
        host_id,
        person_ref,
    )


async def list_vacancies_to_end(tx: Transaction) -> list[UUID]:
    """Vacancies of suspended organisations whose vacancies end: the loop withdraws one by one."""
    rows = await tx.list_rows(
        """
        SELECT vacancy_id
          FROM vacancies
          JOIN hosts USING (host_id)
         WHERE hosts.vacancies_end
           AND hosts.status = 'suspended'
           AND vacancies.status IN ('scheduled', 'open', 'closed', 'readvertised', 'unfilled')
         LIMIT 100
        """
    )
    return [row["vacancy_id"] for row in rows]


def _host(row: Row) -> Host:
    return Host(
        **(
            row
            | {
                "status": Status(row["status"]),
                "facts": HostFacts.model_validate(row["facts"]),
                "reason_codes": tuple(row["reason_codes"]),
            }
        )
    )
