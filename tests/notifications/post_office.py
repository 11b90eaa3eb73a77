"""A mail server that can be told how to misbehave, and a story told to the service as Kafka would."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP
from joserfc import jwe

from chassis import logs, outbox, positions
from chassis.database import Database
from chassis.inbox import take_in
from chassis.intake import Consumer, Culprit
from chassis.judging import verdict_on
from chassis.records import Record
from schemas import proposals, sample
from schemas.envelope import Event
from services.notifications.commands.writing import addresses_of
from services.notifications.contacts import Contacts
from services.notifications.mailer.post import Post, Server, Tls
from services.notifications.queues import Sender
from services.notifications.reactions import REACTIONS
from tests.doors import CONTACTS_KEY, UNIVERSITIES

PRIVATE_KEY = json.dumps(CONTACTS_KEY.as_dict(private=True))
ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]
STUDENT, CONTACT, SUPERVISOR = (
    UUID(ref) for ref in (sample.STUDENT, sample.CONTACT, sample.SUPERVISOR)
)
ADDRESSES = {
    STUDENT: ("Priya Raman", "priya@oxford.example"),
    CONTACT: ("Tomos Price", "tomos@weather.example"),
    SUPERVISOR: ("Aisha Bello", "aisha@weather.example"),
}


class Catcher:
    """Takes mails; `replies` are given first, one a recipient or mail: a reply, or what to do."""

    def __init__(self) -> None:
        self.port = 0
        self.contents: list[bytes] = []
        self.recipients: list[str] = []
        self.at_recipient: list[str] = []
        self.at_data: list[str] = []
        self.connections = 0

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, read."""
        return [message_from_bytes(one, policy=policy.default) for one in self.contents]  # type: ignore[misc]

    def subjects(self) -> list[str]:
        """What their readers see first."""
        return [str(mail["Subject"]) for mail in self.mails]

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if self.at_recipient:
            return self.at_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        said = self.at_data.pop(0) if self.at_data else "250 Taken"
        if said.startswith("250") or said == "take and drop":
            self.contents.append(envelope.content)
            self.recipients += envelope.rcpt_tos
        if said.endswith("drop"):
            server.transport.abort()
        return said if said[0].isdigit() else "250 never said"


@asynccontextmanager
async def catching() -> AsyncIterator[Catcher]:
    """A catcher on a free port."""
    catcher = Catcher()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(catcher), "127.0.0.1", 0)
    catcher.port = server.sockets[0].getsockname()[1]
    try:
        yield catcher
    finally:
        server.close()


def sender_to(port: int) -> Sender:
    """One sender with a connection of its own."""
    server = Server("127.0.0.1", port, Tls.NONE, "internships@university.example")
    addresses = addresses_of("http://localhost:8080", UNIVERSITIES)
    return Sender(Post(server), Contacts(PRIVATE_KEY), addresses)


@dataclass
class Teller:
    """Tells the service what other services have recorded, record by record."""

    database: Database
    consumer: Consumer = field(default_factory=lambda: Consumer("notifications.letters", REACTIONS))
    told: list[Record] = field(default_factory=list)
    _sequences: Counter[tuple[str, str]] = field(default_factory=Counter)
    _positions: Counter[str] = field(default_factory=Counter)

    async def tell(self, *events: Event) -> None:
        """Each event once, in order."""
        for event in events:
            record = self.record_of(event)
            self.told.append(record)
            await self.deliver(record)

    def record_of(self, event: Event) -> Record:
        """As it lies in the log."""
        logs.correlation_id.set("story-of-an-application")
        _, topic, key, _, headers, value = outbox._row(event)
        self._sequences[topic, key] += 1
        headers["ce_sequence"] = str(self._sequences[topic, key])
        position = self._positions[topic]
        self._positions[topic] += 1
        pairs = tuple((name, text.encode()) for name, text in headers.items())
        at = datetime(2024, 2, 1, tzinfo=UTC)
        return Record(topic, 0, position, at, key.encode(), pairs, value)

    async def deliver(self, record: Record) -> None:
        """Hand a record over, as the worker does."""
        at = await positions.load(self.database, self.consumer.name, [record.place])
        try:
            async with self.database.transaction() as tx:
                await take_in(tx, self.consumer, [record], at)
        except Culprit as culprit:
            verdicts = {record: verdict_on(culprit.__cause__)}
            async with self.database.transaction() as tx:
                await take_in(tx, self.consumer, [record], at, verdicts)

    async def the_beginning(self) -> None:
        """Programme, host, contacts, cards and vacancy: what every letter stands on."""
        await self.tell(
            example(proposals.RuleSetPublished),
            example(proposals.HostRegistered),
            example(proposals.HostContactAdded),
            example(proposals.VacancyPublished),
            *(card(person, *who) for person, who in ADDRESSES.items()),
        )
        async with self.database.transaction() as tx:
            await tx.execute("UPDATE deliveries SET status = 'held' WHERE status = 'queued'")


def example(kind: type[Event], number: int = 0, **more: Any) -> Any:
    """An event's own example."""
    return kind.model_validate({**kind.examples[number], **more})


def sealed(content: dict[str, Any]) -> str:
    """As the front desk seals it."""
    header = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1]}
    return jwe.encrypt_compact(header, json.dumps(content), CONTACTS_KEY, ALGORITHMS)


def card(person_ref: UUID, name: str, address: str) -> proposals.ContactCard:
    """A person's contact card."""
    content = {"name": name, "address": address, "language": "en", "zone": "Europe/London"}
    return example(proposals.ContactCard, person_ref=person_ref, sealed=sealed(content))


async def send_all(sender: Sender, database: Database, *, most: int = 50) -> int:
    """Until nothing is due; how many letters were taken in hand."""
    for done in range(most):
        if not await sender(database):
            return done
    raise AssertionError("there was no end to it")


async def statuses(database: Database) -> dict[str, str]:
    """Letter by letter, how far it got; what is held from the beginning is left out."""
    rows = await database.list_rows(
        "SELECT letter, status FROM deliveries WHERE status <> 'held' ORDER BY number"
    )
    return {row["letter"]: row["status"] for row in rows}


async def make_due(database: Database) -> None:
    """Let the pause before the next try be over."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE deliveries SET next_try_at = clock_timestamp() - interval '1 s'")
