"""Claims to be read: by the intern, by the host that pays, and by the office of their university."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from chassis.money import amount
from services.expenses.domain.claim import ENDED, Claim, ClaimIsNotYours, may_move
from services.expenses.domain.line import Line
from services.expenses.domain.policy import can

EVERYTHING = """
    SELECT claims.*,
           coalesce(known_vacancies.title, '') AS title,
           coalesce(known_vacancies.host_public_name, known_hosts.public_name, '') AS host,
           coalesce(known_vacancies.city, '') AS city,
           coalesce(known_vacancies.programme_name, '') AS programme_name,
           known_placements.days, known_placements.mode,
           known_placements.status AS placement_status,
           known_rule_sets.programme_slug, known_rule_sets.published_at
      FROM claims
      JOIN known_placements USING (placement_id)
      LEFT JOIN known_vacancies ON known_vacancies.vacancy_id = claims.vacancy_id
      LEFT JOIN known_hosts ON known_hosts.host_id = claims.host_id
      LEFT JOIN known_rule_sets ON known_rule_sets.programme_id = claims.programme_id
                               AND known_rule_sets.version = claims.rule_set_version
"""


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """One claim with everything its pages say of it."""

    claim: Claim
    row: Row  # the vacancy's title, the host's name, the placement's days
    receipts: dict[UUID, Row]
    history: tuple[Row, ...] = ()

    @property
    def host(self) -> str:
        """Who pays."""
        return self.row["host"]

    def as_json(self) -> dict[str, Any]:
        """What the API tells."""
        held = self.claim
        return {
            "claim_id": held.claim_id,
            "reference": held.reference,
            "status": held.status,
            "version": held.row_version,
            "submission": held.submission,
            "placement_id": held.case.placement_id,
            "application_id": held.case.application_id,
            "vacancy_id": held.case.vacancy_id,
            "title": self.row["title"],
            "host_id": held.case.host_id,
            "host": self.host,
            "person_ref": held.case.person_ref,
            "name": held.name,
            "programme_id": held.case.programme_id,
            "rule_set_version": held.case.rule_set_version,
            "currency": held.currency,
            "total": amount(held.total_pence, held.currency),
            "allowed": amount(held.allowed_pence, held.currency),
            "approved": _amount(held.approved_pence, held.currency),
            "paid": _amount(held.paid_pence, held.currency),
            "paid_on": held.paid_on,
            "reason_codes": held.reason_codes,
            "reason": held.reason,
            "dispute_code": held.dispute_code,
            "send_by_at": held.send_by_at,
            "submitted_at": held.submitted_at,
            "decide_by_at": held.decide_by_at,
            "decided_at": held.decided_at,
            "repay_by_at": held.repay_by_at,
            "reported_at": held.reported_at,
            "confirm_by_at": held.confirm_by_at,
            "ended_at": held.ended_at,
            "zone": held.zone,
            "days": self.row["days"],
            "lines": [self._line(line) for line in held.lines],
        }

    def _line(self, line: Line) -> dict[str, Any]:
        currency = self.claim.currency
        receipt = self.receipts.get(line.receipt_id) if line.receipt_id else None
        return {
            "line_id": line.line_id,
            "date": line.spending.spent_on,
            "kind": line.spending.kind,
            "what": line.spending.what,
            "amount": amount(line.amount_pence, currency),
            "reason": line.spending.reason,
            "mode": line.ruling.mode,
            "verdict": line.verdict,
            "reason_code": line.ruling.reason_code,
            "sentence": line.ruling.sentence,
            "allowed": amount(line.ruling.allowed_pence, currency),
            "receipt_needed": line.ruling.receipt_needed,
            "reason_needed": line.ruling.reason_needed,
            "approved": _amount(line.approved_pence, currency),
            "decision_reason": line.decision_reason,
            "is_seen_before": line.is_seen_before,
            "receipt": receipt
            and {name: receipt[name] for name in ("receipt_id", "media_type", "size", "notes")},
        }


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for; empty means all."""

    status: str | None = None
    placement_id: UUID | None = None
    host_id: UUID | None = None
    person_ref: UUID | None = None


async def show_claim(reader: Reader, claim_id: UUID, *, to: Actor) -> ShownClaim:
    """One claim. Raises `ClaimIsNotYours` where it is none of theirs to see."""
    row = await reader.find_row(f"{EVERYTHING} WHERE claims.claim_id = $1", claim_id)
    if row is None:
        raise ClaimIsNotYours
    (shown,) = await _shown(reader, [row])
    if not can(to, "see claim", shown.claim):
        raise ClaimIsNotYours
    history = await reader.list_rows(
        "SELECT at, act, role, facts FROM claim_history WHERE claim_id = $1 ORDER BY id", claim_id
    )
    return ShownClaim(shown.claim, shown.row, shown.receipts, tuple(history))


async def list_claims(
    reader: Reader, *, to: Actor, filters: Filters, after: UUID | None = None, most: int = 200
) -> list[ShownClaim]:
    """The claims one may see: one's own; those sent to one's host; for the office all. The newest first."""
    rows = await reader.list_rows(
        f"""
        {EVERYTHING}
         WHERE claims.university = $1
           AND (claims.person_ref = $2 OR $4
                OR (claims.host_id = ANY ($3) AND claims.submission >= 1))
           AND ($5::text IS NULL OR claims.status = $5)
           AND ($6::uuid IS NULL OR claims.placement_id = $6)
           AND ($7::uuid IS NULL OR claims.host_id = $7)
           AND ($8::uuid IS NULL OR claims.person_ref = $8)
           AND ($9::uuid IS NULL OR claims.claim_id < $9)
         ORDER BY claims.claim_id DESC
         LIMIT $10
        """,
        to.university,
        to.person_ref,
        list(to.organisations),
        to.is_office or "office" in to.scopes,
        filters.status,
        filters.placement_id,
        filters.host_id,
        filters.person_ref,
        after,
        most,
    )
    return await _shown(reader, rows)


async def list_placements_to_claim_for(reader: Reader, *, to: Actor) -> list[Row]:
    """A person's placements for which no claim is under way or repaid."""
    return await reader.list_rows(
        """
        SELECT known_placements.*,
               coalesce(known_vacancies.title, '') AS title,
               coalesce(known_vacancies.host_public_name, known_hosts.public_name, '') AS host
          FROM known_placements
          LEFT JOIN known_vacancies USING (vacancy_id)
          LEFT JOIN known_hosts ON known_hosts.host_id = known_placements.host_id
         WHERE known_placements.person_ref = $1 AND known_placements.university = $2
           AND known_placements.status <> 'cancelled'
           AND NOT EXISTS (
               SELECT FROM claims
                WHERE claims.placement_id = known_placements.placement_id
                  AND claims.status NOT IN ('withdrawn', 'rejected', 'lapsed')
           )
         ORDER BY known_placements.placement_id DESC
        """,
        to.person_ref,
        to.university,
    )


async def list_needing_attention(reader: Reader, *, to: Actor, now: datetime) -> list[ShownClaim]:
    """For the office: disputes, decisions and repayments overdue, confirmations that did not come."""
    rows = await reader.list_rows(
        f"""
        {EVERYTHING}
         WHERE claims.university = $1 AND $3
           AND (claims.status = 'disputed'
                OR (claims.status = 'submitted' AND decide_by_at <= $2)
                OR (claims.status IN ('approved', 'partly_approved') AND repay_by_at <= $2)
                OR (claims.status = 'reimbursement_reported' AND confirm_by_at <= $2))
         ORDER BY coalesce(confirm_by_at, repay_by_at, decide_by_at)
         LIMIT 200
        """,
        to.university,
        now,
        to.is_office,
    )
    return await _shown(reader, rows)


async def list_receipts_used_twice(reader: Reader, *, to: Actor) -> list[Row]:
    """For the office: the lines whose receipt stands in another line too, side by side."""
    return await reader.list_rows(
        """
        WITH used AS (
            SELECT claims.claim_id, claims.reference, claims.name, claims.status, lines.spent_on,
                   lines.amount_pence, claims.currency, receipts.copy_hash, lines.place
              FROM receipts
              JOIN lines USING (receipt_id)
              JOIN claims ON claims.claim_id = lines.claim_id
             WHERE claims.university = $1 AND $2 AND claims.submission >= 1
               AND claims.status NOT IN ('withdrawn', 'rejected', 'lapsed')
        )
        SELECT used.*, encode(copy_hash, 'hex') AS receipt
          FROM used
         WHERE copy_hash IN (SELECT copy_hash FROM used GROUP BY copy_hash HAVING count(*) > 1)
         ORDER BY copy_hash, reference, place
         LIMIT 200
        """,
        to.university,
        to.is_office,
    )


async def find_other_claim_with(
    reader: Reader, receipt_id: UUID | None, *, to: Actor, line_id: UUID
) -> str | None:
    """Reference of one's own claim in which the same receipt stands already; nobody else's is told."""
    return await reader.value(
        """
        SELECT claims.reference
          FROM receipts AS this
          JOIN receipts AS other ON other.university = this.university
                                AND (other.sent_hash = this.sent_hash
                                     OR other.copy_hash = this.copy_hash)
          JOIN lines ON lines.receipt_id = other.receipt_id
          JOIN claims ON claims.claim_id = lines.claim_id
         WHERE this.receipt_id = $1 AND lines.line_id <> $2 AND claims.person_ref = $3
           AND claims.status NOT IN ('withdrawn', 'rejected', 'lapsed')
         ORDER BY claims.claim_id LIMIT 1
        """,
        receipt_id,
        line_id,
        to.person_ref,
    )


def waits_for_the_intern(claim: Claim) -> bool:
    """Whether its intern has something to do."""
    return may_move(claim, "submit") or may_move(claim, "dispute")


def waits_for_the_host(claim: Claim) -> bool:
    """Whether its host has something to do."""
    return may_move(claim, "return") or may_move(claim, "report")


def has_ended(claim: Claim) -> bool:
    """Whether nothing more comes of it."""
    return claim.status in ENDED


async def _shown(reader: Reader, rows: list[Row]) -> list[ShownClaim]:
    ids = [row["claim_id"] for row in rows]
    written = await reader.list_rows(
        "SELECT * FROM lines WHERE claim_id = ANY ($1) ORDER BY claim_id, place", ids
    )
    lines: dict[UUID, list[Line]] = {}
    for row in written:
        lines.setdefault(row["claim_id"], []).append(Line.from_row(row))
    found = await reader.list_rows(
        """
        SELECT receipt_id, claim_id, media_type, name, size, notes
          FROM receipts WHERE claim_id = ANY ($1)
        """,
        ids,
    )
    receipts: dict[UUID, dict[UUID, Row]] = {}
    for row in found:
        receipts.setdefault(row["claim_id"], {})[row["receipt_id"]] = row
    return [
        ShownClaim(
            Claim.from_row(row, lines.get(row["claim_id"], ())),
            row,
            receipts.get(row["claim_id"], {}),
        )
        for row in rows
    ]


def _amount(minor: int | None, currency: str) -> str | None:
    return None if minor is None else amount(minor, currency)
