"""What must follow from what: written by hand from the domain, and compared with nothing of the house.

Commands → rows and events; events → who must hear of them, what they must have made of them, and
which letters go out. A number is how often; a pair, at least and at most.
"""

from dataclasses import dataclass, field

SERVICES = ("proposals", "applications", "notifications", "expenses")
MANY = 1_000


@dataclass(frozen=True)
class Leaves:
    """What a command of this name leaves behind in its own service."""

    events: dict[str, int | tuple[int, int]] = field(
        default_factory=dict[str, int | tuple[int, int]]
    )
    row: tuple[str, str] | None = None
    """Table and column in which one of its subjects stands afterwards."""
    adds: tuple[str, int] | None = None
    """Table that has so many rows more, where nothing else adds to it."""


SUPERVISOR = {"HostContactAdded": (0, 1), "ContactCard": (0, 1)}  # the first time one is named

COMMANDS: dict[str, Leaves] = {
    "load programme": Leaves({"RuleSetPublished": 1}, ("programmes", "programme_id")),
    "publish cycle": Leaves({"CyclePublished": 1}, ("cycles", "cycle_id")),
    "register host": Leaves(
        {"HostRegistered": 1, "HostContactAdded": 1, "ContactCard": 1},
        ("hosts", "host_id"),
        ("hosts", 1),
    ),
    "approve host": Leaves({"HostApproved": 1}, ("hosts", "host_id")),
    "begin proposal": Leaves({}, ("proposals", "proposal_id"), ("proposals", 1)),
    "write proposal": Leaves({}, ("proposals", "proposal_id")),
    "submit proposal": Leaves({"ProposalSubmitted": 1} | SUPERVISOR, ("revisions", "proposal_id")),
    "pass proposal": Leaves(
        {"ProposalScreened": 1, "VacancyPublished": 1},
        ("vacancies", "vacancy_id"),
        ("vacancies", 1),
    ),
    "reject proposal": Leaves({"ProposalScreened": 1}, ("screenings", "proposal_id")),
    "sign out": Leaves({"SignInEnded": 1}),
    "begin application": Leaves({}, ("applications", "application_id"), ("applications", 1)),
    "write application": Leaves({}, ("applications", "application_id")),
    "submit application": Leaves({"ApplicationSubmitted": 1}, ("applications", "application_id")),
    "revise application": Leaves(
        {"ApplicationRevised": 1}, ("application_revisions", "application_id")
    ),
    "withdraw application": Leaves({"ApplicationWithdrawn": 1}, ("applications", "application_id")),
    "release applications": Leaves({"ApplicationsReleased": 1}, ("selections", "vacancy_id")),
    "rank applications": Leaves({"SelectionMade": 1}, ("choices", "vacancy_id")),
    "tell outcomes": Leaves({}, ("outcome_releases", "vacancy_id"), ("outcome_releases", 1)),
    "accept offer": Leaves(
        {
            "OfferAccepted": 1,
            "PlacementConfirmed": 1,
            "PlacementIntroduced": 1,
            "OfferSuperseded": (0, MANY),
        },
        ("placements", "offer_id"),
        ("placements", 1),
    ),
    "decline offer": Leaves({"OfferDeclined": 1}, ("offers", "offer_id")),
    "withdraw offer": Leaves({"OfferWithdrawn": 1}, ("offers", "offer_id")),
    "add lines": Leaves({}, ("lines", "claim_id"), ("lines", 4)),
    "submit claim": Leaves(
        {"ClaimSubmitted": 1, "ReceiptSubmitted": (1, MANY), "LineDisallowed": (0, MANY)},
        ("claims", "claim_id"),
    ),
    "approve claim": Leaves({"ClaimApproved": 1}, ("claims", "claim_id")),
    "report reimbursement": Leaves({"ReimbursementReported": 1}, ("claims", "claim_id")),
    "confirm reimbursement": Leaves({"ReimbursementConfirmed": 1}, ("claims", "claim_id")),
}

# ---- who must hear of what ----

_HOSTS = {
    *("HostRegistered", "HostApproved", "HostRefused", "HostSuspended", "HostFactsAmended"),
    *("HostContactAdded", "HostContactRemoved"),
}
_SIGN_INS = {"SignInEnded", "RoleEnded"}
_CLAIMS = {
    *("ClaimSubmitted", "ClaimReminded", "ClaimReturned", "ClaimApproved", "ClaimRejected"),
    *("ClaimWithdrawn", "ClaimWindowClosed"),
    *("ReimbursementReported", "ReimbursementConfirmed", "ReimbursementDisputed"),
}
_ENDS = {"PlacementCompleted", "PlacementNotCompleted", "PlacementCancelled"}

HEARERS: dict[str, tuple[str, set[str]]] = {
    "proposals": (
        "proposals.places",
        {"PlacementConfirmed", *_ENDS, "ReserveExhausted"},
    ),
    "applications": (
        "applications.facts",
        {
            *_HOSTS,
            *_SIGN_INS,
            *("RuleSetPublished", "CyclePublished", "CycleRescheduled", "VacancyPublished"),
            *("VacancyAmended", "VacancyReadvertised", "VacancyWithdrawn", "VacancyFilled"),
            *("MessageSent",),
        },
    ),
    "expenses": (
        "expenses.placements",
        {
            *_HOSTS,
            *_SIGN_INS,
            *("RuleSetPublished", "VacancyPublished", "VacancyAmended"),
            *("PlacementConfirmed", "PlacementIntroduced", "PlacementDaysAmended", *_ENDS),
        },
    ),
    "notifications": (
        "notifications.letters",
        {
            *_HOSTS,
            *_SIGN_INS,
            *_CLAIMS,
            *("ContactCard", "SealedLetter", "RuleSetPublished", "CyclePublished"),
            *("CycleRescheduled", "VacancyPublished", "VacancyAmended", "VacancyWithdrawn"),
            *("VacancyOpened", "VacancyReadvertised", "ProposalSubmitted", "ProposalScreened"),
            *("ProposalReminded", "ProposalLapsed"),
            *("ApplicationSubmitted", "ApplicationRevised", "ApplicationWithdrawn"),
            *("ApplicationReminded", "ApplicationsClosed", "ApplicationsReleased"),
            *("SelectionReminded", "SelectionMade", "SelectionOverdue", "OutcomesAtRisk"),
            *("OutcomeTold", "OfferMade", "OfferReminded", "OfferExtended", "OfferAccepted"),
            *("OfferDeclined", "OfferExpired", "OfferWithdrawn", "OfferSuperseded"),
            *("ReserveExhausted", "PlacementConfirmed", "PlacementIntroduced"),
            *("PlacementDaysAmended", "PlacementReminded", *_ENDS, "EvaluationInvited"),
        },
    ),
}

# ---- what they must have made of it: exactly one row that names it ----


@dataclass(frozen=True)
class Row:
    """In this service's table stands one row whose column holds this field of the event."""

    service: str
    table: str
    column: str
    told_as: str


_KNOWN_HOST = tuple(
    Row(service, "known_hosts", "host_id", "host_id")
    for service in ("applications", "notifications", "expenses")
)
_ENDED = tuple(
    Row(service, "ended_sign_ins", "signin_hash", "signin_hash")
    for service in ("applications", "notifications", "expenses")
)
EFFECTS: dict[str, tuple[Row, ...]] = {
    "HostRegistered": _KNOWN_HOST,
    "SignInEnded": _ENDED,
    "CyclePublished": (
        Row("applications", "known_cycles", "cycle_id", "cycle_id"),
        Row("notifications", "known_cycles", "cycle_id", "cycle_id"),
    ),
    "VacancyPublished": tuple(
        Row(service, "known_vacancies", "vacancy_id", "vacancy_id")
        for service in ("applications", "notifications", "expenses")
    ),
    "ContactCard": (Row("notifications", "known_cards", "person_ref", "person_ref"),),
    "ApplicationSubmitted": (
        Row("notifications", "known_applications", "application_id", "application_id"),
    ),
    "OfferMade": (Row("notifications", "known_offers", "offer_id", "offer_id"),),
    "PlacementConfirmed": tuple(
        Row(service, "known_placements", "placement_id", "placement_id")
        for service in ("proposals", "notifications", "expenses")
    ),
    "PlacementCompleted": (Row("expenses", "claims", "placement_id", "placement_id"),),
    "ClaimSubmitted": (Row("notifications", "known_claims", "claim_id", "claim_id"),),
}

# ---- which letters follow, and to how many ----


@dataclass(frozen=True)
class Letter:
    """A letter that follows an event, if the event says so."""

    name: str
    to: str  # person, office, host, both: the host's contacts and the supervisor
    where: tuple[str, object] | None = None


LETTERS: dict[str, tuple[Letter, ...]] = {
    "HostRegistered": (Letter("host_registered", "person"), Letter("host_to_check", "office")),
    "HostApproved": (Letter("host_approved", "host"),),
    "ProposalSubmitted": (
        Letter("proposal_received", "host"),
        Letter("proposal_to_screen", "office"),
    ),
    "ProposalScreened": (
        Letter("proposal_approved", "host", ("outcome", "passed")),
        Letter("proposal_rejected", "host", ("outcome", "rejected")),
        Letter("changes_asked", "host", ("outcome", "changes_requested")),
    ),
    "VacancyOpened": (Letter("advert_live", "host"),),
    "ApplicationSubmitted": (Letter("received", "person"),),
    "ApplicationRevised": (Letter("revised", "person"),),
    "ApplicationWithdrawn": (Letter("withdrawn", "person"),),
    "ApplicationsClosed": (Letter("applications_closed", "host"),),
    "ApplicationsReleased": (Letter("applications_ready", "host"),),
    "SelectionMade": (Letter("selection_made", "office"),),
    "OutcomeTold": (
        Letter("reserve", "person", ("outcome", "reserve")),
        Letter("unsuccessful", "person", ("outcome", "unsuccessful")),
        Letter("vacancy_withdrawn", "person", ("outcome", "vacancy_withdrawn")),
    ),
    "OfferMade": (
        Letter("offer", "person", ("from_reserve", False)),
        Letter("promoted", "person", ("from_reserve", True)),
    ),
    "OfferAccepted": (Letter("accepted", "person"), Letter("place_accepted", "host")),
    "OfferDeclined": (Letter("declined", "person"), Letter("place_declined", "host")),
    "OfferExpired": (Letter("expired", "person"), Letter("place_expired", "host")),
    "OfferWithdrawn": (Letter("offer_withdrawn", "person", ("was_made", True)),),
    "OfferSuperseded": (Letter("superseded", "person", ("was_made", True)),),
    "OfferExtended": (Letter("offer_extended", "person"),),
    "ReserveExhausted": (Letter("reserves_exhausted", "office"),),
    "PlacementIntroduced": (
        Letter("introduction", "person"),
        Letter("introduction_to_host", "both"),
    ),
    "ClaimSubmitted": (Letter("claim_to_decide", "host"),),
    "ClaimApproved": (Letter("claim_approved", "person"), Letter("please_repay", "host")),
    "ReimbursementReported": (Letter("repaid", "person"),),
    "ReimbursementConfirmed": (Letter("repayment_confirmed", "host"),),
}
UNTOLD = frozenset({"sign_in_link"})
"""Letters of whose sending nobody is told."""


def is_as_often(expected: int | tuple[int, int], count: int) -> int:
    """0 where it is as often as it should be, below 0 where less, above 0 where more."""
    least, most = expected if isinstance(expected, tuple) else (expected, expected)
    return count - least if count < least else max(0, count - most)
