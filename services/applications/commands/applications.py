"""Applying: lock, decide, save, record. Nothing here commits.

Locks are taken in one order: the person's row of the cycle, the round (beside other submitters), the
application. What a decision is made from is read after them, and the clock last.
"""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis import audit, outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from schemas.applications import OfferWithdrawal
from schemas.envelope import new_id
from schemas.rules import RuleSet
from services.applications.commands.offers import end_offer_of_application
from services.applications.commands.references import draw_reference
from services.applications.commands.statements import refuse_slips, with_count
from services.applications.domain import application, submission
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.application import (
    Application,
    ApplicationIsNotYours,
    BeginApplication,
    SaveApplication,
    Status,
    SubmitApplication,
    WithdrawApplication,
)
from services.applications.domain.content import slips, wrong
from services.applications.domain.policy import can
from services.applications.domain.vacancy_round import VacancyIsNotHere, VacancyRound
from services.applications.store import applicant_cycles, applications, documents, rounds
from services.applications.store.known import list_week_names
from services.applications.store.rules import get_rules

Result = dict[str, Any]


class Check(StrEnum):
    """How much of a draft must be right for it to be kept."""

    NOTHING = auto()  # the page keeps what was typed, right or wrong
    UNFINISHED = auto()  # something may be missing, nothing may be wrong
    WHOLE = auto()


DRAWS = 20


async def begin_application(
    tx: Transaction, command: BeginApplication, *, actor: Actor, now: Clock
) -> Result:
    """Begin a draft; one that this person has for the same round already is the answer then."""
    opened = await rounds.find_latest_round(tx, command.vacancy_id, now=await now(tx))
    if opened is None or actor.person_ref is None or opened.university != actor.university:
        raise VacancyIsNotHere
    cycle = await applicant_cycles.lock_applicant_cycle_anew(
        tx, person_ref=actor.person_ref, cycle_id=opened.cycle_id, university=actor.university
    )
    held = await _hold_round(tx, opened.vacancy_id, opened)
    earlier = await applications.find_live_application(
        tx, person_ref=actor.person_ref, vacancy_id=held.vacancy_id, which=held.round
    )
    if earlier is not None:
        found = await applications.lock_application(tx, earlier)
        return _result(found)
    rules = await get_rules(tx, held.programme_id, held.rule_set_version)
    used = await applications.list_used_slots(tx, cycle, held.round)
    at = await now(tx)
    decision = submission.begin(
        application_id=new_id(),
        reference=draw_reference(actor.university),
        round_=held,
        cycle=cycle,
        used=used,
        actor=actor,
        now=at,
        rules=rules,
    )
    begun = await _add_draft(tx, decision.state)
    await audit.done(tx, actor=actor, act="ApplicationBegun", subject=begun.application_id, at=at)
    return _result(begun)


async def save_application(
    tx: Transaction,
    command: SaveApplication,
    *,
    actor: Actor,
    now: Clock,
    check: Check = Check.WHOLE,
) -> Result:
    """Keep what was written. A sent application is revised by it, and is always checked whole."""
    held, _, round_ = await _hold(tx, command.application_id, actor, "change application")
    rules = await get_rules(tx, round_.programme_id, round_.rule_set_version)
    held = replace(held, content=with_count(held.content, rules.applying))
    if command.content is not None:
        command = replace(command, content=with_count(command.content, rules.applying))
    stays = None if command.removes_cv else held.document_id
    cv = await documents.find_document(tx, command.document_id or stays)
    decision = submission.save(
        held, command, cv=cv, round_=round_, actor=actor, now=await now(tx), rules=rules
    )
    weeks = await list_week_names(tx, held.cycle_id)
    found = slips(decision.state.content, cv, rules=rules.applying, weeks=weeks)
    if check is Check.WHOLE or held.status is not Status.DRAFT:
        refuse_slips(found)
    elif check is Check.UNFINISHED:
        refuse_slips(wrong(found))
    kept = decision.state
    await applications.save_application(tx, kept)
    if kept.revision > held.revision:
        await applications.add_revision(tx, kept)
    if held.document_id is not None and held.document_id != kept.document_id:
        await documents.delete_unused_document(tx, held.document_id)
    await outbox.record(tx, decision.events, actor=actor)
    return _result(replace(kept, version=held.version + 1))


async def submit_application(
    tx: Transaction, command: SubmitApplication, *, actor: Actor, now: Clock
) -> Result:
    """Send a draft: in time, whole, by somebody who may, within the cap."""
    held, cycle, round_ = await _hold(tx, command.application_id, actor, "submit application")
    rules = await get_rules(tx, round_.programme_id, round_.rule_set_version)
    held = replace(held, content=with_count(held.content, rules.applying))
    cv = await documents.find_document(tx, held.document_id)
    decision = submission.submit(
        held,
        cv=cv,
        round_=round_,
        cycle=cycle,
        used=await _used(tx, cycle, round_, rules),
        actor=actor,
        now=await now(tx),
        rules=rules,
    )
    weeks = await list_week_names(tx, held.cycle_id) if held.content.weeks else ()
    refuse_slips(slips(held.content, cv, rules=rules.applying, weeks=weeks))
    sent, cycle = decision.state
    await applications.save_application(tx, sent)
    await applications.add_revision(tx, sent)
    await applicant_cycles.save_applicant_cycle(tx, cycle)
    await outbox.record(tx, decision.events, actor=actor)
    return _result(replace(sent, version=held.version + 1))


async def withdraw_application(
    tx: Transaction, command: WithdrawApplication, *, actor: Actor, now: Clock
) -> Result:
    """End an application before it is decided, and with it the offer that waits for an answer."""
    held, cycle, round_ = await _hold(tx, command.application_id, actor, "withdraw application")
    rules = await get_rules(tx, held.programme_id, held.rule_set_version)
    at = await now(tx)
    decision = application.withdraw(
        held, cycle=cycle, round_=round_, actor=actor, now=at, rules=rules
    )
    ended, cycle = decision.state
    await applications.save_application(tx, ended)
    await applicant_cycles.save_applicant_cycle(tx, cycle)
    await outbox.record(tx, decision.events, actor=actor, reason=command.reason or None)
    await end_offer_of_application(
        tx,
        held.application_id,
        because=OfferWithdrawal.APPLICATION_WITHDRAWN,
        actor=actor,
        at=at,
    )
    if not decision.events:
        await audit.done(
            tx, actor=actor, act="ApplicationWithdrawn", subject=held.application_id, at=at
        )
    return _result(replace(ended, version=held.version + 1))


async def remind_of_draft(
    tx: Transaction, application_id: UUID, *, actor: Actor, now: Clock
) -> None:
    """Tell the owner of a draft, once, that its round closes soon."""
    cycle = await applicant_cycles.find_applicant_cycle_of(tx, application_id)
    if cycle is None:
        return
    held = await applications.lock_application(tx, application_id)
    round_ = await rounds.find_round(tx, held.vacancy_id, held.round)
    if round_ is None:
        return
    at = await now(tx)
    decision = application.remind(held, round_=round_, now=at)
    if await applications.note_reminder(tx, application_id, at):
        await outbox.record(tx, decision.events, actor=actor)


async def end_for_withdrawn_vacancy(
    tx: Transaction, application_id: UUID, *, actor: Actor, now: Clock
) -> None:
    """The vacancy was taken back: end one of its applications and give back its slot."""
    cycle = await applicant_cycles.find_applicant_cycle_of(tx, application_id)
    if cycle is None:
        return
    held = await applications.lock_application(tx, application_id)
    round_ = await rounds.find_round(tx, held.vacancy_id, held.round)
    if round_ is None or round_.vacancy_status != "withdrawn":
        return
    at: datetime = await now(tx)
    decision = application.lose_vacancy(held, cycle=cycle, because="vacancy_withdrawn", now=at)
    ended, cycle = decision.state
    await applications.save_application(tx, ended)
    await applicant_cycles.save_applicant_cycle(tx, cycle)
    await end_offer_of_application(
        tx, application_id, because=OfferWithdrawal.VACANCY_WITHDRAWN, actor=actor, at=at
    )
    await audit.done(
        tx,
        actor=replace(actor, university=held.university),
        act="ApplicationEndedWithVacancy",
        subject=application_id,
        at=at,
    )


async def _hold(
    tx: Transaction, application_id: UUID, actor: Actor, right: str
) -> tuple[Application, ApplicantCycle, VacancyRound]:
    """The person's row, the round, the application: in this order. What is not theirs is not there."""
    cycle = await applicant_cycles.find_applicant_cycle_of(tx, application_id)
    if cycle is None:
        raise ApplicationIsNotYours
    found = await applications.find_application(tx, application_id)
    if found is None or not can(actor, right, found):
        raise ApplicationIsNotYours
    await rounds.hold_open(tx, found.vacancy_id, found.round)
    held = await applications.lock_application(tx, application_id)
    round_ = await rounds.find_round(tx, held.vacancy_id, held.round)
    if round_ is None:
        raise ApplicationIsNotYours
    return held, cycle, round_


async def _add_draft(tx: Transaction, draft: Application) -> Application:
    """Draw references until one is nobody's; they grow with the draws."""
    for attempt in range(DRAWS):
        if await applications.add_application(tx, draft):
            return draft
        draft = replace(draft, reference=draw_reference(draft.university, attempt))
    raise RuntimeError("every reference that was drawn is somebody's")


async def _hold_round(tx: Transaction, vacancy_id: UUID, known: VacancyRound) -> VacancyRound:
    await rounds.hold_open(tx, vacancy_id, known.round)
    held = await rounds.find_round(tx, vacancy_id, known.round)
    if held is None:
        raise VacancyIsNotHere
    return held


async def _used(
    tx: Transaction, cycle: ApplicantCycle, round_: VacancyRound, rules: RuleSet
) -> tuple[str, ...]:
    """Those that count, named only where the cap is reached: else nobody reads them."""
    most = rules.applying.cap_in(round_.round)
    if most is None or cycle.live_in(round_.round) < most:
        return ()
    return await applications.list_used_slots(tx, cycle, round_.round)


def _result(held: Application) -> Result:
    """What the door answers: enough for a receipt."""
    return {
        "application_id": str(held.application_id),
        "reference": held.reference,
        "vacancy_id": str(held.vacancy_id),
        "round": str(held.round),
        "status": str(held.status),
        "revision": held.revision,
        "version": held.version,
        "submitted_at": held.submitted_at.isoformat() if held.submitted_at else None,
    }
