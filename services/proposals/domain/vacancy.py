"""A vacancy: what applicants see after a passing screening, from its opening instant on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.actor import Actor, can
from chassis.decision import Decision, Invalid, NotFound, Refused, Rules, uphold
from schemas.advert import Advert, RoundDates
from schemas.envelope import Event
from schemas.proposals import (
    CurrentVacancy,
    VacancyClosed,
    VacancyFilled,
    VacancyOpened,
    VacancyPublished,
    VacancyReadvertised,
    VacancyWithdrawal,
    VacancyWithdrawn,
)
from schemas.rules import Round
from services.proposals.domain.content import weeks_of
from services.proposals.domain.cycle import Cycle
from services.proposals.domain.policy import RIGHTS
from services.proposals.domain.proposal import Proposal


class Status(StrEnum):
    """Where a vacancy stands; which round is on, `Vacancy.round` says."""

    SCHEDULED = auto()  # nobody sees it yet
    OPEN = auto()
    CLOSED = auto()
    READVERTISED = auto()  # its second round is agreed and not open yet
    FILLED = auto()
    UNFILLED = auto()
    WITHDRAWN = auto()
    COMPLETED = auto()


MOVES = {
    "open": {Status.SCHEDULED: Status.OPEN, Status.READVERTISED: Status.OPEN},
    "close": {Status.OPEN: Status.CLOSED},
    "readvertise": {Status.CLOSED: Status.READVERTISED, Status.UNFILLED: Status.READVERTISED},
    "fill": {
        Status.CLOSED: Status.FILLED,
        Status.UNFILLED: Status.FILLED,
        Status.READVERTISED: Status.FILLED,
    },
    "free": {Status.FILLED: Status.CLOSED},  # a placement was cancelled
    "leave unfilled": {Status.CLOSED: Status.UNFILLED},
    "withdraw": {
        Status.SCHEDULED: Status.WITHDRAWN,
        Status.OPEN: Status.WITHDRAWN,
        Status.CLOSED: Status.WITHDRAWN,
        Status.READVERTISED: Status.WITHDRAWN,
        Status.UNFILLED: Status.WITHDRAWN,
    },
    "complete": {
        Status.FILLED: Status.COMPLETED,
        Status.UNFILLED: Status.COMPLETED,
        Status.CLOSED: Status.COMPLETED,
    },
}


@dataclass(frozen=True, slots=True)
class Vacancy:
    """One vacancy, with the round that is on or was last."""

    vacancy_id: UUID
    university: str
    programme_id: UUID
    cycle_id: UUID
    host_id: UUID
    rule_set_version: int
    status: Status
    round: Round
    advert: Advert
    rounds: tuple[RoundDates, ...]  # those known so far
    weeks: tuple[str, ...]
    published_at: datetime
    exhausted_round: Round | None = None  # nobody is left to ask in it
    ended_at: datetime | None = None
    withdrawn_because: VacancyWithdrawal | None = None
    withdrawn_reason: str = ""
    row_version: int = 1

    def moved(self, move: str) -> "Vacancy":
        """The vacancy after a move of the table."""
        return replace(self, status=MOVES[move][self.status], row_version=self.row_version + 1)

    @property
    def dates(self) -> RoundDates:
        """Every instant of its present round."""
        return next(each for each in self.rounds if each.round == self.round)

    def is_open_at(self, now: datetime) -> bool:
        """Whether it takes applications, by the instants alone: no loop is waited for."""
        may_open = (Status.SCHEDULED, Status.OPEN, Status.READVERTISED)
        return self.status in may_open and self.dates.opens_at.at <= now < self.dates.closes_at.at

    def has_been_open(self, now: datetime) -> bool:
        """Whether the public may see its page at all."""
        return now >= min(each.opens_at.at for each in self.rounds)


def rounds_ahead(rounds: Iterable[RoundDates], *, now: datetime) -> tuple[RoundDates, ...]:
    """The rounds that have not closed."""
    return tuple(each for each in rounds if now < each.closes_at.at)


def schedule(
    proposal: Proposal, advert: Advert, *, cycle: Cycle, now: datetime
) -> Decision[Vacancy]:
    """Make a vacancy of an approved proposal, in the first round that is still ahead of it.

    Only that round is told: the second is for vacancies with places left (R74), and comes with
    `VacancyReadvertised`.
    """
    first = rounds_ahead(cycle.dates.rounds, now=now)[0]
    vacancy = Vacancy(
        vacancy_id=proposal.proposal_id,
        university=proposal.university,
        programme_id=proposal.programme_id,
        cycle_id=proposal.cycle_id,
        host_id=proposal.host_id,
        rule_set_version=proposal.rule_set_version,
        status=Status.SCHEDULED,
        round=first.round,
        advert=advert,
        rounds=(first,),
        weeks=weeks_of(advert.days, cycle.dates),
        published_at=now,
    )
    told = VacancyPublished(**case_of(vacancy, at=now), advert=advert, rounds=vacancy.rounds)
    return Decision(vacancy, (told,))


class VacancyIsNotDue(Refused):
    """This vacancy need not move yet."""


@dataclass(frozen=True, slots=True)
class OpenVacancy:
    """Let a round begin whose instant has come."""

    vacancy_id: UUID


@dataclass(frozen=True, slots=True)
class CloseVacancy:
    """Let a round end whose instant has come."""

    vacancy_id: UUID


def open_round(vacancy: Vacancy, *, now: datetime) -> Decision[Vacancy]:
    """The instant has come: it takes applications."""
    if not (vacancy.status in MOVES["open"] and now >= vacancy.dates.opens_at.at):
        raise VacancyIsNotDue
    told = VacancyOpened(
        **round_of(vacancy, at=vacancy.dates.opens_at.at),
        title=vacancy.advert.title,
        closes_at=vacancy.dates.closes_at,
        sector=vacancy.advert.sector,
        category=vacancy.advert.category,
        mode=vacancy.advert.mode,
    )
    return Decision(vacancy.moved("open"), (told,))


def current(vacancy: Vacancy, *, now: datetime) -> CurrentVacancy:
    """What the topic of current vacancies holds of an open one."""
    return CurrentVacancy(
        **round_of(vacancy, at=now), status="open", advert=vacancy.advert, dates=vacancy.dates
    )


def close_round(vacancy: Vacancy, *, now: datetime) -> Decision[Vacancy]:
    """The instant has come: it takes no more applications."""
    if not (vacancy.status in MOVES["close"] and now >= vacancy.dates.closes_at.at):
        raise VacancyIsNotDue
    told = VacancyClosed(
        **round_of(vacancy, at=vacancy.dates.closes_at.at), title=vacancy.advert.title
    )
    return Decision(vacancy.moved("close"), (told,))


@dataclass(frozen=True, slots=True)
class WithdrawVacancy:
    """Take a vacancy back: its applications end, and count no more."""

    vacancy_id: UUID
    because: VacancyWithdrawal
    reason: str


class VacancyIsNotYours(NotFound):
    """We cannot find this vacancy."""


class VacancyCannotBeWithdrawn(Refused):
    """This vacancy can no longer be withdrawn: its places are taken, or it has ended."""


class ReasonIsMissing(Invalid):
    """Say why, as those who applied will read it."""

    field = "reason"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Everything a withdrawal is judged by."""

    vacancy: Vacancy
    command: WithdrawVacancy
    actor: Actor
    is_contact: bool


def vacancy_is_ones_own_to_withdraw(w: Withdrawal) -> bool:
    if w.command.because is VacancyWithdrawal.BY_HOST:
        return w.is_contact and w.vacancy.university == w.actor.university
    if w.actor.person_ref is None:
        return can(RIGHTS, w.actor, "let lapse", w.vacancy)
    return can(RIGHTS, w.actor, "withdraw vacancy for the office", w.vacancy)


def vacancy_can_be_withdrawn(w: Withdrawal) -> bool:
    return w.vacancy.status in MOVES["withdraw"]


def withdrawal_has_a_reason(w: Withdrawal) -> bool:
    return bool(w.command.reason.strip())


RULES_FOR_WITHDRAWING: Rules[Withdrawal] = (
    (vacancy_is_ones_own_to_withdraw, VacancyIsNotYours),
    (vacancy_can_be_withdrawn, VacancyCannotBeWithdrawn),
    (withdrawal_has_a_reason, ReasonIsMissing),
)


def withdraw(
    vacancy: Vacancy,
    command: WithdrawVacancy,
    *,
    actor: Actor,
    is_contact: bool = False,
    now: datetime,
) -> Decision[Vacancy]:
    """Take a vacancy back; applications gives the slots of those who applied back to them."""
    uphold(RULES_FOR_WITHDRAWING, Withdrawal(vacancy, command, actor, is_contact))
    ended = replace(
        vacancy.moved("withdraw"),
        ended_at=now,
        withdrawn_because=command.because,
        withdrawn_reason=command.reason,
    )
    told = VacancyWithdrawn(
        **case_of(vacancy, at=now), title=vacancy.advert.title, reason_code=command.because
    )
    return Decision(ended, (told,))


def count_places(vacancy: Vacancy, *, taken: int, over: int, now: datetime) -> Decision[Vacancy]:
    """Draw what follows from the places taken: filled, free again, completed, or nothing new."""
    if vacancy.status in MOVES["complete"] and over and over == taken:
        return Decision(replace(vacancy.moved("complete"), ended_at=now))
    if vacancy.status in MOVES["fill"] and taken >= vacancy.advert.places:
        filled = VacancyFilled(
            **case_of(vacancy, at=now), title=vacancy.advert.title, places=vacancy.advert.places
        )
        return Decision(vacancy.moved("fill"), (filled,))
    if vacancy.status is Status.FILLED and taken < vacancy.advert.places:
        return Decision(vacancy.moved("free"))
    return Decision(vacancy)


def note_exhausted(
    vacancy: Vacancy, which: Round, *, cycle: Cycle, now: datetime
) -> Decision[Vacancy]:
    """Nobody is left to ask in a round: it stays unfilled, unless a second round is ahead."""
    noted = replace(vacancy, exhausted_round=which)
    second = cycle.round_dates(Round.SECOND)
    may_go_on = which == Round.FIRST and second is not None and now < second.closes_at.at
    if vacancy.status in MOVES["leave unfilled"] and not may_go_on:
        return Decision(noted.moved("leave unfilled"))
    return Decision(noted)


def as_it_stands(vacancy: Vacancy, *, taken: int, now: datetime) -> tuple[Event, ...]:
    """What tells of a vacancy to somebody who has heard nothing of it: advert, rounds, its end.

    It was published with its first round; one that was agreed later is told as it was then, with as
    many places as are free now (one, where that is over).
    """
    case = case_of(vacancy, at=now)
    first, *later = vacancy.rounds
    published: dict[str, Any] = case | {"occurred_at": vacancy.published_at}
    told: list[Event] = [VacancyPublished(**published, advert=vacancy.advert, rounds=(first,))]
    told += (
        VacancyReadvertised(
            **case,
            round=dates.round,
            title=vacancy.advert.title,
            dates=dates,
            places_free=max(vacancy.advert.places - taken, 1),
        )
        for dates in later
    )
    was_filled = vacancy.status is Status.COMPLETED and taken >= vacancy.advert.places
    if vacancy.status is Status.FILLED or was_filled:
        title, places = vacancy.advert.title, vacancy.advert.places
        told.append(VacancyFilled(**case, title=title, places=places))
    if vacancy.withdrawn_because:
        ended: dict[str, Any] = case | {"occurred_at": vacancy.ended_at or now}
        title, because = vacancy.advert.title, vacancy.withdrawn_because
        told.append(VacancyWithdrawn(**ended, title=title, reason_code=because))
    return tuple(told)


def case_of(vacancy: Vacancy, *, at: datetime) -> dict[str, Any]:
    """What every event about a vacancy says."""
    return {
        "university": vacancy.university,
        "occurred_at": at,
        "programme_id": vacancy.programme_id,
        "rule_set_version": vacancy.rule_set_version,
        "cycle_id": vacancy.cycle_id,
        "vacancy_id": vacancy.vacancy_id,
        "host_id": vacancy.host_id,
    }


def round_of(vacancy: Vacancy, *, at: datetime) -> dict[str, Any]:
    """What every event about its present round says."""
    return case_of(vacancy, at=at) | {"round": vacancy.round}
