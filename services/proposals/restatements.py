"""What the front desk can tell anew: its facts as they are now, of which others keep copies.

Never more than is so: a reader that stops between two events of a case gives nobody a right that they
do not have.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.database import Transaction
from chassis.parts import Ended, Restatement
from schemas.envelope import Event
from schemas.proposals import CyclePublished, RuleSetPublished
from services.proposals.commands import accounts
from services.proposals.contacts import Contacts
from services.proposals.domain import host as hosts
from services.proposals.domain import vacancy as vacancies
from services.proposals.domain.vacancy import Status, Vacancy
from services.proposals.store import accounts as account_store
from services.proposals.store import cycles as cycle_store
from services.proposals.store import every
from services.proposals.store import hosts as host_store
from services.proposals.store import programmes as programme_store
from services.proposals.store import vacancies as vacancy_store

Facts = list[Event | Ended]


async def tell_rule_sets(tx: Transaction, programmes: list[UUID]) -> Facts:
    """Every version of a programme's rules, from the first."""
    return [
        RuleSetPublished(
            university=version.university,
            occurred_at=version.published_at,
            programme_id=version.programme_id,
            rule_set_version=version.version,
            programme_slug=version.slug,
            programme_name=version.rules.kind.programme_name,
            rules=version.rules,
            replaces_version=version.version - 1 or None,
        )
        for version in await programme_store.list_versions(tx, programmes)
    ]


async def tell_cycles(tx: Transaction, cycles: list[UUID]) -> Facts:
    """The dates of a cycle that was promised, as they are now."""
    return [
        CyclePublished(
            university=cycle.university,
            occurred_at=published_at,
            programme_id=cycle.programme_id,
            rule_set_version=cycle.rule_set_version,
            cycle_id=cycle.cycle_id,
            dates=cycle.dates,
        )
        for cycle, published_at in await cycle_store.list_promised_cycles(tx, cycles)
    ]


async def tell_hosts(tx: Transaction, host_ids: list[UUID]) -> Facts:
    """How an organisation stands with the office, and who acts for it."""
    contacts = await host_store.list_contacts_of(tx, host_ids)
    facts: Facts = []
    for host in await host_store.list_hosts(tx, host_ids):
        facts += hosts.as_it_stands(host)
        facts += [
            hosts.contact_added(host, person_ref, kind=kind, now=added_at)
            for person_ref, kind, added_at in contacts.get(host.host_id, [])
        ]
    return facts


async def tell_vacancies(tx: Transaction, vacancy_ids: list[UUID]) -> Facts:
    """The advert, its rounds and how it ended; and, on their own topic, those that are open."""
    facts: Facts = []
    at = await clock.now(tx)
    for vacancy in await vacancy_store.list_vacancies(tx, vacancy_ids):
        taken, _ = await vacancy_store.count_places(tx, vacancy.vacancy_id)
        facts += vacancies.as_it_stands(vacancy, taken=taken, now=at)
        facts.append(_current(vacancy) or vacancies.current(vacancy, now=at))
    return facts


def _current(vacancy: Vacancy) -> Ended | None:
    if vacancy.status is Status.OPEN:
        return None
    return Ended("vacancies", vacancy.vacancy_id, vacancy.university)


def tell_cards_by(
    read: Any,
) -> Callable[[Transaction, list[UUID]], Awaitable[Facts]]:
    """How to write to people, sealed anew."""
    contacts = Contacts(read.contacts_public_key)

    async def tell_cards(tx: Transaction, people: list[UUID]) -> Facts:
        at = await clock.now(tx)
        found = await account_store.list_accounts_of(tx, people)
        return [accounts.sealed_card(account, contacts=contacts, at=at) for account in found]

    return tell_cards


RESTATEMENTS = {
    "rule-sets": Restatement(
        every.RULE_SETS,
        lambda _: tell_rule_sets,
    ),
    "cycles": Restatement(
        every.CYCLES,
        lambda _: tell_cycles,
    ),
    "hosts": Restatement(
        every.HOSTS,
        lambda _: tell_hosts,
    ),
    "vacancies": Restatement(
        every.VACANCIES,
        lambda _: tell_vacancies,
        topics=("events", "vacancies"),
        remark="How many places were free when a second round was agreed, and when a vacancy was "
        "filled, is not kept: it is told as it is now.",
    ),
    "contacts": Restatement(
        every.CONTACTS,
        tell_cards_by,
        topics=("contacts",),
    ),
}
