"""What this service does about others' events: copies of facts, and the receipt's mail.

Each is either a copy, which a replay repeats, or an ordinary command, which it does not.
"""

from contextlib import suppress
from datetime import timedelta

from chassis.actor import the_post
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.identity import SIGN_IN_REACTIONS
from chassis.known_hosts import HOST_COPIES, HOST_REACTIONS
from chassis.parts import Kept, Reaction, project, react
from schemas.envelope import Event
from schemas.notifications import MessageSent
from schemas.proposals import (
    CyclePublished,
    CycleRescheduled,
    RuleSetPublished,
    VacancyAmended,
    VacancyFilled,
    VacancyPublished,
    VacancyReadvertised,
    VacancyWithdrawn,
)
from services.applications.commands import offers
from services.applications.domain.offer import OfferIsNotOpen
from services.applications.store import applications, known, rounds, rules

RECEIPT = "received"  # the letter that confirms a submission
OFFER_LETTERS = frozenset({"offer", "promoted"})  # to a first choice; to a reserve


async def know_rule_set(tx: Transaction, published: RuleSetPublished) -> None:
    """Keep a version of the rules: every decision is made under one."""
    await rules.save_known_rule_set(tx, published)


async def know_cycle(tx: Transaction, cycle: CyclePublished | CycleRescheduled) -> None:
    """Keep a cycle's name, weeks and instants."""
    await known.save_known_cycle(tx, cycle)


async def know_vacancy(tx: Transaction, vacancy: VacancyPublished | VacancyAmended) -> None:
    """Keep our own copy of the advert and its rounds: no page and no rule of ours asks elsewhere.

    A round's instants move only while nobody is submitting to it.
    """
    await known.save_known_vacancy(tx, vacancy)
    for dates in sorted(vacancy.rounds, key=lambda each: each.round):
        await rounds.hold_alone(tx, vacancy.vacancy_id, dates.round)
        await known.save_known_round(tx, vacancy.vacancy_id, dates)


async def know_second_round(tx: Transaction, vacancy: VacancyReadvertised) -> None:
    """A vacancy with free places takes applications once more (R74)."""
    await rounds.hold_alone(tx, vacancy.vacancy_id, vacancy.dates.round)
    await known.save_known_round(tx, vacancy.vacancy_id, vacancy.dates)


async def know_withdrawal(tx: Transaction, vacancy: VacancyWithdrawn) -> None:
    """Keep that it was taken back; the deadlines loop ends its applications, one by one."""
    await known.save_vacancy_withdrawn(tx, vacancy)


async def know_filled(tx: Transaction, vacancy: VacancyFilled) -> None:
    """Keep that all its places are taken."""
    await known.save_vacancy_filled(tx, vacancy.vacancy_id)


async def note_receipt(tx: Transaction, sent: MessageSent) -> None:
    """Keep that a receipt was mailed: without it the page offers the contact after three hours (R83)."""
    if sent.letter == RECEIPT and sent.about_kind == "application":
        await applications.note_receipt_sent(tx, sent.about_id, sent.occurred_at)


async def give_back_lost_time(tx: Transaction, sent: MessageSent, *, now: Clock) -> None:
    """A late mail must not shorten the time to answer; how late is too late, the offer decides."""
    if sent.letter not in OFFER_LETTERS or sent.about_kind != "offer":
        return
    delay = timedelta(seconds=sent.delay_seconds)
    with suppress(OfferIsNotOpen):  # answered from the page before the mail went out
        await offers.note_letter(tx, sent.about_id, delay=delay, actor=the_post(), now=now)


COPIES: dict[type[Event], Reaction] = {
    **HOST_REACTIONS,
    **SIGN_IN_REACTIONS,
    RuleSetPublished: project(know_rule_set),
    CyclePublished: project(know_cycle),
    CycleRescheduled: project(know_cycle),
    VacancyPublished: project(know_vacancy),
    VacancyAmended: project(know_vacancy),
    VacancyReadvertised: project(know_second_round),
    VacancyWithdrawn: project(know_withdrawal),
    VacancyFilled: project(know_filled),
}

REACTIONS: dict[type[Event], Reaction | tuple[Reaction, ...]] = {
    **COPIES,
    MessageSent: (project(note_receipt), react(give_back_lost_time)),
}

KEPT = (
    *HOST_COPIES,
    Kept(("known_rule_sets",), (know_rule_set,), (("proposals", "rule-sets"),)),
    Kept(("known_cycles",), (know_cycle,), (("proposals", "cycles"),)),
    Kept(
        ("known_vacancies", "known_rounds"),
        (know_vacancy, know_second_round, know_withdrawal, know_filled),
        (("proposals", "vacancies"),),
        own=("sealed_at", "released_at", "released_count"),
    ),
)
"""The tables they fill."""
