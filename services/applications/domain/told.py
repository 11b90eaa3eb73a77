"""What an applicant is told of an application: one table, keyed by where it stands for them.

The applicant's view lags: what the host chose is not seen here until the office has told it (R90). A
sentence names its facts; instants and days among them are said by whoever makes the page or the mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum, auto
from typing import Any
from zoneinfo import ZoneInfo

from services.applications.domain.application import Status


def _(sentence: str) -> str:
    """Mark a sentence for translation; it is translated where it is said."""
    return sentence


class Stage(StrEnum):
    """Where an application stands, as its applicant may know it now."""

    DRAFT = auto()
    RECEIVED = auto()
    RECEIVED_AND_CLOSED = auto()
    WITH_THE_HOST = auto()
    WITH_THE_OFFICE = auto()
    OFFER_MADE = auto()
    OFFER_ACCEPTED = auto()
    OFFER_DECLINED = auto()
    OFFER_RAN_OUT = auto()
    OFFER_WITHDRAWN = auto()
    OFFER_RELEASED = auto()
    PLACE_GIVEN_UP = auto()
    RESERVE = auto()
    NOT_SUCCESSFUL = auto()
    SUPERSEDED = auto()
    VACANCY_WITHDRAWN = auto()
    NOT_SUBMITTED = auto()
    INELIGIBLE = auto()
    WITHDRAWN = auto()
    WITHDRAWN_BY_OFFICE = auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of an application; what its applicant is told of it is made from this alone."""

    status: Status
    host: str
    zone: str
    closes_at: datetime
    host_selects_by: datetime
    office_tells_by: datetime
    first_on: date
    is_released: bool = False
    can_be_revised: bool = True
    has_been_chosen_from: bool = False  # the host has ranked: nobody is told yet
    outcome: str | None = None  # as told: "reserve", "unsuccessful"
    reason: str = ""  # in the words of the programme's list
    offer_status: str | None = None
    respond_by_at: datetime | None = None
    answered_at: datetime | None = None
    answer_time: str = ""
    refill_days: int = 0  # no reserve is asked later than this before the first day
    other: str = ""  # the place accepted instead
    next_round_at: datetime | None = None  # when the second round opens, if it is to come
    ended_at: datetime | None = None
    ended_by: str | None = None

    def day(self, at: datetime) -> date:
        """The day it is then in the programme's zone."""
        return at.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True, slots=True)
class Told:
    """A tag, and what happens next: sentences with the facts that fill them."""

    stage: Stage
    tag: str
    sentences: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


TABLE: dict[Stage, tuple[str, str]] = {
    Stage.DRAFT: ("Draft", _("Submit by %(closes_at)s, or it does not count.")),
    Stage.RECEIVED: (
        "Received",
        _(
            "The host reads it after %(closes_at)s. We tell you the outcome by %(tells_on)s. "
            "You can change it until %(closes_at)s."
        ),
    ),
    Stage.RECEIVED_AND_CLOSED: (
        "Received",
        _("The host gets it next. We tell you the outcome by %(tells_on)s."),
    ),
    Stage.WITH_THE_HOST: (
        "Sent to the host",
        _("%(host)s chooses by %(selects_on)s. We tell you the outcome by %(tells_on)s."),
    ),
    Stage.WITH_THE_OFFICE: (  # one wording, whatever the host chose
        "With the office",
        _("We tell you the outcome by %(tells_on)s. You need do nothing."),
    ),
    Stage.OFFER_MADE: (
        "Answer needed",
        _(
            "Answer by %(respond_by_at)s: %(left)s left. If you do not answer, the offer runs out "
            "and the place goes to a reserve."
        ),
    ),
    Stage.OFFER_ACCEPTED: (
        "Successful",
        _("We introduce you to %(host)s by mail by %(introduced_by)s."),
    ),
    Stage.OFFER_DECLINED: ("Declined", _("You declined on %(answered_on)s.")),
    Stage.OFFER_RAN_OUT: ("Ran out", _("This offer ran out at %(respond_by_at)s.")),
    Stage.OFFER_WITHDRAWN: (
        "Withdrawn",
        _("The office withdrew this offer on %(answered_on)s: %(reason)s"),
    ),
    Stage.OFFER_RELEASED: ("Released", _("Set free when you accepted %(other)s.")),
    Stage.PLACE_GIVEN_UP: ("Cancelled", _("This placement was cancelled on %(answered_on)s.")),
    Stage.RESERVE: (
        "Reserve",
        _(
            "If a place comes free by %(refill_by)s, you get an offer with %(answer_time)s to answer."
        ),
    ),
    Stage.NOT_SUCCESSFUL: ("Not successful", _("%(reason)s.")),
    Stage.SUPERSEDED: ("Released", _("Set free when you accepted %(other)s.")),
    Stage.VACANCY_WITHDRAWN: (
        "Vacancy withdrawn",
        _("Your slot is free again: you can apply for another until %(closes_at)s."),
    ),
    Stage.NOT_SUBMITTED: (
        "Not submitted",
        _("The draft was not submitted by %(closes_at)s."),
    ),
    Stage.INELIGIBLE: ("Not eligible", _("%(reason)s")),
    Stage.WITHDRAWN: ("Withdrawn", _("You withdrew on %(ended_on)s.")),
    Stage.WITHDRAWN_BY_OFFICE: ("Withdrawn", _("The office withdrew it on %(ended_on)s.")),
}

MORE: dict[Stage, str] = {
    Stage.NOT_SUCCESSFUL: _("Round two opens on %(next_round_on)s."),
}
"""What is added where a second round is to come."""

OFFERS: dict[str, Stage] = {
    "made": Stage.OFFER_MADE,
    "accepted": Stage.OFFER_ACCEPTED,
    "declined": Stage.OFFER_DECLINED,
    "expired": Stage.OFFER_RAN_OUT,
    "withdrawn": Stage.OFFER_WITHDRAWN,
    "superseded": Stage.OFFER_RELEASED,
    "vacated": Stage.PLACE_GIVEN_UP,
}
"""A prepared offer is not here: nobody knows of it yet."""

ENDS: dict[Status, Stage] = {
    Status.DRAFT: Stage.DRAFT,
    Status.INELIGIBLE: Stage.INELIGIBLE,
    Status.NOT_SUBMITTED: Stage.NOT_SUBMITTED,
    Status.VACANCY_WITHDRAWN: Stage.VACANCY_WITHDRAWN,
    Status.SUPERSEDED: Stage.SUPERSEDED,
}

OUTCOMES: dict[str, Stage] = {
    "reserve": Stage.RESERVE,
    "unsuccessful": Stage.NOT_SUCCESSFUL,
}


def stage_of(seen: Seen, *, now: datetime) -> Stage:
    """Where it stands for its applicant. An offer that was told outweighs what came before it."""
    if seen.status is Status.WITHDRAWN:
        return Stage.WITHDRAWN_BY_OFFICE if seen.ended_by == "office" else Stage.WITHDRAWN
    if seen.status in ENDS:
        return ENDS[seen.status]
    was_told_an_offer = seen.respond_by_at is not None
    if was_told_an_offer and seen.offer_status in OFFERS:
        return OFFERS[seen.offer_status]
    if seen.outcome in OUTCOMES:
        return OUTCOMES[seen.outcome]
    if seen.has_been_chosen_from:
        return Stage.WITH_THE_OFFICE
    if seen.is_released:
        return Stage.WITH_THE_HOST
    return Stage.RECEIVED if now < seen.closes_at else Stage.RECEIVED_AND_CLOSED


def told(seen: Seen, *, now: datetime) -> Told:
    """The tag, and the sentence with its facts."""
    stage = stage_of(seen, now=now)
    tag, sentence = TABLE[stage]
    if stage is Stage.RECEIVED and not seen.can_be_revised:
        sentence = _(
            "The host reads it after %(closes_at)s. We tell you the outcome by %(tells_on)s."
        )
    if stage is Stage.VACANCY_WITHDRAWN and now >= seen.closes_at:
        sentence = _("The host withdrew this vacancy on %(ended_on)s.")
    to_come = seen.next_round_at is not None and now < seen.next_round_at
    if stage in MORE and to_come:
        return Told(stage, tag, (sentence, MORE[stage]), _facts(seen, now))
    return Told(stage, tag, (sentence,), _facts(seen, now))


def _facts(seen: Seen, now: datetime) -> dict[str, Any]:
    """Everything a sentence may name; what is not known yet is left out."""
    introduced_by = seen.answered_at and seen.day(seen.answered_at)
    known = {
        "host": seen.host,
        "reason": seen.reason,
        "other": seen.other,
        "answer_time": seen.answer_time,
        "closes_at": seen.closes_at,
        "respond_by_at": seen.respond_by_at,
        "left": seen.respond_by_at and max(seen.respond_by_at - now, timedelta()),
        "selects_on": seen.day(seen.host_selects_by),
        "tells_on": seen.day(seen.office_tells_by),
        "introduced_by": introduced_by,
        "answered_on": seen.answered_at and seen.day(seen.answered_at),
        "ended_on": seen.ended_at and seen.day(seen.ended_at),
        "next_round_on": seen.next_round_at and seen.day(seen.next_round_at),
        "refill_by": seen.first_on - timedelta(days=seen.refill_days),
    }
    return {name: value for name, value in known.items() if value is not None}
