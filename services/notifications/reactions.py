"""What other services tell: kept as copies, and followed by letters. Nothing is sent from here."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chassis import logs
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.identity import SIGN_IN_REACTIONS
from chassis.known_hosts import HOST_COPIES, HOST_REACTIONS
from chassis.parts import Early, Kept, Reaction, Reactions, project, react
from schemas import applications, expenses, proposals
from schemas.envelope import Event
from services.notifications.commands import deliveries as commands
from services.notifications.domain import table
from services.notifications.domain.letter import Letter, To
from services.notifications.store import copies

# ---- copies ----


async def know_card(tx: Transaction, card: proposals.ContactCard) -> None:
    """Keep how to write to a person, sealed as it came."""
    await copies.save_known_card(
        tx, university=card.university, person_ref=card.person_ref, sealed=card.sealed
    )


async def know_programme(tx: Transaction, published: proposals.RuleSetPublished) -> None:
    """Keep mailbox, name and the words of reasons."""
    rules = published.rules
    named = (
        *rules.telling.unsuccessful_reasons,
        *rules.telling.decline_reasons,
        *rules.telling.cancellation_reasons,
        *rules.telling.screening_reasons,
    )
    known: dict[str, Any] = {
        "programme_id": published.programme_id,
        "rule_set_version": published.rule_set_version,
        "university": published.university,
        "programme_name": published.programme_name,
        "mailbox": rules.kind.mailbox,
        "zone": rules.kind.zone,
        "currency": rules.kind.currency,
        "warning_minutes": rules.applying.confirmation_warning_minutes,
        "reasons": {reason.code: reason.words for reason in named},
        "signature": rules.wording.signature,
        "preparation": list(rules.placement.preparation_pack),
    }
    await copies.save_known_programme(tx, known=known)


async def know_cycle(
    tx: Transaction, cycle: proposals.CyclePublished | proposals.CycleRescheduled
) -> None:
    """Keep names and dates."""
    await copies.save_known_cycle(
        tx,
        cycle_id=cycle.cycle_id,
        university=cycle.university,
        dates=cycle.dates.model_dump(mode="json"),
    )


async def know_vacancy(
    tx: Transaction, vacancy: proposals.VacancyPublished | proposals.VacancyAmended
) -> None:
    """Keep the advert and its instants."""
    await copies.save_known_vacancy(
        tx,
        vacancy_id=vacancy.vacancy_id,
        university=vacancy.university,
        host_id=vacancy.host_id,
        advert=vacancy.advert.model_dump(mode="json"),
        rounds=[dates.model_dump(mode="json") for dates in vacancy.rounds],
    )


async def know_withdrawal(tx: Transaction, vacancy: proposals.VacancyWithdrawn) -> None:
    """Keep that a vacancy was taken back."""
    await copies.save_withdrawn_vacancy(tx, vacancy.vacancy_id)


async def know_application(tx: Transaction, submitted: applications.ApplicationSubmitted) -> None:
    """Keep the reference, which every later letter quotes."""
    await copies.save_known_application(
        tx,
        application_id=submitted.application_id,
        university=submitted.university,
        person_ref=submitted.person_ref,
        vacancy_id=submitted.vacancy_id,
        reference=submitted.reference,
        submitted_at=submitted.occurred_at,
    )


async def know_offer(tx: Transaction, told: Any) -> None:
    """Keep how an offer stands, and until when it may be answered."""
    is_open = isinstance(told, applications.OfferMade | applications.OfferExtended)
    await copies.save_known_offer(
        tx,
        offer_id=told.offer_id,
        application_id=told.application_id,
        status=OFFER_STATUS[type(told)],
        respond_by_at=told.respond_by.at if is_open else None,
    )


async def know_placement(tx: Transaction, told: Any) -> None:
    """Keep how a placement stands, and its days."""
    days = getattr(told, "days", None)
    await copies.save_known_placement(
        tx,
        placement_id=told.placement_id,
        application_id=told.application_id,
        status=PLACEMENT_STATUS[type(told)],
        days=[day.model_dump(mode="json") for day in days] if days else None,
        zone=getattr(told, "zone", None),
        supervisor_ref=getattr(told, "supervisor_ref", None),
    )


async def know_claim(tx: Transaction, told: Any) -> None:
    """Keep how a claim stands."""
    await copies.save_known_claim(tx, claim_id=told.claim_id, status=CLAIM_STATUS[type(told)])


async def know_selection(tx: Transaction, told: Any) -> None:
    """Keep whether a host has chosen."""
    has_chosen = isinstance(told, applications.SelectionMade)
    await copies.save_known_selection(
        tx,
        vacancy_id=told.vacancy_id,
        which_round=told.round,
        status="made" if has_chosen else "waiting",
    )


OFFER_STATUS: dict[type[Event], str] = {
    applications.OfferMade: "made",
    applications.OfferExtended: "made",
    applications.OfferAccepted: "accepted",
    applications.OfferDeclined: "declined",
    applications.OfferExpired: "expired",
    applications.OfferWithdrawn: "withdrawn",
    applications.OfferSuperseded: "superseded",
}
PLACEMENT_STATUS: dict[type[Event], str] = {
    applications.PlacementConfirmed: "confirmed",
    applications.PlacementDaysAmended: "confirmed",
    applications.PlacementCompleted: "completed",
    applications.PlacementNotCompleted: "not_completed",
    applications.PlacementCancelled: "cancelled",
}
CLAIM_STATUS: dict[type[Event], str] = {
    expenses.ClaimSubmitted: "submitted",
    expenses.ClaimReturned: "returned",
    expenses.ClaimApproved: "approved",
    expenses.ClaimRejected: "rejected",
    expenses.ClaimWithdrawn: "withdrawn",
    expenses.ReimbursementReported: "reported",
    expenses.ReimbursementConfirmed: "confirmed",
    expenses.ReimbursementDisputed: "disputed",
    expenses.ClaimWindowClosed: "lapsed",
}
COPIES: dict[type[Event], Reaction] = {
    **HOST_REACTIONS,
    **SIGN_IN_REACTIONS,
    proposals.ContactCard: project(know_card),
    proposals.RuleSetPublished: project(know_programme),
    proposals.CyclePublished: project(know_cycle),
    proposals.CycleRescheduled: project(know_cycle),
    proposals.VacancyPublished: project(know_vacancy),
    proposals.VacancyAmended: project(know_vacancy),
    proposals.VacancyWithdrawn: project(know_withdrawal),
    applications.ApplicationSubmitted: project(know_application),
    applications.ApplicationsReleased: project(know_selection),
    applications.SelectionMade: project(know_selection),
    **dict.fromkeys(OFFER_STATUS, project(know_offer)),
    **dict.fromkeys(PLACEMENT_STATUS, project(know_placement)),
    **dict.fromkeys(CLAIM_STATUS, project(know_claim)),
}

KEPT = (
    *HOST_COPIES,
    Kept(("known_cards",), (know_card,), (("proposals", "contacts"),), own=("received_at",)),
    Kept(("known_programmes",), (know_programme,), (("proposals", "rule-sets"),)),
    Kept(("known_cycles",), (know_cycle,), (("proposals", "cycles"),)),
    Kept(("known_vacancies",), (know_vacancy, know_withdrawal), (("proposals", "vacancies"),)),
    Kept(("known_applications",), (know_application,), (("applications", "applications"),)),
    Kept(("known_offers",), (know_offer,), (("applications", "offers"),)),
    Kept(("known_placements",), (know_placement,), (("applications", "placements"),)),
    Kept(("known_selections",), (know_selection,), (("applications", "selections"),)),
    Kept(("known_claims",), (know_claim,), (("expenses", "claims"),)),
)
"""The tables they fill."""

# ---- letters ----


async def queue_letters(tx: Transaction, event: Event, *, now: Clock) -> None:  # noqa: ARG001
    """Queue every letter that this event calls for, once for each person it goes to."""
    due = table.due(event)
    if not due:
        return
    await _wait_for_copies(tx, event, due)
    for letter in due:
        for person_ref in await _people(tx, letter, event):
            await commands.queue_letter(
                tx,
                letter,
                event,
                person_ref=person_ref,
                cause_id=UUID(logs.causation_id.get()),
                correlation_id=logs.correlation_id.get(),
            )


COPY_OF: dict[str, tuple[type[Event], str]] = {
    "programme": (proposals.RuleSetPublished, "programme_id"),
    "vacancy": (proposals.VacancyPublished, "vacancy_id"),
    "host": (proposals.HostRegistered, "host_id"),
    "placement": (applications.PlacementConfirmed, "placement_id"),
}


async def _wait_for_copies(tx: Transaction, event: Event, due: Iterable[Letter]) -> None:
    """Raises `Early` while a fact that one of these letters quotes has not come."""
    needed = {need for letter in due for need in letter.needs if need in COPY_OF}
    ids = {name: getattr(event, name, None) for _, name in COPY_OF.values()}
    are_here = await copies.get_presence(tx, ids=ids)
    for need in sorted(needed):
        kind, name = COPY_OF[need]
        if ids[name] is not None and not are_here[need]:
            raise Early(kind, ids[name])


async def _people(tx: Transaction, letter: Letter, event: Any) -> list[UUID | None]:
    """Whom a letter goes to; None is the programme's mailbox."""
    if letter.to is To.PERSON:
        return [event.person_ref]
    if letter.to is To.OFFICE:
        return [None]
    found: list[UUID | None] = [*await copies.list_contacts(tx, event.host_id)]
    if letter.to is To.HOST_AND_SUPERVISOR:
        supervisor = event.supervisor_ref or await copies.find_supervisor(tx, event.placement_id)
        if supervisor and supervisor not in found:
            found.append(supervisor)
    return found or [None]  # nobody acts for this host now: the office reads it instead


async def forget_person(
    tx: Transaction, ordered: proposals.PersonErasureOrdered, *, now: Clock
) -> None:
    """Erase, and answer."""
    await commands.erase_person(tx, ordered, now=now)


def _reactions() -> Reactions:
    """The copy first: a letter about a fact finds it known."""
    found: dict[type[Event], tuple[Reaction, ...]] = {
        kind: (reaction,) for kind, reaction in COPIES.items()
    }
    for kind in table.followed():
        found[kind] = (*found.get(kind, ()), react(queue_letters))
    found[proposals.PersonErasureOrdered] = (react(forget_person),)
    return found


REACTIONS = _reactions()
