"""Proposals, their revisions and screenings, as stored."""

from datetime import datetime
from uuid import UUID

from chassis.database import Row, Transaction
from schemas.deadline import Deadline
from services.proposals.domain.content import Content
from services.proposals.domain.proposal import Proposal, Status
from services.proposals.domain.screening import Screening

_PROPOSAL = """
    SELECT proposal_id, university, programme_id, cycle_id, host_id, author_ref, status, revision,
           draft, typed, rule_set_version, send_by, created_at, saved_at, submitted_at, ended_at,
           row_version
      FROM proposals
"""


async def lock_proposal(tx: Transaction, proposal_id: UUID) -> Proposal | None:
    """Hold a proposal: sending, editing, screening and lapsing come one after the other."""
    row = await tx.find_row(f"{_PROPOSAL} WHERE proposal_id = $1 FOR UPDATE", proposal_id)
    return _proposal(row) if row else None


async def add_proposal(tx: Transaction, proposal: Proposal) -> None:
    """Keep a new draft."""
    await tx.execute(
        """
        INSERT INTO proposals (
            proposal_id, university, programme_id, cycle_id, host_id, author_ref, status, draft,
            rule_set_version, created_at, saved_at, send_by, send_by_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        proposal.proposal_id,
        proposal.university,
        proposal.programme_id,
        proposal.cycle_id,
        proposal.host_id,
        proposal.author_ref,
        proposal.status,
        proposal.content.held(),
        proposal.rule_set_version,
        proposal.created_at,
        proposal.saved_at,
        proposal.send_by.model_dump(mode="json"),
        proposal.send_by.at,
    )


async def save_proposal(tx: Transaction, proposal: Proposal) -> None:
    """Keep a proposal as it now is."""
    await tx.execute(
        """
        UPDATE proposals
           SET status = $2, revision = $3, draft = $4, typed = $5, saved_at = $6,
               submitted_at = $7, ended_at = $8, send_by = $9, send_by_at = $10, row_version = $11
         WHERE proposal_id = $1
        """,
        proposal.proposal_id,
        proposal.status,
        proposal.revision,
        proposal.content.held(),
        dict(proposal.typed),
        proposal.saved_at,
        proposal.submitted_at,
        proposal.ended_at,
        proposal.send_by.model_dump(mode="json"),
        proposal.send_by.at,
        proposal.row_version,
    )


async def add_revision(
    tx: Transaction, proposal: Proposal, *, submitted_by: UUID, now: datetime
) -> None:
    """Keep what was sent, word for word."""
    await tx.execute(
        """
        INSERT INTO revisions (
            proposal_id, revision, content, submitted_at, submitted_by, rule_set_version
        )
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        proposal.proposal_id,
        proposal.revision,
        proposal.content.held(),
        now,
        submitted_by,
        proposal.rule_set_version,
    )


async def add_screening(tx: Transaction, screening: Screening) -> None:
    """Keep a verdict; a revision has one at most."""
    await tx.execute(
        """
        INSERT INTO screenings (
            proposal_id, revision, outcome, checks, reason_codes, reason, screened_by, screened_at,
            rule_set_version
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        screening.proposal_id,
        screening.revision,
        screening.outcome,
        dict(screening.checks),
        list(screening.reason_codes),
        screening.reason,
        screening.screened_by,
        screening.screened_at,
        screening.rule_set_version,
    )


async def was_sent_by(tx: Transaction, proposal_id: UUID, person_ref: UUID | None) -> bool:
    """Whether a person sent any revision of a proposal: such a person does not screen it (R53)."""
    return await tx.value(
        "SELECT EXISTS (SELECT FROM revisions WHERE proposal_id = $1 AND submitted_by = $2)",
        proposal_id,
        person_ref,
    )


async def list_proposals_past_their_time(tx: Transaction, *, now: datetime) -> list[UUID]:
    """Drafts, and changes asked for, that were not sent in time."""
    rows = await tx.list_rows(
        """
        SELECT proposal_id
          FROM proposals
         WHERE status IN ('draft', 'changes_requested') AND send_by_at <= $1
         ORDER BY send_by_at
         LIMIT 200
        """,
        now,
    )
    return [row["proposal_id"] for row in rows]


def _proposal(row: Row) -> Proposal:
    values = dict(row)
    values["content"] = Content.read(values.pop("draft"))
    values["status"] = Status(row["status"])
    values["send_by"] = Deadline.model_validate(row["send_by"])
    return Proposal(**values)
