"""What the applications service decides: applications, selections, offers, placements, sessions."""

from enum import StrEnum, auto
from typing import Any, ClassVar
from uuid import UUID

from schemas import cases, sample
from schemas.advert import Day
from schemas.cases import Tolerant
from schemas.deadline import Deadline
from schemas.envelope import Event, Service, fact, pseudonym
from schemas.rules import Mode

APPLICATIONS: Service = "applications"
Examples = tuple[dict[str, Any], ...]


class WithdrawnBy(StrEnum):
    """Who ended an application before it was decided."""

    APPLICANT = auto()
    OFFICE = auto()


class ApplicationReminder(StrEnum):
    """What an applicant is reminded of."""

    DRAFT_CLOSING_SOON = auto()


class DocumentKind(StrEnum):
    """What was trimmed."""

    STATEMENT = auto()
    CV = auto()


class SelectionReminder(StrEnum):
    """What a host is reminded of."""

    SELECT_SOON = auto()
    SELECT_NOW = auto()
    OVERDUE = auto()


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


class Outcome(StrEnum):
    """What an applicant is told who gets no offer now."""

    RESERVE = auto()
    UNSUCCESSFUL = auto()
    VACANCY_WITHDRAWN = auto()


class CancelledBy(StrEnum):
    """Who cancelled a placement."""

    INTERN = auto()
    HOST = auto()
    OFFICE = auto()


class NotCompleted(StrEnum):
    """How a placement ended that was not completed."""

    NO_SHOW = auto()
    LEFT_EARLY = auto()
    HOST_AWAY = auto()


class PlacementReminder(StrEnum):
    """What an intern is reminded of."""

    WEEK_AHEAD = auto()
    DAY_AHEAD = auto()
    CHECKLIST_OVERDUE = auto()


class Side(StrEnum):
    """Who evaluates."""

    INTERN = auto()
    HOST = auto()


class SessionKind(StrEnum):
    """What is booked."""

    WORKSHOP = auto()
    ONE_TO_ONE = auto()


class _OfRound(cases.OfRound):
    service: ClassVar[Service] = APPLICATIONS


class _OfApplication(cases.OfApplication):
    service: ClassVar[Service] = APPLICATIONS


class _OfOffer(cases.OfOffer):
    service: ClassVar[Service] = APPLICATIONS


class _OfPlacement(cases.OfPlacement):
    service: ClassVar[Service] = APPLICATIONS


class _OfSession(Event):
    service: ClassVar[Service] = APPLICATIONS
    key_field: ClassVar[str] = "session_id"

    session_id: UUID = fact("The workshop or one-to-one slot")
    programme_id: UUID = fact("The programme")
    person_ref: UUID = pseudonym("Who booked")
    kind: Tolerant[SessionKind] = fact("Workshop or one-to-one")
    title: str = fact("What it is called")
    starts_at: Deadline = fact("When it starts")


class ApplicationSubmitted(_OfApplication):
    """An applicant sent an application in time; its receipt stands on the screen already."""

    reference: str = fact("What the receipt shows, to be quoted in questions")
    closes_at: Deadline = fact("Until when it can be revised or withdrawn")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-12T11:59:59Z"),
            "reference": "OX-4F7K",
            "closes_at": sample.deadline("2024-02-12 12:00"),
        },
    )


class ApplicationRevised(_OfApplication):
    """An applicant replaced what was sent, before closing."""

    reference: str = fact("What the receipt shows")
    revision: int = fact("Number of the revision; the first submission is 1", ge=2)
    closes_at: Deadline = fact("Until when it can be revised or withdrawn")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-12T11:00:00Z"),
            "reference": "OX-4F7K",
            "revision": 2,
            "closes_at": sample.deadline("2024-02-12 12:00"),
        },
    )


class ApplicationWithdrawn(_OfApplication):
    """An application ended before a decision, by its applicant or by the office."""

    reference: str = fact("What the receipt shows")
    by: Tolerant[WithdrawnBy] = fact("Who ended it")
    frees_a_slot: bool = fact("Whether it counts towards the cap no more")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-09T11:00:00Z"),
            "reference": "OX-4F7K",
            "by": "applicant",
            "frees_a_slot": True,
        },
    )


class ApplicationReminded(_OfApplication):
    """An applicant was due a reminder of a draft that is not sent."""

    kind: Tolerant[ApplicationReminder] = fact("What the reminder is about")
    closes_at: Deadline = fact("The first instant that is too late")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-11T12:00:00Z"),
            "kind": "draft_closing_soon",
            "closes_at": sample.deadline("2024-02-12 12:00"),
        },
    )


class DocumentTrimmed(_OfApplication):
    """A statement or CV was longer than allowed: the host's copy was cut, the original kept (R82)."""

    kind: Tolerant[DocumentKind] = fact("Statement or CV")
    length: int = fact("How long it was", unit="words, or pages of a CV")
    kept: int = fact("How much of it the host sees", unit="words, or pages of a CV")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-12T12:00:01Z"),
            "kind": "statement",
            "length": 342,
            "kept": 300,
        },
    )


class ApplicationsClosed(_OfRound):
    """A round of a vacancy closed: its list grows no more. How long it is, nobody learns yet."""

    host_selects_by: Deadline = fact("Until when the host ranks")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-12T12:00:00Z"),
            "host_selects_by": sample.deadline("2024-02-21 17:00"),
        },
    )


class ApplicationsReleased(_OfRound):
    """The host can read the applications of a round, once and for all (R88)."""

    count: int = fact("How many applications the host sees", unit="applications", ge=0)
    host_selects_by: Deadline = fact("Until when the host ranks")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-13T09:00:00Z"),
            "count": 7,
            "host_selects_by": sample.deadline("2024-02-21 17:00"),
        },
    )


class SelectionReminded(_OfRound):
    """A host was due a reminder to rank the applications."""

    kind: Tolerant[SelectionReminder] = fact("How pressing it is")
    host_selects_by: Deadline = fact("Until when the host ranks")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-19T09:00:00Z"),
            "kind": "select_soon",
            "host_selects_by": sample.deadline("2024-02-21 17:00"),
        },
    )


class SelectionMade(_OfRound):
    """A host ranked the applications and named reserves. Whom, nobody else learns."""

    ranked: int = fact("How many it wants", unit="applications", ge=0)
    reserves: int = fact("How many it would take instead", unit="applications", ge=0)
    not_ranked: int = fact("How many it does not take", unit="applications", ge=0)
    office_tells_by: Deadline = fact("Until when everyone knows the outcome")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-20T15:00:00Z"),
            "ranked": 2,
            "reserves": 1,
            "not_ranked": 4,
            "office_tells_by": sample.deadline("2024-03-01 17:00"),
        },
    )


class SelectionOverdue(_OfRound):
    """The instant passed by which a host was to rank, and it has not (R10)."""

    host_selects_by: Deadline = fact("The instant that passed")

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-21T17:00:00Z"),
            "host_selects_by": sample.deadline("2024-02-21 17:00"),
        },
    )


class OutcomesAtRisk(_OfRound):
    """Applicants may not be told in time: the office is warned beforehand (R73)."""

    office_tells_by: Deadline = fact("Until when everyone is to know")
    untold: int = fact("How many do not know yet", unit="applicants", ge=1)

    examples: ClassVar[Examples] = (
        {
            **sample.of_round("2024-02-28T17:00:00Z"),
            "office_tells_by": sample.deadline("2024-03-01 17:00"),
            "untold": 7,
        },
    )


class OfferMade(_OfOffer):
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


class OfferReminded(_OfOffer):
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


class OfferExtended(_OfOffer):
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


class OfferAccepted(_OfOffer):
    """An applicant took the place; `PlacementConfirmed` stands beside it in the same transaction."""

    placement_id: UUID = fact("The placement that follows")

    examples: ClassVar[Examples] = (
        {**sample.of_offer("2024-02-27T18:00:00Z"), "placement_id": sample.PLACEMENT},
    )


class OfferDeclined(_OfOffer):
    """An applicant does not take the place: it is free for the next reserve."""

    reason_code: str | None = fact(
        "One of the programme's reasons", classification="internal", default=None
    )

    examples: ClassVar[Examples] = (
        {**sample.of_offer("2024-02-27T18:00:00Z"), "reason_code": "not_free"},
    )


class OfferExpired(_OfOffer):
    """The time to answer passed in silence: the place is free for the next reserve."""

    respond_by: Deadline = fact("The instant that passed")

    examples: ClassVar[Examples] = (
        {
            **sample.of_offer("2024-02-28T12:00:00Z"),
            "respond_by": sample.deadline("2024-02-28 12:00"),
        },
    )


class OfferWithdrawn(_OfOffer):
    """An offer was taken back before it was answered."""

    reason_code: Tolerant[OfferWithdrawal] = fact("Why")
    was_made: bool = fact("Whether the applicant knew of it", default=True)

    examples: ClassVar[Examples] = (
        {**sample.of_offer("2024-02-27T12:00:00Z"), "reason_code": "vacancy_withdrawn"},
    )


class OfferSuperseded(_OfOffer):
    """An offer was set free because its applicant accepted another in the same cycle."""

    by_offer_id: UUID = fact("The offer that was accepted")
    was_made: bool = fact("Whether the applicant knew of it", default=True)

    examples: ClassVar[Examples] = (
        {**sample.of_offer("2024-02-27T18:00:00Z"), "by_offer_id": sample.OTHER_OFFER},
    )


class ReserveExhausted(_OfRound):
    """Places are free, no offer is out, and nobody is left to ask."""

    places_free: int = fact("How many places are free", unit="places", ge=1)

    examples: ClassVar[Examples] = ({**sample.of_round("2024-02-28T12:00:01Z"), "places_free": 1},)


class OutcomeTold(_OfApplication):
    """An applicant was told that there is no offer now: reserve, unsuccessful, or no vacancy."""

    outcome: Tolerant[Outcome] = fact("What was told")
    reason_codes: tuple[str, ...] = fact("The programme's reasons, as the host chose", default=())

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-26T12:00:00Z"),
            "outcome": "unsuccessful",
            "reason_codes": ["closer_fit"],
        },
    )


class _PlacementDays(_OfPlacement):
    days: tuple[Day, ...] = fact("All days, with mode and hours", min_length=1)


class PlacementConfirmed(_PlacementDays):
    """A place was accepted: from now on there is a placement, with these days, under these rules."""

    mode: Tolerant[Mode] = fact("In person, remote or hybrid")
    country: str = fact("Where it is", unit="ISO 3166-1 alpha-2")
    region: str = fact("Code of the region where it is")
    zone: str = fact("Zone of its hours")
    supervisor_ref: UUID | None = pseudonym("Who supervises", default=None)

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-02-27T18:00:00Z"),
            "days": sample.WEEK,
            "mode": "in_person",
            "country": "GB",
            "region": "oxfordshire",
            "zone": "Europe/London",
            "supervisor_ref": sample.SUPERVISOR,
        },
    )


class PlacementIntroduced(_OfPlacement):
    """Intern and host may write to each other from now on; both get the introduction, once (R92)."""

    supervisor_ref: UUID | None = pseudonym("Who supervises", default=None)

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-02-27T18:00:00Z"),
            "supervisor_ref": sample.SUPERVISOR,
        },
    )


class PlacementDaysAmended(_PlacementDays):
    """Days, modes or hours of a placement were changed by agreement; here is the whole list."""

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-03-05T18:00:00Z"),
            "days": sample.days("2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14"),
        },
    )


class PlacementReminded(_OfPlacement):
    """An intern was due a reminder of what comes next."""

    kind: Tolerant[PlacementReminder] = fact("What it is about")
    starts_at: Deadline = fact("When the first day starts, in the placement's zone")

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-03-04T09:00:00Z"),
            "kind": "week_ahead",
            "starts_at": sample.deadline("2024-03-11 09:00"),
        },
    )


class PlacementStarted(_OfPlacement):
    """The first day of a placement came."""

    examples: ClassVar[Examples] = (sample.of_placement("2024-03-11T09:00:00Z"),)


class PlacementCompleted(_PlacementDays):
    """A placement is over; here is the last word on its days. The time for a claim starts."""

    examples: ClassVar[Examples] = (
        {**sample.of_placement("2024-03-16T00:00:00Z"), "days": sample.WEEK},
    )


class PlacementNotCompleted(_OfPlacement):
    """A placement ended early, or nobody came."""

    reason_code: Tolerant[NotCompleted] = fact("How it ended", classification="internal")
    days: tuple[Day, ...] = fact("The days that did take place", default=())

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-03-13T18:00:00Z"),
            "reason_code": "left_early",
            "days": sample.days("2024-03-11", "2024-03-12"),
        },
    )


class PlacementCancelled(_OfPlacement):
    """A placement was cancelled: the place is free; whether the intern is too, the rules say."""

    by: Tolerant[CancelledBy] = fact("Who cancelled")
    reason_code: str = fact("One of the programme's reasons", classification="internal")
    intern_is_free: bool = fact("Whether the intern may accept another place in the cycle")

    examples: ClassVar[Examples] = (
        {
            **sample.of_placement("2024-03-05T18:00:00Z"),
            "by": "host",
            "reason_code": "illness",
            "intern_is_free": True,
        },
    )


class EvaluationInvited(_OfPlacement):
    """One side of a placement that is over was due an invitation to evaluate it (R63)."""

    side: Tolerant[Side] = fact("Who is invited")

    examples: ClassVar[Examples] = (
        {**sample.of_placement("2024-03-16T09:00:00Z"), "side": "intern"},
    )


class EvaluationReceived(_OfPlacement):
    """One side of a placement sent its evaluation; what it says stays with the office."""

    side: Tolerant[Side] = fact("Who sent it")

    examples: ClassVar[Examples] = (
        {**sample.of_placement("2024-03-18T09:00:00Z"), "side": "host"},
    )


class SessionBooked(_OfSession):
    """A person booked a workshop or slot, or moved up from its waiting list."""

    is_waiting: bool = fact("Whether it is a place on the waiting list")

    examples: ClassVar[Examples] = (
        {
            **sample.at("2024-01-24T09:00:00Z"),
            "session_id": sample.SESSION,
            "programme_id": sample.PROGRAMME,
            "person_ref": sample.STUDENT,
            "kind": "one_to_one",
            "title": "Application support",
            "starts_at": sample.deadline("2024-01-29 14:15"),
            "is_waiting": False,
        },
    )


class SessionCancelled(_OfSession):
    """A booking ended: the person cannot come, or the session does not take place."""

    by_office: bool = fact("Whether the session itself was called off")

    examples: ClassVar[Examples] = (
        {
            **sample.at("2024-01-26T09:00:00Z"),
            "session_id": sample.SESSION,
            "programme_id": sample.PROGRAMME,
            "person_ref": sample.STUDENT,
            "kind": "one_to_one",
            "title": "Application support",
            "starts_at": sample.deadline("2024-01-29 14:15"),
            "by_office": False,
        },
    )


class DecisionReversed(_OfApplication):
    """Support took back a decision, with a reason, and restored what still could be."""

    reverses: UUID = fact("Id of the event that told of the decision")
    reverses_type: str = fact("Its name, such as OfferDeclined")
    restored: str = fact("State in which the application is again")
    reason_code: str = fact("Why", classification="internal")

    examples: ClassVar[Examples] = (
        {
            **sample.of_application("2024-02-28T09:00:00Z"),
            "reverses": sample.EVENT,
            "reverses_type": "OfferDeclined",
            "restored": "successful",
            "reason_code": "declined_by_mistake",
        },
    )


class PersonErased(cases.OfPerson):
    """The applications service has erased what it knew of a person."""

    service: ClassVar[Service] = APPLICATIONS

    records: int = fact("How many records were erased or emptied", unit="records", ge=0)

    examples: ClassVar[Examples] = ({**sample.of_person("2024-09-20T10:01:00Z"), "records": 12},)
