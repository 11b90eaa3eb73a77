"""What the subjects measure on: Oxford's Hilary 2024, open, prepared through the real interface."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from rich.console import Console

from bench.stack import inner_ports, students
from bench.wire import Answer, Wire
from deploy.demo.cast import ORGANISATIONS, VACANCIES, Project
from deploy.demo.clock import Clock
from deploy.demo.people import APPLICATIONS, PROPOSALS, Host, House, Office, Student
from deploy.local.identity import people
from deploy.local.settings import LocalSettings
from deploy.local.signing_in import COOKIE, sign_in
from schemas.programme import PROGRAMMES

AUTUMN = datetime(2023, 11, 20, 9, 0, tzinfo=UTC)
OPEN = datetime(2024, 1, 29, 9, 0, 1, tzinfo=UTC)
SLOTS = 2  # of one student in the first round
AT_ONCE = 4  # students who write at the same time
STALE = 10 * 60.0  # seconds: a cookie that is older is fetched anew, long before it ends


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    repetitions: int
    vacancies: int
    page_loads: int  # of each page in each repetition
    submissions: int  # a third of them by each way, in each repetition
    rate: int  # submissions a second while mails are watched
    seconds: int

    @property
    def students(self) -> int:
        """As many as hold the slots of the largest repetition."""
        return -(-max(self.submissions, self.rate * self.seconds) // SLOTS)


FULL = Size(
    repetitions=3,
    vacancies=36,
    page_loads=100,
    submissions=120,
    rate=20,
    seconds=30,
)
QUICK = replace(
    FULL,
    repetitions=3,
    vacancies=4,
    page_loads=4,
    submissions=6,
    seconds=1,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An application that is ready to be sent, and all that its request needs."""

    student: Student
    application_id: str
    correlation_id: str
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def path(self) -> str:
        """Where it is sent."""
        return f"{APPLICATIONS}/applications/{self.application_id}/submit"

    def submit(self, wire: Wire) -> Answer:
        """Send it, once."""
        return wire.post(self.path, self.headers)


@dataclass(frozen=True, slots=True)
class Badge:
    """What proves who somebody is, for half an hour."""

    cookie: str
    csrf_token: str
    since: float

    @property
    def headers(self) -> dict[str, str]:
        """As a browser sends them, with the token that a command needs besides."""
        return {"Cookie": f"{COOKIE}={self.cookie}", "X-CSRF-Token": self.csrf_token}


@dataclass
class Stage:
    """The stack that is up, the people, and the vacancies they apply for."""

    settings: LocalSettings
    addresses: dict[str, str]
    size: Size
    house: House
    clock: Clock
    console: Console
    vacancies: list[str] = field(default_factory=list[str])
    readings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])  # of memory
    _sent: list[Draft] = field(default_factory=list[Draft])
    _begun: Counter[str] = field(default_factory=Counter[str])
    _began: float = field(default_factory=time.monotonic)
    _badges: dict[str, Badge] = field(default_factory=dict[str, Badge])

    def __post_init__(self) -> None:
        known = {person["sub"]: person for person in people()}
        self.ports = inner_ports(self.settings)
        self.manager = Office(known["ruth.calloway"], at=self.house)
        self.officer = Office(known["helen.marsh"], at=self.house)
        self.hosts = [Host(each, at=self.house) for each in ORGANISATIONS]
        self.students = [Student(each, at=self.house) for each in students(self.size.students)]

    @property
    def dsn(self) -> str:
        """The administrator's address of the database that all four services use."""
        return self.addresses["database"]

    @property
    def bootstrap(self) -> str:
        """The broker's address."""
        return self.addresses["kafka"]

    @property
    def front_door(self) -> Wire:
        """A connection through Caddy."""
        return Wire(self.settings.port)

    def behind(self, service: str) -> Wire:
        """A connection to a service's own port."""
        return Wire(self.ports[f"{service}-web"])

    async def opens(self) -> None:
        """Load the programme, let hosts in, screen what they propose, and be there at the opening."""
        self._say("publishing a cycle")
        await self.clock.leaps_to(AUTUMN)
        await self.badge_of(self.manager)
        await self.badge_of(self.officer)
        file = PROGRAMMES / "oxford-students.toml"
        loaded = await self.manager.loads(file.read_text("utf-8"))
        cycle = next(each for each in loaded["cycles"] if each["slug"] == "hilary-2024")
        await self.manager.publishes(cycle["cycle_id"])
        for host in self.hosts:
            await host.registers()
            await self.officer.approves(host)
        for host in self.hosts:
            await host.signs_in()
        self._say(f"{self.size.vacancies} vacancies")
        for project in _projects(self.size.vacancies):
            host = self.hosts[project.host]
            proposal_id = await host.proposes(cycle["cycle_id"], project)
            await self.officer.screens(proposal_id)
            self.vacancies.append(proposal_id)
        await self.clock.leaps_to(OPEN)
        await asyncio.sleep(1)  # a turn of the deadlines' loop
        await self.clock.settles()
        self._say(f"{len(self.students)} students sign in")
        for student in self.students:
            await self.badge_of(student)
        await self.clock.settles()

    async def drafts(self, wanted: int) -> list[Draft]:
        """So many applications with statement and CV, not sent yet; a student holds two at most."""
        self._say(f"{wanted} drafts")
        await self.clear()
        door = asyncio.Semaphore(AT_ONCE)

        async def write(student: Student, many: int) -> list[Draft]:
            async with door:
                await self.badge_of(student)
                return [await self._draft(student) for _ in range(many)]

        shares = [min(SLOTS, wanted - SLOTS * n) for n in range(-(-wanted // SLOTS))]
        written = await asyncio.gather(
            *(write(student, many) for student, many in zip(self.students, shares, strict=False))
        )
        await self.clock.settles()
        drafts = [await self._ready(draft) for each in written for draft in each]
        # One student's two stand apart, so that they do not wait for each other.
        return sorted(drafts, key=lambda draft: draft.correlation_id)

    def note_sent(self, *drafts: Draft) -> None:
        """These take slots now."""
        self._sent.extend(drafts)

    async def clear(self) -> None:
        """Withdraw what was sent, so that its slots are free again."""
        for draft in self._sent:
            await self.badge_of(draft.student)
            path = f"{APPLICATIONS}/applications/{draft.application_id}/withdraw"
            await draft.student.caller.post(path, {"reason": ""})
        self._sent.clear()
        await self.clock.settles()

    async def forget_mails(self) -> None:
        """Empty the mail catcher."""
        answer = await self.house.client.delete(f"{self.house.mail_page}/messages.json")
        answer.raise_for_status()

    async def badge_of(self, person: Student | Office) -> Badge:
        """Sign somebody in, unless they were lately."""
        badge = self._badges.get(person.subject)
        if badge is None or time.monotonic() - badge.since > STALE:
            cookie = await sign_in(self.house.front_door, person.subject)
            await person.caller.carry(cookie)
            told = await person.caller.get(f"{PROPOSALS}/sign-in")
            badge = Badge(cookie, told["csrf_token"], time.monotonic())
            self._badges[person.subject] = badge
        return badge

    async def _draft(self, student: Student) -> Draft:
        turn = int(student.subject.rpartition(".")[2]) + self._begun[student.subject]
        self._begun[student.subject] += 1  # never the same vacancy twice in a row
        vacancy_id = self.vacancies[turn % len(self.vacancies)]
        application_id = await student.begins(vacancy_id)
        return Draft(student, application_id, str(uuid4()))

    async def _ready(self, draft: Draft) -> Draft:
        """With all that its request needs, so that nothing but the request is timed."""
        headers = (await self.badge_of(draft.student)).headers | {
            "Idempotency-Key": str(uuid4()),
            "X-Correlation-ID": draft.correlation_id,
        }
        return replace(draft, headers=headers)

    def _say(self, what: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        self.console.print(f"  {minutes}:{seconds:02} preparing: {what}", style="dim")


def _projects(wanted: int) -> list[Project]:
    """The demo's, as often as needed, each under a title of its own."""
    return [
        replace(project, title=f"{project.title}, part {n // len(VACANCIES) + 1}")
        for n, project in ((n, VACANCIES[n % len(VACANCIES)]) for n in range(wanted))
    ]
