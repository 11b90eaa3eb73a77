"""Our copies of placements, vacancies, hosts and rules, taken from the events that carry them whole."""

from typing import Any
from uuid import UUID

from chassis.database import Reader, Transaction
from schemas.advert import Day
from schemas.applications import PlacementConfirmed
from schemas.proposals import (
    HostApproved,
    HostFactsAmended,
    HostRegistered,
    RuleSetPublished,
    VacancyAmended,
    VacancyPublished,
)
from schemas.rules import ProfitStatus, RuleSet
from services.expenses.domain.case import Case, Placement, PlacementStatus
from services.expenses.domain.ruling import CopyHasNotArrived, KnownFacts

_read: dict[tuple[str, UUID, int], RuleSet] = {}


async def find_rules(reader: Reader, programme_id: UUID, version: int) -> RuleSet | None:
    """One version of a programme's rules, which never changes: each is read once a process."""
    database: Any = getattr(reader, "database", reader)  # of a transaction, or it itself
    key = (database.dsn, programme_id, version)
    if key not in _read:
        rules = await reader.value(
            "SELECT rules FROM known_rule_sets WHERE programme_id = $1 AND version = $2",
            programme_id,
            version,
        )
        if rules is None:
            return None
        _read[key] = RuleSet.model_validate(rules)
    return _read[key]


async def get_rules(reader: Reader, case: Case) -> RuleSet:
    """The version that a placement carries. Raises `CopyHasNotArrived` while we have not heard of it."""
    rules = await find_rules(reader, case.programme_id, case.rule_set_version)
    if rules is None:
        raise CopyHasNotArrived
    return rules


async def save_known_rule_set(tx: Transaction, published: RuleSetPublished) -> None:
    """Keep a version as it was published; it never changes again."""
    await tx.execute(
        """
        INSERT INTO known_rule_sets (
            programme_id, version, university, programme_slug, programme_name, published_at, rules
        ) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        """,
        published.programme_id,
        published.rule_set_version,
        published.university,
        published.programme_slug,
        published.programme_name,
        published.occurred_at,
        published.rules.model_dump(mode="json"),
    )


async def save_known_vacancy(tx: Transaction, told: VacancyPublished | VacancyAmended) -> None:
    """Keep what pages say of a vacancy: its title, whose it is, where it is."""
    await tx.execute(
        """
        INSERT INTO known_vacancies (
            vacancy_id, university, host_id, title, host_public_name, programme_name, cycle_name,
            city
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (vacancy_id) DO UPDATE
           SET title = excluded.title,
               host_public_name = excluded.host_public_name,
               programme_name = excluded.programme_name,
               cycle_name = excluded.cycle_name,
               city = excluded.city
        """,
        told.vacancy_id,
        told.university,
        told.host_id,
        told.advert.title,
        told.advert.host_public_name,
        told.advert.programme_name,
        told.advert.cycle_name,
        told.advert.city,
    )


async def save_known_host_facts(
    tx: Transaction, host: HostRegistered | HostApproved | HostFactsAmended
) -> None:
    """Keep what is true of a host from a day on; earlier days keep what was true then."""
    await tx.execute(
        """
        INSERT INTO known_host_facts (host_id, valid_from_on, university, profit_status, region)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (host_id, valid_from_on) DO UPDATE
           SET profit_status = excluded.profit_status, region = excluded.region
        """,
        host.host_id,
        host.facts.valid_from_on,
        host.university,
        str(host.facts.profit_status),
        host.facts.region,
    )


async def get_host_facts(reader: Reader, host_id: UUID) -> tuple[KnownFacts, ...]:
    """Everything known of a host, oldest first. Raises `CopyHasNotArrived` where that is nothing."""
    rows = await reader.list_rows(
        """
        SELECT valid_from_on, profit_status, region
          FROM known_host_facts WHERE host_id = $1 ORDER BY valid_from_on
        """,
        host_id,
    )
    if not rows:
        raise CopyHasNotArrived
    return tuple(
        KnownFacts(row["valid_from_on"], ProfitStatus(row["profit_status"]), row["region"])
        for row in rows
    )


async def save_known_placement(tx: Transaction, placement: PlacementConfirmed) -> None:
    """Keep a placement; what later became of it is not forgotten."""
    await tx.execute(
        """
        INSERT INTO known_placements (
            placement_id, application_id, person_ref, university, programme_id, rule_set_version,
            cycle_id, vacancy_id, host_id, supervisor_ref, status, days, mode, region, zone
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'confirmed', $11, $12, $13, $14)
        ON CONFLICT DO NOTHING
        """,
        placement.placement_id,
        placement.application_id,
        placement.person_ref,
        placement.university,
        placement.programme_id,
        placement.rule_set_version,
        placement.cycle_id,
        placement.vacancy_id,
        placement.host_id,
        placement.supervisor_ref,
        _held(placement.days),
        str(placement.mode),
        placement.region,
        placement.zone,
    )


async def save_supervisor(tx: Transaction, placement_id: UUID, supervisor_ref: UUID | None) -> None:
    """Keep who supervises, as the introduction says."""
    await tx.execute(
        "UPDATE known_placements SET supervisor_ref = $2 WHERE placement_id = $1",
        placement_id,
        supervisor_ref,
    )


async def save_days(tx: Transaction, placement_id: UUID, days: tuple[Day, ...]) -> None:
    """Keep the whole list of days as it is now."""
    await tx.execute(
        "UPDATE known_placements SET days = $2 WHERE placement_id = $1", placement_id, _held(days)
    )


async def save_placement_status(
    tx: Transaction, placement_id: UUID, status: PlacementStatus
) -> None:
    """Keep that a placement is over, or was cancelled."""
    await tx.execute(
        "UPDATE known_placements SET status = $2 WHERE placement_id = $1", placement_id, str(status)
    )


async def find_placement(reader: Reader, placement_id: UUID) -> Placement | None:
    """A placement, as we know it."""
    row = await reader.find_row(
        "SELECT * FROM known_placements WHERE placement_id = $1", placement_id
    )
    return Placement.from_row(row) if row else None


async def is_contact(tx: Transaction, host_id: UUID, person_ref: UUID | None) -> bool:
    """Whether a person acts for a host, and not merely supervises there."""
    return await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM known_host_contacts
             WHERE host_id = $1 AND person_ref = $2 AND kind = 'contact'
        )
        """,
        host_id,
        person_ref,
    )


def _held(days: tuple[Day, ...]) -> list[dict[str, Any]]:
    return [day.model_dump(mode="json") for day in days]
