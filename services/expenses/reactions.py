"""What this service does about others' events: copies of facts, and a draft when the days are over."""

from contextlib import suppress

from chassis.actor import the_post
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.identity import SIGN_IN_REACTIONS
from chassis.known_hosts import HOST_COPIES, HOST_REACTIONS
from chassis.parts import Early, Kept, Reaction, project, react
from schemas.applications import (
    PlacementCancelled,
    PlacementCompleted,
    PlacementConfirmed,
    PlacementDaysAmended,
    PlacementIntroduced,
    PlacementNotCompleted,
)
from schemas.envelope import Event
from schemas.proposals import (
    HostApproved,
    HostFactsAmended,
    HostRegistered,
    RuleSetPublished,
    VacancyAmended,
    VacancyPublished,
)
from services.expenses.commands import claims as commands
from services.expenses.domain.case import Placement, PlacementStatus
from services.expenses.domain.sending import NothingToClaim, PlacementWasCancelled
from services.expenses.domain.writing import ClaimWindowHasClosed
from services.expenses.store import known

Ended = PlacementCompleted | PlacementNotCompleted


async def know_rule_set(tx: Transaction, published: RuleSetPublished) -> None:
    """Keep a version of the rules: a claim is judged by its placement's."""
    await known.save_known_rule_set(tx, published)


async def know_vacancy(tx: Transaction, vacancy: VacancyPublished | VacancyAmended) -> None:
    """Keep the title and the host's name, for pages."""
    await known.save_known_vacancy(tx, vacancy)


async def know_host_facts(
    tx: Transaction, host: HostRegistered | HostApproved | HostFactsAmended
) -> None:
    """Keep what is true of the host from a day on: it decides which travel is repaid (R96, R97)."""
    await known.save_known_host_facts(tx, host)


async def know_placement(tx: Transaction, placement: PlacementConfirmed) -> None:
    """Keep who may claim, against whom, for which days, under which version."""
    await known.save_known_placement(tx, placement)


async def know_introduction(tx: Transaction, placement: PlacementIntroduced) -> None:
    """Keep who supervises."""
    await known.save_supervisor(tx, placement.placement_id, placement.supervisor_ref)


async def know_days(tx: Transaction, placement: PlacementDaysAmended) -> None:
    """Keep the whole list of days; what was sent already is re-priced by nothing."""
    await known.save_days(tx, placement.placement_id, placement.days)


async def know_end(tx: Transaction, placement: Ended) -> None:
    """Keep the last word on the days: those that did take place."""
    await known.save_days(tx, placement.placement_id, placement.days)
    await known.save_placement_status(tx, placement.placement_id, PlacementStatus.OVER)


async def know_cancellation(tx: Transaction, placement: PlacementCancelled) -> None:
    """Keep that there is nothing to claim."""
    await known.save_placement_status(tx, placement.placement_id, PlacementStatus.CANCELLED)


async def move_window(tx: Transaction, told: PlacementDaysAmended, *, now: Clock) -> None:
    """Count the time for a claim from the new last day."""
    await commands.move_window(tx, await _placement(tx, told), now=now)


async def open_claim(tx: Transaction, told: Ended, *, now: Clock) -> None:
    """The claim window is open: lay a draft ready and tell the intern."""
    placement = await _placement(tx, told)
    await commands.move_window(tx, placement, now=now)
    # Days from home alone, a cancellation, news that comes years later: there is nothing to send.
    with suppress(NothingToClaim, PlacementWasCancelled, ClaimWindowHasClosed):
        await commands.open_claim(tx, placement, actor=the_post(told.university), now=now)


async def _placement(tx: Transaction, told: PlacementDaysAmended | Ended) -> Placement:
    """Our copy, and the rules it is judged by; the event waits for what has not come yet."""
    placement = await known.find_placement(tx, told.placement_id)
    if placement is None:
        raise Early(PlacementConfirmed, told.placement_id)
    case = placement.case
    if await known.find_rules(tx, case.programme_id, case.rule_set_version) is None:
        raise Early(RuleSetPublished, case.programme_id)
    return placement


_WITH_FACTS = (HostRegistered, HostApproved, HostFactsAmended)

REACTIONS: dict[type[Event], Reaction | tuple[Reaction, ...]] = {
    **HOST_REACTIONS,
    **{kind: (HOST_REACTIONS[kind], project(know_host_facts)) for kind in _WITH_FACTS},
    **SIGN_IN_REACTIONS,
    RuleSetPublished: project(know_rule_set),
    VacancyPublished: project(know_vacancy),
    VacancyAmended: project(know_vacancy),
    PlacementConfirmed: project(know_placement),
    PlacementIntroduced: project(know_introduction),
    PlacementDaysAmended: (project(know_days), react(move_window)),
    PlacementCompleted: (project(know_end), react(open_claim)),
    PlacementNotCompleted: (project(know_end), react(open_claim)),
    PlacementCancelled: project(know_cancellation),
}

KEPT = (
    *HOST_COPIES,
    Kept(("known_rule_sets",), (know_rule_set,), (("proposals", "rule-sets"),)),
    Kept(("known_vacancies",), (know_vacancy,), (("proposals", "vacancies"),)),
    Kept(("known_host_facts",), (know_host_facts,), (("proposals", "hosts"),)),
    Kept(
        ("known_placements",),
        (know_placement, know_introduction, know_days, know_end, know_cancellation),
        (("applications", "placements"),),
    ),
)
"""The tables they fill."""
