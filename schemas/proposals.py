"""What the proposals service decides: rule sets, cycles, hosts, proposals, vacancies, sign-ins."""

from datetime import date
from enum import StrEnum, auto
from typing import Any, ClassVar, Literal
from uuid import UUID

from schemas import cases, sample
from schemas.advert import Advert, HostKind, RoundDates
from schemas.cases import Tolerant
from schemas.cycle import CycleDates
from schemas.deadline import Deadline
from schemas.envelope import Instant, Part, Service, fact, pseudonym
from schemas.rules import Mode, ProfitStatus, RuleSet
from schemas.sample_rules import RULES

PROPOSALS: Service = "proposals"
Examples = tuple[dict[str, Any], ...]


class ContactKind(StrEnum):
    """What a person does for a host."""

    CONTACT = auto()  # acts for it: proposals, rankings, claims
    SUPERVISOR = auto()  # sees the placement, signs off days


class ScreeningOutcome(StrEnum):
    """The office's verdict on a revision (R53)."""

    PASSED = auto()
    CHANGES_REQUESTED = auto()
    REJECTED = auto()


class ProposalReminder(StrEnum):
    """What a host is reminded of."""

    WINDOW_CLOSING = auto()
    CHANGES_WANTED = auto()


class VacancyWithdrawal(StrEnum):
    """Why a vacancy is taken back."""

    BY_HOST = auto()
    BY_OFFICE = auto()
    HOST_SUSPENDED = auto()
    CYCLE_CALLED_OFF = auto()


class OfficeRole(StrEnum):
    """A right that can be taken away from a person."""

    INTERNSHIP_OFFICER = auto()
    PROGRAMME_MANAGER = auto()
    SUPPORT = auto()
    AUDITOR = auto()
    HOST_CONTACT = auto()
    SUPERVISOR = auto()


class HostFacts(Part):
    """What is true of a host from a day on."""

    public_name: str = fact("The host, as the public knows it")
    profit_status: Tolerant[ProfitStatus] = fact("Whether it works for profit (R96, R97)")
    kind: Tolerant[HostKind] = fact("What sort of organisation it is (R33)")
    size: str = fact("Band of its size, such as 10_to_49", unit="people")
    sector: str = fact("Code of its sector")
    region: str = fact("Code of its region")
    country: str = fact("Where it is", unit="ISO 3166-1 alpha-2")
    zone: str = fact("Zone it works in")
    has_alumni_link: bool = fact("Whether alumni of the university work there (R59)", default=False)
    valid_from_on: date = fact("From which day on this is so")


class _OfProgramme(cases.OfProgramme):
    service: ClassVar[Service] = PROPOSALS


class _OfCycle(cases.OfCycle):
    service: ClassVar[Service] = PROPOSALS


class _OfHost(cases.OfHost):
    service: ClassVar[Service] = PROPOSALS


class _OfVacancy(cases.OfVacancy):
    service: ClassVar[Service] = PROPOSALS


class _OfRound(cases.OfRound):
    service: ClassVar[Service] = PROPOSALS


class _OfPerson(cases.OfPerson):
    service: ClassVar[Service] = PROPOSALS


class RuleSetPublished(_OfProgramme):
    """A programme manager published a version of a programme's rules; it never changes again."""

    programme_slug: str = fact("The programme's name in addresses and files")
    programme_name: str = fact("The programme, as people know it")
    rules: RuleSet = fact("The whole rule set, bank holidays as dates")
    replaces_version: int | None = fact("The version before it", default=None)

    examples: ClassVar[Examples] = (
        {
            **sample.of_programme("2023-10-02T09:00:00Z"),
            "programme_slug": "students",
            "programme_name": "Micro-Internship Programme",
            "rules": RULES,
        },
    )


_CYCLE_DATES: dict[str, Any] = {
    "programme_name": "Micro-Internship Programme",
    "cycle_name": "Hilary 2024",
    "zone": "Europe/London",
    "weeks": [
        {"name": "9th week", "first_on": "2024-03-11", "last_on": "2024-03-15"},
        {"name": "10th week", "first_on": "2024-03-18", "last_on": "2024-03-22"},
    ],
    "week_choice": "one_only",
    "proposals_open_at": sample.deadline("2023-11-06 09:00"),
    "proposals_close_at": sample.deadline("2024-01-19 17:00"),
    "rounds": [sample.FIRST_ROUND, sample.SECOND_ROUND],
    "starts_on": "2024-03-11",
    "ends_on": "2024-03-22",
}


class CyclePublished(_OfCycle):
    """A programme manager published a cycle: its dates are in order and promised to everyone."""

    dates: CycleDates = fact("Its name, weeks and every instant")

    examples: ClassVar[Examples] = (
        {**sample.of_cycle("2023-10-16T09:00:00Z"), "dates": _CYCLE_DATES},
    )


class CycleRescheduled(_OfCycle):
    """The office moved dates of a cycle; a `VacancyAmended` follows for each of its vacancies."""

    dates: CycleDates = fact("Its name, weeks and every instant as they are now")
    reason: str = fact("Why, as everyone is told")

    examples: ClassVar[Examples] = (
        {
            **sample.of_cycle("2024-01-10T09:00:00Z"),
            "dates": _CYCLE_DATES,
            "reason": "The portal was away for a morning.",
        },
    )


class HostRegistered(_OfHost):
    """An organisation registered; the office has not looked at it yet (R16)."""

    facts: HostFacts = fact("What it says of itself")
    person_ref: UUID = pseudonym("Who registered it")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2023-11-01T10:00:00Z"),
            "facts": sample.HOST_FACTS,
            "person_ref": sample.CONTACT,
        },
    )


class HostApproved(_OfHost):
    """The office approved a host, or lifted its suspension: it may send proposals and see its own."""

    facts: HostFacts = fact("What is true of it from now on")

    examples: ClassVar[Examples] = (
        {**sample.of_host("2023-11-02T10:00:00Z"), "facts": sample.HOST_FACTS},
    )


class HostRefused(_OfHost):
    """The office refused a registration."""

    public_name: str = fact("The host, as the public knows it")
    reason_codes: tuple[str, ...] = fact("Why", classification="internal")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2023-11-02T10:00:00Z"),
            "public_name": "Museum of the History of Weather",
            "reason_codes": ["not_an_organisation"],
        },
    )


class HostSuspended(_OfHost):
    """The office suspended a host: its contacts may do nothing until it is approved again."""

    public_name: str = fact("The host, as the public knows it")
    reason_codes: tuple[str, ...] = fact("Why", classification="internal")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2024-02-02T10:00:00Z"),
            "public_name": "Museum of the History of Weather",
            "reason_codes": ["supervision_not_given"],
        },
    )


class HostFactsAmended(_OfHost):
    """A fact about a host became different from a day on; what happened before keeps the old one."""

    facts: HostFacts = fact("What is true of it from `valid_from_on` on")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2024-02-02T10:00:00Z"),
            "facts": {**sample.HOST_FACTS, "region": "london", "valid_from_on": "2024-03-01"},
        },
    )


class HostContactAdded(_OfHost):
    """A person may from now on act for a host, or supervise there."""

    person_ref: UUID = pseudonym("The person")
    kind: Tolerant[ContactKind] = fact("Contact or supervisor")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2023-11-01T10:00:00Z"),
            "person_ref": sample.CONTACT,
            "kind": "contact",
        },
    )


class HostContactRemoved(_OfHost):
    """A person no longer acts for a host in this way."""

    person_ref: UUID = pseudonym("The person")
    kind: Tolerant[ContactKind] = fact("Contact or supervisor")

    examples: ClassVar[Examples] = (
        {
            **sample.of_host("2024-03-01T10:00:00Z"),
            "person_ref": sample.CONTACT,
            "kind": "contact",
        },
    )


class _OfProposal(_OfVacancy):
    title: str = fact("Title of the proposal")
    revision: int = fact("Number of the revision, from 1; 0 before any was sent", ge=0)
    person_ref: UUID = pseudonym("Who wrote it, for the host")


_PROPOSAL = {"title": sample.ADVERT["title"], "revision": 1, "person_ref": sample.CONTACT}


class ProposalSubmitted(_OfProposal):
    """A host sent a proposal, or a new revision of it, to be screened."""

    examples: ClassVar[Examples] = ({**sample.of_vacancy("2024-01-05T10:00:00Z"), **_PROPOSAL},)


class ProposalScreened(_OfProposal):
    """The office recorded its verdict on a revision. The words of a reason stay on the page."""

    outcome: Tolerant[ScreeningOutcome] = fact("Passed, changes requested, or rejected")
    reason_codes: tuple[str, ...] = fact("Why, unless it passed", default=())
    resubmit_by: Deadline | None = fact("Until when changes can be sent", default=None)

    examples: ClassVar[Examples] = (
        {**sample.of_vacancy("2024-01-08T10:00:00Z"), **_PROPOSAL, "outcome": "passed"},
        {
            **sample.of_vacancy("2024-01-08T10:00:00Z"),
            **_PROPOSAL,
            "outcome": "changes_requested",
            "reason_codes": ["supervision_unclear"],
            "resubmit_by": sample.deadline("2024-01-19 17:00"),
        },
    )


class ProposalReminded(_OfProposal):
    """A host was due a reminder about a proposal that is not on its way."""

    kind: Tolerant[ProposalReminder] = fact("What it is reminded of")
    closes_at: Deadline = fact("The first instant at which a proposal is too late")

    examples: ClassVar[Examples] = (
        {
            **sample.of_vacancy("2024-01-17T17:00:00Z"),
            **_PROPOSAL,
            "kind": "window_closing",
            "closes_at": sample.deadline("2024-01-19 17:00"),
        },
    )


class ProposalWithdrawn(_OfProposal):
    """A host took its proposal back before it became a vacancy."""

    examples: ClassVar[Examples] = ({**sample.of_vacancy("2024-01-09T10:00:00Z"), **_PROPOSAL},)


class ProposalLapsed(_OfProposal):
    """The window ended while a proposal was still a draft, or its changes were not sent."""

    examples: ClassVar[Examples] = ({**sample.of_vacancy("2024-01-19T17:00:00Z"), **_PROPOSAL},)


class VacancyPublished(_OfVacancy):
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


class VacancyOpened(_OfRound):
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


class VacancyClosed(_OfRound):
    """The instant came from which a round of a vacancy takes no more applications."""

    title: str = fact("Title of the vacancy")

    examples: ClassVar[Examples] = (
        {**sample.of_round("2024-02-12T12:00:00Z"), "title": sample.ADVERT["title"]},
    )


class VacancyAmended(_OfVacancy):
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


class VacancyWithdrawn(_OfVacancy):
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


class VacancyReadvertised(_OfRound):
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


class VacancyFilled(_OfVacancy):
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


class SignInEnded(_OfPerson):
    """A person signed out, or all sign-ins before an instant were ended: refuse their cookies."""

    signin_hash: str | None = fact(
        "SHA-256 of the sign-in that ended", classification="internal", default=None
    )
    all_before: Instant | None = fact("Every sign-in made before this ended", default=None)

    examples: ClassVar[Examples] = (
        {
            **sample.of_person("2024-02-28T10:00:00Z"),
            "signin_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        {**sample.of_person("2024-02-28T10:00:00Z"), "all_before": "2024-02-28T10:00:00Z"},
    )


class RoleEnded(_OfPerson):
    """A right was taken from a person; cookies that still show it are refused."""

    role: Tolerant[OfficeRole] = fact("The right")
    host_id: UUID | None = fact("At which host, if it is a host's", default=None)

    examples: ClassVar[Examples] = (
        {**sample.of_person("2024-02-28T10:00:00Z"), "role": "internship_officer"},
    )


class PersonErasureOrdered(_OfPerson):
    """A person is to be forgotten: each service erases, and answers with its `PersonErased`."""

    examples: ClassVar[Examples] = (sample.of_person("2024-09-20T10:00:00Z"),)


class PersonErased(_OfPerson):
    """The proposals service has erased what it knew of a person."""

    records: int = fact("How many records were erased or emptied", unit="records", ge=0)

    examples: ClassVar[Examples] = ({**sample.of_person("2024-09-20T10:00:00Z"), "records": 3},)


class ContactCard(_OfPerson):
    """How to write to a person, for the notifications service alone.

    Sealed: a compact JWE over JSON with `name`, `address`, `language` and `zone`. A null value ends it.
    """

    topic: ClassVar[str] = "contacts"

    sealed: str = fact("The card as a compact JWE", classification="encrypted")

    examples: ClassVar[Examples] = (
        {**sample.of_person("2024-01-29T09:00:00Z"), "sealed": "eyJhbGciOiJFQ0RILUVTIn0..aa.bb.cc"},
    )


class SealedLetter(_OfPerson):
    """A letter that holds a secret, such as a link to sign in: mailed at once, and kept nowhere.

    Sealed: a compact JWE over JSON with the address and what the letter's template asks for.
    """

    topic: ClassVar[str] = "contacts"

    letter: str = fact("Name of the letter, such as sign_in_link")
    sealed: str = fact("Address and link as a compact JWE", classification="encrypted")

    examples: ClassVar[Examples] = (
        {
            **sample.of_person("2024-01-29T09:00:00Z"),
            "letter": "sign_in_link",
            "sealed": "eyJhbGciOiJFQ0RILUVTIn0..aa.bb.cc",
        },
    )


class CurrentVacancy(_OfRound):
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
