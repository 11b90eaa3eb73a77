"""Gather what one letter says: the copies, the opened cards of those it names, the university's face."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from chassis.database import Reader as Database
from chassis.pages import University
from chassis.universities import university as university_of
from services.notifications.commands.deliveries import event_of
from services.notifications.contacts import Contacts
from services.notifications.domain import table
from services.notifications.domain.delivery import Delivery
from services.notifications.mailer.wording import Around, Reader
from services.notifications.views.known import Known, show_known


class CardIsMissing(Exception):
    """Somebody whom this letter introduces has no card yet: it goes out when it has come."""


async def gather(
    database: Database, delivery: Delivery, *, contacts: Contacts, addresses: Mapping[str, str]
) -> Around:
    """Everything known around one delivery. Raises `CardCannotBeOpened`, `CardIsMissing`."""
    letter = table.named(delivery.letter)
    university = university_of(delivery.university)
    address = addresses.get(delivery.university, "")
    if delivery.sealed:
        return _secret(delivery, university=university, address=address, contacts=contacts)
    known = await show_known(database, delivery)
    return Around(
        letter=letter,
        event=event_of(delivery),
        university=university,
        address=address,
        to=_reader(delivery, known, university=university, contacts=contacts),
        programme=known.programme,
        cycle=known.cycle,
        vacancy=known.vacancy,
        host=known.host,
        application=known.application,
        placement=known.placement,
        **_introduced(delivery, known, contacts=contacts),
    )


def _secret(
    delivery: Delivery, *, university: University, address: str, contacts: Contacts
) -> Around:
    content = contacts.open(delivery.sealed or "")
    card = contacts.card(delivery.sealed or "")
    return Around(
        letter=table.named(delivery.letter),
        event=None,
        university=university,
        address=address,
        to=Reader(card.name, card.address),
        secret=content,
    )


def _reader(
    delivery: Delivery, known: Known, *, university: University, contacts: Contacts
) -> Reader:
    if delivery.person_ref is None:
        mailbox = known.programme["mailbox"] if known.programme else university.mailbox
        return Reader(university.office, mailbox)
    return _opened(delivery.person_ref, known, contacts)


def _opened(person_ref: UUID, known: Known, contacts: Contacts) -> Reader:
    sealed = known.cards.get(person_ref)
    if sealed is None:
        raise CardIsMissing
    card = contacts.card(sealed)
    return Reader(card.name, card.address)


def _introduced(delivery: Delivery, known: Known, *, contacts: Contacts) -> dict[str, Any]:
    """Names and addresses of both sides, in the one letter that may show them (R92)."""
    if "people" not in table.named(delivery.letter).needs:
        return {}
    intern = UUID(delivery.fact["person_ref"])
    people = (_supervisor(delivery, known), *known.contacts)
    hosts = [person for person in people if person is not None and person in known.cards]
    if not hosts:
        raise CardIsMissing
    return {
        "intern": _opened(intern, known, contacts),
        "hosts": tuple(_opened(person, known, contacts) for person in dict.fromkeys(hosts)),
    }


def _supervisor(delivery: Delivery, known: Known) -> UUID | None:
    told = delivery.fact.get("supervisor_ref")
    if told:
        return UUID(told)
    return known.placement["supervisor_ref"] if known.placement else None


def addresses_of(public_url: str, universities: Mapping[str, str]) -> dict[str, str]:
    """The address of each university's pages: its first host name, on the one public port."""
    public = urlsplit(public_url)
    port = f":{public.port}" if public.port else ""
    found: dict[str, str] = {}
    for host, slug in universities.items():
        found.setdefault(slug, f"{public.scheme}://{host}{port}")
    if public.hostname and public.hostname in universities:
        found[universities[public.hostname]] = public_url
    return found
