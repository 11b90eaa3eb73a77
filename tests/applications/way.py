"""One vacancy with three applicants, everybody at their doors, and a clock that travels."""

from datetime import timedelta

from chassis import clock
from chassis.actor import Role
from services.applications.main import SERVICE
from tests.applications.choosing import MONDAY_NOON, a_released_round
from tests.doors import travel

API = "/api/applications/v1"


class Way:
    """One vacancy with three applicants, everybody at their doors, and a clock that travels."""

    def __init__(self, doors, given, admin):
        self.doors, self.given, self.admin = doors, given, admin
        self.host = doors.host(given.host.person_ref)
        self.office = doors.office()
        self.key = f"{given.vacancy_id}/first"

    def student(self, name):
        """The applicant of this name, signed in."""
        return self.doors.person(
            Role.APPLICANT, person_ref=self.given.people[name].person_ref, name=name
        )

    async def loop(self):
        """One turn of every deadline of the service."""
        for deadline in SERVICE.deadlines:
            await deadline(self.doors.database, now=clock.now)

    async def ranks(self, *ranked, refused=()):
        """The host's whole choice."""
        ids = self.given.applications
        choices = [{"application_id": ids[who], "rank": n} for n, who in enumerate(ranked, 1)]
        choices += [{"application_id": ids[w], "reason_code": "closer_fit"} for w in refused]
        return await self.host.post(f"{API}/selections/{self.key}", {"choices": choices})

    async def tells(self):
        """The office's word, carried out."""
        answer = await self.office.post(
            f"{API}/outcomes",
            {"vacancy_id": self.given.vacancy_id, "round": "first", "reason": "As chosen"},
        )
        await self.loop()
        return answer

    async def offer_of(self, name):
        """The only offer of a student."""
        offers = (await self.student(name).get(f"{API}/offers")).json()["offers"]
        return offers[0]


async def a_way(doors_of, database_url, **more):
    """Six days before the office tells: the host is to choose."""
    doors = await doors_of("applications")
    await travel(database_url, MONDAY_NOON - timedelta(days=6))
    given = await a_released_round(doors.database, "ada", "ben", "cleo", **more)
    async with doors.database.transaction() as tx:
        host_id = next(iter(given.host.hosts))
        await tx.execute(
            """
            INSERT INTO known_hosts (host_id, university, public_name, status)
            VALUES ($1, 'oxford', 'Museum', 'approved')
            """,
            host_id,
        )
        await tx.execute(
            """
            INSERT INTO known_host_contacts (host_id, person_ref, kind, university)
            VALUES ($1, $2, 'contact', 'oxford')
            """,
            host_id,
            given.host.person_ref,
        )
    return Way(doors, given, database_url)
