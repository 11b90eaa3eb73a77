"""Selections as hosts and the office see them. Nothing of a round is shown before its release (P14)."""

from typing import Any
from uuid import UUID

from chassis.actor import Actor, Role
from chassis.database import Reader, Row
from schemas.deadline import Deadline
from schemas.rules import Round
from services.applications.domain.selection import SelectionIsNotYours

# The count is the one told at the release; until then there is none, for nobody.
_SELECTIONS = """
    SELECT known_vacancies.vacancy_id, known_rounds.round, known_vacancies.title,
           known_vacancies.host_id, known_vacancies.host_public_name AS host,
           known_vacancies.programme_id, known_vacancies.rule_set_version,
           known_vacancies.programme_name, known_vacancies.cycle_id, known_vacancies.cycle_name,
           known_vacancies.first_on, known_vacancies.last_on, known_vacancies.places,
           known_vacancies.mode, known_vacancies.status AS vacancy_status,
           known_rounds.zone, known_rounds.opens_at, known_rounds.closes_at,
           known_rounds.host_selects_by, known_rounds.office_tells_by, known_rounds.released_at,
           known_rounds.released_count AS applications,
           coalesce(selections.status, CASE WHEN known_rounds.released_at IS NULL
                                            THEN 'waiting' ELSE 'released' END) AS state,
           coalesce(selections.revision, 0) AS revision,
           coalesce(selections.draft, '{}') AS draft,
           selections.ranked_at, selections.told_at, outcome_releases.asked_at AS telling_since,
           outcome_releases.done_at AS telling_done_at,
           chosen.ranked, chosen.reserves, chosen.not_ranked, chosen.told, made.offers_out,
           made.offers_accepted
      FROM known_rounds
      JOIN known_vacancies USING (vacancy_id)
      LEFT JOIN selections ON selections.vacancy_id = known_rounds.vacancy_id
                          AND selections.round = known_rounds.round
      LEFT JOIN outcome_releases ON outcome_releases.vacancy_id = known_rounds.vacancy_id
                                AND outcome_releases.round = known_rounds.round
      LEFT JOIN LATERAL (
          SELECT count(*) FILTER (WHERE rank IS NOT NULL AND NOT is_reserve) AS ranked,
                 count(*) FILTER (WHERE is_reserve) AS reserves,
                 count(*) FILTER (WHERE rank IS NULL) AS not_ranked,
                 count(*) FILTER (WHERE choices.told IS NOT NULL) AS told
            FROM choices
           WHERE choices.vacancy_id = known_rounds.vacancy_id
             AND choices.round = known_rounds.round
      ) AS chosen ON true
      LEFT JOIN LATERAL (
          SELECT count(*) FILTER (WHERE offers.status = 'made') AS offers_out,
                 count(*) FILTER (WHERE offers.status = 'accepted') AS offers_accepted
            FROM offers
           WHERE offers.vacancy_id = known_rounds.vacancy_id
             AND offers.round = known_rounds.round
      ) AS made ON true
     WHERE known_vacancies.university = $1
       AND ($2::uuid[] IS NULL OR known_vacancies.host_id = ANY ($2))
       AND (known_vacancies.status <> 'withdrawn' OR $2::uuid[] IS NULL)
"""


async def list_selections(reader: Reader, *, to: Actor) -> list[Row]:
    """Every round of a host's own vacancies; for the office, of its whole university."""
    rows = await reader.list_rows(
        f"{_SELECTIONS} ORDER BY known_rounds.host_selects_by, title, known_rounds.round",
        to.university,
        _hosts_seen(to),
    )
    return [_selection(row) for row in rows]


async def show_selection(
    reader: Reader, vacancy_id: UUID, which: Round | None, *, to: Actor
) -> Row:
    """One round of a vacancy; without a round, the last that has opened, or the first.

    Raises `SelectionIsNotYours` for another's, which is answered like one that does not exist.
    """
    row = await reader.find_row(
        f"""
        {_SELECTIONS}
           AND known_vacancies.vacancy_id = $3 AND ($4::text IS NULL OR known_rounds.round = $4)
         ORDER BY known_rounds.released_at DESC NULLS LAST, known_rounds.round LIMIT 1
        """,
        to.university,
        _hosts_seen(to),
        vacancy_id,
        which,
    )
    if row is None:
        raise SelectionIsNotYours
    return _selection(row)


async def list_applications(
    reader: Reader, vacancy_id: UUID, which: Round, *, to: Actor
) -> list[Row]:
    """What the host of a released round reads, in a random order that stays; else nothing at all.

    The host's copies alone: the statement as cut, the CV as written anew. Marks are the reader's own.
    """
    rows = await reader.list_rows(
        f"""
        {_APPLICATIONS}
           AND applications.vacancy_id = $3 AND applications.round = $4
         ORDER BY md5(applications.application_id::text || applications.vacancy_id::text)
        """,
        _hosts_acted_for(to),
        to.person_ref,
        vacancy_id,
        which,
    )
    return [_application(row) for row in rows]


async def show_application(reader: Reader, application_id: UUID, *, to: Actor) -> Row:
    """One released application, for its host. Raises `SelectionIsNotYours` for any other."""
    row = await reader.find_row(
        f"{_APPLICATIONS} AND applications.application_id = $3",
        _hosts_acted_for(to),
        to.person_ref,
        application_id,
    )
    if row is None:
        raise SelectionIsNotYours
    return _application(row)


async def find_cv(
    reader: Reader, vacancy_id: UUID, application_id: UUID, *, to: Actor
) -> Row | None:
    """The host's copy of a CV of a released, live application: the only one a host is given."""
    return await reader.find_row(
        """
        SELECT documents.host_copy, applications.reference
          FROM applications
          JOIN known_rounds USING (vacancy_id, round)
          JOIN documents USING (document_id)
         WHERE applications.application_id = $2 AND applications.vacancy_id = $3
           AND applications.host_id = ANY ($1)
           AND known_rounds.released_at IS NOT NULL
           AND applications.status IN ('submitted', 'successful', 'unsuccessful')
           AND documents.host_copy IS NOT NULL
        """,
        _hosts_acted_for(to),
        application_id,
        vacancy_id,
    )


_APPLICATIONS = """
    SELECT applications.application_id, applications.vacancy_id, applications.round,
           applications.reference, applications.name, applications.facts, applications.status,
           applications.host_statement AS statement, applications.weeks,
           applications.submitted_at, applications.ended_at, applications.ended_because,
           documents.host_pages AS cv_pages, documents.verdict AS cv_verdict,
           choices.rank, choices.is_reserve, choices.reason_code, choices.remark,
           application_reads.read_at, coalesce(application_reads.note, '') AS note,
           known_rounds.released_at
      FROM applications
      JOIN known_rounds USING (vacancy_id, round)
      LEFT JOIN documents USING (document_id)
      LEFT JOIN choices ON choices.application_id = applications.application_id
      LEFT JOIN application_reads ON application_reads.application_id = applications.application_id
                                 AND application_reads.person_ref = $2
     WHERE applications.host_id = ANY ($1) AND known_rounds.released_at IS NOT NULL
       AND applications.submitted_at <= known_rounds.released_at
       AND (applications.ended_at IS NULL OR applications.ended_at > known_rounds.released_at)
"""

LIVE = frozenset({"submitted", "successful", "unsuccessful"})
SHOWN_FACTS = ("level", "course", "school")


def is_host(actor: Actor) -> bool:
    """Whether someone acts for a host here, and may read what was released to it."""
    return actor.is_a(Role.HOST_CONTACT)


def is_office(actor: Actor) -> bool:
    """Whether someone works in the office, as a person or as its machine."""
    return actor.is_office or "office" in actor.scopes


def _hosts_seen(actor: Actor) -> list[UUID] | None:
    """None: all of the university's. Nobody but the office sees more than their own."""
    return None if is_office(actor) else _hosts_acted_for(actor)


def _hosts_acted_for(actor: Actor) -> list[UUID]:
    return sorted(actor.hosts) if is_host(actor) else []


def _selection(row: Row) -> Row:
    zone = row["zone"]
    for name in ("opens_at", "closes_at", "host_selects_by", "office_tells_by"):
        row[name] = Deadline.from_instant(row[name], zone)
    if row["telling_since"] and row["state"] == "ranked":
        row["state"] = "telling"
    if row["released_at"] is None:
        row |= {"applications": None}
    return row


def _application(row: Row) -> Row:
    facts: dict[str, Any] = row.pop("facts") or {}
    row["facts"] = {name: facts[name] for name in SHOWN_FACTS if facts.get(name)}
    row["is_live"] = row["status"] in LIVE
    if not row["is_live"]:
        row |= {"statement": None, "cv_pages": None}
    return row
