"""Selections and the choices in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row, Transaction
from schemas.deadline import Deadline
from schemas.envelope import new_id
from schemas.rules import Round
from services.applications.domain.selection import (
    OFFICE_IS_WARNED_AHEAD,
    Choice,
    Selection,
    Status,
)
from services.applications.store.cases import case_of

COLUMNS = """
    known_vacancies.university, known_vacancies.programme_id, known_vacancies.rule_set_version,
    known_vacancies.cycle_id, known_vacancies.vacancy_id, known_vacancies.host_id,
    known_vacancies.title, known_rounds.round, known_rounds.zone, known_rounds.host_selects_by,
    known_rounds.office_tells_by, coalesce(selections.status, 'waiting') AS status,
    coalesce(selections.revision, 0) AS revision, coalesce(selections.reminded, '{}') AS reminded,
    selections.ranked_at, selections.told_at,
    known_vacancies.places - (
        SELECT count(*) FROM offers
         WHERE offers.vacancy_id = known_vacancies.vacancy_id
           AND offers.round <> known_rounds.round
           AND offers.status IN ('prepared', 'made', 'accepted')
    ) AS places_in_round,
    EXISTS (
        SELECT FROM outcome_releases
         WHERE outcome_releases.vacancy_id = known_rounds.vacancy_id
           AND outcome_releases.round = known_rounds.round
    ) AS is_being_told
"""
FROM = """
    FROM known_rounds
    JOIN known_vacancies USING (vacancy_id)
    LEFT JOIN selections ON selections.vacancy_id = known_rounds.vacancy_id
                        AND selections.round = known_rounds.round
"""


async def open_selections(tx: Transaction) -> int:
    """Have a selection for every round that has been released."""
    return await tx.execute(
        """
        INSERT INTO selections (vacancy_id, round, university, status)
        SELECT vacancy_id, round, university, 'released'
          FROM known_rounds
          JOIN known_vacancies USING (vacancy_id)
         WHERE released_at IS NOT NULL
           AND NOT EXISTS (
               SELECT FROM selections
                WHERE selections.vacancy_id = known_rounds.vacancy_id
                  AND selections.round = known_rounds.round
           )
            ON CONFLICT DO NOTHING
        """
    )


async def lock_selection(tx: Transaction, vacancy_id: UUID, which: Round) -> None:
    """Hold a selection until the transaction ends: the host ranks, or the office tells, not both.

    Made here if its round has just been released; nothing is held before that, and nothing is
    decided then either. Read it in a statement after this one.
    """
    await tx.execute(
        """
        INSERT INTO selections (vacancy_id, round, university, status)
        SELECT vacancy_id, round, university, 'released'
          FROM known_rounds
          JOIN known_vacancies USING (vacancy_id)
         WHERE vacancy_id = $1 AND round = $2 AND released_at IS NOT NULL
            ON CONFLICT (vacancy_id, round) DO UPDATE SET university = excluded.university
        """,
        vacancy_id,
        which,
    )


async def find_selection(reader: Reader, vacancy_id: UUID, which: Round) -> Selection | None:
    """A selection as it stands, waiting ones included; None where there is no such round."""
    row = await reader.find_row(
        f"SELECT {COLUMNS} {FROM} WHERE known_rounds.vacancy_id = $1 AND known_rounds.round = $2",
        vacancy_id,
        which,
    )
    return selection_of(row) if row else None


async def list_selections_to_watch(tx: Transaction, *, now: datetime) -> list[tuple[UUID, Round]]:
    """Selections for which time has something to do: a reminder, a lapse, a warning, an empty list.

    The instants are reckoned roughly here, by days of 24 hours; what is decided, the domain decides.
    """
    rows = await tx.list_rows(
        """
        SELECT vacancy_id, round
          FROM selections
          JOIN known_rounds USING (vacancy_id, round)
          JOIN known_vacancies USING (vacancy_id)
          JOIN known_rule_sets USING (programme_id)
         WHERE known_rule_sets.version = known_vacancies.rule_set_version
           AND known_vacancies.status <> 'withdrawn'
           AND (
               (selections.status = 'released' AND host_selects_by <= $1)
               OR (selections.status IN ('released', 'overdue') AND (
                   EXISTS (
                       SELECT FROM jsonb_array_elements_text(
                           rules -> 'telling' -> 'selection_reminder_days'
                       ) AS reminder (ahead)
                        WHERE NOT ahead::integer = ANY (reminded)
                          AND $1 >= host_selects_by - make_interval(hours => 24 * ahead::integer)
                   )
                   OR NOT EXISTS (
                       SELECT FROM applications
                        WHERE applications.vacancy_id = selections.vacancy_id
                          AND applications.round = selections.round
                          AND applications.status = 'submitted'
                   )
               ))
               OR (selections.status <> 'told' AND at_risk_at IS NULL
                   AND $1 >= office_tells_by - $2::interval)
           )
         ORDER BY host_selects_by LIMIT 200
        """,
        now,
        OFFICE_IS_WARNED_AHEAD,
    )
    return [(row["vacancy_id"], Round(row["round"])) for row in rows]


async def list_live(reader: Reader, vacancy_id: UUID, which: Round) -> dict[UUID, str]:
    """Applications of a round that can be chosen, with the names of who wrote them."""
    rows = await reader.list_rows(
        """
        SELECT application_id, name FROM applications
         WHERE vacancy_id = $1 AND round = $2 AND status = 'submitted'
         ORDER BY application_id
        """,
        vacancy_id,
        which,
    )
    return {row["application_id"]: row["name"] for row in rows}


async def save_selection(tx: Transaction, selection: Selection, *, by: Any = None) -> None:
    """Keep where a selection stands now."""
    await tx.execute(
        """
        UPDATE selections
           SET status = $3, revision = $4, reminded = $5, ranked_at = $6, told_at = $7,
               ranked_by = coalesce($8, ranked_by)
         WHERE vacancy_id = $1 AND round = $2
        """,
        selection.case.vacancy_id,
        selection.case.round,
        selection.status,
        selection.revision,
        list(selection.reminded),
        selection.ranked_at,
        selection.told_at,
        by,
    )


async def save_overdue(tx: Transaction, selection: Selection, *, at: datetime) -> None:
    """Note when a selection fell overdue."""
    await tx.execute(
        "UPDATE selections SET overdue_at = $3 WHERE vacancy_id = $1 AND round = $2",
        selection.case.vacancy_id,
        selection.case.round,
        at,
    )


async def save_warning(tx: Transaction, selection: Selection, *, at: datetime) -> bool:
    """Note that the office was warned; False where it had been already."""
    noted = await tx.execute(
        """
        UPDATE selections SET at_risk_at = $3
         WHERE vacancy_id = $1 AND round = $2 AND at_risk_at IS NULL
        """,
        selection.case.vacancy_id,
        selection.case.round,
        at,
    )
    return bool(noted)


async def save_exhausted(tx: Transaction, vacancy_id: UUID, which: Round, *, free: int) -> bool:
    """Note that so many places were told to be free; False where that had been said already."""
    noted = await tx.execute(
        """
        UPDATE selections SET exhausted_places = $3
         WHERE vacancy_id = $1 AND round = $2 AND exhausted_places < $3
        """,
        vacancy_id,
        which,
        free,
    )
    return bool(noted)


async def forget_choices(tx: Transaction, selection: Selection) -> None:
    """Make room for a new choice of the same host."""
    await tx.execute(
        "DELETE FROM choices WHERE vacancy_id = $1 AND round = $2",
        selection.case.vacancy_id,
        selection.case.round,
    )


async def add_choices(tx: Transaction, selection: Selection, choices: tuple[Choice, ...]) -> None:
    """Keep what the host decided about each application."""
    await tx.execute_many(
        """
        INSERT INTO choices (
            application_id, vacancy_id, round, rank, is_reserve, reason_code, remark
        ) VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
            (
                choice.application_id,
                selection.case.vacancy_id,
                selection.case.round,
                choice.rank,
                choice.is_reserve,
                choice.reason_code,
                choice.remark,
            )
            for choice in choices
        ],
    )


async def save_draft(
    tx: Transaction, vacancy_id: UUID, which: Round, *, draft: dict[str, Any]
) -> None:
    """Keep what the host has typed and not confirmed."""
    await tx.execute(
        "UPDATE selections SET draft = $3 WHERE vacancy_id = $1 AND round = $2",
        vacancy_id,
        which,
        draft,
    )


async def save_told(tx: Transaction, application_id: UUID, *, told: str, at: datetime) -> None:
    """Note what an applicant was told, or that there was nothing to tell."""
    await tx.execute(
        "UPDATE choices SET told = $2, told_at = $3 WHERE application_id = $1",
        application_id,
        told,
        at,
    )


async def save_unsuccessful(tx: Transaction, application_id: UUID, *, at: datetime) -> None:
    """The application is over: its applicant knows why."""
    await tx.execute(
        """
        UPDATE applications
           SET status = 'unsuccessful', ended_at = $2, ended_by = 'office', version = version + 1
         WHERE application_id = $1 AND status = 'submitted'
        """,
        application_id,
        at,
    )


# ---- the office's word ----


async def add_outcome_release(
    tx: Transaction,
    selection: Selection,
    *,
    actor: Actor,
    at: datetime,
    reason: str,
    fingerprint: str,
) -> None:
    """Keep that the outcomes of a round are to be told."""
    await tx.execute(
        """
        INSERT INTO outcome_releases (
            outcome_release_id, vacancy_id, round, university, asked_by, role, asked_at, reason,
            fingerprint
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        new_id(),
        selection.case.vacancy_id,
        selection.case.round,
        selection.case.university,
        actor.person_ref,
        actor.role,
        at,
        reason,
        fingerprint,
    )


async def list_outcome_releases_to_do(tx: Transaction) -> list[Row]:
    """The office's words that are not carried out yet, the oldest first."""
    return await tx.list_rows(
        "SELECT * FROM outcome_releases WHERE done_at IS NULL ORDER BY asked_at LIMIT 100"
    )


async def find_outcome_release(tx: Transaction, vacancy_id: UUID, which: Round) -> Row | None:
    """The office's word on a round, while it is being carried out."""
    return await tx.find_row(
        """
        SELECT * FROM outcome_releases WHERE vacancy_id = $1 AND round = $2 AND done_at IS NULL
        """,
        vacancy_id,
        which,
    )


async def list_untold(tx: Transaction, vacancy_id: UUID, which: Round) -> list[UUID]:
    """Applications of a round whose applicants have neither an offer nor been told anything."""
    rows = await tx.list_rows(
        """
        SELECT application_id FROM choices
         WHERE vacancy_id = $1 AND round = $2 AND told IS NULL
           AND NOT EXISTS (SELECT FROM offers WHERE offers.application_id = choices.application_id)
         ORDER BY rank NULLS LAST, application_id
        """,
        vacancy_id,
        which,
    )
    return [row["application_id"] for row in rows]


async def save_outcome_release_done(
    tx: Transaction, vacancy_id: UUID, which: Round, *, at: datetime
) -> bool:
    """Note that everyone of a round has been told; False where that was noted before."""
    done = await tx.execute(
        """
        UPDATE outcome_releases SET done_at = $3
         WHERE vacancy_id = $1 AND round = $2 AND done_at IS NULL
        """,
        vacancy_id,
        which,
        at,
    )
    return bool(done)


def selection_of(row: Row) -> Selection:
    """A selection out of a row with `COLUMNS`."""
    return Selection(
        case=case_of(row),
        status=Status(row["status"]),
        title=row["title"],
        places=max(row["places_in_round"], 0),
        host_selects_by=Deadline.from_instant(row["host_selects_by"], row["zone"]),
        office_tells_by=Deadline.from_instant(row["office_tells_by"], row["zone"]),
        revision=row["revision"],
        is_being_told=row["is_being_told"],
        reminded=tuple(row["reminded"]),
        ranked_at=row["ranked_at"],
        told_at=row["told_at"],
    )
