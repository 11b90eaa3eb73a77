"""How a proposal stands, what happens next and by when, and what happened so far."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis import instants
from chassis.languages import gettext as _
from schemas.rules import RuleSet
from services.proposals.domain.screening import answer_by
from services.proposals.web.choices import words_of

Shown = Mapping[str, Any]


def tag(proposal: Shown) -> str:
    """The word of its state, as the house's table has it."""
    return {
        "draft": "Draft",
        "submitted": "In screening",
        "in_screening": "In screening",
        "changes_requested": "Changes asked",
        "approved": "Approved",
        "rejected": "Rejected",
        "withdrawn": "Withdrawn",
        "lapsed": "Lapsed",
    }[proposal["status"]]


def next_of(proposal: Shown, *, now: datetime) -> str:
    """Who does what by when; silence is the worst outcome."""
    send_by = proposal["send_by"]
    by = str(instants.instant(send_by.at, send_by.zone))
    match proposal["status"]:
        case "draft" | "changes_requested" if now >= send_by.at:  # time will draw it in a moment
            return _("Proposals closed at %(by)s. Your draft is kept for the next cycle.") % {
                "by": by
            }
        case "draft" if proposal["host_status"] == "registered":
            return _(
                "Your organisation is being checked. You can write your draft now; send it by"
                " %(by)s, or it lapses."
            ) % {"by": by}
        case "draft":
            return _("Send it by %(by)s, or it lapses; the draft is kept.") % {"by": by}
        case "submitted" | "in_screening":
            answer = answer_by(proposal["submitted_at"], send_by.zone)
            told = instants.instant(answer.at, answer.zone)
            return _("The office answers by %(by)s.") % {"by": told}
        case "changes_requested":
            return _("Send the changes by %(by)s.") % {"by": by}
        case "approved":
            return _of_vacancy(proposal, now=now)
        case "rejected" if now < proposal["cycle_dates"].proposals_close_at.at:
            closing = proposal["cycle_dates"].proposals_close_at
            until = instants.instant(closing.at, closing.zone)
            return _("You may propose again until %(until)s.") % {"until": until}
        case "rejected":
            return _("It ends here. You may propose again in the next cycle.")
        case "withdrawn":
            return _("You took it back. You need do nothing.")
        case _:
            return _("It was not sent in time. The draft is kept for the next cycle.")


def _of_vacancy(proposal: Shown, *, now: datetime) -> str:
    zone = proposal["send_by"].zone
    opens_at, closes_at = proposal["vacancy_opens_at"], proposal["vacancy_closes_at"]
    if proposal["vacancy_status"] in ("withdrawn", "completed", "filled", "unfilled"):
        return {
            "withdrawn": _("The vacancy was withdrawn. You need do nothing."),
            "completed": _("The placements are over. You need do nothing."),
            "filled": _("Every place is filled. You need do nothing."),
            "unfilled": _("It was not filled. You may propose again in the next cycle."),
        }[proposal["vacancy_status"]]
    if now < opens_at:
        return _("It opens at %(at)s.") % {"at": instants.instant(opens_at, zone)}
    if now < closes_at:
        return _("Applications close at %(at)s; you read them then.") % {
            "at": instants.instant(closes_at, zone)
        }
    return _("Applications have closed. You read them under Applications.")


def timeline(
    proposal: Shown, revisions: list[dict[str, Any]], rules: RuleSet, *, now: datetime
) -> list[dict[str, Any]]:
    """What happened so far, oldest first, and the next date as an open dot."""
    zone = proposal["send_by"].zone
    reasons = words_of(rules.telling.screening_reasons)
    entries = [_entry(proposal["created_at"], zone, _("Draft begun"))]
    for each in revisions:
        text = _("Revision %(n)s sent") % {"n": each["revision"]}
        entries.append(_entry(each["submitted_at"], zone, text))
        if each["outcome"]:
            entries.append(_verdict(each, zone, reasons))
    if proposal["status"] in ("withdrawn", "lapsed"):
        ended = _("Taken back") if proposal["status"] == "withdrawn" else _("Lapsed")
        entries.append(_entry(proposal["ended_at"], zone, ended))
    if ahead := _next_date(proposal, zone, now=now):
        entries.append(ahead | {"next": True})
    return entries


def _verdict(revision: Shown, zone: str, reasons: Mapping[str, str]) -> dict[str, Any]:
    text = {
        "passed": _("Approved by the office"),
        "changes_requested": _("Changes asked by the office"),
        "rejected": _("Rejected by the office"),
    }[revision["outcome"]]
    said = [reasons.get(code, code) for code in revision["reason_codes"] or ()]
    why = ". ".join([*said, *([revision["reason"]] if revision["reason"] else [])])
    return _entry(revision["screened_at"], zone, text, why=why)


def _next_date(proposal: Shown, zone: str, *, now: datetime) -> dict[str, Any] | None:
    if proposal["status"] in ("draft", "changes_requested"):
        return _entry(proposal["send_by"].at, zone, _("It is too late to send it"))
    if proposal["status"] == "approved" and now < proposal["vacancy_opens_at"]:
        return _entry(proposal["vacancy_opens_at"], zone, _("It opens"))
    return None


def _entry(at: datetime, zone: str, text: str, *, why: str = "") -> dict[str, Any]:
    iso = instants.instant(at, zone).iso
    return {
        "iso": iso,
        "at": instants.moment(at, zone, year=True),
        "text": text,
        "why": why,
        "next": False,
    }
