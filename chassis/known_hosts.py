"""Organisations and who acts for them: every service's own copy, read on every request.

So a contact removed, or an organisation suspended, loses access with that event (S11). The front
desk, which owns these facts, reads its own tables instead.
"""

from uuid import UUID

from chassis.database import Reader
from chassis.parts import Kept, Reaction, Rows, copying, project
from schemas.envelope import Event
from schemas.proposals import (
    HostApproved,
    HostContactAdded,
    HostContactRemoved,
    HostFactsAmended,
    HostRefused,
    HostRegistered,
    HostSuspended,
)


async def list_hosts_of(reader: Reader, person_ref: UUID, university: str) -> dict[UUID, str]:
    """The approved organisations a person acts for, and as what."""
    rows = await reader.list_rows(
        """
        SELECT host_id, kind
          FROM known_host_contacts
          JOIN known_hosts USING (host_id)
         WHERE person_ref = $1 AND known_hosts.university = $2 AND status = 'approved'
        """,
        person_ref,
        university,
    )
    return {row["host_id"]: row["kind"] for row in rows}


@copying(
    """
    INSERT INTO known_hosts (host_id, university, public_name, status, facts)
    VALUES ($1, $2, $3, coalesce($4, 'registered'), $5)
    ON CONFLICT (host_id) DO UPDATE
       SET public_name = excluded.public_name,
           facts = excluded.facts,
           status = coalesce($4, known_hosts.status)
    """
)
def know_host(host: HostRegistered | HostApproved | HostFactsAmended) -> Rows:
    """Keep the organisation's public name and facts, and that it may act once it is approved."""
    status = {"HostRegistered": "registered", "HostApproved": "approved"}.get(type(host).__name__)
    facts = host.facts.model_dump(mode="json")
    yield host.host_id, host.university, host.facts.public_name, status, facts


@copying("UPDATE known_hosts SET status = $2 WHERE host_id = $1")
def forget_rights(host: HostRefused | HostSuspended) -> Rows:
    """A refused or suspended organisation acts no more, from this moment on."""
    yield host.host_id, "refused" if isinstance(host, HostRefused) else "suspended"


@copying(
    """
    INSERT INTO known_host_contacts (host_id, person_ref, kind, university)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (host_id, person_ref) DO UPDATE SET kind = excluded.kind
    """
)
def know_contact(contact: HostContactAdded) -> Rows:
    """Keep who acts for an organisation, and as what."""
    yield contact.host_id, contact.person_ref, contact.kind, contact.university


@copying("DELETE FROM known_host_contacts WHERE host_id = $1 AND person_ref = $2")
def forget_contact(contact: HostContactRemoved) -> Rows:
    """A contact who was removed acts no more."""
    yield contact.host_id, contact.person_ref


HOST_REACTIONS: dict[type[Event], Reaction] = {
    HostRegistered: project(know_host),
    HostApproved: project(know_host),
    HostFactsAmended: project(know_host),
    HostRefused: project(forget_rights),
    HostSuspended: project(forget_rights),
    HostContactAdded: project(know_contact),
    HostContactRemoved: project(forget_contact),
}
"""What every service but the front desk listens to."""

HOST_COPIES = (
    Kept(("known_hosts",), (know_host, forget_rights), (("proposals", "hosts"),)),
    Kept(("known_host_contacts",), (know_contact, forget_contact), (("proposals", "hosts"),)),
)
"""And what it keeps of it."""
