"""The applicant's pages of what was sent: home, receipt and story, the CV, withdrawing."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, web
from chassis.decision import Refused
from services.applications.commands import applications as commands
from services.applications.domain.application import Status, WithdrawApplication
from services.applications.domain.told import Stage
from services.applications.views import applications as shown
from services.applications.views import vacancies
from services.applications.views.applications import ShownApplication
from services.applications.views.documents import open_cv
from services.applications.web import wording
from services.applications.web.files import answer_file
from services.applications.web.story import story_of

pages = web.pages("/applications", audience=web.APPLICANT)


@pages.get("")
async def show_home(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What to do now: an offer to answer first, then each application with its next step."""
    own = await shown.list_own_applications(door.database, to=actor)
    now = await clock.shown(door.database)
    return await door.page(
        "applicant_home.html",
        offers=[_card(each, now) for each in own if each.told.stage is Stage.OFFER_MADE],
        others=[_card(each, now) for each in own if each.told.stage is not Stage.OFFER_MADE],
        used=_slots_used(own, now),
        open=await vacancies.count_open_vacancies(door.database, to=actor) if not own else None,
    )


@pages.get("/{application_id}")
async def show_application(
    application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """The receipt, and the story so far."""
    found = await shown.show_application(door.database, application_id, to=actor)
    return await answer_application(door, found)


@pages.get("/{application_id}/cv")
async def show_cv(
    application_id: UUID, door: web.TheDoor, actor: web.SignedIn, copy: str = ""
) -> Response:
    """The file as it was sent; with `?copy=host` what the host gets."""
    file = await open_cv(door.database, application_id, to=actor, as_host=copy == "host")
    return answer_file(file)


@pages.get("/{application_id}/withdraw")
async def ask_to_withdraw(application_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What withdrawing ends, before it is done; of what has ended, how it stands."""
    found = await shown.show_application(door.database, application_id, to=actor)
    if found.application.status not in (Status.DRAFT, Status.SUBMITTED):
        return door.see_other(f"/applications/{application_id}")
    return await _withdrawing(door, found)


@pages.post("/{application_id}/withdraw")
async def withdraw_application(
    application_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """End it."""
    command = WithdrawApplication(application_id)
    try:
        await door.run(
            lambda tx: commands.withdraw_application(tx, command, actor=actor, now=clock.now)
        )
    except Refused as refused:
        found = await shown.show_application(door.database, application_id, to=actor)
        return await answer_application(door, found, refused=refused)
    return door.see_other(f"/applications/{application_id}")


async def answer_application(
    door: web.Door, found: ShownApplication, *, refused: Refused | None = None
) -> Response:
    """The page of one application; with a refusal, that page with its sentence."""
    now = await clock.shown(door.database)
    is_open = found.round.is_open(now)
    held = found.application
    values: dict[str, Any] = {
        "shown": found,
        "held": held,
        "card": _card(found, now),
        "timeline_entries": story_of(found, now=now),
        "can_change": is_open
        and held.status is Status.SUBMITTED
        and found.rules.applying.editing_until_close,
        "can_withdraw": held.status in (Status.DRAFT, Status.SUBMITTED)
        and found.told.stage is not Stage.OFFER_MADE,
        "is_open": is_open,
        "receipt_is_overdue": _receipt_is_overdue(found, now),
    }
    if refused is None:
        return await door.page("application_shown.html", **values)
    return await door.refusal("application_shown.html", wording.in_words(refused), **values)


async def _withdrawing(door: web.Door, found: ShownApplication) -> Response:
    now = await clock.shown(door.database)
    return await door.page(
        "application_withdraw.html",
        shown=found,
        held=found.application,
        frees_a_slot=found.rules.applying.withdrawing_frees_a_slot,
        is_open=found.round.is_open(now),
    )


def _card(found: ShownApplication, now: datetime) -> dict[str, Any]:
    """One application as a list shows it."""
    return {
        "id": found.application.application_id,
        "offer_id": found.row["offer_id"],
        "title": found.round.title,
        "host": found.round.host_public_name,
        "reference": found.application.reference,
        "is_draft": found.application.status is Status.DRAFT,
        "tag": found.told.tag,
        "next": wording.next_step(found.told, zone=found.round.zone, now=now),
        "zone": found.round.zone,
        "closes_at": found.round.closes_at,
        "respond_by_at": found.row["respond_by_at"],
        "row": found.row,
        "cycle": f"{found.row['programme_name']} · {found.row['cycle_name']}",
        "timeline": story_of(found, now=now),
    }


def _slots_used(own: list[ShownApplication], now: datetime) -> str:
    """One sentence on the round that is open, where the programme has a cap."""
    for each in own:
        most = each.rules.applying.cap_in(each.round.round)
        if most is None or not each.round.is_open(now):
            continue
        used = sum(
            other.application.takes_a_slot
            and other.application.applicant_cycle_id == each.application.applicant_cycle_id
            and other.round.round is each.round.round
            for other in own
        )
        return wording.slots_used(used, most)
    return ""


def _receipt_is_overdue(found: ShownApplication, now: datetime) -> bool:
    """The mail should have come within minutes; after some hours the page says whom to ask (R83)."""
    sent_at = found.application.submitted_at
    hours = timedelta(hours=found.rules.applying.contact_route_hours)
    return found.receipt_is_missing and sent_at is not None and now - sent_at >= hours
