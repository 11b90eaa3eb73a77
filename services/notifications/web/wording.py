"""Deliveries in words, for the office's pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from chassis.database import Reader, Row
from chassis.instants import moment
from chassis.languages import gettext
from services.notifications.contacts import CardCannotBeOpened, Contacts
from services.notifications.domain import table
from services.notifications.domain.delivery import RESENDABLE, Status
from services.notifications.views.known import list_cards

STATES: dict[str, str] = {
    Status.QUEUED: "Waiting",
    Status.HELD: "Held",
    Status.SENDING: "In progress",
    Status.SENT: "Sent",
    Status.DELIVERED: "Delivered",
    Status.BOUNCED: "Bounced",
    Status.FAILED: "Failed",
    Status.SUPPRESSED: "Withdrawn",
    Status.CANCELLED_AS_STALE: "Cancelled",
    Status.UNKNOWN: "Check",
}
"""The words of the tags; their colours are the house's."""

REASONS = {
    "refused_by_server": "The mail server refused the address for good.",
    "no_contact_card": "Nobody has told us how to write to this person.",
    "tried_too_often": "The mail server could not take it for five days.",
    "cannot_be_rendered": "The letter could not be written. The operators see why in the log.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One delivery as a page shows it."""

    delivery_id: UUID
    letter: str
    subject: str
    to: str
    person_ref: UUID | None
    state: str
    next: str
    queued: str
    ended: str
    row: Row
    may_be_resent: bool


def titled(name: str) -> str:
    """A letter's name as words: "Offer half way"."""
    return name.replace("_", " ").capitalize()


def state_of(row: Row) -> str:
    """The tag: a letter that waits for another try is late."""
    if row["status"] == Status.QUEUED and (row["attempts"] or row["doubts"]):
        return "Late"
    return STATES[row["status"]]


def next_of(row: Row, *, zone: str) -> str:
    """What happens next, or what is to be done."""
    match row["status"]:
        case Status.QUEUED if not (row["attempts"] or row["doubts"]):
            return gettext("It goes out as soon as the mail server takes it.")
        case Status.QUEUED:
            return gettext("We try again at %(at)s.") % {"at": moment(row["next_try_at"], zone)}
        case Status.SENDING:
            return gettext("It is being handed over now.")
        case Status.HELD:
            return gettext("It waits until somebody sends it.")
        case Status.FAILED | Status.BOUNCED:
            why = gettext(REASONS.get(row["reason_code"], "It came back."))
            return why + " " + gettext("Reach the person another way, or send it again.")
        case Status.UNKNOWN:
            return gettext("Nobody knows whether it arrived. Ask, or send it again.")
        case Status.CANCELLED_AS_STALE:
            return gettext("What it would have told was so no more. You need do nothing.")
        case _:
            return gettext("You need do nothing.")


def shown(row: Row, *, names: dict[UUID, str], zone: str) -> Shown:
    """A row, ready for its page."""
    person: UUID | None = row["person_ref"]
    ended: datetime | None = row["ended_at"]
    known = names.get(person, "") if person else gettext("The programme's mailbox")
    return Shown(
        delivery_id=row["delivery_id"],
        letter=titled(row["letter"]),
        subject=row["subject"] or "",
        to=known or gettext("A person without a card"),
        person_ref=person,
        state=state_of(row),
        next=next_of(row, zone=zone),
        queued=moment(row["queued_at"], zone),
        ended=moment(ended, zone) if ended else "",
        row=row,
        may_be_resent=row["status"] in RESENDABLE and row["about_kind"] != "sign_in",
    )


@cache
def _contacts(private_jwk: str) -> Contacts:
    return Contacts(private_jwk)


async def names_of(
    reader: Reader, rows: Iterable[Row], *, university: str, private_jwk: str
) -> dict[UUID, str]:
    """Names of those who are written to: opened for this page, and kept nowhere."""
    people: list[Any] = list({row["person_ref"] for row in rows} - {None})
    contacts = _contacts(private_jwk)
    names: dict[UUID, str] = {}
    for person_ref, sealed in (await list_cards(reader, university, people)).items():
        try:
            names[person_ref] = contacts.card(sealed).name
        except CardCannotBeOpened:
            continue
    return names


def letters_by_reader() -> dict[str, list[tuple[str, str]]]:
    """The gallery's index: name and title of each letter, by who reads it."""
    return {
        reader: [(letter.name, titled(letter.name)) for letter in letters]
        for reader, letters in table.BY_READER.items()
    }
