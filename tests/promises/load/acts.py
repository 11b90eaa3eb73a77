"""What people do, each act a command as a client sends it."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg

from tests.promises.load.asking import Client, Unanswered
from tests.promises.load.house import Host, House, Vacancy
from tests.promises.load.people import Person, contact

STATEMENT = (
    "I would like to do this because I have read about it for two terms and have never seen it "
    "done. I am used to working by myself, and I finish what I begin."
)
CHECKS = ("scope", "tasks", "deliverables", "supervision", "learning", "suitability")
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
CONTACT_OF = """
    SELECT person_ref FROM proposals.host_contacts WHERE host_id = $1 AND kind = 'contact'
"""

# ---- hosts and the office ----


async def register_host(client: Client, house: House, number: str) -> Host:
    """A visitor asks for an organisation to be let in."""
    name, address = f"Host {number}", f"contact@host-{number}.example"
    body = {
        "public_name": name,
        "profit_status": "not_for_profit",
        "kind": "charity",
        "size": "10_to_49",
        "sector": "heritage",
        "region": "oxfordshire",
        "country": "GB",
        "about": "We keep three water meadows.",
        "contact_name": f"Contact of {number}",
        "contact_email": address,
    }
    made = await client.command(None, "proposals", "/hosts", body, name="register host")
    ref = await _contact_of(house, made["host_id"])
    return Host(made["host_id"], contact(ref, body["contact_name"], address))


async def approve_host(client: Client, officer: Person, host: Host) -> None:
    """The office lets it in."""
    path = f"/hosts/{host.host_id}/approve"
    await client.command(officer, "proposals", path, name="approve host", subjects=[host.host_id])


async def propose(
    client: Client, host: Host, cycle_id: str, number: str, *, days: list[str], places: int = 1
) -> str:
    """A host writes a proposal and sends it."""
    begun = await client.command(
        host.contact,
        "proposals",
        "/proposals",
        {"cycle_id": cycle_id, "host_id": host.host_id},
        name="begin proposal",
        subjects=[host.host_id],
    )
    proposal_id = begun["proposal_id"]
    path, about = f"/proposals/{proposal_id}", [proposal_id]
    await client.command(
        host.contact,
        "proposals",
        path,
        _writing(number, days, places),
        name="write proposal",
        method="PUT",
        version=1,
        subjects=about,
    )
    await client.command(
        host.contact, "proposals", f"{path}/submit", name="submit proposal", subjects=about
    )
    return proposal_id


async def screen(client: Client, officer: Person, proposal_id: str, *, passes: bool = True) -> None:
    """The office reads a proposal and records its verdict."""
    path = f"/proposals/{proposal_id}"
    read = await client.look(officer, "proposals", path)
    body = {
        "revision": read["revision"],
        "outcome": "passed" if passes else "rejected",
        "checks": dict.fromkeys(CHECKS, passes),
        **({} if passes else {"reason_codes": ["work_of_staff"], "reason": "It is a job."}),
    }
    await client.command(
        officer,
        "proposals",
        f"{path}/screening",
        body,
        name="pass proposal" if passes else "reject proposal",
        subjects=[proposal_id],
    )


async def release(client: Client, officer: Person, vacancy: Vacancy) -> None:
    """The host may read the applications."""
    path = f"/vacancies/{vacancy.vacancy_id}/rounds/first/release"
    await client.command(
        officer,
        "applications",
        path,
        {"reason": "The round has closed."},
        name="release applications",
        subjects=[vacancy.vacancy_id],
    )


async def rank(client: Client, vacancy: Vacancy, *, reserves: int) -> None:
    """The host numbers whom it would take, and gives the others a reason."""
    path = f"/selections/{vacancy.vacancy_id}/first"
    seen = await client.look(vacancy.host.contact, "applications", path)
    found = [each["application_id"] for each in seen["applications"]]
    chosen = found[: 1 + reserves]
    choices = [{"application_id": one, "rank": n} for n, one in enumerate(chosen, start=1)]
    choices += [
        {"application_id": one, "reason_code": "closer_fit"} for one in found[len(chosen) :]
    ]
    await client.command(
        vacancy.host.contact,
        "applications",
        path,
        {"choices": choices},
        name="rank applications",
        subjects=[vacancy.vacancy_id],
    )


async def tell(client: Client, officer: Person, vacancy: Vacancy) -> None:
    """The office's word that everyone is told."""
    body = {"vacancy_id": vacancy.vacancy_id, "round": "first", "reason": "All have chosen."}
    await client.command(
        officer,
        "applications",
        "/outcomes",
        body,
        name="tell outcomes",
        subjects=[vacancy.vacancy_id],
    )


# ---- students ----


async def begin(client: Client, who: Person, vacancy: Vacancy) -> Any:
    """A draft."""
    return await client.command(
        who,
        "applications",
        "/applications",
        {"vacancy_id": vacancy.vacancy_id},
        name="begin application",
        subjects=[vacancy.vacancy_id],
    )


async def write(client: Client, who: Person, application_id: str, *, version: int) -> Any:
    """What is to be read in it."""
    return await client.command(
        who,
        "applications",
        f"/applications/{application_id}",
        {"statement": STATEMENT, "declarations": ["available", "own_work"]},
        name="write application",
        method="PUT",
        version=version,
        subjects=[application_id],
    )


async def revise(client: Client, who: Person, application_id: str) -> Any:
    """Change what was sent."""
    path = f"/applications/{application_id}"
    held = await client.look(who, "applications", path)
    return await client.command(
        who,
        "applications",
        path,
        {"statement": f"{STATEMENT} And soon.", "declarations": ["available", "own_work"]},
        name="revise application",
        method="PUT",
        version=held["version"],
        subjects=[application_id],
    )


async def submit(client: Client, who: Person, application_id: str) -> Any:
    """Send it."""
    path = f"/applications/{application_id}/submit"
    return await client.command(
        who, "applications", path, name="submit application", subjects=[application_id]
    )


async def withdraw(client: Client, who: Person, application_id: str) -> None:
    """End it before anybody decided."""
    path = f"/applications/{application_id}/withdraw"
    await client.command(
        who, "applications", path, {}, name="withdraw application", subjects=[application_id]
    )


async def apply(client: Client, who: Person, vacancy: Vacancy) -> str:
    """From the first word to the receipt."""
    begun = await begin(client, who, vacancy)
    await write(client, who, begun["application_id"], version=begun["version"])
    await submit(client, who, begun["application_id"])
    return begun["application_id"]


async def accept(client: Client, who: Person, offer_id: str, *, by_form: bool = False) -> None:
    """Take the place."""
    about = [offer_id]
    if by_form:
        path, fields = f"/offers/{offer_id}/accept", {"agreed": "yes"}
        await client.form(who, "applications", path, fields, name="accept offer", subjects=about)
        return
    path = f"/offers/{offer_id}/accept"
    body = {"conduct_agreed": True}
    await client.command(who, "applications", path, body, name="accept offer", subjects=about)


async def decline(client: Client, who: Person, offer_id: str, *, by_form: bool = False) -> None:
    """Leave the place."""
    path, about, reason = f"/offers/{offer_id}/decline", [offer_id], {"reason_code": "not_free"}
    if by_form:
        await client.form(who, "applications", path, reason, name="decline offer", subjects=about)
        return
    await client.command(who, "applications", path, reason, name="decline offer", subjects=about)


async def withdraw_offer(client: Client, officer: Person, offer_id: str) -> None:
    """The office takes an offer back."""
    path, reason = f"/offers/{offer_id}/withdraw", {"reason": "The project does not go ahead."}
    await client.command(
        officer, "applications", path, reason, name="withdraw offer", subjects=[offer_id]
    )


async def sign_out(client: Client, who: Person) -> None:
    """Go."""
    # Never asked twice on purpose: whoever has gone cannot come back to hear it again.
    await client.command(who, "proposals", "/sign-out", name="sign out", may_drop=False)
    who.signed_out()


# ---- claims ----


async def claim(client: Client, who: Person, days: list[str]) -> str:
    """Write down what two days have cost, and send it to the host."""
    found = (await client.look(who, "expenses", "/claims"))["claims"]
    if not found:
        raise Unanswered("the claim's draft is not there yet")
    claim_id = found[0]["claim_id"]
    path, about = f"/claims/{claim_id}", [claim_id]
    lines = [
        {"date": day, "kind": kind, "amount": amount}
        for day in days[:2]
        for kind, amount in (("local_travel", "4.50"), ("lunch", "7.35"))
    ]
    await client.command(
        who, "expenses", f"{path}/lines", {"lines": lines}, name="add lines", subjects=about
    )
    await client.command(who, "expenses", f"{path}/submit", name="submit claim", subjects=about)
    return claim_id


async def repay(client: Client, who: Person, host: Host, claim_id: str, on: str) -> None:
    """The host agrees and pays, and the intern says that the money has come."""
    path, about = f"/claims/{claim_id}", [claim_id]
    await client.command(
        host.contact, "expenses", f"{path}/decide", {"lines": []}, name="approve claim", subjects=about
    )  # fmt: skip
    await client.command(
        host.contact,
        "expenses",
        f"{path}/report-reimbursement",
        {"paid": "23.70", "paid_on": on},
        name="report reimbursement",
        subjects=about,
    )
    await client.command(
        who, "expenses", f"{path}/confirm", name="confirm reimbursement", subjects=about
    )


async def _contact_of(house: House, host_id: str) -> UUID:
    """Under which name the front desk knows who registered: it tells nobody by the API."""
    for _ in range(60):
        try:
            return await _asked(house.dsn, CONTACT_OF, UUID(host_id))
        except AWAY:
            await asyncio.sleep(1)
    raise Unanswered("the contact of a host")


async def _asked(dsn: str, sql: str, *args: Any) -> Any:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return await connection.fetchval(sql, *args, timeout=10)
    finally:
        connection.terminate()  # whatever state it is in


def _writing(number: str, days: list[str], places: int) -> dict[str, Any]:
    title = f"Catalogue the flood diaries of {number}"
    return {
        "title": title,
        "projects": [
            {
                "title": title,
                "scope": "Bring three hundred handwritten diaries of millers and vicars into one "
                "catalogue that anybody can search, so that they are read again at last. We have "
                "begun with the first part of it.",
                "tasks": "Read what is there, agree a plan with us on the first morning, do the "
                "work by that plan, and show each afternoon what came of it.",
                "deliverables": "The finished piece of work and a page on how it was made.",
                "learning": "How a small organisation decides what to do next, and why.",
            }
        ],
        "project_kind": "part_of_larger",
        "placement_kind": "professional",
        "strategic_focus": "Reaching people who have not heard of us.",
        "supervision": "A warden sits at the next desk and talks the day through each morning.",
        "supervisor": {
            "name": f"Supervisor of {number}",
            "email": f"supervisor@{number}.example",
        },
        "has_work_shadowing": True,
        "skills": ["self_management", "communication"],
        "sector": "heritage",
        "category": "cataloguing",
        "city": "Oxford",
        "mode": "in_person",
        "days": [
            {
                "on": day,
                "mode": "in_person",
                "starts": "09:00",
                "ends": "17:30",
                "break_minutes": 60,
            }
            for day in days
        ],
        "places": places,
    }
