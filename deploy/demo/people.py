"""Students, hosts and the office: each does by the API what the pages do by their forms."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import httpx2

from deploy.demo import cv
from deploy.demo.cast import STATEMENT, Organisation, Project
from deploy.demo.patience import PATIENCE, Caller, DidNotHappen, until
from deploy.local.signing_in import NotSignedIn, sign_in, sign_in_by_mail

PROPOSALS = "/api/proposals/v1"
APPLICATIONS = "/api/applications/v1"
NOTIFICATIONS = "/api/notifications/v1"
EXPENSES = "/api/expenses/v1"
CHECKS = ("scope", "tasks", "deliverables", "supervision", "learning", "suitability")
Found = dict[str, Any]


class Person(ABC):
    """Somebody with a name and a mailbox, before and after signing in."""

    def __init__(self, name: str, address: str, *, at: "House") -> None:
        self.name = name
        self.address = address
        self.house = at
        self.caller = Caller(at.client, at.front_door)
        self.asked_in_vain = 0

    async def signs_in(self) -> None:
        """Come in; asked again where a process went away on the way."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while True:
            try:
                await self.caller.carry(await self._cookie())
                return
            except (NotSignedIn, httpx2.HTTPError):
                if loop.time() > deadline:
                    raise
                self.asked_in_vain += 1
                await asyncio.sleep(0.5)

    async def mails(self) -> list[Found]:
        """What lies in this person's mailbox."""
        return await self.house.mails(self.address)

    async def gets_mail(self, subject: str, *, within: float = PATIENCE) -> Found:
        """Wait for a mail with these words in its subject."""

        async def has_come() -> Found | None:
            return next((m for m in await self.mails() if subject in m["subject"]), None)

        mail = await until(has_come, what=f"a mail to {self.name}: {subject}", within=within)
        assert mail is not None
        return mail

    @abstractmethod
    async def _cookie(self) -> str:
        """Sign in, by whichever way this person does."""


class Student(Person):
    """Applies, answers, goes, claims."""

    def __init__(self, known: Mapping[str, Any], *, at: "House") -> None:
        super().__init__(known["name"], known["email"], at=at)
        self.subject: str = known["sub"]
        self.course: str = known["course"]

    async def searches(self, words: str) -> list[Found]:
        """What is open and holds these words."""
        return (await self.caller.get(f"{PROPOSALS}/vacancies", words=words))["vacancies"]

    async def begins(self, vacancy_id: str) -> str:
        """A draft with statement, declarations and CV, ready to be sent."""
        begun = await self.caller.post(f"{APPLICATIONS}/applications", {"vacancy_id": vacancy_id})
        path = f"{APPLICATIONS}/applications/{begun['application_id']}"
        written = {"statement": STATEMENT, "declarations": ["available", "own_work"]}
        await self.caller.put(path, written, version=begun["version"])
        await self.caller.upload(f"{path}/cv", cv.two_pages(self.name, self.course))
        return str(begun["application_id"])

    async def submits(self, application_id: str) -> Found:
        """Send a draft; the answer is the receipt."""
        return await self.caller.post(f"{APPLICATIONS}/applications/{application_id}/submit")

    async def applies(self, vacancy_id: str) -> Found:
        """From the first word to the receipt."""
        return await self.submits(await self.begins(vacancy_id))

    async def applications(self) -> list[Found]:
        """One's own."""
        return (await self.caller.get(f"{APPLICATIONS}/applications"))["applications"]

    async def offers(self, vacancy_id: str | None = None) -> list[Found]:
        """One's own offers, perhaps of one vacancy."""
        found = (await self.caller.get(f"{APPLICATIONS}/offers"))["offers"]
        return [each for each in found if vacancy_id in (None, each["vacancy_id"])]

    async def offer(self, vacancy_id: str) -> Found:
        """The offer of this vacancy. Raises `DidNotHappen` where there is none."""
        found = await self.offers(vacancy_id)
        if not found:
            raise DidNotHappen(f"{self.name} has no offer of this vacancy")
        return found[0]

    async def accepts(self, vacancy_id: str) -> Found:
        """Take the place."""
        offer = await self.offer(vacancy_id)
        path = f"{APPLICATIONS}/offers/{offer['offer_id']}/accept"
        return await self.caller.post(path, {"conduct_agreed": True})

    async def declines(self, vacancy_id: str, reason: str = "not_free") -> Found:
        """Leave the place."""
        offer = await self.offer(vacancy_id)
        path = f"{APPLICATIONS}/offers/{offer['offer_id']}/decline"
        return await self.caller.post(path, {"reason_code": reason})

    async def placement(self) -> Found:
        """Where one goes."""
        found = (await self.caller.get(f"{APPLICATIONS}/placements"))["placements"]
        if not found:
            raise DidNotHappen(f"{self.name} has no placement")
        return found[0]

    async def claims(self, lines: Sequence[tuple[date, str, int]]) -> Found:
        """Write what each day has cost, put a receipt beside each line, and send it to the host."""
        placement = await self.placement()
        begun = await self.caller.post(
            f"{EXPENSES}/claims", {"placement_id": placement["placement_id"]}
        )
        path = f"{EXPENSES}/claims/{begun['claim_id']}"
        written = [
            {"date": str(on), "kind": kind, "amount": _pounds(pence)} for on, kind, pence in lines
        ]
        await self.caller.post(f"{path}/lines", {"lines": written})
        for n, line in enumerate((await self.caller.get(path))["lines"]):
            number = f"{begun['claim_id']}-{n}"
            paper = cv.receipt("City Buses and Sandwiches", number, lines[n][2])
            await self.caller.upload(f"{path}/lines/{line['line_id']}/receipt", paper)
        await self.caller.post(f"{path}/submit")
        return await self.claim()

    async def claim(self) -> Found:
        """One's claim as it stands."""
        found = (await self.caller.get(f"{EXPENSES}/claims"))["claims"]
        return await self.caller.get(f"{EXPENSES}/claims/{found[0]['claim_id']}")

    async def confirms(self) -> Found:
        """The money has come."""
        claim = await self.claim()
        return await self.caller.post(f"{EXPENSES}/claims/{claim['claim_id']}/confirm")

    async def _cookie(self) -> str:
        return await sign_in(self.house.front_door, self.subject)


class Host(Person):
    """Proposes, chooses, repays. Signs in by a link in a mail."""

    def __init__(self, organisation: Organisation, *, at: "House") -> None:
        super().__init__(*organisation.contact, at=at)
        self.organisation = organisation
        self.host_id = ""
        self.links_asked = 0

    async def registers(self) -> str:
        """Ask to be let in, as a visitor."""
        given = self.organisation
        body = {
            "public_name": given.public_name,
            "profit_status": given.profit_status,
            "kind": given.kind,
            "size": given.size,
            "sector": given.sector,
            "region": given.region,
            "country": "GB",
            "about": given.about,
            "contact_name": self.name,
            "contact_email": self.address,
        }
        made = await self.caller.post(f"{PROPOSALS}/hosts", body)
        self.host_id = str(made["host_id"])
        return self.host_id

    async def proposes(self, cycle_id: str, project: Project, **changes: Any) -> str:
        """Write a proposal and send it."""
        begun = await self.caller.post(
            f"{PROPOSALS}/proposals", {"cycle_id": cycle_id, "host_id": self.host_id}
        )
        path = f"{PROPOSALS}/proposals/{begun['proposal_id']}"
        writing = project.writing(self.organisation, **changes)
        await self.caller.put(path, writing, version=1)
        await self.caller.post(f"{path}/submit")
        return str(begun["proposal_id"])

    async def sends_again(self, proposal_id: str, **changes: Any) -> Found:
        """Change what was asked to be changed, and send it again."""
        path = f"{PROPOSALS}/proposals/{proposal_id}"
        version = (await self.caller.send("GET", path)).headers["etag"].strip('"')
        await self.caller.put(path, changes, version=version)
        return await self.caller.post(f"{path}/submit")

    async def withdraws(self, proposal_id: str) -> Found:
        """Take a proposal back."""
        return await self.caller.post(f"{PROPOSALS}/proposals/{proposal_id}/withdraw")

    async def selection(self, vacancy_id: str) -> Found:
        """What this host may see of the first round of a vacancy."""
        return await self.caller.get(f"{APPLICATIONS}/selections/{vacancy_id}/first")

    async def reads_cv(self, application: Found) -> bytes:
        """The host's copy."""
        return (await self.caller.send("GET", application["cv"])).content

    async def ranks(
        self, vacancy_id: str, chosen: Sequence[Person], *, reason: str = "closer_fit"
    ) -> Found:
        """Number the chosen in this order, and give the others a reason."""
        ranks = {person.name: rank for rank, person in enumerate(chosen, start=1)}
        found = (await self.selection(vacancy_id))["applications"]
        choices = [
            {"application_id": each["application_id"], "rank": ranks[each["name"]]}
            if each["name"] in ranks
            else {"application_id": each["application_id"], "reason_code": reason}
            for each in found
        ]
        return await self.caller.post(
            f"{APPLICATIONS}/selections/{vacancy_id}/first", {"choices": choices}
        )

    async def claims(self, status: str | None = None) -> list[Found]:
        """What was sent to this host."""
        query = {"status": status} if status else {}
        return (await self.caller.get(f"{EXPENSES}/claims", **query))["claims"]

    async def decides(self, claim_id: str) -> Found:
        """Agree to repay what the rules allow."""
        return await self.caller.post(f"{EXPENSES}/claims/{claim_id}/decide", {"lines": []})

    async def repays(self, claim_id: str, pence: int, on: date) -> Found:
        """Say that the money was sent."""
        body = {"paid": _pounds(pence), "paid_on": str(on)}
        return await self.caller.post(f"{EXPENSES}/claims/{claim_id}/report-reimbursement", body)

    async def _cookie(self) -> str:
        cookie = await sign_in_by_mail(
            self.house.front_door, self.house.mail_page, self.address, patience=30
        )
        self.links_asked += 1
        return cookie


class Office(Person):
    """Loads, publishes, approves, screens, releases, tells."""

    def __init__(self, known: Mapping[str, Any], *, at: "House") -> None:
        super().__init__(known["name"], known["email"], at=at)
        self.subject: str = known["sub"]

    async def loads(self, file: str) -> Found:
        """Put the rules of a programme's file in force."""
        return await self.caller.post(f"{PROPOSALS}/programmes", {"file": file})

    async def publishes(self, cycle_id: str) -> Found:
        """Promise the dates of a cycle."""
        return await self.caller.post(f"{PROPOSALS}/cycles/{cycle_id}/publish")

    async def approves(self, host: Host) -> Found:
        """Let an organisation send proposals."""
        return await self.caller.post(f"{PROPOSALS}/hosts/{host.host_id}/approve")

    async def screens(self, proposal_id: str, outcome: str = "passed", **reasons: Any) -> Found:
        """Record a verdict on the revision that was read."""
        path = f"{PROPOSALS}/proposals/{proposal_id}"
        read = await self.caller.get(path)
        checks = dict.fromkeys(CHECKS, outcome == "passed")
        body = {"revision": read["revision"], "outcome": outcome, "checks": checks, **reasons}
        return await self.caller.post(f"{path}/screening", body)

    async def releases(self, vacancy_id: str) -> Found:
        """Let the host read the applications of the first round."""
        path = f"{APPLICATIONS}/vacancies/{vacancy_id}/rounds/first/release"
        return await self.caller.post(path, {"reason": "The round has closed."})

    async def tells_outcomes(self, vacancy_id: str) -> Found:
        """Give the word that everyone of the first round is told."""
        body = {"vacancy_id": vacancy_id, "round": "first", "reason": "All hosts have chosen."}
        return await self.caller.post(f"{APPLICATIONS}/outcomes", body)

    async def reads(self, path: str, what: str, **query: Any) -> list[Found]:
        """A whole list, page by page."""
        found: list[Found] = []
        cursor: dict[str, Any] = {}
        while True:
            page = await self.caller.get(path, **query, **cursor)
            found += page[what]
            if not page.get("next"):
                return found
            cursor = {"cursor": page["next"]}

    async def deliveries(self) -> list[Found]:
        """Every letter there was, and how far it got."""
        found: list[Found] = []
        number = 1
        while True:
            page = await self.caller.get(f"{NOTIFICATIONS}/deliveries", page=number)
            found += page["items"]
            if not page["items"] or len(found) >= page["total"]:
                return found
            number += 1

    async def _cookie(self) -> str:
        return await sign_in(self.house.front_door, self.subject)


class House:
    """Where everybody goes: the front door, and the page on which mails are read."""

    def __init__(self, client: httpx2.AsyncClient, *, front_door: str, mail_page: str) -> None:
        self.client = client
        self.front_door = front_door
        self.mail_page = mail_page

    async def mails(self, to: str | None = None) -> list[Found]:
        """What the mail catcher has taken."""
        query = {"to": to} if to else None
        answer = await self.client.get(f"{self.mail_page}/messages.json", params=query)
        answer.raise_for_status()
        return answer.json()


def _pounds(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02}"
