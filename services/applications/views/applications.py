"""Applications to be read: by the person whose they are, and by the office of their university."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.actor import Actor
from chassis.database import Database, Row
from chassis.languages import ngettext
from schemas.rules import AnswerTimeKind, OfferRules, RuleSet
from services.applications.domain.application import Application, ApplicationIsNotYours, Status
from services.applications.domain.document import Document
from services.applications.domain.policy import can
from services.applications.domain.told import Seen, Told, told
from services.applications.domain.vacancy_round import VacancyRound
from services.applications.views.rules import show_rules

EVERYTHING = """
    SELECT applications.*,
           known_vacancies.title, known_vacancies.host_public_name, known_vacancies.places,
           known_vacancies.programme_name, known_vacancies.cycle_name, known_vacancies.mode,
           known_vacancies.city, known_vacancies.first_on, known_vacancies.last_on,
           known_vacancies.status AS vacancy_status,
           known_rounds.zone, known_rounds.opens_at, known_rounds.closes_at,
           known_rounds.host_selects_by, known_rounds.office_tells_by, known_rounds.sealed_at,
           known_rounds.released_at, known_rounds.released_count,
           selections.status AS selection_status,
           choices.told AS outcome, choices.told_at AS outcome_at, choices.reason_code,
           choices.remark,
           offers.offer_id, offers.status AS offer_status, offers.made_at, offers.respond_by_at,
           offers.answered_at, offers.reason AS offer_reason,
           documents.document_id AS cv_id, documents.name AS cv_name, documents.pages,
           documents.host_pages, documents.size, documents.media_type, documents.notes,
           documents.added_at,
           (SELECT other.title FROM offers AS taken
              JOIN known_vacancies AS other USING (vacancy_id)
             WHERE taken.applicant_cycle_id = applications.applicant_cycle_id
               AND taken.status = 'accepted' LIMIT 1) AS accepted_title,
           (SELECT (r ->> 'at')::timestamptz
              FROM known_cycles,
                   jsonb_path_query(dates, '$.rounds[*] ? (@.round == "second").opens_at') AS r
             WHERE known_cycles.cycle_id = applications.cycle_id LIMIT 1) AS second_round_at
      FROM applications
      JOIN known_vacancies USING (vacancy_id)
      JOIN known_rounds ON known_rounds.vacancy_id = applications.vacancy_id
                       AND known_rounds.round = applications.round
      LEFT JOIN selections ON selections.vacancy_id = applications.vacancy_id
                          AND selections.round = applications.round
      LEFT JOIN choices ON choices.application_id = applications.application_id
      LEFT JOIN offers ON offers.application_id = applications.application_id
      LEFT JOIN documents ON documents.document_id = applications.document_id
"""


@dataclass(frozen=True, slots=True)
class ShownApplication:
    """One application with everything its pages say of it."""

    application: Application
    round: VacancyRound
    cv: Document | None
    told: Told
    rules: RuleSet
    row: Row  # the vacancy's title, host, days; offer and outcome as far as they are told

    @property
    def receipt_is_missing(self) -> bool:
        """No mail has gone out yet."""
        return self.application.revision >= 1 and self.row["receipt_sent_at"] is None

    def as_json(self) -> dict[str, Any]:
        """What the API tells. The name is its own applicant's, or the office's to know."""
        held = self.application
        return {
            "application_id": held.application_id,
            "reference": held.reference,
            "status": held.status,
            "stage": self.told.stage,
            "tag": self.told.tag,
            "version": held.version,
            "revision": held.revision,
            "person_ref": held.person_ref,
            "name": held.name,
            "vacancy": {
                "vacancy_id": held.vacancy_id,
                "title": self.round.title,
                "host": self.round.host_public_name,
                "first_on": self.row["first_on"],
                "last_on": self.row["last_on"],
            },
            "programme_id": held.programme_id,
            "cycle_id": held.cycle_id,
            "round": held.round,
            "rule_set_version": held.rule_set_version,
            "closes_at": self.round.closes_at,
            "statement": held.content.statement.text,
            "statement_words": held.content.statement.words,
            "host_statement": held.host_statement,
            "weeks": held.content.weeks,
            "declarations": held.content.declarations,
            "leave_note": held.content.leave_note,
            "cv": self._cv(),
            "began_at": held.began_at,
            "submitted_at": held.submitted_at,
            "revised_at": held.revised_at,
            "ended_at": held.ended_at,
            "receipt_sent_at": self.row["receipt_sent_at"],
            "offer_id": self.row["offer_id"] if self.row["made_at"] else None,
        }

    def _cv(self) -> dict[str, Any] | None:
        if self.cv is None:
            return None
        shown = ("document_id", "name", "size", "pages", "host_pages", "notes", "media_type")
        return {name: getattr(self.cv, name) for name in shown}


async def show_application(
    database: Database, application_id: UUID, *, to: Actor
) -> ShownApplication:
    """One application. Raises `ApplicationIsNotYours` where it is none of theirs to see."""
    row = await database.find_row(
        f"{EVERYTHING} WHERE applications.application_id = $1", application_id
    )
    if row is None:
        raise ApplicationIsNotYours
    shown = await _shown(database, row, now=await clock.shown(database))
    if not can(to, "see application", shown.application):
        raise ApplicationIsNotYours
    return shown


async def list_own_applications(database: Database, *, to: Actor) -> list[ShownApplication]:
    """A person's own: what needs an answer first, then what is live, the newest first."""
    rows = await database.list_rows(
        f"""
        {EVERYTHING}
         WHERE applications.person_ref = $1 AND applications.university = $2
         ORDER BY offers.status IS NOT DISTINCT FROM 'made' DESC,
                  applications.ended_at IS NOT NULL,
                  applications.began_at DESC
         LIMIT 200
        """,
        to.person_ref,
        to.university,
    )
    now = await clock.shown(database)
    return [await _shown(database, row, now=now) for row in rows]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the office looks for; empty means all."""

    cycle_id: UUID | None = None
    vacancy_id: UUID | None = None
    person_ref: UUID | None = None
    round: str | None = None
    status: str | None = None


async def list_applications(
    database: Database, *, to: Actor, filters: Filters, after: UUID | None, most: int
) -> list[ShownApplication]:
    """The office's list, in the order in which they were begun."""
    if not (to.is_office or "office" in to.scopes):
        return []
    rows = await database.list_rows(
        f"""
        {EVERYTHING}
         WHERE applications.university = $1
           AND ($2::uuid IS NULL OR applications.cycle_id = $2)
           AND ($3::uuid IS NULL OR applications.vacancy_id = $3)
           AND ($4::uuid IS NULL OR applications.person_ref = $4)
           AND ($5::text IS NULL OR applications.round = $5)
           AND ($6::text IS NULL OR applications.status = $6)
           AND ($7::uuid IS NULL OR applications.application_id > $7)
         ORDER BY applications.application_id
         LIMIT $8
        """,
        to.university,
        filters.cycle_id,
        filters.vacancy_id,
        filters.person_ref,
        filters.round,
        filters.status,
        after,
        most,
    )
    now = await clock.shown(database)
    return [await _shown(database, row, now=now) for row in rows]


async def _shown(database: Database, row: Row, *, now: datetime) -> ShownApplication:
    held = Application.from_row(row)
    rules = await show_rules(database, held.programme_id, held.rule_set_version)
    cv = Document.from_row(row | {"name": row["cv_name"]}) if row["cv_id"] else None
    return ShownApplication(
        application=held,
        round=VacancyRound.from_row(row),
        cv=cv,
        told=told(seen_in(row, rules), now=now),
        rules=rules,
        row=row,
    )


def seen_in(row: Row, rules: RuleSet) -> Seen:
    """What of a row its applicant may come to know; `told` decides what they know now."""
    plain = {each.name for each in fields(Seen)} & row.keys() - {"status", "reason"}
    return Seen(
        **{name: row[name] for name in plain},
        status=Status(row["status"]),
        host=row["host_public_name"],
        is_released=row["released_at"] is not None,
        can_be_revised=rules.applying.editing_until_close,
        has_been_chosen_from=row["selection_status"] in ("ranked", "told"),
        reason=row["offer_reason"] or _reason(row, rules),
        answer_time=answer_time(rules.offers),
        refill_days=rules.offers.refill_until_days_before_start,
        other=row["accepted_title"] or "",
        next_round_at=row["second_round_at"] if row["round"] == "first" else None,
    )


def answer_time(offers: OfferRules) -> str:
    """How long an offer stands, in words."""
    n = offers.answer_time
    match offers.answer_time_kind:
        case AnswerTimeKind.ELAPSED_HOURS:
            said = ngettext("%(n)s hour", "%(n)s hours", n)
        case AnswerTimeKind.WORKING_DAYS:
            said = ngettext("%(n)s working day", "%(n)s working days", n)
        case _:
            said = ngettext("%(n)s day", "%(n)s days", n)
    return said % {"n": n}


def _reason(row: Row, rules: RuleSet) -> str:
    """The programme's words for the host's reason, and the host's own sentence if there is one."""
    words = {each.code: each.words for each in rules.telling.unsuccessful_reasons}
    said = (words.get(row["reason_code"] or "", ""), (row["remark"] or "").rstrip("."))
    return ". ".join(each for each in said if each)
