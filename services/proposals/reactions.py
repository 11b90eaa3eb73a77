"""What other services tell us: places taken and free again, and that nobody is left to ask."""

from uuid import UUID

from chassis.actor import the_post
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.parts import Early, Kept, Reactions, project, react
from schemas.applications import (
    PlacementCancelled,
    PlacementCompleted,
    PlacementConfirmed,
    PlacementNotCompleted,
    ReserveExhausted,
)
from schemas.proposals import VacancyPublished
from schemas.rules import Round
from services.proposals.commands import vacancies as commands
from services.proposals.domain.vacancy import VacancyIsNotYours
from services.proposals.store import vacancies as store

Told = PlacementConfirmed | PlacementCancelled | PlacementCompleted | PlacementNotCompleted
OVER = (PlacementCompleted, PlacementNotCompleted)


async def know_placement(tx: Transaction, told: Told) -> None:
    """Keep our own count of places: taken, free again, or over. No persons."""
    status = "over" if isinstance(told, OVER) else "confirmed"
    if isinstance(told, PlacementCancelled):
        status = "cancelled"
    await store.save_known_placement(tx, told.placement_id, told.vacancy_id, status=status)


async def count_places(tx: Transaction, told: Told, *, now: Clock) -> None:
    """Draw what follows for the vacancy: filled, free again, completed."""
    actor = the_post(told.university)
    try:
        await commands.count_places(tx, told.vacancy_id, actor=actor, now=now)
    except VacancyIsNotYours:
        raise _early(told.vacancy_id) from None


async def note_exhausted(tx: Transaction, told: ReserveExhausted, *, now: Clock) -> None:
    """Nobody is left to ask in a round: it may be advertised again, or stays unfilled."""
    try:
        await commands.note_exhausted(tx, told.vacancy_id, Round(told.round), now=now)
    except VacancyIsNotYours:
        raise _early(told.vacancy_id) from None


def _early(vacancy_id: UUID) -> Early:
    """Only after a restore can a vacancy of ours be unknown to us."""
    return Early(VacancyPublished, vacancy_id)


_OF_A_PLACEMENT = (project(know_placement), react(count_places))

REACTIONS: Reactions = {
    PlacementConfirmed: _OF_A_PLACEMENT,
    PlacementCancelled: _OF_A_PLACEMENT,
    PlacementCompleted: _OF_A_PLACEMENT,
    PlacementNotCompleted: _OF_A_PLACEMENT,
    ReserveExhausted: react(note_exhausted),
}

KEPT = (Kept(("known_placements",), (know_placement,), (("applications", "placements"),)),)
"""The tables they fill; what the front desk owns of hosts stands in its own, and those copies are empty."""
