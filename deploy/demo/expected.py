"""What must follow from what was done: events by type, letters by person, states by count.

Nothing here looks at what the services did. Each method is called when somebody has acted, and writes
down what that must come to; at the end the services' own words are compared with it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from deploy.demo.cast import NINTH_WEEK, Project
from deploy.demo.people import Host, Office, Person, Student
from schemas.envelope import TYPE_PREFIX

OFFICE = "the office"
"""Stands for the programme's and the university's mailbox."""
UNTOLD = frozenset({"sign_in_link"})
"""Letters of which no event tells, since they are about nobody's case."""


@dataclass
class Vacancy:
    """One vacancy as the demo sees it: who applied, who was chosen, who was asked."""

    vacancy_id: str
    project: Project
    host: Host
    applicants: list[Student] = field(default_factory=list[Student])
    ranked: list[Student] = field(default_factory=list[Student])
    offers: dict[Student, str] = field(default_factory=dict[Student, str])
    is_told: bool = False
    is_filled: bool = False
    exhausted_at: int = 0

    @property
    def title(self) -> str:
        """As people search for it."""
        return self.project.title

    @property
    def free(self) -> int:
        """Places that are neither offered nor taken."""
        out = sum(state in ("made", "accepted") for state in self.offers.values())
        return self.project.places - out


@dataclass
class Expected:
    """The book of everything that must be found at the end."""

    events: Counter[str] = field(default_factory=Counter[str])
    mails: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    proposals: dict[str, str] = field(default_factory=dict[str, str])
    supervised: set[str] = field(default_factory=set[str])  # hosts that have named a supervisor
    applications: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    vacancies: list[Vacancy] = field(default_factory=list[Vacancy])
    placed: dict[Student, Vacancy] = field(default_factory=dict[Student, Vacancy])
    placements: dict[Student, str] = field(default_factory=dict[Student, str])
    claims: dict[Student, str] = field(default_factory=dict[Student, str])
    claimed_pence: int = 0
    repaid_pence: int = 0

    # ---- the front desk ----

    def known(self, *people: Person) -> None:
        """Notifications learns how to write to people."""
        self._happens("proposals.ContactCard", len(people))

    def came_by_mail(self, host: Host) -> None:
        """A link was mailed, sealed."""
        self._happens("proposals.SealedLetter", host.links_asked)
        self._mails("sign_in_link", host.address, host.links_asked)

    def loaded(self, programmes: int) -> None:
        """Rules in force."""
        self._happens("proposals.RuleSetPublished", programmes)

    def published(self) -> None:
        """A cycle's dates are promised."""
        self._happens("proposals.CyclePublished")

    def registered(self, host: Host) -> None:
        """An organisation asks to be let in, and the office is asked to look."""
        self.known(host)
        self._happens("proposals.HostRegistered", "proposals.HostContactAdded")
        self._mails("host_registered", host.address)
        self._mails("host_to_check", OFFICE)

    def approved(self, host: Host) -> None:
        """It may propose."""
        self._happens("proposals.HostApproved")
        self._mails("host_approved", host.address)

    # ---- proposals ----

    def proposed(self, host: Host, proposal_id: str) -> None:
        """Sent to be screened; the first of a host also makes its supervisor known."""
        if host.host_id not in self.supervised:
            self.supervised.add(host.host_id)
            self._happens("proposals.ContactCard", "proposals.HostContactAdded")
        self.sent(host, proposal_id)

    def sent(self, host: Host, proposal_id: str) -> None:
        """Sent, or sent again."""
        self.proposals[proposal_id] = "submitted"
        self._happens("proposals.ProposalSubmitted")
        self._mails("proposal_received", host.address)
        self._mails("proposal_to_screen", OFFICE)

    def returned(self, host: Host, proposal_id: str) -> None:
        """Sent back with reasons."""
        self.proposals[proposal_id] = "changes_requested"
        self._happens("proposals.ProposalScreened")
        self._mails("changes_asked", host.address)

    def rejected(self, host: Host, proposal_id: str) -> None:
        """Screened, and not taken."""
        self.proposals[proposal_id] = "rejected"
        self._happens("proposals.ProposalScreened")
        self._mails("proposal_rejected", host.address)

    def withdrew(self, proposal_id: str) -> None:
        """Taken back by its host."""
        self.proposals[proposal_id] = "withdrawn"
        self._happens("proposals.ProposalWithdrawn")

    def passed(self, host: Host, proposal_id: str, project: Project) -> Vacancy:
        """Screened, and published as a vacancy."""
        self.proposals[proposal_id] = "approved"
        self._happens("proposals.ProposalScreened", "proposals.VacancyPublished")
        self._mails("proposal_approved", host.address)
        vacancy = Vacancy(proposal_id, project, host)
        self.vacancies.append(vacancy)
        return vacancy

    @property
    def proposals_by_state(self) -> Counter[str]:
        """How many proposals stand where."""
        return Counter(self.proposals.values())

    # ---- applying ----

    def opened(self) -> None:
        """The opening instant has come."""
        for vacancy in self.vacancies:
            self._happens("proposals.VacancyOpened", "proposals.CurrentVacancy")
            self._mails("advert_live", vacancy.host.address)

    def applied(self, student: Student, vacancy: Vacancy) -> None:
        """Sent in time."""
        vacancy.applicants.append(student)
        self.applications[vacancy.vacancy_id, student.subject] = "submitted"
        self._happens("applications.ApplicationSubmitted")
        self._mails("received", student.address)

    def reminded(self, *students: Student) -> None:
        """The last day has begun, and these still have a draft."""
        for student in students:
            self._happens("applications.ApplicationReminded")
            self._mails("draft_closing_soon", student.address)

    def came_too_late(self, student: Student, vacancy: Vacancy) -> None:
        """A draft that was not sent in time."""
        self.applications[vacancy.vacancy_id, student.subject] = "not_submitted"

    def closed(self) -> None:
        """Midday."""
        for vacancy in self.vacancies:
            self._happens("proposals.VacancyClosed", "applications.ApplicationsClosed")
            self._mails("applications_closed", vacancy.host.address)

    # ---- choosing and answering ----

    def released(self, vacancy: Vacancy) -> None:
        """The host may read."""
        self._happens("applications.ApplicationsReleased")
        self._mails("applications_ready", vacancy.host.address)

    def ranked(self, vacancy: Vacancy, chosen: Sequence[Student]) -> None:
        """The host has chosen."""
        vacancy.ranked = list(chosen)
        self._happens("applications.SelectionMade")
        self._mails("selection_made", OFFICE)

    def told(self, vacancies: Iterable[Vacancy]) -> None:
        """The office has given its word: offers first, then everybody else hears."""
        for vacancy in vacancies:
            self._fill(vacancy)
            for student in vacancy.applicants:
                if student not in vacancy.offers:
                    self._tell(vacancy, student)
            vacancy.is_told = True
            self._note_exhausted(vacancy)

    def accepted(self, student: Student, vacancy: Vacancy) -> None:
        """A place is taken: both sides are introduced, and the person's other places fall free."""
        vacancy.offers[student] = "accepted"
        self.placed[student] = vacancy
        self.placements[student] = "introduced"
        self._happens(
            "applications.OfferAccepted",
            "applications.PlacementConfirmed",
            "applications.PlacementIntroduced",
        )
        self._mails("accepted", student.address)
        self._mails("place_accepted", vacancy.host.address)
        self._mails("introduction", student.address)
        self._mails("introduction_to_host", vacancy.host.address)
        self._mails("introduction_to_host", vacancy.host.organisation.supervisor[1])
        self._count_places(vacancy)
        for other in self.vacancies:
            if other is vacancy:
                self.applications[other.vacancy_id, student.subject] = "successful"
                continue
            self._let_go(other, student)

    def declined(self, student: Student, vacancy: Vacancy) -> None:
        """A place is left: the next reserve is asked."""
        self._leave(student, vacancy, "declined")

    def lapsed(self) -> None:
        """Two days have passed: whoever has not answered has lost the offer."""
        for vacancy in self.vacancies:
            for student in [who for who, state in vacancy.offers.items() if state == "made"]:
                self._leave(student, vacancy, "expired", refill=False)
            self._fill(vacancy)
            self._note_exhausted(vacancy)

    @property
    def offers_by_state(self) -> Counter[str]:
        """How many offers ended how."""
        return Counter(state for vacancy in self.vacancies for state in vacancy.offers.values())

    # ---- placements and claims ----

    def tomorrow(self, *, tenth_week: bool) -> None:
        """The evening before: interns are reminded."""
        for student in self._interns(tenth_week=tenth_week):
            self._happens("applications.PlacementReminded")
            self._mails("day_ahead", student.address)

    def over(self, *, tenth_week: bool) -> None:
        """The last day is over: both sides are asked how it was, the intern to send a claim."""
        for student in self._interns(tenth_week=tenth_week):
            host = self.placed[student].host
            self.placements[student] = "completed"
            self.claims[student] = "draft"
            self._happens(
                "applications.PlacementStarted",
                "applications.PlacementCompleted",
                "applications.EvaluationInvited",
                "applications.EvaluationInvited",
                "expenses.ClaimReminded",
            )
            self._mails("evaluation", student.address)
            self._mails("evaluation_by_host", host.address)
            self._mails("claim_reminder", student.address)

    def claimed(self, student: Student, pence: Sequence[int], *, remote: int) -> None:
        """A claim with so many lines was sent; those of remote days are disallowed."""
        self.claims[student] = "submitted"
        self.claimed_pence += sum(pence)
        self._happens("expenses.ReceiptSubmitted", len(pence))
        self._happens("expenses.LineDisallowed", remote)
        self._happens("expenses.ClaimSubmitted")
        self._mails("claim_to_decide", self.placed[student].host.address)

    def agreed(self, student: Student, *, is_partly: bool) -> None:
        """The host repays what the rules allow."""
        self.claims[student] = "partly_approved" if is_partly else "approved"
        self._happens("expenses.ClaimApproved")
        self._mails("claim_approved", student.address)
        self._mails("please_repay", self.placed[student].host.address)

    def repaid(self, student: Student, pence: int) -> None:
        """The host says that it has paid."""
        self.claims[student] = "reimbursement_reported"
        self.repaid_pence += pence
        self._happens("expenses.ReimbursementReported")
        self._mails("repaid", student.address)

    def confirmed(self, student: Student) -> None:
        """The intern says that it has come."""
        self.claims[student] = "confirmed"
        self._happens("expenses.ReimbursementConfirmed")
        self._mails("repayment_confirmed", self.placed[student].host.address)

    def whole(self) -> Counter[str]:
        """Every event by its type on the wire, those that tell of letters included."""
        sent = sum(count for (letter, _), count in self.mails.items() if letter not in UNTOLD)
        events = self.events + Counter({"notifications.MessageSent": sent})
        return Counter({_type(name): count for name, count in events.items() if count})

    def awaited(self) -> dict[str, int]:
        """What the services must have recorded by now."""
        return dict(self.whole())

    # ---- what follows ----

    def _happens(self, *names: str | int) -> None:
        """One of each; or, with a number at the end, so many of one."""
        count = names[-1] if isinstance(names[-1], int) else 1
        for name in names:
            if isinstance(name, str):
                self.events[name] += count

    def _mails(self, letter: str, address: str, count: int = 1) -> None:
        self.mails[letter, address] += count

    def _interns(self, *, tenth_week: bool) -> list[Student]:
        return [
            student
            for student, vacancy in self.placed.items()
            if (vacancy.project.starts_on != NINTH_WEEK) == tenth_week
        ]

    def _fill(self, vacancy: Vacancy) -> None:
        """Offer each free place to whoever is next, has not been asked and is not bound."""
        for rank, student in enumerate(vacancy.ranked, start=1):
            if vacancy.free < 1:
                return
            if student in vacancy.offers or student in self.placed:
                continue
            is_reserve = rank > vacancy.project.places or vacancy.is_told
            vacancy.offers[student] = "made"
            self._happens("applications.OfferMade")
            self._mails("promoted" if is_reserve else "offer", student.address)

    def _tell(self, vacancy: Vacancy, student: Student) -> None:
        is_reserve = student in vacancy.ranked
        self._happens("applications.OutcomeTold")
        self._mails("reserve" if is_reserve else "unsuccessful", student.address)
        if not is_reserve:
            self.applications[vacancy.vacancy_id, student.subject] = "unsuccessful"

    def _leave(
        self, student: Student, vacancy: Vacancy, state: str, *, refill: bool = True
    ) -> None:
        event = {"declined": "OfferDeclined", "expired": "OfferExpired"}[state]
        vacancy.offers[student] = state
        self._happens(f"applications.{event}")
        self._mails(state, student.address)
        self._mails(f"place_{state}", vacancy.host.address)
        if refill:
            self._fill(vacancy)
            self._note_exhausted(vacancy)

    def _let_go(self, vacancy: Vacancy, student: Student) -> None:
        """What an acceptance elsewhere does to this person's application here."""
        case = vacancy.vacancy_id, student.subject
        if vacancy.offers.get(student) == "made":
            vacancy.offers[student] = "superseded"
            self._happens("applications.OfferSuperseded")
            self._mails("superseded", student.address)
        if self.applications.get(case) == "submitted":
            self.applications[case] = "superseded"
        self._fill(vacancy)
        self._note_exhausted(vacancy)

    def _count_places(self, vacancy: Vacancy) -> None:
        taken = sum(state == "accepted" for state in vacancy.offers.values())
        if taken == vacancy.project.places and not vacancy.is_filled:
            vacancy.is_filled = True
            self._happens("proposals.VacancyFilled")

    def _note_exhausted(self, vacancy: Vacancy) -> None:
        """Places free, no offer out, nobody left to ask: said once."""
        is_out = "made" in vacancy.offers.values()
        if vacancy.is_told and not is_out and vacancy.free > vacancy.exhausted_at:
            vacancy.exhausted_at = vacancy.free
            self._happens("applications.ReserveExhausted")
            self._mails("reserves_exhausted", OFFICE)


def _type(name: str) -> str:
    """`proposals.HostApproved` as it stands on the wire."""
    return f"{TYPE_PREFIX}.{name}.v1"


def known_addresses(*groups: Iterable[Host | Student | Office]) -> set[str]:
    """Everybody's own address; any other is a mailbox of the office."""
    found: set[str] = set()
    for group in groups:
        for person in group:
            found.add(person.address)
            if isinstance(person, Host):
                found.add(person.organisation.supervisor[1])
    return found
