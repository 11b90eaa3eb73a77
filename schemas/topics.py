"""The only place a topic is spelt. `python -m services.<name> topics apply` creates what stands here."""

from dataclasses import dataclass
from datetime import timedelta

from schemas.envelope import Service

PARTITIONS = 12  # raising it re-maps keys and ends their order: refused by the tool


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: who writes it, how long it is kept, who may read it."""

    name: str  # after the prefix
    owner: Service
    says: str
    retention: timedelta | None = timedelta(days=30)  # None: compacted, kept for ever
    segment: timedelta | None = None
    restricted_to: frozenset[Service] = frozenset()  # empty: any subscriber may read

    @property
    def is_compacted(self) -> bool:
        """Whether only the newest record of each key is kept, and a null value ends it."""
        return self.retention is None

    def under(self, prefix: str) -> str:
        """The name on the broker."""
        return f"{prefix}.{self.name}"


def _events(owner: Service) -> Topic:
    return Topic(
        f"{owner}.events", owner, f"Everything the {owner} service decided, in order per case"
    )


EVENTS: dict[Service, Topic] = {
    "proposals": _events("proposals"),
    "applications": _events("applications"),
    "notifications": _events("notifications"),
    "expenses": _events("expenses"),
}
VACANCIES = Topic(
    "proposals.vacancies", "proposals", "The current advert of every open vacancy", retention=None
)
CONTACTS = Topic(
    "contacts",
    "proposals",
    "Contact cards and sealed letters, encrypted to the notifications service",
    retention=timedelta(hours=72),
    segment=timedelta(hours=6),
    restricted_to=frozenset({"notifications"}),
)
TOPICS: tuple[Topic, ...] = (*EVENTS.values(), VACANCIES, CONTACTS)


def topic_of(service: Service, kind: str) -> Topic:
    """The topic an event class is published on: its service's events, or a topic of its own."""
    return {"events": EVENTS[service], "vacancies": VACANCIES, "contacts": CONTACTS}[kind]
