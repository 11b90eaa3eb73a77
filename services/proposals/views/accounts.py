"""What the front desk shows of accounts: one's own page, and for whom a person acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader
from chassis.decision import NotFound
from services.proposals.domain.account import MOST_TRIES

SHOWN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ShownSignIn:
    """One sign-in as its person sees it."""

    signin_hash: str
    method: str
    signed_in_at: datetime
    ended_at: datetime | None
    is_over: bool  # signed out, or past the twelve hours


@dataclass(frozen=True, slots=True)
class ShownAccount:
    """An account as its person sees it."""

    person_ref: UUID
    display_name: str
    mail_address: str | None
    language: str
    origin: str
    facts: Mapping[str, Any]
    facts_at: datetime | None
    sign_ins: tuple[ShownSignIn, ...]


async def find_browser_of_link(
    reader: Reader, *, university: str, link_hash: bytes
) -> bytes | None:
    """Hash of the browser that asked for a link that is still open; None for any other link."""
    return await reader.value(
        """
        SELECT browser_hash
          FROM sign_in_links
         WHERE link_hash = $1 AND university = $2
           AND used_at IS NULL AND expires_at > clock_timestamp() AND tries < $3
        """,
        link_hash,
        university,
        MOST_TRIES,
    )


async def show_account(reader: Reader, *, to: Actor) -> ShownAccount:
    """One's own account; there is no way to ask for another's."""
    row = await reader.find_row(
        """
        SELECT person_ref, display_name, mail_address, language, origin, facts, facts_at
          FROM accounts
         WHERE university = $1 AND person_ref = $2
        """,
        to.university,
        to.person_ref,
    )
    if row is None:
        raise NotFound
    return ShownAccount(**row, sign_ins=await _list_sign_ins(reader, to=to))


async def _list_sign_ins(reader: Reader, *, to: Actor) -> tuple[ShownSignIn, ...]:
    """Newest first. What was ended at once, with "sign out everywhere", is over as well."""
    rows = await reader.list_rows(
        """
        SELECT signin_hash, method, signed_in_at, ended_at,
               ended_at IS NOT NULL OR signed_in_at < clock_timestamp() - interval '12 hours'
                   AS is_over
          FROM sign_ins
         WHERE university = $1 AND person_ref = $2
           AND signed_in_at > clock_timestamp() - $3::interval
         ORDER BY signed_in_at DESC
         LIMIT 50
        """,
        to.university,
        to.person_ref,
        SHOWN,
    )
    return tuple(ShownSignIn(**row) for row in rows)


async def list_hosts_of(reader: Reader, person_ref: UUID, university: str) -> dict[UUID, str]:
    """The organisations a person acts for, and as what, from the front desk's own tables.

    Here also one that waits for the office's word: its contact writes drafts meanwhile, and every
    command asks for the organisation's state anyway. A refused or suspended one opens nothing.
    """
    rows = await reader.list_rows(
        """
        SELECT host_id, kind
          FROM host_contacts
          JOIN hosts USING (host_id)
         WHERE person_ref = $1 AND hosts.university = $2 AND status IN ('registered', 'approved')
        """,
        person_ref,
        university,
    )
    return {row["host_id"]: row["kind"] for row in rows}
