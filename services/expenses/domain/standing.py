"""How a claim stands, told to somebody who has heard nothing of it: the event that it last came to."""

from datetime import datetime

from schemas.envelope import Event
from schemas.expenses import (
    ClaimApproved,
    ClaimRejected,
    ClaimReturned,
    ClaimWindowClosed,
    ClaimWithdrawn,
    DecidedBy,
    ReimbursementConfirmed,
    ReimbursementDisputed,
    ReimbursementReported,
)
from services.expenses.domain.claim import Claim, Status
from services.expenses.domain.sending import submitted


def as_it_stands(claim: Claim, *, now: datetime) -> Event | None:
    """None for a draft, of which nobody was told. What has no instant of its own is so now."""
    match claim.status:
        case Status.DRAFT:
            return None
        case Status.SUBMITTED:
            return submitted(claim, claim.submitted_at or now)
        case Status.CHANGES_REQUESTED:
            until = claim.deadline(claim.send_by_at)
            codes = claim.reason_codes
            return ClaimReturned(**claim.told(now), reason_codes=codes, resubmit_by=until)
        case Status.APPROVED | Status.PARTLY_APPROVED:
            return _approved(claim, now)
        case Status.REJECTED:
            told = claim.told(claim.decided_at or now)
            return ClaimRejected(**told, reason_codes=claim.reason_codes)
        case Status.REIMBURSEMENT_REPORTED:
            told = claim.told(claim.reported_at or now)
            paid_on = claim.paid_on or now.date()
            return ReimbursementReported(**told, paid_pence=claim.paid_pence or 0, paid_on=paid_on)
        case Status.CONFIRMED:
            told = claim.told(claim.ended_at or now)
            return ReimbursementConfirmed(**told, paid_pence=claim.paid_pence or 0)
        case Status.DISPUTED:
            code, paid = claim.dispute_code or "", claim.paid_pence or 0
            return ReimbursementDisputed(**claim.told(now), reason_code=code, reported_pence=paid)
        case Status.WITHDRAWN:
            return ClaimWithdrawn(**claim.told(claim.ended_at or now))
        case Status.LAPSED:
            closed_at = claim.deadline(claim.send_by_at)
            return ClaimWindowClosed(**claim.told(claim.ended_at or now), closed_at=closed_at)


def _approved(claim: Claim, now: datetime) -> ClaimApproved:
    """After a dispute it was the office that said so; when, no row of the claim keeps."""
    is_offices = claim.dispute_code is not None
    at = now if is_offices else claim.decided_at or now
    return ClaimApproved(
        **claim.told(at),
        total_pence=claim.total_pence,
        approved_pence=claim.approved_pence or 0,
        is_partly=claim.status is Status.PARTLY_APPROVED,
        by=DecidedBy.OFFICE if is_offices else DecidedBy.HOST,
        repay_by=claim.deadline(claim.repay_by_at or now),
    )
