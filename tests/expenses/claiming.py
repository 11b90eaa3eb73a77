"""A placement at a museum from 11 to 15 March 2024, its intern, host and office at the doors.

museum = await a_museum(doors, database_url)
claim_id = await museum.begins()
line_id = await museum.writes(claim_id, date="2024-03-11", kind="lunch", amount="7.40")
await museum.adds_receipt(claim_id, line_id, a_png())
await museum.sends(claim_id)
"""

import io
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import pikepdf
from PIL import Image, PngImagePlugin

from chassis import clock
from chassis.database import Database, Transaction
from chassis.intake import Consumer
from schemas import sample
from schemas.applications import PlacementConfirmed
from schemas.envelope import Event
from schemas.programme import PROGRAMMES, read
from schemas.proposals import HostApproved, RuleSetPublished, VacancyPublished
from schemas.rules import RuleSet
from services.expenses.main import SERVICE
from tests.doors import Doors, Person, let_act_for, travel

API = "/api/expenses/v1"
LAST_DAY_OVER = datetime(2024, 3, 18, 9, tzinfo=UTC)
HOST, PLACEMENT, STUDENT = (UUID(x) for x in (sample.HOST, sample.PLACEMENT, sample.STUDENT))


@cache
def oxford_rules() -> RuleSet:
    """The rules of Oxford's student programme, as the office loads them."""
    return read(PROGRAMMES / "oxford-students.toml").rules


def days(**modes: str) -> list[dict[str, Any]]:
    """The week's days, in person but for those named: `mon="remote"`."""
    week = deepcopy(sample.WEEK)
    for name, mode in modes.items():
        week[("mon", "tue", "wed", "thu", "fri").index(name)]["mode"] = mode
    return week


def at(instant: datetime) -> clock.Clock:
    """A clock that stands still."""

    async def now(_tx: Transaction) -> datetime:
        return instant

    return now


async def hear(database: Database, *events: Event, now: clock.Clock = clock.now) -> None:
    """Take in events as the worker does: every reaction of the service, each in its order."""
    consumer = Consumer("tests", SERVICE.reactions)
    for event in events:
        async with database.transaction() as tx:
            for reaction in consumer.reactions_to(type(event)):
                if reaction.is_copy:
                    await reaction.handle(tx, event)
                else:
                    await reaction.handle(tx, event, now=now)


def published_rules(rules: RuleSet | None = None, *, version: int = 1) -> RuleSetPublished:
    """A version of the programme's rules."""
    return RuleSetPublished(
        **sample.of_programme("2024-01-29T09:00:00Z") | {"rule_set_version": version},
        programme_slug="students",
        programme_name="Micro-Internship Programme",
        rules=rules or oxford_rules(),
    )


def known_facts(*, rules: RuleSet | None = None, **facts: Any) -> tuple[Event, ...]:
    """What is told before a placement: rules, the host and its facts, the advert."""
    return (
        published_rules(rules),
        HostApproved(**sample.of_host("2023-11-02T10:00:00Z"), facts=sample.HOST_FACTS | facts),
        VacancyPublished.model_validate(VacancyPublished.examples[0]),
    )


def a_placement(*, person_ref: UUID = STUDENT, **modes: str) -> PlacementConfirmed:
    """The place was accepted."""
    told = PlacementConfirmed.examples[0] | {"days": days(**modes), "person_ref": person_ref}
    return PlacementConfirmed.model_validate(told)


@dataclass(slots=True)
class Museum:
    """Everybody around one placement."""

    doors: Doors
    admin: str
    intern: Person
    host: Person
    supervisor: Person
    office: Person
    stranger: Person

    async def begins(self) -> str:
        """The intern begins the claim."""
        answer = await self.intern.post(f"{API}/claims", {"placement_id": PLACEMENT})
        assert answer.status_code == 201, answer.text
        return answer.json()["claim_id"]

    async def writes(self, claim_id: str, **line: str) -> str:
        """The intern writes a line."""
        written = {"date": "2024-03-11", "kind": "lunch", "amount": "7.40"} | line
        answer = await self.intern.post(f"{API}/claims/{claim_id}/lines", {"lines": [written]})
        assert answer.status_code == 201, answer.text
        return answer.json()["lines_added"][0]

    async def adds_receipt(self, claim_id: str, line_id: str, content: bytes = b"") -> Any:
        """The intern puts a receipt beside a line."""
        return await send_receipt(self.intern, claim_id, line_id, content or a_png())

    async def sends(self, claim_id: str) -> dict[str, Any]:
        """The intern sends the claim."""
        answer = await self.intern.post(f"{API}/claims/{claim_id}/submit")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sent_claim(self, *lines: dict[str, str]) -> str:
        """A claim that the host has, with a receipt of its own beside each line."""
        claim_id = await self.begins()
        for line in lines or ({},):
            line_id = await self.writes(claim_id, **line)
            answer = await self.adds_receipt(claim_id, line_id)
            assert answer.status_code == 200, answer.text
        await self.sends(claim_id)
        return claim_id

    async def shown(self, claim_id: str, *, to: Person | None = None) -> dict[str, Any]:
        """The claim, as the API tells it."""
        answer = await (to or self.intern).get(f"{API}/claims/{claim_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def on(self, instant: datetime) -> None:
        """Business time is this now."""
        await travel(self.admin, instant)


async def a_museum(
    doors: Doors, admin: str, *, rules: RuleSet | None = None, facts: Any = None, **modes: str
) -> Museum:
    """The placement is confirmed and its last day over."""
    intern = doors.student()
    host, supervisor = doors.host(), doors.host(name="Ines Farrow")
    await let_act_for(doors, host, HOST)
    await let_act_for(doors, supervisor, HOST, kind="supervisor")
    await hear(
        doors.database,
        *known_facts(rules=rules, **(facts or {})),
        a_placement(person_ref=intern.person_ref, **modes),
    )
    museum = Museum(
        doors, admin, intern, host, supervisor, doors.office(), doors.student(name="Bo Strand")
    )
    await museum.on(LAST_DAY_OVER)
    return museum


async def send_receipt(
    person: Person, claim_id: str, line_id: str, content: bytes, *, kind: str = "image/png"
) -> Any:
    """Send a receipt bare, as a program does."""
    headers = {"x-csrf-token": person.csrf, "idempotency-key": str(uuid4()), "content-type": kind}
    path = f"{API}/claims/{claim_id}/lines/{line_id}/receipt"
    return await person.send("PUT", path, content=content, headers=headers)


# ---- receipts ----


def a_png(size: tuple[int, int] = (60, 90), *, comment: int = 0, frames: int = 1) -> bytes:
    """A picture that no other test has seen, unless a comment alone makes the difference."""
    colour: tuple[int, int, int] = tuple(uuid4().bytes[:3])  # pyright: ignore[reportAssignmentType]
    picture = Image.new("RGB", size, colour)
    out = io.BytesIO()
    about = PngImagePlugin.PngInfo()
    if comment:
        about.add_text("Comment", "x" * comment)
    if frames > 1:
        others = [Image.new("RGB", size, (n, n, n)) for n in range(1, frames)]
        picture.save(out, "PNG", save_all=True, append_images=others)
    else:
        picture.save(out, "PNG", pnginfo=about)
    return out.getvalue()


def a_jpeg_with_place() -> bytes:
    """A telephone's picture: lying on its side, and telling where it was taken."""
    picture = Image.new("RGB", (80, 40), (200, 180, 160))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter
    exif[0x010F] = "Telephone"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def a_pdf(*, scripted: bool = False) -> bytes:
    """One empty page."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(200, 300))
        if scripted:
            pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()
