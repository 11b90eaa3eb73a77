"""Our copies of cycles and vacancies, taken from the events that carry them whole."""

from uuid import UUID

from chassis.database import Reader, Transaction
from schemas.advert import Advert, RoundDates
from schemas.proposals import (
    CyclePublished,
    CycleRescheduled,
    VacancyAmended,
    VacancyPublished,
    VacancyWithdrawn,
)


async def save_known_cycle(tx: Transaction, cycle: CyclePublished | CycleRescheduled) -> None:
    """Keep a cycle's name, weeks and instants as they are now."""
    dates = cycle.dates
    await tx.execute(
        """
        INSERT INTO known_cycles (
            cycle_id, university, programme_id, rule_set_version, programme_name, name, zone,
            starts_on, ends_on, dates
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (cycle_id) DO UPDATE
           SET rule_set_version = excluded.rule_set_version,
               programme_name = excluded.programme_name,
               name = excluded.name,
               zone = excluded.zone,
               starts_on = excluded.starts_on,
               ends_on = excluded.ends_on,
               dates = excluded.dates
        """,
        cycle.cycle_id,
        cycle.university,
        cycle.programme_id,
        cycle.rule_set_version,
        dates.programme_name,
        dates.cycle_name,
        dates.zone,
        dates.starts_on,
        dates.ends_on,
        dates.model_dump(mode="json"),
    )


async def save_known_vacancy(tx: Transaction, told: VacancyPublished | VacancyAmended) -> None:
    """Keep the advert as it is now. That it was withdrawn or filled is not forgotten."""
    advert: Advert = told.advert
    whole = advert.model_dump(mode="json")
    await tx.execute(
        """
        INSERT INTO known_vacancies (
            vacancy_id, university, programme_id, cycle_id, rule_set_version, host_id, title,
            host_public_name, programme_name, cycle_name, places, supervisor_ref, mode, city,
            region, country, zone, pay_model, days, first_on, last_on, advert
        ) VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22
        )
        ON CONFLICT (vacancy_id) DO UPDATE
           SET rule_set_version = excluded.rule_set_version,
               title = excluded.title,
               host_public_name = excluded.host_public_name,
               programme_name = excluded.programme_name,
               cycle_name = excluded.cycle_name,
               places = excluded.places,
               supervisor_ref = excluded.supervisor_ref,
               mode = excluded.mode,
               city = excluded.city,
               region = excluded.region,
               country = excluded.country,
               zone = excluded.zone,
               pay_model = excluded.pay_model,
               days = excluded.days,
               first_on = excluded.first_on,
               last_on = excluded.last_on,
               advert = excluded.advert
        """,
        told.vacancy_id,
        told.university,
        told.programme_id,
        told.cycle_id,
        told.rule_set_version,
        told.host_id,
        advert.title,
        advert.host_public_name,
        advert.programme_name,
        advert.cycle_name,
        advert.places,
        advert.supervisor_ref,
        str(advert.mode),
        advert.city,
        advert.region,
        advert.country,
        advert.zone,
        str(advert.pay_model),
        whole["days"],
        advert.first_on,
        advert.last_on,
        whole,
    )


async def save_known_round(tx: Transaction, vacancy_id: UUID, dates: RoundDates) -> None:
    """Keep a round's instants as they are now. That it was sealed or released is our own fact."""
    await tx.execute(
        """
        INSERT INTO known_rounds (
            vacancy_id, round, zone, opens_at, closes_at, host_selects_by, office_tells_by
        ) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (vacancy_id, round) DO UPDATE
           SET zone = excluded.zone,
               opens_at = excluded.opens_at,
               closes_at = excluded.closes_at,
               host_selects_by = excluded.host_selects_by,
               office_tells_by = excluded.office_tells_by
        """,
        vacancy_id,
        str(dates.round),
        dates.closes_at.zone,
        dates.opens_at.at,
        dates.closes_at.at,
        dates.host_selects_by.at,
        dates.office_tells_by.at,
    )


async def save_vacancy_filled(tx: Transaction, vacancy_id: UUID) -> None:
    """Keep that as many placements are confirmed as there are places."""
    await tx.execute(
        """
        UPDATE known_vacancies SET status = 'filled'
         WHERE vacancy_id = $1 AND status = 'published'
        """,
        vacancy_id,
    )


async def save_vacancy_withdrawn(tx: Transaction, told: VacancyWithdrawn) -> None:
    """Keep that a vacancy was taken back: the row that says so, from which each applicant's end follows."""
    await tx.execute(
        """
        UPDATE known_vacancies
           SET status = 'withdrawn', withdrawn_because = $2, withdrawn_at = $3
         WHERE vacancy_id = $1 AND status <> 'withdrawn'
        """,
        told.vacancy_id,
        str(told.reason_code),
        told.occurred_at,
    )


async def list_week_names(reader: Reader, cycle_id: UUID) -> tuple[str, ...]:
    """Names of a cycle's weeks; none where the cycle has none, or has not been heard of."""
    rows = await reader.list_rows(
        """
        SELECT week ->> 'name' AS name
          FROM known_cycles, jsonb_array_elements(dates -> 'weeks') WITH ORDINALITY AS w (week, n)
         WHERE cycle_id = $1
         ORDER BY n
        """,
        cycle_id,
    )
    return tuple(row["name"] for row in rows)
