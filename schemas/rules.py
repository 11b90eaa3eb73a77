"""The rule set: what one programme asks, allows and promises. Numbers and sentences, never code.

A published version never changes; every decision stores the version it was made under, and is
replayed under it to the same answer. `programmes/*.toml` hold whole rule sets; `RuleSetPublished`
carries one. What the numbers come to (an answer time, a cap reached) is decided in the services.
"""

from datetime import date
from enum import StrEnum, auto
from typing import Self

from pydantic import model_validator

from schemas.deadline import Zone
from schemas.envelope import Part, fact


class Rhythm(StrEnum):
    """How a programme runs."""

    CYCLES = auto()  # in runs with stated weeks
    ROLLING = auto()  # at any time of the year; a cycle is then a span in which caps count


class PayModel(StrEnum):
    """What an intern gets, printed on every advert (R18)."""

    UNPAID = auto()
    EXPENSES_ONLY = auto()
    PAID = auto()


class Mode(StrEnum):
    """Where a placement, or one of its days, is spent (R36)."""

    IN_PERSON = auto()
    REMOTE = auto()
    HYBRID = auto()  # a whole placement only: each of its days is one or the other


class Round(StrEnum):
    """Which time a vacancy is advertised."""

    FIRST = auto()
    SECOND = auto()


class ProfitStatus(StrEnum):
    """What decides which travel a host repays (R96, R97)."""

    FOR_PROFIT = auto()
    NOT_FOR_PROFIT = auto()


class ClauseVerdict(StrEnum):
    """What follows when a clause of eligibility holds."""

    ALLOW = auto()
    REFUSE = auto()


class AnswerTimeKind(StrEnum):
    """How the time to answer an offer is counted (R91)."""

    CALENDAR_DAYS = auto()  # the same wall time, so many days later
    ELAPSED_HOURS = auto()
    WORKING_DAYS = auto()


class OverLength(StrEnum):
    """What happens to a statement or CV that is too long (R82)."""

    TRIM = auto()  # the original is kept, the host sees the beginning only
    REFUSE = auto()


class WeekChoice(StrEnum):
    """Whether one placement may lie in more than one week of its cycle (R35, R66)."""

    ONE_ONLY = auto()
    MAY_SPAN = auto()


class LineKind(StrEnum):
    """What a line of a claim is for."""

    LOCAL_TRAVEL = auto()
    REGIONAL_TRAVEL = auto()
    WEEK_PASS = auto()
    LUNCH = auto()
    REQUIRED_TRAVEL = auto()


class Per(StrEnum):
    """What a cap counts over."""

    LINE = auto()
    DAY = auto()
    WEEK = auto()


class Teller(StrEnum):
    """Who relays outcomes, releases or introduces."""

    OFFICE = auto()
    HOST = auto()
    TIME = auto()  # nobody: it happens by itself


class Named(Part):
    """A code with the words that people read: a category, a sector, a reason, a skill."""

    code: str = fact("Stable code")
    words: str = fact("What people read")


class Kind(Part):
    """What sort of programme this is."""

    programme_name: str = fact("Name of the programme as people know it")
    rhythm: Rhythm = fact("Whether it runs in cycles or all year round")
    mailbox: str = fact(
        "The programme's mailbox: reply-to of its letters, route for questions (R17)"
    )
    zone: Zone = fact("Zone in which its instants are agreed")
    currency: str = fact("ISO 4217 code of the currency of its claims", pattern=r"^[A-Z]{3}$")
    pay_model: PayModel = fact("Whether interns are paid, repaid, or neither (R12, R18)")


class Condition(Part):
    """One thing asked of one fact about a person. Exactly one of the tests is given."""

    about: str = fact("Name of the fact, as the identity provider or the declaration gives it")
    is_one_of: tuple[str, ...] = fact("It has one of these values", default=())
    is_true: bool | None = fact("It is true, or false", default=None)
    is_within_months: int | None = fact(
        "It is a date in the future, or so many months ago at most", unit="months", default=None
    )

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        asked = [bool(self.is_one_of), self.is_true is not None, self.is_within_months is not None]
        if sum(asked) != 1:
            raise ValueError("give exactly one of is_one_of, is_true, is_within_months")
        return self


class Clause(Part):
    """Allows or refuses whoever meets all its conditions."""

    verdict: ClauseVerdict = fact("What follows when all conditions hold")
    code: str = fact("Stable code of the reason")
    every: tuple[Condition, ...] = fact("All of these must hold")
    sentence: str = fact(
        "What a refused person reads, or what the rules page says of who may apply"
    )
    signpost: str | None = fact("Where a refused person is sent instead (R44)", default=None)


class Eligibility(Part):
    """Who may apply. A refusing clause that holds decides; else an allowing one must hold."""

    clauses: tuple[Clause, ...] = fact("In the order in which they are tried")
    otherwise_code: str = fact("Reason code when no clause holds", default="not_eligible")
    otherwise: str = fact("What somebody reads whom no clause allows")
    signpost: str | None = fact("Where such a person is sent", default=None)


class RequiredField(Part):
    """A field of a proposal that must be filled before it is sent (R5, R50, R51)."""

    field: str = fact("Name of the field")
    least_words: int = fact("Fewest words that say enough", unit="words", default=1)


class ProposalRules(Part):
    """What a host must say, and within which bounds."""

    required: tuple[RequiredField, ...] = fact("Fields without which a proposal is not sent")
    categories: tuple[Named, ...] = fact("Kinds of project, for filters and reports (R7, R60)")
    sectors: tuple[Named, ...] = fact("Sectors of hosts (R54)")
    skills: tuple[Named, ...] = fact("Skills a project may name (R24, R32)")
    modes: tuple[Mode, ...] = fact("Ways in which a placement may be done (R36)")
    days_least: int | None = fact("Fewest days of a placement", unit="days", default=None)
    days_most: int | None = fact("Most days of a placement", unit="days", default=None)
    hours_total: float | None = fact("Hours of a whole placement", unit="hours", default=None)
    hours_per_week_least: float | None = fact("Fewest hours a week", unit="hours", default=None)
    hours_per_week_most: float = fact("Most hours a week, unpaid breaks deducted", unit="hours")
    projects_most: int = fact("How many related projects one proposal may hold (R101)", default=1)
    places_most: int = fact("How many places one vacancy may have", default=20)
    supervisor_is_required: bool = fact("Whether a supervisor must be named (R51)", default=True)


class CalendarRules(Part):
    """Weeks and days that count."""

    weeks: WeekChoice = fact("Whether a placement lies in one week or may span several")
    window_weeks: int | None = fact(
        "Length of the window, if it is one", unit="weeks", default=None
    )
    first_day_of_term_week: int = fact(
        "ISO weekday on which a numbered week of term starts", default=7
    )
    bank_holiday_region: str = fact("Whose bank holidays count, such as 'england-and-wales'")
    bank_holidays: tuple[date, ...] = fact("Those days as dates, so that a replay counts the same")
    bank_holidays_are_working_days: bool = fact("Whether they count as working days", default=False)
    weekend: tuple[int, ...] = fact("ISO weekdays that are no working days", default=(6, 7))


class Cap(Part):
    """How many live applications a person may have in a round (R77)."""

    round: Round = fact("The round it counts in")
    most: int = fact("Most live applications", unit="applications", ge=1)


class ApplyingRules(Part):
    """What an application holds, and how many a person may send."""

    caps: tuple[Cap, ...] = fact("Per round")
    withdrawing_frees_a_slot: bool = fact(
        "Whether a withdrawn application counts no more", default=True
    )
    statement_is_required: bool = fact("Whether a statement must be written (R79)", default=True)
    statement_words: int = fact("Most words of the statement", unit="words between spaces")
    cv_is_required: bool = fact("Whether a CV must be uploaded (R79)", default=True)
    cv_pages: int = fact("Most pages of the CV", unit="pages")
    cv_kinds: tuple[str, ...] = fact("Kinds of file: pdf, docx (R80)")
    cv_bytes: int = fact("Largest file", unit="bytes", default=5 * 1024 * 1024)
    over_length: OverLength = fact("What happens to what is too long (R82)")
    editing_until_close: bool = fact("Whether a sent application may be revised", default=True)
    declarations: tuple[Named, ...] = fact("What an applicant confirms, word for word (R41)")
    confirmation_warning_minutes: int = fact(
        "After which the office is warned of an unsent receipt", unit="minutes", default=30
    )
    contact_route_hours: int = fact(
        "After which an applicant without a receipt is shown the contact", unit="hours", default=3
    )

    def cap_in(self, which: Round) -> int | None:
        """Most live applications in this round, or None where nothing limits them."""
        return next((cap.most for cap in self.caps if cap.round == which), None)


class OfferRules(Part):
    """How long an offer stands, and what follows when it ends."""

    answer_time: int = fact("Number of days or hours to answer in", ge=1)
    answer_time_kind: AnswerTimeKind = fact("How that time is counted")
    reminder_half_way: bool = fact("Whether a reminder goes out at half the time", default=True)
    reminder_hours_before: int | None = fact(
        "A last reminder so long before the end", unit="hours", default=6
    )
    refill_until_days_before_start: int = fact(
        "No reserve is asked later than this before the first day", unit="days", default=3
    )
    one_acceptance_per_cycle: bool = fact("Whether a person takes one place per cycle (R78)")
    reserve_offers_are_made_at_once: bool = fact(
        "Whether a reserve's offer is made when a place falls free, or prepared for the office"
    )
    cancelling_frees_the_intern: tuple[str, ...] = fact(
        "By whom a cancellation leaves the intern free to accept another place",
        default=("host", "office"),
    )
    late_letter_minutes: int = fact(
        "Beyond this delay of the offer's mail the answer time grows by it",
        unit="minutes",
        default=60,
    )


class Question(Part):
    """A question of an evaluation."""

    code: str = fact("Stable code")
    words: str = fact("The question")
    asked_of: str = fact("intern or host")


class Leave(Part):
    """How many days of development a division lets its staff take; more is warned of (R69)."""

    division: str = fact("Code of the division")
    days_most: int | None = fact("Its figure, or none", unit="days", default=None)
    sentence: str = fact("What an applicant of it reads")


class PlacementRules(Part):
    """What belongs to a placement besides its days."""

    checklist: tuple[Named, ...] = fact("What an intern prepares (R56)")
    preparation_pack: tuple[str, ...] = fact("What the preparation letter tells (R55)")
    conduct_agreement: str = fact("What an intern agrees to on accepting (R61)")
    introduced_by: Teller = fact(
        "time: on acceptance; office: by its act (R92)", default=Teller.TIME
    )
    overlap_hours_least: float = fact(
        "Fewer hours of common daytime than this ask for an acknowledgement (R42)",
        unit="hours",
        default=4.0,
    )
    hours_are_recorded: bool = fact("Whether hours are logged, up to the total (R2)", default=False)
    leave: tuple[Leave, ...] = fact("Development days by division, of staff", default=())
    evaluation: tuple[Question, ...] = fact("Asked of both sides after the end (R63)")
    destination_question: str | None = fact("Asked later of the intern (R27)", default=None)


class ExpenseRow(Part):
    """One row of the table. The first whose given keys all match decides; an empty key matches any."""

    kind: LineKind = fact("What the line is for")
    profit_status: ProfitStatus | None = fact("The host's, on the day of travel", default=None)
    region: str | None = fact("The host's region code", default=None)
    mode: Mode | None = fact("How that day was spent", default=None)
    allowed: bool = fact("Whether the host repays it")
    cap_pence: int | None = fact(
        "Most that is repaid", unit="minor units of the currency", default=None
    )
    soft_cap_pence: int | None = fact(
        "Above this a reason is asked", unit="minor units of the currency", default=None
    )
    per: Per = fact("What the caps count over", default=Per.LINE)
    receipt_needed: bool = fact("Whether the line needs a receipt (R98)", default=True)
    reason_code: str = fact("Stable code of the verdict")
    sentence: str = fact("What intern and host read")


class ExpenseRules(Part):
    """What is repaid, on what evidence, until when."""

    rows: tuple[ExpenseRow, ...] = fact("The table, in the order in which it is read")
    otherwise_code: str = fact("Verdict on a line that no row knows", default="not_covered")
    otherwise: str = fact(
        "What is read in that case", default="This is not among the covered costs."
    )
    claim_window_days: int = fact("Until when a claim may be sent, after the last day", unit="days")
    host_decides_days: int = fact("In which time the host answers a claim", unit="days", default=10)
    host_repays_days: int = fact(
        "In which time an approved claim is repaid", unit="days", default=30
    )

    def row_for(
        self, kind: LineKind, *, profit_status: ProfitStatus, region: str, mode: Mode
    ) -> ExpenseRow | None:
        """The first row whose given keys all match, or None: then `otherwise` is the verdict."""
        for row in self.rows:
            if (
                row.kind == kind
                and row.profit_status in (None, profit_status)
                and row.region in (None, region)
                and row.mode in (None, mode)
            ):
                return row
        return None


class TellingRules(Part):
    """Who says what to whom."""

    outcomes_told_by: Teller = fact("Who relays outcomes (R90)")
    released_by: Teller = fact("Who releases applications to hosts after closing (R88)")
    selection_reminder_days: tuple[int, ...] = fact(
        "When a host is reminded, before and (negative) after `host_selects_by`", unit="days"
    )
    alerts: bool = fact("Whether people may subscribe to alerts (R46)", default=True)
    unsuccessful_reasons: tuple[Named, ...] = fact("Reasons a host may choose for not selecting")
    decline_reasons: tuple[Named, ...] = fact("Reasons an applicant may choose for declining")
    cancellation_reasons: tuple[Named, ...] = fact("Reasons for cancelling a placement (R94)")
    screening_reasons: tuple[Named, ...] = fact("Reasons the office may choose when screening")


class Wording(Part):
    """Sentences of this programme on pages and in letters."""

    about: str = fact("What the programme is, in a paragraph")
    hosts: str = fact("What is asked of hosts (R103)")
    signature: str = fact("How letters are signed")
    sources: tuple[str, ...] = fact("Numbered requirements these rules come from", default=())
    ours: tuple[str, ...] = fact("What the sources leave open and we have chosen", default=())


class Retention(Part):
    """How long a kind of record is kept."""

    record: str = fact("Kind of record")
    months: int = fact("After the end of its cycle", unit="months", ge=1)


class RuleSet(Part):
    """Everything one version of a programme's rules says."""

    kind: Kind = fact("What sort of programme this is")
    eligibility: Eligibility = fact("Who may apply")
    proposal: ProposalRules = fact("What a proposal needs")
    calendar: CalendarRules = fact("Weeks and days that count")
    applying: ApplyingRules = fact("What an application needs")
    offers: OfferRules = fact("How offers are answered")
    placement: PlacementRules = fact("What belongs to a placement")
    expenses: ExpenseRules = fact("What is repaid")
    telling: TellingRules = fact("Who tells whom")
    wording: Wording = fact("The programme's sentences")
    retention: tuple[Retention, ...] = fact("How long records are kept")
