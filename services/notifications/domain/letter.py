"""A letter: which event it follows, who gets it, what its subject says, and when it is too late."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from schemas.envelope import Event
from schemas.notifications import AboutKind


class To(StrEnum):
    """Who a letter goes to; the event says which person, host or programme that is."""

    PERSON = auto()  # `person_ref`
    HOST = auto()  # every contact of `host_id`
    HOST_AND_SUPERVISOR = auto()  # and the placement's supervisor: who meets the intern
    OFFICE = auto()  # the programme's mailbox, or the university's where no programme is named


class Calendar(StrEnum):
    """What a letter's .ics file holds."""

    DEADLINE = auto()  # the instant by which somebody must act
    DAYS = auto()  # the days of the placement
    SESSION = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """How the things a letter may speak of stand at this moment; None is what was never heard of."""

    offer: str | None = None
    respond_by_at: datetime | None = None
    placement: str | None = None
    claim: str | None = None
    selection: str | None = None
    vacancy_is_withdrawn: bool = False


Fresh = Callable[[Any, Standing, datetime], bool]
"""Whether a letter about this event still tells something that is so, at this instant."""


def is_always_fresh(event: Any, standing: Standing, now: datetime) -> bool:  # noqa: ARG001
    """What happened has happened."""
    return True


def offer_is_still_open(event: Any, standing: Standing, now: datetime) -> bool:  # noqa: ARG001
    """It waits for an answer, by the newest word on its deadline."""
    until = standing.respond_by_at
    return standing.offer == "made" and until is not None and now < until


def placement_stands(event: Any, standing: Standing, now: datetime) -> bool:  # noqa: ARG001
    """Nobody has cancelled it."""
    return standing.placement in ("confirmed", "completed")


def placement_lies_ahead(event: Any, standing: Standing, now: datetime) -> bool:
    """It stands, and its first day has not come."""
    return standing.placement == "confirmed" and now < event.starts_at.at


def host_has_not_chosen(event: Any, standing: Standing, now: datetime) -> bool:  # noqa: ARG001
    """No ranking has come since, and there is still something to rank for."""
    return standing.selection != "made" and not standing.vacancy_is_withdrawn


def vacancy_stands(event: Any, standing: Standing, now: datetime) -> bool:  # noqa: ARG001
    """It was not taken back."""
    return not standing.vacancy_is_withdrawn


def there_is_still_time(event: Any, standing: Standing, now: datetime) -> bool:  # noqa: ARG001
    """The instant it reminds of has not passed."""
    until = next(
        deadline.at
        for name in ("closes_at", "until", "starts_at")
        if (deadline := getattr(event, name, None)) is not None
    )
    return now < until


def claim_is(*statuses: str) -> Fresh:
    """The claim waits for just this; one that was never heard of is a draft, known to expenses alone."""

    def claim_is_so(event: Any, standing: Standing, now: datetime) -> bool:  # noqa: ARG001
        return standing.claim in statuses or (standing.claim is None and "draft" in statuses)

    return claim_is_so


Test = Any
"""A value that a field of the event must have, or a set of values."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One row of the table. Its words stand in `letters/<name>.txt` and `.html`."""

    name: str
    follows: type[Event]
    to: To
    subject: str  # what to do by when, first; `{by}`, `{host}` … are filled from the facts
    about: AboutKind | None = None  # None: nobody's case, so no event tells of it
    page: str = ""  # where its one link leads, `{offer_id}` filled from the event
    where: Mapping[str, Test] = field(default_factory=dict[str, Test])  # only such events
    by: str = ""  # the event's field that says until when
    facts: tuple[str, ...] = ()  # in this order, in text and HTML alike
    is_fresh: Fresh = is_always_fresh
    lives: timedelta | None = None  # real time after which it is stale, whatever else is so
    calendar: Calendar | None = None
    needs: tuple[str, ...] = ("programme", "vacancy", "host")  # copies without which it waits
    is_optional: bool = False  # an alert, which one may leave; the rest is service mail
    is_sealed: bool = False  # holds a secret: neither link nor text is kept
    alarms: bool = False  # unsent for the programme's minutes, it alarms the office (R83)

    def is_due(self, event: Event) -> bool:
        """Whether this very event is one that the letter follows."""
        return all(_fits(getattr(event, name, None), test) for name, test in self.where.items())

    def about_id(self, event: Event) -> Any:
        """The id of what it is about."""
        if self.about is None:
            return event.key
        told = getattr(event, f"{self.about}_id", None)
        return told or getattr(
            event, "about_id", event.key
        )  # a delivery says itself what it is about


def _fits(value: Any, test: Test) -> bool:
    return value in test if isinstance(test, frozenset) else value == test
