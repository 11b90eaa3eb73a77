"""What this service can tell anew: its facts as they are now, of which others keep copies."""

from uuid import UUID

from chassis.database import Transaction
from chassis.parts import Ended, Restatement
from schemas.applications import ApplicationsReleased, ApplicationSubmitted, SelectionMade
from schemas.envelope import Event
from services.applications.domain import intervention, placement
from services.applications.store import every
from services.applications.store import restating as store
from services.applications.store.cases import get_rules_of

Facts = list[Event | Ended]


async def tell_applications(tx: Transaction, applications: list[UUID]) -> Facts:
    """That an application was sent, and its reference."""
    return [
        ApplicationSubmitted(
            **held.told(submitted_at), reference=held.reference, closes_at=closes_at
        )
        for held, submitted_at, closes_at in await store.list_applications(tx, applications)
    ]


async def tell_selections(tx: Transaction, vacancies: list[UUID]) -> Facts:
    """That a round was released, and that its host has chosen; not whom."""
    facts: Facts = []
    for released in await store.list_selections(tx, vacancies):
        held, by = released.selection, released.selection.host_selects_by
        case = held.case
        count, at = released.count, released.at
        facts.append(ApplicationsReleased(**case.at(at), count=count, host_selects_by=by))
        if held.ranked_at:
            facts.append(
                SelectionMade(
                    **case.at(held.ranked_at),
                    ranked=released.ranked,
                    reserves=released.reserves,
                    not_ranked=released.not_ranked,
                    office_tells_by=held.office_tells_by,
                )
            )
    return facts


async def tell_offers(tx: Transaction, applications: list[UUID]) -> Facts:
    """Until when an offer may be answered, and what became of it."""
    return [
        event
        for held, outcome in await store.list_offers(tx, applications)
        for event in intervention.as_it_stands(held, **outcome)
    ]


async def tell_placements(tx: Transaction, applications: list[UUID]) -> Facts:
    """The placement as it is now, and how it ended."""
    return [
        event
        for held in await store.list_placements(tx, applications)
        for event in placement.as_it_stands(held, rules=await get_rules_of(tx, held.case))
    ]


RESTATEMENTS = {
    "applications": Restatement(
        every.APPLICATIONS,
        lambda _: tell_applications,
    ),
    "selections": Restatement(
        every.SELECTIONS,
        lambda _: tell_selections,
    ),
    "offers": Restatement(
        every.OFFERS,
        lambda _: tell_offers,
    ),
    "placements": Restatement(
        every.PLACEMENTS,
        lambda _: tell_placements,
    ),
}
