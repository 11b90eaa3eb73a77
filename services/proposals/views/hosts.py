"""Organisations, for reading."""

from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from services.proposals.domain.host import HostIsNotYours

_HOST = """
    SELECT hosts.host_id, status, public_name, facts, about, registered_at, decided_at,
           reason_codes, reason, row_version
      FROM hosts
"""


async def list_hosts(reader: Reader, *, to: Actor) -> list[Row]:
    """For the office all of its university, those who wait first; for a contact one's own."""
    return await reader.list_rows(
        f"""
        {_HOST}
         WHERE university = $1 AND ($2 OR hosts.host_id = ANY($3::uuid[]))
         ORDER BY (status = 'registered') DESC, registered_at, public_name
        """,
        to.university,
        to.is_office,
        list(to.organisations),
    )


async def show_host(reader: Reader, host_id: UUID, *, to: Actor) -> Row:
    """One organisation, to the office or to whoever acts for it."""
    row = await reader.find_row(
        f"{_HOST} WHERE hosts.host_id = $1 AND university = $2", host_id, to.university
    )
    if row is None or not (to.is_office or host_id in to.organisations):
        raise HostIsNotYours
    return row


async def list_own_hosts(reader: Reader, *, to: Actor) -> list[dict[str, Any]]:
    """Every organisation a person was ever added to, with how it stands: for their own page."""
    return await reader.list_rows(
        f"""
        {_HOST}
          JOIN host_contacts ON host_contacts.host_id = hosts.host_id
         WHERE host_contacts.person_ref = $1 AND hosts.university = $2
         ORDER BY registered_at
        """,
        to.person_ref,
        to.university,
    )


async def list_contacts(reader: Reader, host_id: UUID, *, to: Actor) -> list[Row]:
    """Who acts for an organisation, by name: for those who act for it, and the office."""
    await show_host(reader, host_id, to=to)
    return await reader.list_rows(
        """
        SELECT host_contacts.person_ref, kind, display_name
          FROM host_contacts
          JOIN accounts USING (university, person_ref)
         WHERE host_id = $1
         ORDER BY kind, display_name
        """,
        host_id,
    )
