"""A selection: a host reads what was released of one round, ranks whom it would take, and names reserves.

waiting → released → ranked | overdue → told
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.actor import Actor, Role
from chassis.decision import Decision, Forbidden, Invalid, NotFound, Refused, Rules, uphold
from schemas.applications import (
    OutcomesAtRisk,
    ReserveExhausted,
    SelectionMade,
    SelectionOverdue,
    SelectionReminded,
    SelectionReminder,
)
from schemas.deadline import Deadline
from schemas.rules import RuleSet
from services.applications.domain.case import Case
from services.applications.domain.policy import can

OFFICE_IS_WARNED_AHEAD = timedelta(days=2)
"""So long before outcomes are promised the office hears that some are still open (R73)."""


class Status(StrEnum):
    """Where a selection stands."""

    WAITING = auto()  # applications are not released: the host sees nothing, not even a count
    RELEASED = auto()
    RANKED = auto()
    OVERDUE = auto()
    TOLD = auto()  # everyone knows; from now on places that fall free go to reserves


MOVES: dict[str, dict[Status, Status]] = {  # a test holds the CHECK in Postgres to it
    "release": {Status.WAITING: Status.RELEASED},
    "rank": {
        Status.RELEASED: Status.RANKED,
        Status.RANKED: Status.RANKED,
        Status.OVERDUE: Status.RANKED,
    },
    "fall overdue": {Status.RELEASED: Status.OVERDUE},
    "tell": {Status.RANKED: Status.TOLD},
    "end empty": {Status.RELEASED: Status.TOLD, Status.OVERDUE: Status.TOLD},
}


@dataclass(frozen=True, slots=True)
class Selection:
    """One host's choice from one round of one vacancy."""

    case: Case
    status: Status
    title: str
    places: int  # of the vacancy that are still free to be given in this round
    host_selects_by: Deadline
    office_tells_by: Deadline
    revision: int = 0
    is_being_told: bool = False  # the office has given its word: nothing is ranked any more
    reminded: tuple[int, ...] = ()
    ranked_at: datetime | None = None
    told_at: datetime | None = None

    def moved(self, move: str) -> "Selection":
        """The same selection after a move; there is no such move from any other state."""
        return replace(self, status=MOVES[move][self.status])


@dataclass(frozen=True, slots=True)
class Choice:
    """What the host decided about one application: a rank, or a reason."""

    application_id: UUID
    rank: int | None = None
    reason_code: str | None = None
    remark: str = ""
    is_reserve: bool = False


@dataclass(frozen=True, slots=True)
class RankApplications:
    """Number whom one would take; give a reason for each of the others.

    `seen` is how often the ranking had been confirmed when this one was begun, where the caller
    says so: a colleague's choice is not overwritten unseen.
    """

    choices: tuple[Choice, ...]
    seen: int | None = None


# ---- when the answer is no ----


class SelectionIsNotYours(NotFound):
    """We cannot find this selection among yours."""


class OfficeDoesNotRank(Forbidden):
    """The internship office takes no part in choosing: only the host ranks."""


class ApplicationsAreNotReleased(NotFound):  # before release there is nothing, not even a count
    """There is nothing to choose from yet."""


class SelectionIsTold(Refused):
    """The office is telling the outcomes, or has told them: the choice can no longer be changed."""


class TimeToChangeIsOver(Refused):
    """Your choice was confirmed, and the time to change it has passed. Write to the office."""


class SelectionHasChanged(Refused):
    """This has changed meanwhile. Look at it as it is now, and confirm your choice again."""


class RankIsGivenTwice(Invalid):
    """Rank {rank} is given twice: {who}."""

    field = "choices"

    @classmethod
    def because(cls, case: Any, /) -> Refused:
        """Name the rank and the people."""
        ranks = Counter(c.rank for c in case.command.choices if c.rank is not None)
        rank = min(rank for rank, n in ranks.items() if n > 1)
        who = [case.live[c.application_id] for c in case.command.choices if c.rank == rank]
        return cls(rank=rank, who=" and ".join(who))


class ReasonIsMissing(Invalid):
    """Give a rank or a reason for each application."""

    field = "choices"

    @classmethod
    def because(cls, case: Any, /) -> Refused:
        """Say for whom one is missing."""
        missing = [str(c.application_id) for c in case.command.choices if not is_decided(c)]
        given = {c.application_id for c in case.command.choices}
        missing += [str(each) for each in case.live if each not in given]
        return cls(missing=missing)


class ReasonIsUnknown(Invalid):
    """Choose one of the programme's reasons."""

    field = "choices"


# ---- rules ----


@dataclass(frozen=True, slots=True)
class Ranking:
    """Everything a ranking is judged by."""

    selection: Selection
    live: Mapping[UUID, str]  # applications that can be chosen, with their applicants' names
    command: RankApplications
    actor: Actor
    now: datetime
    rules: RuleSet


def actor_is_not_the_office(r: Ranking) -> bool:
    """R88. Whoever works in the office and for a host acts here for the host."""
    return not r.actor.is_office or r.actor.is_a(Role.HOST_CONTACT)


def selection_is_the_hosts(r: Ranking) -> bool:
    """Of a host for which this person acts."""
    return can(r.actor, "rank", r.selection)


def applications_are_released(r: Ranking) -> bool:
    """Before the release there is nothing to rank (P14)."""
    return r.selection.status is not Status.WAITING


def outcomes_are_not_told(r: Ranking) -> bool:
    """What people have been told is not ranked anew."""
    return r.selection.status in MOVES["rank"] and not r.selection.is_being_told


def choice_can_still_be_changed(r: Ranking) -> bool:
    """A first choice may come late; a second one must be in time."""
    return r.selection.status is not Status.RANKED or r.now < r.selection.host_selects_by.at


def choice_was_seen(r: Ranking) -> bool:
    """Nobody confirmed another choice since this one was begun."""
    return r.command.seen is None or r.command.seen == r.selection.revision


def every_choice_is_of_a_live_application(r: Ranking) -> bool:
    """One that was withdrawn meanwhile can be neither chosen nor refused."""
    return all(choice.application_id in r.live for choice in r.command.choices)


def no_rank_is_given_twice(r: Ranking) -> bool:
    """And no application is named twice."""
    ranks = Counter(c.rank for c in r.command.choices if c.rank is not None)
    return all(n == 1 for n in ranks.values())


def each_is_decided_once(r: Ranking) -> bool:
    """Everybody who applied gets a rank or a reason."""
    named = Counter(choice.application_id for choice in r.command.choices)
    return set(named) == set(r.live) and all(n == 1 for n in named.values())


def each_has_a_rank_or_a_reason(r: Ranking) -> bool:
    """And not both."""
    return all(is_decided(choice) for choice in r.command.choices)


def reasons_are_the_programmes(r: Ranking) -> bool:
    """The office passes a reason on in the programme's words."""
    known = {each.code for each in r.rules.telling.unsuccessful_reasons}
    return all(c.reason_code in known for c in r.command.choices if c.reason_code is not None)


RULES_FOR_RANKING: Rules[Ranking] = (
    (actor_is_not_the_office, OfficeDoesNotRank),
    (selection_is_the_hosts, SelectionIsNotYours),
    (applications_are_released, ApplicationsAreNotReleased),
    (outcomes_are_not_told, SelectionIsTold),
    (choice_can_still_be_changed, TimeToChangeIsOver),
    (choice_was_seen, SelectionHasChanged),
    (every_choice_is_of_a_live_application, SelectionHasChanged),
    (no_rank_is_given_twice, RankIsGivenTwice),
    (each_is_decided_once, ReasonIsMissing),
    (each_has_a_rank_or_a_reason, ReasonIsMissing),
    (reasons_are_the_programmes, ReasonIsUnknown),
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A selection with the choices that were confirmed."""

    selection: Selection
    choices: tuple[Choice, ...] = field(default=())


# ---- decisions ----


def rank(
    selection: Selection,
    command: RankApplications,
    *,
    live: Mapping[UUID, str],
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Ranked]:
    """Confirm whom the host would take, in which order, and why not the others."""
    uphold(RULES_FOR_RANKING, Ranking(selection, live, command, actor, now, rules))
    choices = in_order(command.choices, places=selection.places)
    ranked = replace(selection.moved("rank"), revision=selection.revision + 1, ranked_at=now)
    told = SelectionMade(
        **selection.case.at(now),
        ranked=sum(c.rank is not None and not c.is_reserve for c in choices),
        reserves=sum(c.is_reserve for c in choices),
        not_ranked=sum(c.rank is None for c in choices),
        office_tells_by=selection.office_tells_by,
    )
    return Decision(Ranked(ranked, choices), (told,))


def in_order(choices: Iterable[Choice], *, places: int) -> tuple[Choice, ...]:
    """Close the gaps between ranks, and tell places from reserves."""
    given = sorted((c for c in choices if c.rank is not None), key=lambda c: c.rank or 0)
    ranked = (
        replace(c, rank=n, is_reserve=n > places, reason_code=None)
        for n, c in enumerate(given, start=1)
    )
    return (*ranked, *(c for c in choices if c.rank is None))


def is_decided(choice: Choice) -> bool:
    """Whether it has a rank or a reason, and not both."""
    return (choice.rank is None) != (not choice.reason_code)


def fall_overdue(selection: Selection, *, now: datetime) -> Decision[Selection]:
    """The host was to choose by now, and has not (R10). It still can."""
    is_due = selection.status in MOVES["fall overdue"] and now >= selection.host_selects_by.at
    if not is_due:
        return Decision(selection)
    told = SelectionOverdue(**selection.case.at(now), host_selects_by=selection.host_selects_by)
    return Decision(selection.moved("fall overdue"), (told,))


def remind(selection: Selection, *, now: datetime, rules: RuleSet) -> Decision[Selection]:
    """Remind the host, once for each day that the rule set names; of several missed, only once."""
    if selection.status not in (Status.RELEASED, Status.OVERDUE):
        return Decision(selection)
    by = selection.host_selects_by.at
    due = [
        days
        for days in rules.telling.selection_reminder_days
        if days not in selection.reminded and now >= by - timedelta(days=days)
    ]
    if not due:
        return Decision(selection)
    told = SelectionReminded(
        **selection.case.at(now),
        kind=reminder(min(due), is_past=now >= by),
        host_selects_by=selection.host_selects_by,
    )
    return Decision(replace(selection, reminded=(*selection.reminded, *due)), (told,))


def reminder(days: int, *, is_past: bool) -> SelectionReminder:
    """How pressing a reminder is."""
    if is_past or days < 0:
        return SelectionReminder.OVERDUE
    return SelectionReminder.SELECT_SOON if days > 1 else SelectionReminder.SELECT_NOW


def warn_of_risk(selection: Selection, *, untold: int, now: datetime) -> Decision[Selection]:
    """Tell the office beforehand that some may not know in time (R73)."""
    is_near = now >= selection.office_tells_by.at - OFFICE_IS_WARNED_AHEAD
    if selection.status is Status.TOLD or not untold or not is_near:
        return Decision(selection)
    told = OutcomesAtRisk(
        **selection.case.at(now), office_tells_by=selection.office_tells_by, untold=untold
    )
    return Decision(selection, (told,))


def tell(selection: Selection, *, now: datetime) -> Selection:
    """Everyone knows now; each was told by an event of their own."""
    return replace(selection.moved("tell"), told_at=now)


def end_empty(selection: Selection, *, live: int, now: datetime) -> Decision[Selection]:
    """Nobody is there to choose from: nobody applied, or all have withdrawn."""
    if live or selection.status not in MOVES["end empty"]:
        return Decision(selection)
    return Decision(replace(selection.moved("end empty"), told_at=now))


def exhaust(case: Case, *, places_free: int, now: datetime) -> ReserveExhausted:
    """Places are free, no offer is out, nobody is left to ask (R74)."""
    return ReserveExhausted(**case.at(now), places_free=places_free)
