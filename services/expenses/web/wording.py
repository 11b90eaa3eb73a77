"""Claims in people's words: tags, what happens next, what happened so far, each line."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis import instants
from chassis.actor import Actor
from chassis.languages import gettext, ngettext
from chassis.money import money
from schemas.expenses import DisputeReason
from schemas.rules import LineKind
from services.expenses.domain.claim import Claim, Status
from services.expenses.domain.deciding import REJECTION_REASONS, RETURN_REASONS
from services.expenses.domain.line import Line, Verdict
from services.expenses.domain.policy import is_ones_own
from services.expenses.domain.repaying import DISPUTE_REASONS
from services.expenses.views.claims import ShownClaim

KINDS = {
    LineKind.LOCAL_TRAVEL: "Local travel",
    LineKind.REGIONAL_TRAVEL: "Travel between places",
    LineKind.WEEK_PASS: "Pass for the week",
    LineKind.LUNCH: "Lunch",
    LineKind.REQUIRED_TRAVEL: "Travel that the placement required",
}

_TAGS = {
    Status.DRAFT: "Draft",
    Status.SUBMITTED: "With the host",
    Status.CHANGES_REQUESTED: "Changes asked",
    Status.APPROVED: "Approved",
    Status.PARTLY_APPROVED: "Approved in part",
    Status.REJECTED: "Rejected",
    Status.REIMBURSEMENT_REPORTED: "Reported",
    Status.CONFIRMED: "Confirmed",
    Status.DISPUTED: "Disputed",
    Status.WITHDRAWN: "Withdrawn",
    Status.LAPSED: "Lapsed",
}


def tag(claim: Claim, *, to: Actor) -> str:
    """The state as a tag; yellow where it waits for the reader."""
    if is_ones_own(to, claim) and claim.status is Status.REIMBURSEMENT_REPORTED:
        return "Repaid, says the host"
    if claim.case.host_id in to.hosts and claim.status is Status.SUBMITTED:
        return "Decide"
    return _TAGS[claim.status]


def next_step(shown: ShownClaim, *, to: Actor) -> str:
    """The sentence that says what happens next, and by when."""
    claim = shown.claim
    is_own = is_ones_own(to, claim)
    facts = {
        "host": shown.host,
        "sum": pounds(claim, claim.approved_pence),
        "send_by": _instant(claim.send_by_at, claim),
        "decide_by": _day(claim.decide_by_at, claim),
        "repay_by": _day(claim.repay_by_at, claim),
        "confirm_by": _instant(claim.confirm_by_at, claim),
        "ended": _day(claim.ended_at, claim),
        "reason": reason_words(claim),
    }
    sentence = (_FOR_THE_INTERN if is_own else _FOR_OTHERS)[claim.status]
    return gettext(sentence) % facts


_FOR_THE_INTERN = {
    Status.DRAFT: "Send your claim by %(send_by)s.",
    Status.SUBMITTED: "%(host)s decides by %(decide_by)s.",
    Status.CHANGES_REQUESTED: "%(host)s asks for changes. Send your claim by %(send_by)s.",
    Status.APPROVED: "%(host)s repays %(sum)s by %(repay_by)s.",
    Status.PARTLY_APPROVED: "%(host)s repays %(sum)s by %(repay_by)s.",
    Status.REJECTED: "%(host)s repays nothing: %(reason)s. Write to the office if you do not agree.",
    Status.REIMBURSEMENT_REPORTED: "Has %(sum)s arrived? Answer by %(confirm_by)s.",
    Status.CONFIRMED: "%(sum)s has arrived. The claim is closed.",
    Status.DISPUTED: "The office asks the host within two working days.",
    Status.WITHDRAWN: "You withdrew this claim on %(ended)s.",
    Status.LAPSED: "The claim was not sent by %(send_by)s.",
}
_FOR_OTHERS = _FOR_THE_INTERN | {
    Status.DRAFT: "The intern sends it by %(send_by)s.",
    Status.SUBMITTED: "Please decide by %(decide_by)s.",
    Status.CHANGES_REQUESTED: "The intern sends the changes by %(send_by)s.",
    Status.APPROVED: "Please repay %(sum)s by %(repay_by)s, then report it here.",
    Status.PARTLY_APPROVED: "Please repay %(sum)s by %(repay_by)s, then report it here.",
    Status.REJECTED: "It was refused on %(ended)s. The intern can ask the office to look at it.",
    Status.REIMBURSEMENT_REPORTED: "The intern says by %(confirm_by)s whether the money has arrived.",
    Status.DISPUTED: "The intern says that something is wrong. The office writes within two working days.",
    Status.WITHDRAWN: "The intern withdrew this claim on %(ended)s.",
}


def steps(shown: ShownClaim, *, to: Actor) -> list[str]:
    """What comes after that, in order; nothing where the next step is the last."""
    claim, host = shown.claim, shown.host
    is_own = is_ones_own(to, claim)
    if claim.status is Status.REIMBURSEMENT_REPORTED and is_own:
        return [
            gettext("You say whether the money has arrived."),
            gettext("If it has, the claim is closed."),
            gettext(
                "If not, or if you say nothing by %(day)s, the office asks the host within two "
                "working days."
            )
            % {"day": _day(claim.confirm_by_at, claim)},
        ]
    arrives = (
        gettext("You say whether the money has arrived.")
        if is_own
        else gettext("The intern says whether the money has arrived.")
    )
    ahead = {
        Status.DRAFT: (
            gettext("You send the claim, with a receipt for each line."),
            gettext("%(host)s decides line by line."),
            gettext("%(host)s repays you; you say here whether the money has arrived."),
        ),
        Status.SUBMITTED: (
            gettext("%(host)s decides line by line."),
            gettext("%(host)s repays what was agreed and reports it here."),
            arrives,
        ),
        Status.APPROVED: (
            gettext("%(host)s repays the sum and reports it here."),
            arrives,
        ),
    }
    alike = {
        Status.CHANGES_REQUESTED: Status.DRAFT,
        Status.PARTLY_APPROVED: Status.APPROVED,
    }
    found = ahead.get(alike.get(claim.status, claim.status), ())
    return [sentence % {"host": host} for sentence in found]


@dataclass(frozen=True, slots=True)
class Entry:
    """One moment of the timeline; `next` is the one that is still to come."""

    iso: str
    at: str
    text: str
    why: str = ""
    next: bool = False


def timeline(shown: ShownClaim, *, to: Actor) -> list[Entry]:
    """What happened so far, oldest first, and the next date."""
    claim = shown.claim
    who = gettext("You") if is_ones_own(to, claim) else gettext("The intern")
    begun = gettext("%(who)s began the claim") % {"who": who}
    entries = [_entry(claim.begun_at, begun, claim)]
    for row in shown.history:
        text = _acts(row["facts"], who)[str(row["act"])]
        entries.append(_entry(row["at"], text, claim))
    if ahead := _next_date(claim):
        entries.append(_entry(ahead[0], ahead[1], claim, is_next=True))
    return entries


def _acts(facts: Any, who: str) -> dict[str, str]:
    n = int(facts.get("lines", 0))
    sent = ngettext(
        "%(who)s submitted the claim with %(n)s line",
        "%(who)s submitted the claim with %(n)s lines",
        n,
    )
    return {
        "submitted": sent % {"who": who, "n": n},
        "withdrawn": gettext("%(who)s withdrew the claim") % {"who": who},
        "lapsed": gettext("The time to send it ran out"),
        "returned": gettext("The host asked for changes"),
        "approved": gettext("The host approved it"),
        "partly_approved": gettext("The host approved it in part"),
        "rejected": gettext("The host refused it"),
        "reported": gettext("The host reported payment"),
        "confirmed": gettext("%(who)s said that the money has arrived") % {"who": who},
        "disputed": gettext("%(who)s said that something is wrong") % {"who": who},
        "settled_as_repaid": gettext("The office found it repaid"),
        "settled_as_owed": gettext("The office asked the host to repay it"),
    }


def _next_date(claim: Claim) -> tuple[datetime, str] | None:
    due = {
        Status.DRAFT: (claim.send_by_at, gettext("The claim is due")),
        Status.CHANGES_REQUESTED: (claim.send_by_at, gettext("The changes are due")),
        Status.SUBMITTED: (claim.decide_by_at, gettext("The host's decision is due")),
        Status.APPROVED: (claim.repay_by_at, gettext("Repayment is due")),
        Status.PARTLY_APPROVED: (claim.repay_by_at, gettext("Repayment is due")),
        Status.REIMBURSEMENT_REPORTED: (claim.confirm_by_at, gettext("The answer is due")),
    }.get(claim.status)
    return (due[0], due[1]) if due and due[0] else None


def _entry(at: datetime, text: str, claim: Claim, *, is_next: bool = False) -> Entry:
    said = instants.instant(at, claim.zone)
    return Entry(said.iso, instants.moment(at, claim.zone), text, next=is_next)


def line_words(
    line: Line, claim: Claim, *, seen_in: str = "", is_own: bool = True
) -> dict[str, Any]:
    """A line as its row on a page."""
    decided = line.approved_pence is not None
    repaid = line.approved_pence if decided else line.ruling.allowed_pence
    why = [gettext(line.ruling.sentence)]
    if line.verdict is Verdict.CAPPED:
        of = pounds(claim, line.ruling.allowed_pence)
        why.append(gettext("Repaid up to %(sum)s.") % {"sum": of})
    if line.ruling.reason_needed and line.spending.reason:
        why.append(gettext("More than usual: %(reason)s") % {"reason": line.spending.reason})
    if decided and line.approved_pence != line.ruling.allowed_pence:
        why.append(gettext("The host decided: %(reason)s") % {"reason": line.decision_reason})
    if line.lacks_receipt:
        why.append(gettext("Add a receipt: without one nothing is repaid."))
    if seen_in:
        why.append(gettext("This receipt is already in claim %(ref)s.") % {"ref": seen_in})
    elif line.is_seen_before and not is_own:
        why.append(gettext("The same receipt stands in another line."))
    return {
        "line_id": line.line_id,
        "place": line.place,
        "what": line.spending.what or gettext(KINDS[line.spending.kind]),
        "kind": gettext(KINDS[line.spending.kind]),
        "on": instants.day(line.spending.spent_on, year=False),
        "verdict": "Allowed" if repaid else "Not allowed",
        "why": why,
        "claimed": pounds(claim, line.amount_pence),
        "repaid": pounds(claim, repaid),
        "has_receipt": line.receipt_id is not None,
    }


def likely(line: Line) -> str:
    """The verdict of the rules on a line that is still being written."""
    if line.verdict is Verdict.DISALLOWED:
        words = gettext(line.ruling.sentence).rstrip(".")
        return gettext("Not repaid: %(reason)s. You can leave it out.") % {"reason": words}
    return gettext("Likely: allowed")


def summary(claim: Claim) -> str:
    """How many lines are repaid."""
    good = sum(1 for line in claim.lines if _repaid(line))
    return gettext("%(good)s of %(all)s lines allowed") % {"good": good, "all": len(claim.lines)}


def _repaid(line: Line) -> int:
    return line.ruling.allowed_pence if line.approved_pence is None else line.approved_pence


def pounds(claim: Claim, minor: int | None) -> str:
    """An amount of this claim, always with its decimals."""
    return money(minor or 0, claim.currency)


def reason_words(claim: Claim) -> str:
    """Why it was sent back or refused, as the intern reads it."""
    known = {**RETURN_REASONS, **REJECTION_REASONS}
    named = [gettext(known[code]) for code in claim.reason_codes if code in known]
    said = [*named, *([claim.reason.rstrip(".")] if claim.reason else [])]
    return ": ".join(said) or gettext("the rules cover none of it")


def dispute_words(claim: Claim) -> str:
    """What the intern says is wrong."""
    if claim.dispute_code is None:
        return ""
    words = gettext(DISPUTE_REASONS[DisputeReason(claim.dispute_code)])
    return f"{words}. {claim.dispute}".strip()


def waits_for(claim: Claim) -> str:
    """Whom a claim waits for, as the office's table says."""
    return {
        Status.DRAFT: gettext("the intern sends it"),
        Status.CHANGES_REQUESTED: gettext("the intern changes it"),
        Status.SUBMITTED: gettext("the host decides"),
        Status.APPROVED: gettext("the host repays"),
        Status.PARTLY_APPROVED: gettext("the host repays"),
        Status.REIMBURSEMENT_REPORTED: gettext("the intern answers"),
        Status.DISPUTED: gettext("the office settles"),
    }.get(claim.status, gettext("nobody"))


def when(shown: ShownClaim) -> str:
    """Where and when the placement was."""
    on = sorted(day["on"] for day in shown.row["days"])
    modes = {"in_person": "in person", "remote": "remote", "hybrid": "hybrid"}
    parts = [shown.row["city"]]
    if on:
        first, last = (datetime.fromisoformat(each).date() for each in (on[0], on[-1]))
        parts.append(instants.days(first, last))
    parts.append(gettext(modes.get(shown.row["mode"], "")))
    return ", ".join(part for part in parts if part)


def _instant(at: datetime | None, claim: Claim) -> str:
    return str(instants.instant(at, claim.zone)) if at else ""


def _day(at: datetime | None, claim: Claim) -> str:
    return instants.words(at, claim.zone).partition(" on ")[2] if at else ""
