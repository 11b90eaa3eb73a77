"""Vacancies: published, open, closed, amended, filled."""

from enum import StrEnum, auto
from typing import ClassVar, Literal

from schemas import sample
from schemas.advert import Advert, RoundDates
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import fact
from schemas.proposals.case import Examples, OfRound, OfVacancy
from schemas.rules import Mode


class VacancyWithdrawal(StrEnum):
    """Why a vacancy is taken back."""

    BY_HOST = auto()
    BY_OFFICE = auto()
    HOST_SUSPENDED = auto()
    CYCLE_CALLED_OFF = auto()


class VacancyPublished(OfVacancy):
    """A proposal passed its screening: here is the advert, and every instant of its rounds.

    Often days before `opens_at`: until then nobody shows it, but everybody knows when.
    """

    advert: Advert = fact("The whole advert")
    rounds: tuple[RoundDates, ...] = fact("Every instant of each round known so far", min_length=1)

    examples: ClassVar[Examples] = (
        {
            **sample.of_vacancy("2024-01-08T10:00:00Z"),
            "advert": sample.ADVERT,
            "rounds": [sample.FIRST_ROUND],
        },
    )


class VacancyOpened(OfRound):
    """The instant came at which a round of a vacancy takes applications."""

    title: str = fact("Title of the vacancy")
    closes_at: Deadline = fact("The first instant at which an application is too late")
    sector: str = fact("Code of the host's sector, for alerts")
    category: str = fact("Code of the kind of project, for alerts")
    mode: Tolerant[Mode] = fact("In person, remote or hybrid, for alerts")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-01-29T09:00:00Z"),
            "title": sample.ADVERT["title"],
            "closes_at": sample.deadline("2024-02-12 12:00"),
            "sector": "heritage",
            "category": "cataloguing",
            "mode": "in_person",
        },
    )


class VacancyClosed(OfRound):
    """The instant came from which a round of a vacancy takes no more applications."""

    title: str = fact("Title of the vacancy")

    examples: ClassVar[Examples] = (
        {**sample.of_round("2024-02-12T12:00:00Z"), "title": sample.ADVERT["title"]},
    )


class VacancyAmended(OfVacancy):
    """The office changed an advert, its instants or the version of its rules, and says what."""

    advert: Advert = fact("The whole advert as it is now")
    rounds: tuple[RoundDates, ...] = fact("Every instant of each round as it is now", min_length=1)
    changed: tuple[str, ...] = fact("Names of what changed, such as days, mode or closes_at")
    is_material: bool = fact("Whether those who applied are told (dates, mode or place)")

    examples: ClassVar[Examples] = (
        {
            **sample.of_vacancy("2024-02-02T10:00:00Z"),
            "advert": sample.ADVERT,
            "rounds": [sample.FIRST_ROUND],
            "changed": ["days"],
            "is_material": True,
        },
    )


class VacancyWithdrawn(OfVacancy):
    """A vacancy was taken back: its applications end, and count no more."""

    title: str = fact("Title of the vacancy")
    reason_code: Tolerant[VacancyWithdrawal] = fact("Why")

    examples: ClassVar[Examples] = (
        {
            **sample.of_vacancy("2024-02-01T10:00:00Z"),
            "title": sample.ADVERT["title"],
            "reason_code": "by_host",
        },
    )


class VacancyReadvertised(OfRound):
    """The office put a vacancy with free places into its second round (R74)."""

    title: str = fact("Title of the vacancy")
    dates: RoundDates = fact("Every instant of this round")
    places_free: int = fact("How many interns are still sought", unit="places", ge=1)

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-26T10:00:00Z"),
            "round": "second",
            "title": sample.ADVERT["title"],
            "dates": sample.SECOND_ROUND,
            "places_free": 1,
        },
    )


class VacancyFilled(OfVacancy):
    """As many placements are confirmed as the vacancy has places."""

    title: str = fact("Title of the vacancy")
    places: int = fact("How many places it has", unit="places")

    examples: ClassVar[Examples] = (
        {
            **sample.of_vacancy("2024-02-28T10:00:00Z"),
            "title": sample.ADVERT["title"],
            "places": 2,
        },
    )


class CurrentVacancy(OfRound):
    """The advert of a vacancy that is open now; a null value ends it when it is open no more."""

    topic: ClassVar[str] = "vacancies"

    status: Literal["open"] = fact("Always open: what is not open is not on this topic")
    advert: Advert = fact("The whole advert")
    dates: RoundDates = fact("Every instant of the open round")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-01-29T09:00:00Z"),
            "status": "open",
            "advert": sample.ADVERT,
            "dates": sample.FIRST_ROUND,
        },
    )
