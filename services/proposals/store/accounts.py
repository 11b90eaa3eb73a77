"""Accounts, the links that hosts sign in by, and sign-ins, as stored."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Row, Transaction
from services.proposals.domain.account import Account, Link, Origin

_ACCOUNT = """
    SELECT person_ref, university, origin, display_name, mail_address, language, facts, facts_at
      FROM accounts
"""
_LINK = """
    SELECT link_hash, browser_hash, university, person_ref, expires_at, used_at, tries
      FROM sign_in_links
"""


async def real_now(tx: Transaction) -> datetime:
    """The database's own time, unshifted: one clock for every process of the front desk."""
    return await tx.value("SELECT clock_timestamp()")


async def lock_account(tx: Transaction, *, university: str, person_ref: UUID) -> Account | None:
    """Hold this person's row: two sign-ins at once write one card after the other."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        f"account:{university}:{person_ref}",
    )
    row = await tx.find_row(
        f"{_ACCOUNT} WHERE university = $1 AND person_ref = $2 FOR UPDATE",
        university,
        person_ref,
    )
    return _account(row) if row else None


async def find_mail_account(
    tx: Transaction, *, university: str, mail_address: str
) -> Account | None:
    """The account that signs in by links mailed to this address; capitals do not matter."""
    row = await tx.find_row(
        f"{_ACCOUNT} WHERE university = $1 AND lower(mail_address) = lower($2) AND origin = 'mail'",
        university,
        mail_address,
    )
    return _account(row) if row else None


async def add_mail_account(tx: Transaction, account: Account) -> bool:
    """Add an account known by its address; False where another has just taken that address."""
    added = await tx.execute(
        """
        INSERT INTO accounts (
            university, person_ref, origin, display_name, mail_address, language
        )
        VALUES ($1, $2, 'mail', $3, $4, $5)
        ON CONFLICT (university, lower(mail_address)) WHERE origin = 'mail' DO NOTHING
        """,
        account.university,
        account.person_ref,
        account.display_name,
        account.mail_address,
        account.language,
    )
    return added == 1


async def save_account(tx: Transaction, account: Account) -> None:
    """Keep an account as it now is."""
    held = asdict(account)
    await tx.execute(
        """
        INSERT INTO accounts (
            university, person_ref, origin, display_name, mail_address, language, facts, facts_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (university, person_ref) DO UPDATE
           SET display_name = excluded.display_name,
               mail_address = excluded.mail_address,
               language = excluded.language,
               facts = excluded.facts,
               facts_at = excluded.facts_at
        """,
        *(
            held[name]
            for name in (
                "university",
                "person_ref",
                "origin",
                "display_name",
                "mail_address",
                "language",
                "facts",
                "facts_at",
            )
        ),
    )


async def list_accounts_of(tx: Transaction, people: list[UUID]) -> list[Account]:
    """The accounts of these people that can be written to, for telling their cards anew."""
    rows = await tx.list_rows(
        f"""
        {_ACCOUNT}
         WHERE person_ref = ANY ($1::uuid[]) AND mail_address IS NOT NULL
         ORDER BY person_ref, university
        """,
        people,
    )
    return [_account(row) for row in rows]


async def add_link(
    tx: Transaction,
    *,
    link_hash: bytes,
    browser_hash: bytes,
    university: str,
    person_ref: UUID | None,
    lives: timedelta,
) -> None:
    """Remember that a link was asked for, by the hashes of its secret and of the asking browser."""
    await tx.execute(
        """
        INSERT INTO sign_in_links (link_hash, browser_hash, university, person_ref, expires_at)
        VALUES ($1, $2, $3, $4, clock_timestamp() + $5)
        """,
        link_hash,
        browser_hash,
        university,
        person_ref,
        lives,
    )


async def lock_link(tx: Transaction, *, university: str, link_hash: bytes) -> Link | None:
    """Hold a link by its secret's hash: of two who use it at once, the second sees it used."""
    row = await tx.find_row(
        f"{_LINK} WHERE link_hash = $1 AND university = $2 FOR UPDATE", link_hash, university
    )
    return Link(**row) if row else None


async def lock_links_of_browser(
    tx: Transaction, *, university: str, browser_hash: bytes
) -> list[Link]:
    """Hold the links that this browser asked for: every try of a code is counted under this lock."""
    rows = await tx.list_rows(
        f"""
        {_LINK}
         WHERE browser_hash = $1 AND university = $2
         ORDER BY link_hash
           FOR UPDATE
        """,
        browser_hash,
        university,
    )
    return [Link(**row) for row in rows]


async def save_link(tx: Transaction, link: Link) -> None:
    """Keep that a link was used, or its code tried once more."""
    await tx.execute(
        "UPDATE sign_in_links SET used_at = $2, tries = $3 WHERE link_hash = $1",
        link.link_hash,
        link.used_at,
        link.tries,
    )


async def purge_links(tx: Transaction, *, after: timedelta) -> int:
    """Forget links that nobody can use any more."""
    return await tx.execute(
        "DELETE FROM sign_in_links WHERE expires_at < clock_timestamp() - $1::interval", after
    )


async def add_sign_in(
    tx: Transaction,
    *,
    signin_hash: str,
    university: str,
    person_ref: UUID,
    method: str,
    signed_in_at: datetime,
) -> None:
    """Remember a sign-in, by its hash, for the person's own page."""
    await tx.execute(
        """
        INSERT INTO sign_ins (signin_hash, university, person_ref, method, signed_in_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        signin_hash,
        university,
        person_ref,
        method,
        signed_in_at,
    )


async def end_sign_in(tx: Transaction, *, signin_hash: str) -> None:
    """Note on the person's own page that a sign-in is over."""
    await tx.execute(
        """
        UPDATE sign_ins SET ended_at = clock_timestamp()
         WHERE signin_hash = $1 AND ended_at IS NULL
        """,
        signin_hash,
    )


async def end_all_sign_ins(tx: Transaction, *, university: str, person_ref: UUID) -> None:
    """Note on the person's own page that all their sign-ins are over."""
    await tx.execute(
        """
        UPDATE sign_ins SET ended_at = clock_timestamp()
         WHERE university = $1 AND person_ref = $2 AND ended_at IS NULL
        """,
        university,
        person_ref,
    )


async def purge_sign_ins(tx: Transaction, *, after: timedelta) -> int:
    """Forget sign-ins past their term."""
    return await tx.execute(
        "DELETE FROM sign_ins WHERE signed_in_at < clock_timestamp() - $1::interval", after
    )


def _account(row: Row) -> Account:
    values: dict[str, Any] = row | {"origin": Origin(row["origin"])}
    return Account(**values)
