"""Pages of an offer: what it is, what each answer does, and a page of its own for each answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.actor import Actor
from chassis.decision import Refused
from chassis.door import Door
from chassis.languages import gettext
from schemas.rules import RuleSet
from services.applications.commands import offers as commands
from services.applications.domain.offer import (
    AcceptOffer,
    ConductIsNotAgreed,
    DeclineOffer,
    HoursAreNotConfirmed,
    OfferHasRunOut,
    hours_are_short,
)
from services.applications.domain.overlap import common_hours
from services.applications.store.rules import get_rules
from services.applications.views import offers as shown

pages = web.pages("/offers", audience=web.APPLICANT)
Offer = dict[str, Any]


@pages.get("")
async def list_offers(door: web.TheDoor) -> Response:
    """Offers stand at the top of one's applications."""
    return door.see_other("/applications")


@pages.get("/{offer_id}")
async def show_offer(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The offer as it now stands, in whatever state a mailed link finds it (trap 7)."""
    offer = await shown.show_offer(door.database, offer_id, to=actor)
    return await _offer_page(door, offer, actor)


@pages.get("/{offer_id}/accept")
async def ask_whether_to_accept(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What accepting changes, before it does."""
    offer = await shown.show_offer(door.database, offer_id, to=actor)
    if offer["state"] != "made":
        return door.see_other(f"/offers/{offer_id}")
    return await _accept_page(door, offer)


@pages.post("/{offer_id}/accept")
async def accept_offer(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Take the place; a refusal comes back as a sentence on the page it belongs to."""
    form = door.form or {}
    command = AcceptOffer(
        offer_id, conduct_agreed="agreed" in form, hours_confirmed="hours" in form
    )
    try:
        await door.run(lambda tx: commands.accept_offer(tx, command, actor=actor, now=clock.now))
    except (ConductIsNotAgreed, HoursAreNotConfirmed) as refused:
        offer = await shown.show_offer(door.database, offer_id, to=actor)
        return await _accept_page(door, offer, refused=refused)
    except Refused as refused:
        offer = await shown.show_offer(door.database, offer_id, to=actor)
        return await _offer_page(door, offer, actor, refused=refused)
    return door.see_other(f"/offers/{offer_id}")


@pages.get("/{offer_id}/decline")
async def ask_whether_to_decline(
    offer_id: UUID, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """What declining changes, before it does."""
    offer = await shown.show_offer(door.database, offer_id, to=actor)
    if offer["state"] != "made":
        return door.see_other(f"/offers/{offer_id}")
    return await _decline_page(door, offer)


@pages.post("/{offer_id}/decline")
async def decline_offer(offer_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Leave the place to somebody else."""
    reason = str((door.form or {}).get("reason_code", "")) or None
    command = DeclineOffer(offer_id, reason)
    try:
        await door.run(lambda tx: commands.decline_offer(tx, command, actor=actor, now=clock.now))
    except Refused as refused:
        offer = await shown.show_offer(door.database, offer_id, to=actor)
        return await _offer_page(door, offer, actor, refused=refused)
    return door.see_other(f"/offers/{offer_id}")


# ---- what the pages are made of ----


async def _offer_page(
    door: Door, offer: Offer, actor: Actor, *, refused: Refused | None = None
) -> Response:
    rules = await get_rules(door.database, offer["programme_id"], offer["rule_set_version"])
    now = await clock.shown(door.database)
    other = await shown.find_title(door.database, offer["bound_by_offer_id"], to=actor)
    return await door.page(
        "offer.html",
        status=refused.status if refused else 200,
        offer=offer,
        by=_said(offer, now),
        clocks_change=_clocks_change(offer, now),
        details=details(offer, own_zone=rules.kind.zone),
        overlap=overlap_of(offer, rules),
        conduct=rules.placement.conduct_agreement,
        ends=await shown.list_what_acceptance_ends(door.database, offer),
        history=history_of(offer, rules.kind.zone),
        other=other,
        refused=refused,
        ran_out=_ran_out(offer, now, rules) if isinstance(refused, OfferHasRunOut) else "",
    )


async def _accept_page(door: Door, offer: Offer, *, refused: Refused | None = None) -> Response:
    rules = await get_rules(door.database, offer["programme_id"], offer["rule_set_version"])
    now = await clock.shown(door.database)
    field = "#agreed" if isinstance(refused, ConductIsNotAgreed) else "#hours"
    return await door.page(
        "offer_accept.html",
        status=refused.status if refused else 200,
        offer=offer,
        by=_said(offer, now),
        conduct=rules.placement.conduct_agreement,
        overlap=overlap_of(offer, rules),
        ends=await shown.list_what_acceptance_ends(door.database, offer),
        errors=[{"text": refused.sentence, "href": field}] if refused else (),
        conduct_error=refused.sentence if isinstance(refused, ConductIsNotAgreed) else "",
        hours_error=refused.sentence if isinstance(refused, HoursAreNotConfirmed) else "",
        typed=door.typed,
    )


async def _decline_page(door: Door, offer: Offer) -> Response:
    rules = await get_rules(door.database, offer["programme_id"], offer["rule_set_version"])
    named = [{"value": each.code, "text": each.words} for each in rules.telling.decline_reasons]
    return await door.page(
        "offer_decline.html",
        offer=offer,
        ends=await shown.list_what_acceptance_ends(door.database, offer),
        reasons=[{"value": "", "text": gettext("I would rather not say")}, *named],
    )


def details(offer: Offer, *, own_zone: str) -> list[tuple[str, str]]:
    """What the place is: when, where, and the hours in both zones, reckoned for those days."""
    days, first = offer["days"], offer["days"][0]
    where = {"in_person": "In person", "remote": "Remote", "hybrid": "Hybrid"}[offer["mode"]]
    hours = f"{instants.time_of_day(first.starts)} to {instants.time_of_day(first.ends)}"
    if offer["zone"] != own_zone:
        starts = instants.resolve(datetime.combine(first.on, first.starts), offer["zone"])
        hours += f". {instants.elsewhere(starts, own_zone)}: {gettext('the start of the day')}"
    return [
        (gettext("Placement"), offer["title"]),
        (
            gettext("When"),
            f"{instants.days(offer['first_on'], offer['last_on'])}, {len(days)} {gettext('days')}",
        ),
        (gettext("Where"), ", ".join(filter(None, [gettext(where), offer["city"]]))),
        (gettext("Hours"), hours),
        (gettext("Reference"), offer["reference"]),
    ]


def overlap_of(offer: Offer, rules: RuleSet) -> dict[str, str] | None:
    """What is said where the host's hours hardly meet one's own day; else nothing."""
    own = rules.kind.zone
    if offer["zone"] == own:
        return None
    common = common_hours(offer["days"], host_zone=offer["zone"], own_zone=own)
    if not hours_are_short(common, rules):
        return None
    words = gettext(
        "You share %(n)s hours of a usual working day; the programme asks for %(least)s, "
        "or for your word that it suits you. The host sees what you answer."
    )
    return {
        "title": gettext("Your host’s hours are not yours"),
        "text": words % {"n": f"{common:g}", "least": f"{rules.placement.overlap_hours_least:g}"},
    }


def history_of(offer: Offer, zone: str) -> list[dict[str, Any]]:
    """What happened so far, oldest first, and the next date as an open dot."""
    told = {
        "accepted": gettext("You accepted"),
        "declined": gettext("You declined"),
        "expired": gettext("The offer ran out"),
        "withdrawn": gettext("The office withdrew the offer"),
        "superseded": gettext("Set free: you accepted another place"),
        "vacated": gettext("You accepted; the placement was cancelled later"),
    }
    received = gettext("Application received, reference %(ref)s") % {"ref": offer["reference"]}
    entries: list[tuple[datetime | None, str, bool]] = [
        (offer["submitted_at"], received, False),
        (offer["released_at"], gettext("Sent to the host"), False),
        (offer["made_at"], gettext("Offer made"), False),
        (offer["answered_at"], told.get(offer["state"], ""), False),
    ]
    if offer["state"] == "made":
        entries.append((offer["respond_by"].at, gettext("Your answer is due"), True))
    return [
        {
            "iso": at.isoformat(),
            "at": instants.moment(at, zone, year=True),
            "text": text,
            "why": "",
            "next": is_next,
        }
        for at, text, is_next in entries
        if at is not None and text
    ]


def _said(offer: Offer, now: datetime) -> instants.Said:
    by = offer["respond_by"]
    return instants.instant(by.at, by.zone, now=now)


def _clocks_change(offer: Offer, now: datetime) -> str:
    by = offer["respond_by"]
    return instants.clocks_change(now, by.at, by.zone) if by.at > now else ""


def _ran_out(offer: Offer, now: datetime, rules: RuleSet) -> str:
    by = offer["respond_by"]
    words = gettext(
        "It ran out at %(at)s; it is now %(now)s. Write to %(mailbox)s if something kept you."
    )
    return words % {
        "at": instants.instant(by.at, by.zone),
        "now": instants.moment(now, by.zone),
        "mailbox": rules.kind.mailbox,
    }
