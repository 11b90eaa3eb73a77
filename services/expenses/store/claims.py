"""Claims and their history, as stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from services.expenses.domain.claim import Claim
from services.expenses.store.lines import list_lines


async def lock_claim(tx: Transaction, claim_id: UUID) -> Claim | None:
    """Hold a claim: whatever is written, sent, decided or paid takes this lock first.

    Its lines are read by a statement of their own, after the wait, and change under this lock alone.
    """
    row = await tx.find_row("SELECT * FROM claims WHERE claim_id = $1 FOR UPDATE", claim_id)
    return Claim.from_row(row, await list_lines(tx, claim_id)) if row else None


async def list_claims(tx: Transaction, claim_ids: list[UUID]) -> list[Claim]:
    """These, with their lines, to be told anew."""
    rows = await tx.list_rows(
        "SELECT * FROM claims WHERE claim_id = ANY ($1::uuid[]) ORDER BY claim_id", claim_ids
    )
    return [Claim.from_row(row, await list_lines(tx, row["claim_id"])) for row in rows]


async def find_live_claim(tx: Transaction, placement_id: UUID) -> UUID | None:
    """The claim of a placement that has not ended without repayment: there is one at most."""
    return await tx.value(
        """
        SELECT claim_id FROM claims
         WHERE placement_id = $1 AND status NOT IN ('withdrawn', 'rejected', 'lapsed')
        """,
        placement_id,
    )


async def hold_placement(tx: Transaction, placement_id: UUID) -> None:
    """Let claims for one placement be begun one after the other, and only once."""
    await tx.value(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"claim.begin:{placement_id}"
    )


async def is_reference_taken(tx: Transaction, university: str, reference: str) -> bool:
    """Whether a reference is some other claim's."""
    return await tx.value(
        "SELECT EXISTS (SELECT FROM claims WHERE university = $1 AND reference = $2)",
        university,
        reference,
    )


async def add_claim(tx: Transaction, claim: Claim) -> None:
    """Keep a new draft."""
    case = claim.case
    await tx.execute(
        """
        INSERT INTO claims (
            claim_id, reference, university, programme_id, rule_set_version, cycle_id, vacancy_id,
            host_id, placement_id, application_id, person_ref, name, status, currency, zone,
            begun_at, send_by_at, reminded
        ) VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
        )
        """,
        claim.claim_id,
        claim.reference,
        case.university,
        case.programme_id,
        case.rule_set_version,
        case.cycle_id,
        case.vacancy_id,
        case.host_id,
        case.placement_id,
        case.application_id,
        case.person_ref,
        claim.name,
        claim.status,
        claim.currency,
        claim.zone,
        claim.begun_at,
        claim.send_by_at,
        list(claim.reminded),
    )


async def save_claim(tx: Transaction, claim: Claim) -> None:
    """Keep a claim as it now is, with the sums of its lines."""
    await tx.execute(
        """
        UPDATE claims
           SET status = $2, name = $3, submission = $4, row_version = $5, total_pence = $6,
               allowed_pence = $7, approved_pence = $8, paid_pence = $9, paid_on = $10,
               reason_codes = $11, reason = $12, dispute_code = $13, dispute = $14,
               send_by_at = $15, submitted_at = $16, decide_by_at = $17, decided_at = $18,
               repay_by_at = $19, reported_at = $20, confirm_by_at = $21, ended_at = $22,
               reminded = $23
         WHERE claim_id = $1
        """,
        claim.claim_id,
        claim.status,
        claim.name,
        claim.submission,
        claim.row_version,
        claim.total_pence,
        claim.allowed_pence,
        claim.approved_pence,
        claim.paid_pence,
        claim.paid_on,
        list(claim.reason_codes),
        claim.reason,
        claim.dispute_code,
        claim.dispute,
        claim.send_by_at,
        claim.submitted_at,
        claim.decide_by_at,
        claim.decided_at,
        claim.repay_by_at,
        claim.reported_at,
        claim.confirm_by_at,
        claim.ended_at,
        list(claim.reminded),
    )


async def add_history(
    tx: Transaction, claim_id: UUID, *, at: datetime, act: str, role: str, **facts: Any
) -> None:
    """Note what happened, for the claim's timeline."""
    await tx.execute(
        "INSERT INTO claim_history (claim_id, at, act, role, facts) VALUES ($1, $2, $3, $4, $5)",
        claim_id,
        at,
        act,
        role,
        facts,
    )


async def list_claims_past_their_window(tx: Transaction, *, now: datetime) -> list[UUID]:
    """Claims that were not sent in time."""
    return await _ids(
        tx,
        """
        SELECT claim_id FROM claims
         WHERE status IN ('draft', 'changes_requested') AND send_by_at <= $1
         ORDER BY send_by_at LIMIT 200
        """,
        now,
    )


async def list_claims_to_remind_of(
    tx: Transaction, *, closing: datetime, deciding: datetime, confirming: datetime, now: datetime
) -> list[UUID]:
    """Claims that wait for somebody whose reminder is due: each instant is now plus its notice."""
    return await _ids(
        tx,
        """
        SELECT claim_id FROM claims
         WHERE (status IN ('draft', 'changes_requested') AND send_by_at <= $1 AND send_by_at > $4
                AND NOT 'window_closing' = ANY (reminded))
            OR (status = 'submitted' AND decide_by_at <= $2 AND decide_by_at > $4
                AND NOT 'decide' = ANY (reminded))
            OR (status = 'submitted' AND decide_by_at <= $4
                AND NOT 'decide_overdue' = ANY (reminded))
            OR (status IN ('approved', 'partly_approved') AND repay_by_at <= $4
                AND NOT 'repay' = ANY (reminded))
            OR (status = 'reimbursement_reported' AND confirm_by_at <= $3 AND confirm_by_at > $4
                AND NOT 'confirm' = ANY (reminded))
         LIMIT 200
        """,
        closing,
        deciding,
        confirming,
        now,
    )


async def _ids(tx: Transaction, sql: str, *args: Any) -> list[UUID]:
    return [row["claim_id"] for row in await tx.list_rows(sql, *args)]
