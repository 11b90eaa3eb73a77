"""Who did what to which object, when and why: ids and acts, no names, no content.

What an act did is written with its events, by `outbox.record`; here is what leaves no event behind:
a refusal, a look at a document, an operator's hand.
"""

from datetime import datetime
from typing import Any

from chassis.actor import Actor, Role
from chassis.database import Database, Transaction
from chassis.decision import Refused
from chassis.logs import correlation_id

ADD = """
    INSERT INTO audit (
        business_at, university, actor, role, act, subject, outcome, reason, correlation_id,
        operator
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def done(
    tx: Transaction,
    *,
    actor: Actor,
    act: str,
    subject: Any,
    reason: str | None = None,
    at: datetime | None = None,
) -> None:
    """Note an act that records no event: an operator's, an export, a setting."""
    await _add(tx, actor=actor, act=act, subject=subject, outcome="done", reason=reason, at=at)


async def viewed(
    tx: Transaction, *, actor: Actor, act: str, subject: Any, reason: str | None = None
) -> None:
    """Note that someone opened what is private to another: every CV, every receipt."""
    await done(tx, actor=actor, act=act, subject=subject, reason=reason)


async def refused(
    database: Database, refusal: Refused, *, actor: Actor, act: str, subject: Any
) -> None:
    """Note a refusal, in a transaction of its own: the refused one has rolled back."""
    async with database.transaction() as tx:
        await _add(
            tx, actor=actor, act=act, subject=subject, outcome="refused", reason=refusal.slug()
        )


async def _add(
    tx: Transaction,
    *,
    actor: Actor,
    act: str,
    subject: Any,
    outcome: str,
    reason: str | None,
    at: datetime | None = None,
) -> None:
    await tx.execute(
        ADD,
        at,
        actor.university,
        actor.person_ref,
        actor.role,
        act,
        str(subject),
        outcome,
        reason,
        correlation_id.get() or None,
        operator_of(actor),
    )


def operator_of(actor: Actor) -> str | None:
    """Who sat at the command line; none where a sign-in, a machine, time or the post acted."""
    is_operator = actor.person_ref is None and actor.is_a(Role.SUPPORT)
    return actor.name or None if is_operator else None
