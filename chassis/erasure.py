"""Persons this service was told to forget: what is told of them later is dropped (`bad_input[140]`).

Kept is a hash of the ref and nothing else. An event is about the person its `person_ref` names; one
that merely mentions somebody, an advert its supervisor, is told of something else and stays.
"""

import hashlib
from uuid import UUID

from chassis.database import Transaction
from schemas.envelope import Event

STILL_HEARD = ("PersonErasureOrdered", "PersonErased")
"""The order is sent again until every service has answered, and must not be dropped."""


def hash_of(person_ref: UUID) -> bytes:
    """As the ledger keeps a person."""
    return hashlib.sha256(person_ref.bytes).digest()


def subject_of(event: Event) -> bytes | None:
    """The hash of the person an event is about, where it is about one."""
    person_ref: UUID | None = vars(event).get("person_ref")
    if person_ref is None or type(event).__name__.startswith(STILL_HEARD):
        return None
    return hash_of(person_ref)


async def note(tx: Transaction, person_ref: UUID) -> None:
    """Enter a person in the ledger, in the transaction that erases."""
    await tx.execute(
        "INSERT INTO erased_persons (person_hash) VALUES ($1) ON CONFLICT DO NOTHING",
        hash_of(person_ref),
    )
