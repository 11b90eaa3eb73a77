"""Hilary 2024 at Oxford, from the first registration to the last pound repaid."""

import asyncio
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from deploy.demo.cast import ORGANISATIONS, REJECTED, VACANCIES, WITHDRAWN
from deploy.demo.clock import Clock
from deploy.demo.expected import Expected, Vacancy
from deploy.demo.patience import DidNotHappen, SaidNo, until
from deploy.demo.people import PROPOSALS, Host, House, Office, Student
from deploy.local.identity import PEOPLE, people
from deploy.local.services import UNIVERSITY
from schemas.programme import PROGRAMMES, read_text

AT_ONCE = 8  # students at the door at the same time
AUTUMN = datetime(2023, 11, 20, 9, 0, tzinfo=UTC)
OPENING = datetime(2024, 1, 29, 9, 0, tzinfo=UTC)
A_DAY_BEFORE = datetime(2024, 2, 11, 12, 30, tzinfo=UTC)
NEARLY_MIDDAY = datetime(2024, 2, 12, 11, 59, 15, tzinfo=UTC)
MIDDAY = datetime(2024, 2, 12, 12, 0, tzinfo=UTC)
TELLING = datetime(2024, 2, 26, 12, 0, tzinfo=UTC)
TWO_DAYS_LATER = datetime(2024, 2, 28, 12, 0, 30, tzinfo=UTC)
EVE_OF_NINTH = datetime(2024, 3, 10, 18, 0, tzinfo=UTC)
EVE_OF_TENTH = datetime(2024, 3, 17, 18, 0, tzinfo=UTC)
AFTERWARDS = datetime(2024, 3, 25, 9, 0, tzinfo=UTC)

CHOICES = {  # by vacancy: the students whom its host ranks, and in which order
    0: (0, 12, 24),  # two places and a reserve: the first accepts, the second declines
    1: (1, 13),  # the first lets it lapse
    2: (2, 14),
    3: (2, 3),  # the first accepts another place
    4: (4, 16),
    5: (5, 17, 29),
    6: (6, 18),
    7: (7, 19),
    8: (8, 20),
    9: (9, 21),
    10: (10, 22),
    11: (11,),  # declines, and nobody is left to ask
}
ACCEPTS_AT_ONCE = (
    (0, 0),
    (2, 2),
    (4, 4),
    (5, 5),
    (17, 5),
    (6, 6),
    (7, 7),
    (8, 8),
    (9, 9),
    (10, 10),
)
CLAIMS = ((0, 0), (24, 0), (2, 2), (13, 1), (3, 3))  # who claims, and where they were
BUS, LUNCH = 450, 735  # pence


@dataclass
class Story:
    """The people, what they have done so far, and what must follow from it."""

    house: House
    clock: Clock
    enters: Callable[[str], None] = lambda _: None
    expected: Expected = field(default_factory=Expected)
    refusals: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    cycle: dict[str, Any] = field(default_factory=dict[str, Any])
    reserve_asked_after: timedelta | None = None

    def __post_init__(self) -> None:
        known = {person["sub"]: person for person in people()}
        students = [known[sub] for sub in _subs("students")]
        self.students = [Student(each, at=self.house) for each in students]
        self.mba = Student(known["margot.delacroix"], at=self.house)
        self.officer = Office(known["helen.marsh"], at=self.house)
        self.manager = Office(known["ruth.calloway"], at=self.house)
        self.hosts = [Host(each, at=self.house) for each in ORGANISATIONS]

    async def plays(self, tell: Callable[[int, str], None]) -> None:
        """Chapter by chapter."""
        for number, (name, chapter) in enumerate(self.chapters):
            tell(number, name)
            self.enters(name)
            await chapter()
        tell(len(self.chapters), "the end")

    @property
    def chapters(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        """What happens, in order."""
        return (
            ("publishing", self.the_office_publishes_the_cycle),
            ("registering", self.hosts_register),
            ("proposing", self.hosts_propose),
            ("screening", self.the_office_screens),
            ("opening", self.vacancies_open),
            ("applying", self.students_apply),
            ("midday", self.midday_comes),
            ("choosing", self.hosts_choose),
            ("telling", self.the_office_tells),
            ("answering", self.students_answer),
            ("lapsing", self.two_days_pass),
            ("placements", self.placements_happen),
            ("claiming", self.interns_claim),
            ("repaying", self.hosts_repay),
        )

    # ---- autumn ----

    async def the_office_publishes_the_cycle(self) -> None:
        """Autumn 2023: every file is read, those of this university are loaded, Hilary is promised."""
        await self.clock.leaps_to(AUTUMN)
        await self.manager.signs_in()
        await self.officer.signs_in()
        self.expected.known(self.manager, self.officer)
        files = {file: file.read_text("utf-8") for file in sorted(PROGRAMMES.glob("*.toml"))}
        read = {file: read_text(text, file=file.name) for file, text in files.items()}
        ours = [file for file in files if read[file].university.slug == UNIVERSITY]
        for file in ours:
            loaded = await self.manager.loads(files[file])
            for cycle in loaded["cycles"]:
                if (file.stem, cycle["slug"]) == ("oxford-students", "hilary-2024"):
                    self.cycle = cycle
        self.expected.loaded(len(ours))
        await self.manager.publishes(self.cycle_id)
        self.expected.published()

    async def hosts_register(self) -> None:
        """Three organisations ask to be let in; the office approves, and a link in a mail opens."""
        for host in self.hosts:
            await host.registers()
            self.expected.registered(host)
        for host in self.hosts:
            await self.officer.approves(host)
            self.expected.approved(host)
        await asyncio.gather(*(host.signs_in() for host in self.hosts))
        for host in self.hosts:
            self.expected.came_by_mail(host)

    async def hosts_propose(self) -> None:
        """Fourteen proposals: one will be sent back, one rejected, and one is taken back."""
        self.proposals: dict[int | str, str] = {}
        wanted = [*enumerate(VACANCIES), ("rejected", REJECTED), ("withdrawn", WITHDRAWN)]
        for name, project in wanted:
            host = self.hosts[project.host]
            proposal_id = await host.proposes(self.cycle_id, project)
            self.proposals[name] = proposal_id
            self.expected.proposed(host, proposal_id)

    async def the_office_screens(self) -> None:
        """What passes is a vacancy from now on, though nobody sees it before its instant."""
        await self._one_is_sent_back_and_comes_again(4)
        refused = self.proposals["rejected"]
        await self.officer.screens(
            refused,
            "rejected",
            reason_codes=["work_of_staff"],
            reason="This is a week of somebody's job.",
        )
        self.expected.rejected(self.hosts[REJECTED.host], refused)
        withdrawn = self.proposals["withdrawn"]
        await self.hosts[WITHDRAWN.host].withdraws(withdrawn)
        self.expected.withdrew(withdrawn)
        self.vacancies: list[Vacancy] = []
        for number, project in enumerate(VACANCIES):
            proposal_id = self.proposals[number]
            await self.officer.screens(proposal_id)
            host = self.hosts[project.host]
            self.vacancies.append(self.expected.passed(host, proposal_id, project))

    async def _one_is_sent_back_and_comes_again(self, number: int) -> None:
        proposal_id, host = self.proposals[number], self.hosts[VACANCIES[number].host]
        await self.officer.screens(
            proposal_id,
            "changes_requested",
            reason_codes=["supervision_unclear"],
            reason="Say who is there while the supervisor travels.",
        )
        self.expected.returned(host, proposal_id)
        await host.sends_again(
            proposal_id,
            supervision="The editor sits at the next desk, and the printer while the editor travels.",
        )
        self.expected.sent(host, proposal_id)

    # ---- winter ----

    async def vacancies_open(self) -> None:
        """Nothing is there a moment before nine, and everything at nine."""
        await self._all_is_recorded()
        await self.clock.leaps_to(OPENING - timedelta(minutes=1))
        early = await self.mba.caller.get(f"{PROPOSALS}/vacancies")
        if early["found"]:
            raise DidNotHappen("a vacancy is shown before its instant")
        await self.clock.leaps_to(OPENING)
        self.expected.opened()
        await self._all_is_recorded()

    async def students_apply(self) -> None:
        """Sixty students come in, search, write and send; one tries a third time, one may not."""
        self.door = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._applies(n) for n in range(len(self.students))))
        await self._a_third_is_refused(self.students[0])
        await self._an_mba_student_is_refused()

    async def _applies(self, n: int) -> None:
        student = self.students[n]
        async with self.door:
            await student.signs_in()
            self.expected.known(student)
            for number in self.wishes(n):
                await self._finds_and_applies(student, self.vacancies[number])

    async def _finds_and_applies(self, student: Student, vacancy: Vacancy) -> None:
        found = await student.searches(vacancy.title)
        there = next(each for each in found if each["title"] == vacancy.title)
        await student.applies(there["vacancy_id"])
        self.expected.applied(student, vacancy)

    def wishes(self, n: int) -> tuple[int, ...]:
        """Which vacancies a student applies for: the last dozen for one only, the others for two."""
        first = n % len(VACANCIES)
        second = (n + 1 + n // len(VACANCIES)) % len(VACANCIES)
        return (first,) if n >= 48 else (first, second)

    async def _a_third_is_refused(self, student: Student) -> None:
        await self._is_refused("a third application", student.applies(self.vacancies[9].vacancy_id))

    async def _an_mba_student_is_refused(self) -> None:
        await self.mba.signs_in()
        self.expected.known(self.mba)
        await self._is_refused("an MBA student", self.mba.applies(self.vacancies[0].vacancy_id))

    async def midday_comes(self) -> None:
        """Somebody sends in the last minute; at 12:00:00 the door is shut."""
        last, late = self.students[58], self.students[59]
        vacancy = self.vacancies[1]
        ready, too_late = (
            await last.begins(vacancy.vacancy_id),
            await late.begins(vacancy.vacancy_id),
        )
        await self._all_is_recorded()
        await self.clock.leaps_to(A_DAY_BEFORE)
        self.expected.reminded(last, late)
        await self._all_is_recorded()
        await self.clock.leaps_to(NEARLY_MIDDAY)
        await last.submits(ready)
        self.expected.applied(last, vacancy)
        await self._all_is_recorded()
        await self.clock.leaps_to(MIDDAY)
        await self._is_refused("midday", late.submits(too_late))
        self.expected.came_too_late(late, vacancy)
        self.expected.closed()
        await self._all_is_recorded()

    async def hosts_choose(self) -> None:
        """Nothing is seen until the office releases; then each host reads, and ranks."""
        featured = self.vacancies[0]
        before = await featured.host.selection(featured.vacancy_id)
        if before.get("applications") or before.get("applications_released"):
            raise DidNotHappen("a host sees applications before their release")
        for vacancy in self.vacancies:
            await self.officer.releases(vacancy.vacancy_id)
            self.expected.released(vacancy)
        await self.clock.settles()  # a host who has chosen is not asked to choose
        for number, vacancy in enumerate(self.vacancies):
            await self._host_ranks(vacancy, [self.students[n] for n in CHOICES[number]])

    async def _host_ranks(self, vacancy: Vacancy, chosen: list[Student]) -> None:
        async def is_released() -> list[Any]:
            seen = await vacancy.host.selection(vacancy.vacancy_id)
            return seen.get("applications") or []

        applications = await until(is_released, what="the released applications")
        if len(applications) != len(vacancy.applicants):
            raise DidNotHappen(f"{vacancy.title}: not all who applied are shown to the host")
        await vacancy.host.reads_cv(applications[0])
        await vacancy.host.ranks(vacancy.vacancy_id, chosen)
        self.expected.ranked(vacancy, chosen)

    # ---- spring ----

    async def the_office_tells(self) -> None:
        """Offers go out, and everybody else hears too, with the reason."""
        await self._all_is_recorded()
        await self.clock.leaps_to(TELLING)
        for vacancy in self.vacancies:
            await self.officer.tells_outcomes(vacancy.vacancy_id)
        self.expected.told(self.vacancies)
        await self._all_is_recorded()

    async def students_answer(self) -> None:
        """Most accept. One declines, and the reserve is asked within a second; one takes another."""
        declines, reserve, featured = self.students[12], self.students[24], self.vacancies[0]
        await declines.declines(featured.vacancy_id)
        self.expected.declined(declines, featured)
        await self._is_asked(reserve, featured)
        self.reserve_asked_after = await self._between(declines, reserve, featured)
        nobody_left = self.vacancies[11]
        await self.students[11].declines(nobody_left.vacancy_id)
        self.expected.declined(self.students[11], nobody_left)
        for student, number in ACCEPTS_AT_ONCE:
            await self._accepts(self.students[student], self.vacancies[number])
        await self._is_asked(self.students[3], self.vacancies[3])
        await self.clock.settles()  # an offer's letter is not sent once the offer is answered
        await self._accepts(self.students[3], self.vacancies[3])
        await self._accepts(reserve, featured)

    async def two_days_pass(self) -> None:
        """One has not answered: the offer runs out at the stroke of noon, and a reserve is asked."""
        await self._all_is_recorded()
        await self.clock.leaps_to(TWO_DAYS_LATER)
        self.expected.lapsed()
        await self._all_is_recorded()
        await self._accepts(self.students[13], self.vacancies[1])

    async def placements_happen(self) -> None:
        """Two weeks, with a mail the evening before and one the morning after."""
        await self._all_is_recorded()
        await self.clock.leaps_to(EVE_OF_NINTH)
        self.expected.tomorrow(tenth_week=False)
        await self._all_is_recorded()
        await self.clock.leaps_to(EVE_OF_TENTH)
        self.expected.over(tenth_week=False)
        self.expected.tomorrow(tenth_week=True)
        await self._all_is_recorded()
        await self.clock.leaps_to(AFTERWARDS)
        self.expected.over(tenth_week=True)
        await self._all_is_recorded()

    async def interns_claim(self) -> None:
        """A bus and a lunch for each day; the day at home gets nothing."""
        for student, number in CLAIMS:
            await self._claims(self.students[student], self.vacancies[number])

    async def _claims(self, student: Student, vacancy: Vacancy) -> None:
        days = vacancy.project.days[:2]  # of the first vacancy, the second is a day at home
        lines = [
            (date.fromisoformat(day["on"]), kind, pence)
            for day in days
            for kind, pence in (("local_travel", BUS), ("lunch", LUNCH))
        ]
        remote = sum(day["mode"] == "remote" for day in days) * 2
        await student.claims(lines)
        self.expected.claimed(student, [pence for _, _, pence in lines], remote=remote)

    async def hosts_repay(self) -> None:
        """Each host agrees to what the rules allow, pays, and the intern says that it has come."""
        await self.clock.settles()
        for student, number in CLAIMS:
            student, vacancy = self.students[student], self.vacancies[number]
            is_partly = vacancy.project.is_hybrid
            owed = (BUS + LUNCH) * (1 if is_partly else 2)
            claim_id = str((await student.claim())["claim_id"])
            await vacancy.host.decides(claim_id)
            self.expected.agreed(student, is_partly=is_partly)
            # To the letter of a state: a mail is written only while what it says is still so.
            await self.clock.settles()
            await vacancy.host.repays(claim_id, owed, AFTERWARDS.date())
            self.expected.repaid(student, owed)
            await self.clock.settles()
            await student.confirms()
            self.expected.confirmed(student)
        await self._all_is_recorded()

    # ---- small things ----

    @property
    def cycle_id(self) -> str:
        """Of Hilary 2024."""
        return str(self.cycle["cycle_id"])

    async def _accepts(self, student: Student, vacancy: Vacancy) -> None:
        await student.accepts(vacancy.vacancy_id)
        self.expected.accepted(student, vacancy)

    async def _is_asked(self, student: Student, vacancy: Vacancy) -> None:
        async def has_offer() -> list[Any]:
            return [
                each for each in await student.offers(vacancy.vacancy_id) if each["state"] == "made"
            ]

        await until(has_offer, what=f"an offer to {student.name}", pause=0.05)

    async def _between(self, left: Student, asked: Student, vacancy: Vacancy) -> timedelta:
        """How long the place was free, by the services' own clocks."""
        declined = (await left.offer(vacancy.vacancy_id))["answered_at"]
        made = (await asked.offer(vacancy.vacancy_id))["made_at"]
        return datetime.fromisoformat(made) - datetime.fromisoformat(declined)

    async def _all_is_recorded(self) -> None:
        await self.clock.waits_for(self.expected.awaited())

    async def _is_refused(self, what: str, act: Awaitable[Any]) -> None:
        """Somebody is told no, and that is as it should be."""
        try:
            await act
        except SaidNo as no:
            self.refusals.append((what, no.sentence))
        else:
            raise DidNotHappen(f"{what} was let through")


def _subs(group: str) -> list[str]:
    return [person["sub"] for person in tomllib.loads(PEOPLE.read_text("utf-8"))[group]]
