"""What the office finds in the programme's mailbox, and the one letter that holds a secret."""

from datetime import timedelta

from schemas import applications as facts
from schemas import expenses, proposals
from schemas.notifications import AboutKind, ConfirmationOverdue, MessageFailed
from services.notifications.domain.letter import Letter, To, host_has_not_chosen

OFFERS = frozenset({"offer", "promoted", "offer_half_way", "offer_last_hours", "offer_extended"})
"""Letters whose failure costs somebody a place."""

LETTERS = (
    Letter(
        "host_to_check",
        proposals.HostRegistered,
        To.OFFICE,
        "To check: {host} has registered",
        AboutKind.HOST,
        "/office/proposals/hosts",
        needs=(),
    ),
    Letter(
        "proposal_to_screen",
        proposals.ProposalSubmitted,
        To.OFFICE,
        "To screen: “{title}”",
        AboutKind.VACANCY,
        "/office/proposals/{vacancy_id}/screening",
        facts=("project", "host", "revision"),
        needs=("programme", "host"),
    ),
    Letter(
        "selection_made",
        facts.SelectionMade,
        To.OFFICE,
        "Tell everyone by {by}: {host} has chosen",
        AboutKind.VACANCY,
        "/office/applications/selections",
        by="office_tells_by",
        facts=("project", "host", "ranked", "reserves"),
    ),
    Letter(
        "selection_overdue",
        facts.SelectionOverdue,
        To.OFFICE,
        "Telephone {host}: its choice is overdue",
        AboutKind.VACANCY,
        "/office/applications/selections",
        by="host_selects_by",
        facts=("project", "host"),
        is_fresh=host_has_not_chosen,
    ),
    Letter(
        "outcomes_at_risk",
        facts.OutcomesAtRisk,
        To.OFFICE,
        "Tell the outcomes by {by}: “{title}”",
        AboutKind.VACANCY,
        "/office/applications/selections",
        by="office_tells_by",
        facts=("project", "host", "untold"),
    ),
    Letter(
        "reserves_exhausted",
        facts.ReserveExhausted,
        To.OFFICE,
        "Nobody is left to ask: “{title}”",
        AboutKind.VACANCY,
        "/office/applications/selections",
        facts=("project", "host", "places_free"),
    ),
    Letter(
        "late_cancellation",
        facts.PlacementCancelled,
        To.OFFICE,
        "Cancelled: a placement at {host}",
        AboutKind.PLACEMENT,
        "/office/applications/placements",
        facts=("project", "host", "when"),
    ),
    Letter(
        "dispute",
        expenses.ReimbursementDisputed,
        To.OFFICE,
        "To decide: an intern of {host} was not repaid",
        AboutKind.CLAIM,
        "/office/expenses",
        facts=("project", "host", "reported"),
    ),
    Letter(
        "confirmation_overdue",
        ConfirmationOverdue,
        To.OFFICE,
        "A receipt has not gone out: {reference}",
        AboutKind.APPLICATION,
        "/office/notifications/deliveries/{delivery_id}",
        facts=("reference", "project", "host"),
    ),
    Letter(
        "offer_not_mailed",
        MessageFailed,
        To.OFFICE,
        "Telephone somebody: an offer's mail has failed",
        AboutKind.OFFER,
        "/office/notifications/deliveries/{delivery_id}",
        where={"letter": OFFERS},
        facts=("project", "host"),
        needs=("vacancy", "host"),
    ),
    Letter(
        "sign_in_link",
        proposals.SealedLetter,
        To.PERSON,
        "Your link to sign in: it works for 10 minutes",
        where={"letter": "sign_in_link"},
        lives=timedelta(minutes=10),
        needs=(),
        is_sealed=True,
    ),
)
