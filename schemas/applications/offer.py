"""Offers: made, answered, lapsed, set free."""

from enum import StrEnum, auto
from typing import ClassVar
from uuid import UUID

from schemas import sample
from schemas.applications.case import Examples, OfOffer, OfRound
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import fact


class OfferReminder(StrEnum):
    """How far the answer time has run."""

    HALF_WAY = auto()
    LAST_HOURS = auto()


class ExtensionReason(StrEnum):
    """Why an offer stands longer than first said."""

    LATE_LETTER = auto()
    BY_OFFICE = auto()
    OUTAGE = auto()


class OfferWithdrawal(StrEnum):
    """Why an offer was taken back."""

    VACANCY_WITHDRAWN = auto()
    HOST_SUSPENDED = auto()
    APPLICATION_WITHDRAWN = auto()
    BY_OFFICE = auto()


class OfferMade(OfOffer):
    """An applicant was offered a place, to be answered within a stated time; the offer tells itself."""

    respond_by: Deadline = fact("The first instant at which an answer is too late")
    from_reserve: bool = fact("Whether a place fell free for a reserve")

    examples: ClassVar[Examples] = (
        {
            **sample.of_offer("2024-02-26T12:00:00Z"),
            "respond_by": sample.deadline("2024-02-28 12:00"),
            "from_reserve": False,
        },
    )


class OfferReminded(OfOffer):
    """An applicant was due a reminder that an offer waits for an answer."""

    kind: Tolerant[OfferReminder] = fact("How far the time has run")
    respond_by: Deadline = fact("The first instant at which an answer is too late")

    examples: ClassVar[Examples] = (
        {
            **sample.of_offer("2024-02-27T12:00:00Z"),
            "kind": "half_way",
            "respond_by": sample.deadline("2024-02-28 12:00"),
        },
    )


class OfferExtended(OfOffer):
    """An offer stands longer than first said, for a reason that the applicant reads."""

    respond_by: Deadline = fact("The new first instant at which an answer is too late")
    instead_of: Deadline = fact("What was said before")
    reason_code: Tolerant[ExtensionReason] = fact("Why")

    examples: ClassVar[Examples] = (
        {
            **sample.of_offer("2024-02-26T15:00:00Z"),
            "respond_by": sample.deadline("2024-02-28 15:00"),
            "instead_of": sample.deadline("2024-02-28 12:00"),
            "reason_code": "late_letter",
        },
    )


class OfferAccepted(OfOffer):
    """An applicant took the place; `PlacementConfirmed` stands beside it in the same transaction."""

    placement_id: UUID = fact("The placement that follows")

    examples: ClassVar[Examples] = (
        {**sample.of_offer("2024-02-27T18:00:00Z"), "placement_id": sample.PLACEMENT},
    )


class OfferDeclined(OfOffer):
    """An applicant does not take the place: it is free for the next reserve."""

    reason_code: str | None = fact(
        "One of the programme's reasons", classification="internal", default=None
    )

    examples: ClassVar[Examples] = (
        {**sample.of_offer("2024-02-27T18:00:00Z"), "reason_code": "not_free"},
    )


class OfferExpired(OfOffer):
    """The time to answer passed in silence: the place is free for the next reserve."""

    respond_by: Deadline = fact("The instant that passed")

    examples: ClassVar[Examples] = (
        {
            **sample.of_offer("2024-02-28T12:00:00Z"),
            "respond_by": sample.deadline("2024-02-28 12:00"),
        },
    )


class OfferWithdrawn(OfOffer):
    """An offer was taken back before it was answered."""

    reason_code: Tolerant[OfferWithdrawal] = fact("Why")
    was_made: bool = fact("Whether the applicant knew of it", default=True)

    examples: ClassVar[Examples] = (
        {**sample.of_offer("2024-02-27T12:00:00Z"), "reason_code": "vacancy_withdrawn"},
    )


class OfferSuperseded(OfOffer):
    """An offer was set free because its applicant accepted another in the same cycle."""

    by_offer_id: UUID = fact("The offer that was accepted")
    was_made: bool = fact("Whether the applicant knew of it", default=True)

    examples: ClassVar[Examples] = (
        {**sample.of_offer("2024-02-27T18:00:00Z"), "by_offer_id": sample.OTHER_OFFER},
    )


class ReserveExhausted(OfRound):
    """Places are free, no offer is out, and nobody is left to ask."""

    places_free: int = fact("How many places are free", unit="places", ge=1)

    examples: ClassVar[Examples] = ({**sample.of_round("2024-02-28T12:00:01Z"), "places_free": 1},)
