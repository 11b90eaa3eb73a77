"""Placements, and what an acceptance makes of a person's applications."""

from datetime import datetime
from uuid import UUID

from chassis.database import Reader, Row, Transaction
from schemas.advert import Day
from schemas.applications import PlacementReminder
from services.applications.domain.placement import Placement, Status, Terms
from services.applications.store.cases import case_of


async def get_terms(tx: Transaction, vacancy_id: UUID) -> Terms:
    """Where, when and with whom, as the vacancy says now."""
    row = await tx.get_row(
        """
        SELECT days, mode, country, region, zone, supervisor_ref
          FROM known_vacancies WHERE vacancy_id = $1
        """,
        vacancy_id,
    )
    return _terms(row)


async def add_placement(tx: Transaction, placement: Placement) -> None:
    """Keep a new placement, with the instants at which something is due."""
    case, terms = placement.case, placement.terms
    await tx.execute(
        """
        INSERT INTO placements (
            placement_id, offer_id, application_id, applicant_cycle_id, person_ref, university,
            programme_id, rule_set_version, cycle_id, vacancy_id, host_id, round, status, days,
            mode, country, region, zone, supervisor_ref, starts_at, ends_at, week_ahead_at,
            day_ahead_at, confirmed_at, introduced_at
        ) VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22, $23, $24, $25
        )
        """,
        placement.placement_id,
        placement.offer_id,
        placement.application_id,
        placement.applicant_cycle_id,
        placement.person_ref,
        case.university,
        case.programme_id,
        case.rule_set_version,
        case.cycle_id,
        case.vacancy_id,
        case.host_id,
        case.round,
        placement.status,
        [day.model_dump(mode="json") for day in terms.days],
        terms.mode,
        terms.country,
        terms.region,
        terms.zone,
        terms.supervisor_ref,
        terms.starts_at,
        terms.ends_at,
        terms.before_start(7),
        terms.before_start(1),
        placement.confirmed_at,
        placement.introduced_at,
    )


async def find_applicant_cycle_of_placement(tx: Transaction, placement_id: UUID) -> Row | None:
    """Whose placement it is, and by which offer; read without a lock, to know what to lock."""
    return await tx.find_row(
        "SELECT applicant_cycle_id, offer_id FROM placements WHERE placement_id = $1", placement_id
    )


async def lock_placement(tx: Transaction, placement_id: UUID) -> Placement | None:
    """Hold a placement; its person's row and its offer are held before it where they change too."""
    row = await tx.find_row(
        "SELECT * FROM placements WHERE placement_id = $1 FOR UPDATE", placement_id
    )
    return placement_of(row) if row else None


async def find_placement(reader: Reader, placement_id: UUID) -> Placement | None:
    """A placement as it stands, to be shown."""
    row = await reader.find_row("SELECT * FROM placements WHERE placement_id = $1", placement_id)
    return placement_of(row) if row else None


async def save_placement(tx: Transaction, placement: Placement) -> None:
    """Keep where a placement stands now."""
    await tx.execute(
        """
        UPDATE placements
           SET status = $2, introduced_at = $3, started_at = $4, ended_at = $5, reason_code = $6,
               reason = $7, reminded = $8
         WHERE placement_id = $1
        """,
        placement.placement_id,
        placement.status,
        placement.introduced_at,
        placement.started_at,
        placement.ended_at,
        placement.reason_code,
        placement.reason,
        list(placement.reminded),
    )


async def list_placements_to_start(tx: Transaction, *, now: datetime) -> list[UUID]:
    """Placements whose first day has come."""
    return await _ids(
        tx,
        """
        SELECT placement_id FROM placements
         WHERE status IN ('confirmed', 'introduced') AND starts_at <= $1
         ORDER BY starts_at LIMIT 500
        """,
        now,
    )


async def list_placements_to_complete(tx: Transaction, *, now: datetime) -> list[UUID]:
    """Placements whose last day is over."""
    return await _ids(
        tx,
        """
        SELECT placement_id FROM placements
         WHERE status IN ('confirmed', 'introduced', 'in_progress') AND ends_at <= $1
         ORDER BY ends_at LIMIT 500
        """,
        now,
    )


async def list_placements_to_remind(
    tx: Transaction, *, now: datetime
) -> list[tuple[UUID, PlacementReminder]]:
    """Placements ahead, with the reminder that is due; one confirmed later than it was due has none."""
    rows = await tx.list_rows(
        """
        SELECT placement_id,
               CASE WHEN day_ahead_at <= $1 THEN 'day_ahead' ELSE 'week_ahead' END AS kind
          FROM placements
         WHERE status IN ('confirmed', 'introduced') AND starts_at > $1
           AND ((day_ahead_at <= $1 AND confirmed_at < day_ahead_at
                 AND NOT 'day_ahead' = ANY (reminded))
                OR (week_ahead_at <= $1 AND confirmed_at < week_ahead_at AND day_ahead_at > $1
                    AND NOT 'week_ahead' = ANY (reminded)))
         ORDER BY starts_at LIMIT 500
        """,
        now,
    )
    return [(row["placement_id"], PlacementReminder(row["kind"])) for row in rows]


async def save_success(tx: Transaction, application_id: UUID, *, at: datetime) -> None:
    """The application led to a place."""
    await tx.execute(
        """
        UPDATE applications
           SET status = 'successful', ended_at = $2, ended_by = 'applicant', version = version + 1
         WHERE application_id = $1 AND status = 'submitted'
        """,
        application_id,
        at,
    )


async def save_superseded_applications(
    tx: Transaction, applicant_cycle_id: UUID, *, at: datetime, by: UUID
) -> None:
    """End the person's other live applications of the cycle, in their lock, by the acceptance."""
    await tx.execute(
        """
        UPDATE applications
           SET status = 'superseded', ended_at = $2, ended_by = 'applicant',
               ended_because = 'accepted_another_place', version = version + 1
         WHERE applicant_cycle_id = $1 AND status = 'submitted' AND application_id <> $3
           AND NOT EXISTS (
               SELECT FROM offers
                WHERE offers.application_id = applications.application_id
                  AND offers.status IN ('declined', 'expired', 'withdrawn')
           )
        """,
        applicant_cycle_id,
        at,
        by,
    )


async def _ids(tx: Transaction, sql: str, now: datetime) -> list[UUID]:
    return [row["placement_id"] for row in await tx.list_rows(sql, now)]


def placement_of(row: Row) -> Placement:
    """A placement out of its row."""
    return Placement(
        placement_id=row["placement_id"],
        offer_id=row["offer_id"],
        application_id=row["application_id"],
        applicant_cycle_id=row["applicant_cycle_id"],
        person_ref=row["person_ref"],
        case=case_of(row),
        status=Status(row["status"]),
        terms=_terms(row),
        confirmed_at=row["confirmed_at"],
        introduced_at=row["introduced_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        reason_code=row["reason_code"],
        reason=row["reason"],
        reminded=tuple(PlacementReminder(kind) for kind in row["reminded"]),
    )


def _terms(row: Row) -> Terms:
    return Terms(
        days=tuple(Day.model_validate(day) for day in row["days"]),
        mode=row["mode"],
        country=row["country"],
        region=row["region"],
        zone=row["zone"],
        supervisor_ref=row["supervisor_ref"],
    )
