"""A term at Oxford for journeys: the whole stack, and people whom no other journey knows.

    host, office, chosen, reserve = await oxford.people("host", "office", "student", "student")
    vacancy = await host.has_a_vacancy(places=1)
    await oxford.has_applications(vacancy, chosen, reserve)

Business time belongs to everybody: so one journey runs at a time, and each begins in the same autumn.
"""

import html
import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.demo.cast import ORGANISATIONS, VACANCIES, Project
from deploy.demo.clock import Clock
from deploy.demo.patience import until
from deploy.demo.people import APPLICATIONS, PROPOSALS, House, Office, Person
from deploy.demo.people import Host as AnyHost
from deploy.demo.people import Student as AnyStudent
from deploy.local.identity import people
from schemas.programme import PROGRAMMES

AUTUMN = datetime(2023, 11, 20, 9, 0, tzinfo=UTC)
OPENING = datetime(2024, 1, 29, 9, 0, tzinfo=UTC)
MIDDAY = datetime(2024, 2, 12, 12, 0, tzinfo=UTC)
TELLING = datetime(2024, 2, 26, 12, 0, tzinfo=UTC)
AFTER_NINTH_WEEK = datetime(2024, 3, 18, 9, 0, tzinfo=UTC)
KINDS = ("student", "host", "office")
TAG = re.compile(r"<[^>]+>")
TURN = "turn.txt"  # in the run's folder: how many people the journeys have used up


class Student(AnyStudent):
    """A student, who also looks at pages."""

    async def sees(self, words: str) -> None:
        """Each of one's own applications and offers has a page; one of them says this."""

        async def is_said() -> bool:
            return any(
                words in page for page in [await self.page(path) for path in await self._own()]
            )

        await until(is_said, what=f"the words {words!r}", within=30, pause=0.3)

    async def page(self, path: str) -> str:
        """What a page says, without its marks."""
        answer = await self.caller.send("GET", path, headers={"accept": "text/html"})
        return " ".join(html.unescape(TAG.sub(" ", answer.text)).split())

    async def _own(self) -> list[str]:
        applications = [f"/applications/{a['application_id']}" for a in await self.applications()]
        return applications + [f"/offers/{o['offer_id']}" for o in await self.offers()]


class Host(AnyHost):
    """A host of one journey alone, which tells the story in fewer words."""

    oxford: "Oxford"

    async def has_a_vacancy(self, **changes: Any) -> str:
        """Propose, have it passed, and see it open."""
        vacancy_id = await self.has_proposed(**changes)
        await self.oxford.office.screens(vacancy_id)
        return vacancy_id

    async def has_proposed(self, **changes: Any) -> str:
        """A proposal that was sent."""
        cycle_id = await self.oxford.cycle_id()
        return await self.proposes(cycle_id, _project(self), **changes)

    async def ranks(
        self,
        vacancy_id: str,
        chosen: Sequence[Person],
        *,
        reserves: Sequence[Person] = (),
        reason: str = "closer_fit",
    ) -> Any:
        """Number the chosen, then the reserves."""
        await self.oxford.is_released(self, vacancy_id)
        return await super().ranks(vacancy_id, [*chosen, *reserves], reason=reason)


class Oxford:
    """The stack, the office, and the time of year."""

    def __init__(
        self, house: House, clock: Clock, *, addresses: dict[str, str], folder: Path
    ) -> None:
        self.house = house
        self.clock = clock
        self.addresses = addresses
        self._folder = folder
        known = {person["sub"]: person for person in people()}
        self._students = [each for each in known.values() if each.get("level")]
        self.office = Office(known["ruth.calloway"], at=house)
        self._cycle_id = ""

    async def begins(self) -> None:
        """It is autumn again, and the office is there."""
        await self.clock.leaps_to(AUTUMN)
        await self.office.signs_in()

    async def people(self, *kinds: str) -> list[Any]:
        """Fresh ones, signed in; the office is the same for all."""
        assert set(kinds) <= set(KINDS)
        return [await getattr(self, f"_a_{kind}")() for kind in kinds]

    async def cycle_id(self) -> str:
        """Of Hilary 2024, published by whichever journey needs it first."""
        if not self._cycle_id:
            text = (PROGRAMMES / "oxford-students.toml").read_text("utf-8")
            loaded = await self.office.loads(text)
            found = next(each for each in loaded["cycles"] if each["slug"] == "hilary-2024")
            if found["status"] == "draft":
                await self.office.publishes(found["cycle_id"])
            self._cycle_id = str(found["cycle_id"])
        return self._cycle_id

    async def opens(self) -> None:
        """The round is open."""
        await self.clock.leaps_to(OPENING)

    async def has_applications(self, vacancy_id: str, *students: Student) -> None:
        """These have applied, midday has come, and the office has released."""
        await self.opens()
        for student in students:
            await student.applies(vacancy_id)
        await self.clock.leaps_to(MIDDAY)
        await self.closes(vacancy_id)
        await self.office.releases(vacancy_id)

    async def closes(self, vacancy_id: str) -> None:
        """Wait until the loop has seen that it is midday."""

        async def is_closed() -> bool:
            found = await self.office.caller.get(f"{PROPOSALS}/vacancies/{vacancy_id}")
            return found["state"] == "closed"

        await until(is_closed, what="a closed vacancy", within=30)
        await until(
            lambda: self.clock.is_recorded("applications", "ApplicationsClosed", of=vacancy_id),
            what="a sealed list",
            within=30,
        )

    async def is_released(self, host: Host, vacancy_id: str) -> None:
        """Wait until the host may choose."""

        async def may_choose() -> bool:
            return bool((await host.selection(vacancy_id)).get("applications"))

        await until(may_choose, what="a selection", within=30)

    async def tells_outcomes(self, vacancy_id: str) -> None:
        """At noon on Monday 26 February the office tells."""
        await self.clock.leaps_to(TELLING)
        await self.office.tells_outcomes(vacancy_id)

    async def days_pass(self, days: int) -> None:
        """So many days later, and half a minute."""
        await self.clock.leaps_to(await self.clock.now() + timedelta(days=days, seconds=30))

    async def goes_to(self, at: datetime) -> None:
        """It is this instant."""
        await self.clock.leaps_to(at)

    async def placements_are_over(self, student: Student) -> None:
        """The Monday after the ninth week."""
        await self.clock.leaps_to(AFTER_NINTH_WEEK)

        async def is_over() -> bool:
            return (await student.placement())["state"] == "completed"

        await until(is_over, what="the end of a placement", within=30)
        await self.clock.settles()

    async def offer_of(self, student: Student, vacancy_id: str) -> Any:
        """Wait for an open offer."""

        async def made() -> list[Any]:
            found = await student.offers(vacancy_id)
            return [each for each in found if each["state"] == "made"]

        return (await until(made, what=f"an offer to {student.name}", within=30))[0]

    async def application_of(self, student: Student, vacancy_id: str) -> Any:
        """As the office reads it."""
        found = await self.office.reads(
            f"{APPLICATIONS}/applications", "applications", vacancy_id=vacancy_id
        )
        return next(each for each in found if each["name"] == student.name)

    async def _a_student(self) -> Student:
        student = Student(self._students[self._next() % len(self._students)], at=self.house)
        await student.signs_in()
        return student

    async def _a_host(self) -> Host:
        number = self._next()
        plain = ORGANISATIONS[0]
        organisation = replace(
            plain,
            public_name=f"{plain.public_name} {number}",
            contact=(f"Maren Tolliver {number}", f"contact-{number}@meadows.example"),
            supervisor=(f"Osian Fenn {number}", f"supervisor-{number}@meadows.example"),
        )
        host = Host(organisation, at=self.house)
        host.oxford = self
        await host.registers()
        await self.office.approves(host)
        await host.signs_in()
        return host

    async def _a_office(self) -> "TellingOffice":
        return TellingOffice(self)

    def _next(self) -> int:
        """Over all processes of the run, since nobody may play twice."""
        file = self._folder / TURN
        number = int(file.read_text()) + 1 if file.exists() else 0
        file.write_text(str(number))
        return number


class TellingOffice:
    """The office as a journey speaks of it."""

    def __init__(self, oxford: Oxford) -> None:
        self._oxford = oxford
        self.screens = oxford.office.screens
        self.releases = oxford.office.releases

    async def tells_outcomes(self, vacancy_id: str) -> None:
        """At noon on Monday 26 February."""
        await self._oxford.tells_outcomes(vacancy_id)


_TITLES = itertools.cycle(each.title for each in VACANCIES)


def _project(host: Host) -> Project:
    """A project of the ninth week, in person, with a title of this host's own."""
    plain = VACANCIES[6]
    return replace(plain, title=f"{next(_TITLES)} for {host.name.rpartition(' ')[2]}")
