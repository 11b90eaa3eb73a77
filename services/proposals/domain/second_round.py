"""The second round of a vacancy: for places that nobody of the first is left to take (R74)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.actor import Actor, can
from chassis.decision import Decision, Refused, Rules, uphold
from schemas.advert import RoundDates
from schemas.proposals import VacancyReadvertised
from schemas.rules import Round
from services.proposals.domain.cycle import Cycle
from services.proposals.domain.policy import RIGHTS
from services.proposals.domain.vacancy import MOVES, Vacancy, VacancyIsNotYours, round_of


@dataclass(frozen=True, slots=True)
class ReadvertiseVacancy:
    """Put a vacancy with free places into the second round."""

    vacancy_id: UUID


class VacancyIsNotToBeReadvertised(Refused):
    """Only a vacancy whose round has closed can be advertised again."""


class OffersAreStillOut(Refused):
    """An offer of this vacancy is still out, or a reserve can still be asked."""


class NoSecondRound(Refused):
    """This cycle has no second round ahead."""


class NoPlaceIsFree(Refused):
    """Every place of this vacancy is taken."""


@dataclass(frozen=True, slots=True)
class Readvertisement:
    """Everything a second round is judged by."""

    vacancy: Vacancy
    cycle: Cycle
    actor: Actor
    places_taken: int
    now: datetime

    @property
    def second(self) -> RoundDates | None:
        """The cycle's second round."""
        return self.cycle.round_dates(Round.SECOND)

    @property
    def places_free(self) -> int:
        """How many interns are still sought."""
        return self.vacancy.advert.places - self.places_taken


def vacancy_is_of_ones_own_university(r: Readvertisement) -> bool:
    return can(RIGHTS, r.actor, "readvertise", r.vacancy)


def round_has_closed(r: Readvertisement) -> bool:
    return r.vacancy.status in MOVES["readvertise"]


def second_round_is_ahead(r: Readvertisement) -> bool:
    is_first = r.vacancy.round == Round.FIRST
    return is_first and r.second is not None and r.now < r.second.closes_at.at


def nobody_is_left_to_ask(r: Readvertisement) -> bool:  # R74
    return r.vacancy.exhausted_round == r.vacancy.round


def a_place_is_free(r: Readvertisement) -> bool:
    return r.places_free > 0


RULES_FOR_READVERTISING: Rules[Readvertisement] = (
    (vacancy_is_of_ones_own_university, VacancyIsNotYours),
    (round_has_closed, VacancyIsNotToBeReadvertised),
    (second_round_is_ahead, NoSecondRound),
    (a_place_is_free, NoPlaceIsFree),
    (nobody_is_left_to_ask, OffersAreStillOut),
)


def readvertise(
    vacancy: Vacancy,
    *,
    cycle: Cycle,
    actor: Actor,
    places_taken: int,
    now: datetime,
) -> Decision[Vacancy]:
    """Agree the second round, while other vacancies may still have offers of the first out."""
    case = Readvertisement(vacancy, cycle, actor, places_taken, now)
    uphold(RULES_FOR_READVERTISING, case)
    if (second := case.second) is None:
        raise NoSecondRound
    again = replace(
        vacancy.moved("readvertise"), round=Round.SECOND, rounds=(*vacancy.rounds, second)
    )
    told = VacancyReadvertised(
        **round_of(again, at=now),
        title=vacancy.advert.title,
        dates=second,
        places_free=case.places_free,
    )
    return Decision(again, (told,))
