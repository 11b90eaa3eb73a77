"""Proposals, for their hosts and for the office."""

from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from schemas.cycle import CycleDates
from schemas.deadline import Deadline
from services.proposals.domain.content import Content
from services.proposals.domain.proposal import ProposalIsNotYours
from services.proposals.domain.screening import ProposalIsNotHere

_PROPOSAL = """
    SELECT proposals.proposal_id, proposals.programme_id, proposals.cycle_id, proposals.host_id,
           proposals.status, proposals.revision, proposals.draft, proposals.typed,
           proposals.rule_set_version, proposals.created_at, proposals.saved_at,
           proposals.submitted_at, proposals.ended_at, proposals.send_by, proposals.row_version,
           proposals.author_ref, hosts.public_name AS host_public_name,
           hosts.status AS host_status, cycles.name AS cycle_name, cycles.dates AS cycle_dates,
           vacancies.status AS vacancy_status, vacancies.opens_at AS vacancy_opens_at,
           vacancies.closes_at AS vacancy_closes_at, last.outcome, last.reason_codes, last.reason,
           last.screened_at
      FROM proposals
      JOIN hosts USING (host_id)
      JOIN cycles USING (cycle_id)
      LEFT JOIN vacancies ON vacancies.vacancy_id = proposals.proposal_id
      LEFT JOIN LATERAL (
          SELECT outcome, reason_codes, reason, screened_at
            FROM screenings
           WHERE screenings.proposal_id = proposals.proposal_id
           ORDER BY revision DESC
           LIMIT 1
      ) AS last ON true
"""


async def list_proposals(
    reader: Reader, *, to: Actor, status: str | None = None
) -> list[dict[str, Any]]:
    """For the office all that were ever sent, oldest first; for a contact one's organisation's."""
    rows = await reader.list_rows(
        f"""
        {_PROPOSAL}
         WHERE proposals.university = $1
           AND (($2 AND proposals.revision > 0) OR proposals.host_id = ANY($3::uuid[]))
           AND ($4::text IS NULL OR proposals.status = $4)
         ORDER BY coalesce(proposals.submitted_at, proposals.created_at), proposals.proposal_id
        """,
        to.university,
        to.is_office,
        list(to.hosts),
        status,
    )
    return [_proposal(row) for row in rows]


async def list_proposals_to_screen(reader: Reader, *, to: Actor) -> list[dict[str, Any]]:
    """The office's queue: what waits for a verdict, oldest first."""
    rows = await reader.list_rows(
        f"""
        {_PROPOSAL}
         WHERE proposals.university = $1 AND proposals.status IN ('submitted', 'in_screening')
         ORDER BY proposals.submitted_at, proposals.proposal_id
        """,
        to.university,
    )
    return [_proposal(row) for row in rows]


async def show_proposal(reader: Reader, proposal_id: UUID, *, to: Actor) -> dict[str, Any]:
    """One proposal to those who act for its host; one that was sent, also to the office."""
    row = await reader.find_row(
        f"{_PROPOSAL} WHERE proposals.proposal_id = $1 AND proposals.university = $2",
        proposal_id,
        to.university,
    )
    is_seen = row is not None and (
        row["host_id"] in to.hosts or (to.is_office and row["revision"] > 0)
    )
    if row is None or not is_seen:
        raise ProposalIsNotYours
    return _proposal(row)


async def show_proposal_to_screen(
    reader: Reader, proposal_id: UUID, *, to: Actor
) -> dict[str, Any]:
    """A proposal with every revision, for the office alone."""
    if not to.is_office:
        raise ProposalIsNotHere
    found = await show_proposal(reader, proposal_id, to=to)
    return found | {"revisions": await list_revisions(reader, proposal_id)}


async def list_revisions(reader: Reader, proposal_id: UUID) -> list[dict[str, Any]]:
    """Every sending of a proposal with its verdict, the first one first."""
    rows = await reader.list_rows(
        """
        SELECT revision, content, submitted_at, submitted_by, outcome, checks, reason_codes,
               reason, screened_by, screened_at
          FROM revisions
          LEFT JOIN screenings USING (proposal_id, revision)
         WHERE proposal_id = $1
         ORDER BY revision
        """,
        proposal_id,
    )
    return [row | {"content": Content.read(row["content"])} for row in rows]


def _proposal(row: Row) -> dict[str, Any]:
    content = Content.read(row["draft"])
    return row | {
        "content": content,
        "title": content.title or "Untitled",
        "send_by": Deadline.model_validate(row["send_by"]),
        "cycle_dates": CycleDates.model_validate(row["cycle_dates"]),
    }


def for_api(proposal: dict[str, Any]) -> dict[str, Any]:
    """A proposal as the API shows it: what was written, and nothing about who wrote it."""
    left_out = ("draft", "typed", "cycle_dates", "author_ref", "content")
    shown = {name: value for name, value in proposal.items() if name not in left_out}
    content: Content = proposal["content"]
    return shown | {"content": content.held()}
