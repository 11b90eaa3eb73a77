"""What happened to an application so far, oldest first, and the next date: as its applicant may know it."""

from dataclasses import dataclass
from datetime import datetime

from chassis import instants
from chassis.languages import gettext
from services.applications.domain.told import Stage
from services.applications.views.applications import ShownApplication


@dataclass(frozen=True, slots=True)
class Entry:
    """One moment of the timeline; `next` is the one that is still to come."""

    iso: str
    at: str
    text: str
    why: str = ""
    next: bool = False


Moment = tuple[datetime | None, str]


def story_of(shown: ShownApplication, *, now: datetime) -> list[Entry]:
    """The timeline. Nothing of it says what the host chose before that was told."""
    zone = shown.round.zone
    past = [(at, text) for at, text in _moments(shown, now) if at is not None]
    entries = [_entry(at, text, zone) for at, text in sorted(past, key=lambda moment: moment[0])]
    to_come = _next_date(shown)
    if to_come is not None and to_come[0] is not None and to_come[0] > now:
        entries.append(_entry(to_come[0], to_come[1], zone, next_=True))
    return entries


def _moments(shown: ShownApplication, now: datetime) -> list[Moment]:
    held, row = shown.application, shown.row
    was_told = row["made_at"] is not None
    received = gettext("Application received, reference %(ref)s") % {"ref": held.reference}
    moments: list[Moment] = [
        (held.began_at if held.submitted_at is None else None, gettext("Draft begun")),
        (held.submitted_at, received),
        (held.revised_at, gettext("Application changed")),
        (shown.round.released_at if held.submitted_at else None, gettext("Sent to the host")),
        (row["made_at"], gettext("Offer made")),
        (row["answered_at"] if was_told else None, _answer(str(row["offer_status"]))),
        (row["outcome_at"] if row["outcome"] in ("reserve", "unsuccessful") else None,
         gettext("Outcome told")),
        (held.ended_at, _end(shown)),
    ]  # fmt: skip
    return [(at, text) for at, text in moments if text and (at is None or at <= now)]


def _answer(status: str) -> str:
    return {
        "accepted": gettext("You accepted"),
        "declined": gettext("You declined"),
        "expired": gettext("The offer ran out"),
        "withdrawn": gettext("The office withdrew the offer"),
        "superseded": gettext("Set free: you accepted another place"),
        "vacated": gettext("You accepted"),
    }.get(status, "")


def _end(shown: ShownApplication) -> str:
    return {
        Stage.WITHDRAWN: gettext("You withdrew"),
        Stage.WITHDRAWN_BY_OFFICE: gettext("The office withdrew it"),
        Stage.NOT_SUBMITTED: gettext("Not submitted in time"),
        Stage.VACANCY_WITHDRAWN: gettext("The host withdrew the vacancy"),
        Stage.INELIGIBLE: gettext("Found not eligible"),
    }.get(shown.told.stage, "")


def _next_date(shown: ShownApplication) -> Moment | None:
    """The date that comes next for this applicant."""
    match shown.told.stage:
        case Stage.DRAFT | Stage.RECEIVED:
            return shown.round.closes_at, gettext("Applications close")
        case Stage.OFFER_MADE:
            return shown.row["respond_by_at"], gettext("Your answer is due")
        case Stage.RECEIVED_AND_CLOSED | Stage.WITH_THE_HOST | Stage.WITH_THE_OFFICE:
            return shown.round.office_tells_by, gettext("We tell you the outcome")
        case _:
            return None


def _entry(at: datetime, text: str, zone: str, *, next_: bool = False) -> Entry:
    said = instants.instant(at, zone)
    return Entry(said.iso, instants.moment(at, zone), text, next=next_)
