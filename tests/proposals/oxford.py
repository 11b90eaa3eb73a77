"""A cycle at Oxford for tests: the office has loaded the students' programme and published Hilary."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis import clock
from schemas.programme import PROGRAMMES
from services.proposals.main import SERVICE
from tests.doors import Doors, Person, travel

API = "/api/proposals/v1"
AUTUMN = datetime(2023, 11, 20, 9, 0, tzinfo=UTC)  # hosts may send proposals
CLOSING = datetime(2024, 1, 19, 17, 0, tzinfo=UTC)
OPENING = datetime(2024, 1, 29, 9, 0, tzinfo=UTC)
MIDDAY = datetime(2024, 2, 12, 12, 0, tzinfo=UTC)
CHECKS = ("scope", "tasks", "deliverables", "supervision", "learning", "suitability")

HOST: dict[str, Any] = {
    "public_name": "Museum of the History of Weather",
    "profit_status": "not_for_profit",
    "kind": "charity",
    "size": "10_to_49",
    "sector": "heritage",
    "region": "oxfordshire",
    "country": "GB",
    "about": "A small museum of clouds and rain.",
    "contact_name": "Nadia O’Casey",
    "contact_email": "nadia@weather.example",
}
DAYS = [
    {
        "on": f"2024-03-{day}",
        "mode": "in_person",
        "starts": "09:00",
        "ends": "17:30",
        "break_minutes": 60,
    }
    for day in (11, 12, 13, 14, 15)
]
WRITING: dict[str, Any] = {
    "title": "Catalogue two centuries of weather diaries",
    "projects": [
        {
            "title": "Catalogue two centuries of weather diaries",
            "scope": "Bring three hundred handwritten diaries of farmers and vicars into one "
            "catalogue that anybody can search, so that they are read again at last.",
            "tasks": "Describe each diary, photograph its title page, check the names of places "
            "and people, and enter all of it into our catalogue.",
            "deliverables": "A catalogue of three hundred entries and a page on how it was made.",
            "learning": "How an archive describes what it holds.",
        }
    ],
    "project_kind": "part_of_larger",
    "placement_kind": "research_based",
    "strategic_focus": "Opening the whole collection to the public.",
    "supervision": "A curator sits at the next desk and meets the intern each morning.",
    "supervisor": {"name": "Agnes Holm", "email": "agnes@weather.example"},
    "has_work_shadowing": True,
    "skills": ["self_management", "communication"],
    "category": "cataloguing",
    "city": "Oxford",
    "mode": "in_person",
    "days": DAYS,
    "places": 2,
}


@dataclass(slots=True)
class Oxford:
    """The office, a museum and its contact, in a published cycle."""

    doors: Doors
    admin: str
    office: Person
    host: Person
    host_id: UUID
    cycle_id: UUID

    async def goes_to(self, at: datetime) -> None:
        """Business time moves, and time does what is due."""
        await travel(self.admin, at)
        for deadline in SERVICE.deadlines:
            await deadline(self.doors.database, now=clock.now)

    async def has_a_draft(self, **writing: Any) -> tuple[str, int]:
        """The museum has written a proposal: its id and version."""
        body = {"cycle_id": str(self.cycle_id), "host_id": str(self.host_id)}
        begun = (await self.host.post(f"{API}/proposals", body)).json()
        path = f"{API}/proposals/{begun['proposal_id']}"
        saved = await self.host.put(path, WRITING | writing, version=1)
        assert saved.status_code == 200, saved.text
        return begun["proposal_id"], saved.json()["row_version"]

    async def has_sent(self, **writing: Any) -> str:
        """The museum has sent a proposal: its id."""
        proposal_id, _ = await self.has_a_draft(**writing)
        sent = await self.host.post(f"{API}/proposals/{proposal_id}/submit")
        assert sent.status_code == 200, sent.text
        return proposal_id

    async def has_a_vacancy(self, **writing: Any) -> str:
        """The office has approved a proposal: its id, which the vacancy keeps."""
        proposal_id = await self.has_sent(**writing)
        passed = await self.office.post(f"{API}/proposals/{proposal_id}/screening", verdict())
        assert passed.status_code == 200, passed.text
        return proposal_id


def verdict(outcome: str = "passed", *, revision: int = 1, **more: Any) -> dict[str, Any]:
    """What an officer records; unless told otherwise, everything is well."""
    checks = dict.fromkeys(CHECKS, outcome == "passed")
    reasons = {} if outcome == "passed" else {"reason_codes": [REASON], "reason": "Say more."}
    return {"revision": revision, "outcome": outcome, "checks": checks} | reasons | more


REASON = "supervision_unclear"


def students_file() -> str:
    """The text of the students' programme."""
    return (PROGRAMMES / "oxford-students.toml").read_text(encoding="utf-8")


async def open_oxford(doors: Doors, admin: str) -> Oxford:
    """Load, publish, register and approve: all through the API."""
    await travel(admin, AUTUMN)
    office = doors.office()
    loaded = await office.post(f"{API}/programmes", {"file": students_file()})
    assert loaded.status_code == 201, loaded.text
    cycles = {each["slug"]: each["cycle_id"] for each in loaded.json()["cycles"]}
    cycle_id = cycles["hilary-2024"]
    published = await office.post(f"{API}/cycles/{cycle_id}/publish")
    assert published.status_code == 200, published.text
    registered = await doors.visitor().post(f"{API}/hosts", HOST)
    assert registered.status_code == 201, registered.text
    host_id = registered.json()["host_id"]
    approved = await office.post(f"{API}/hosts/{host_id}/approve")
    assert approved.status_code == 200, approved.text
    contact = await doors.database.value(
        "SELECT person_ref FROM host_contacts WHERE host_id = $1", UUID(host_id)
    )
    host = doors.host(contact)
    return Oxford(doors, admin, office, host, UUID(host_id), UUID(cycle_id))
