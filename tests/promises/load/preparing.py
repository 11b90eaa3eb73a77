"""Before the load: three cycles brought to where it begins, by the commands of the house itself.

One is over, and its claims are due; of one the applications lie there, for hosts to choose from; one is
open. Business time is moved by the development clock, and only while nothing is on its way.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from deploy.demo.clock import Clock
from deploy.demo.patience import until
from schemas.envelope import TYPE_PREFIX
from tests.promises.history import History
from tests.promises.load import acts, programme
from tests.promises.load.asking import Door, open_client
from tests.promises.load.house import House, Vacancy, people_of
from tests.promises.load.people import Person, officer, settle_in, tell_cards
from tests.promises.stage import Stage

AT_ONCE = 8
PATIENCE = 120.0
APPLICANTS = 4  # to each vacancy that is to be chosen from
INTERNS = 6  # of each vacancy that is over
OXFORD = ZoneInfo("Europe/London")


def days_of(week: date, count: int = 3) -> list[str]:
    """The first days of a week."""
    return [str(week + timedelta(days=n)) for n in range(count)]


async def prepare(
    on: Stage, history: History, *, seed: int, commands: int, clients: int = 40
) -> House:
    """Bring the house to the morning on which the load begins. Faults come later."""
    house = let_in(on, history, seed=seed, clients=clients)
    clock = Clock(house.dsn, patience=PATIENCE)
    try:
        await people_come(on, house, 60 + commands // 3)
        await leap(clock, programme.AUTUMN)
        await the_office_publishes(house)
        sizes = max(2, commands // 60), max(1, commands // 400), max(3, commands // 100)
        due, over, is_open = await _hosts_propose(house, *sizes)
        await leap(clock, programme.OPENING)
        await _students_apply(house, due, over)
        await leap(clock, programme.CLOSING)
        await are_recorded(clock, "applications.ApplicationsClosed", len(due) + len(over))
        await _all_are_placed(house, clock, over)
        await leap(clock, programme.NOW)
        await are_recorded(clock, "applications.PlacementCompleted", len(house.to_claim_for))
        await clock.settles(within=PATIENCE)
    finally:
        await clock.close()
    house.open_vacancies = is_open
    house.to_choose_from.extend(due)
    return house


def let_in(on: Stage, history: History, *, seed: int, clients: int = 40) -> House:
    """A house with officers in it, and nothing else."""
    door = Door(
        history,
        open_client(clients),
        on.addresses.front_door,
        {service: list(urls) for service, urls in on.addresses.webs.items()},
        on.addresses.keys,
    )
    source = Random(f"{seed} officers")
    return House(door, on.addresses.dsn, seed, [officer(source, number) for number in range(1, 5)])


async def people_come(on: Stage, house: House, count: int) -> None:
    """Write whoever will be needed into the front desk's table, and tell their cards."""
    house.strangers.extend(people_of(house.seed, count))
    await settle_in(house.dsn, [*house.officers, *house.strangers])
    await tell_cards(on.environment("proposals"))


async def the_office_publishes(house: House) -> None:
    """The programme's rules, and the dates of its three cycles."""
    client, officer = house.client("the office"), house.officers[0]
    loaded = await client.command(
        officer, "proposals", "/programmes", {"file": programme.file()}, name="load programme"
    )
    for cycle in loaded["cycles"]:
        house.cycles[cycle["slug"]] = cycle["cycle_id"]
        path = f"/cycles/{cycle['cycle_id']}/publish"
        await client.command(
            officer, "proposals", path, name="publish cycle", subjects=[cycle["cycle_id"]]
        )


async def _hosts_propose(
    house: House, due: int, over: int, is_open: int
) -> tuple[list[Vacancy], list[Vacancy], list[Vacancy]]:
    """Organisations, and vacancies of each cycle."""
    client = house.client("the office")
    hosts = 1 + (due + over + is_open) // 12
    for number in range(1, hosts + 1):
        host = await acts.register_host(client, house, f"{number}")
        await acts.approve_host(client, house.officers[0], host)
        house.hosts.append(host)
    wanted = [
        *[("due", programme.LATE_WEEK, 1, n) for n in range(due)],
        *[("over", programme.EARLY_WEEK, INTERNS, n) for n in range(over)],
        *[("open", programme.NEXT_WEEK, 2, n) for n in range(is_open)],
    ]
    made: dict[str, list[Vacancy]] = {"due": [], "over": [], "open": []}

    async def one(slug: str, week: date, places: int, n: int) -> None:
        host = house.hosts[n % len(house.hosts)]
        own = house.client(f"host {slug} {n}")
        proposal_id = await acts.propose(
            own, host, house.cycles[slug], f"{slug}-{n}", days=days_of(week), places=places
        )
        await acts.screen(own, house.officers[n % len(house.officers)], proposal_id)
        made[slug].append(Vacancy(proposal_id, host))

    await few_at_once(one(*each) for each in wanted)
    return made["due"], made["over"], made["open"]


async def _students_apply(house: House, due: list[Vacancy], over: list[Vacancy]) -> None:
    """Each student of the due cycle to two vacancies, so that some are offered two places."""

    async def applies(name: str, who: Person, vacancies: Iterable[Vacancy]) -> None:
        client = house.client(name)
        for vacancy in vacancies:
            application_id = await acts.apply(client, who, vacancy)
            vacancy.applicants[application_id] = who

    pairs = [
        (due[n % len(due)], due[(n + 1) % len(due)]) for n in range(len(due) * APPLICANTS // 2)
    ]
    asked: list[Awaitable[None]] = [
        applies(f"student {n}", house.newcomer(), pair) for n, pair in enumerate(pairs)
    ]
    asked += [
        applies(f"intern {n}", house.newcomer(), [vacancy])
        for n, vacancy in enumerate(each for each in over for _ in range(INTERNS))
    ]
    await few_at_once(asked)


async def _all_are_placed(house: House, clock: Clock, over: list[Vacancy]) -> None:
    """The vacancies that will be over: released, ranked, told, and every offer accepted."""
    client, officer = house.client("the office"), house.officers[0]
    await clock.settles(within=PATIENCE)
    for vacancy in over:
        await acts.release(client, officer, vacancy)
        await acts.rank(client, vacancy, reserves=INTERNS - 1)
        await acts.tell(client, officer, vacancy)
    await clock.settles(within=PATIENCE)

    async def accepts(who: Person, vacancy: Vacancy) -> None:
        own = house.client(f"accepting {who.name}")

        async def is_offered() -> str:
            offers = (await own.look(who, "applications", "/offers"))["offers"]
            return next((each["offer_id"] for each in offers if each["state"] == "made"), "")

        offer_id = await until(is_offered, what=f"an offer to {who.name}", pause=0.3)
        await acts.accept(own, who, offer_id)
        house.to_claim_for.append((who, vacancy.host))

    await few_at_once(
        accepts(who, vacancy) for vacancy in over for who in vacancy.applicants.values()
    )


async def leap(clock: Clock, wall: datetime) -> None:
    """From now on it is this time on the walls of Oxford."""
    await clock.settles(within=PATIENCE)
    await clock.leaps_to(wall.replace(tzinfo=OXFORD))


async def are_recorded(clock: Clock, name: str, count: int) -> None:
    """Wait until what time does has been done so often."""
    kind = f"{TYPE_PREFIX}.{name}.v1"

    async def all_are() -> bool:
        return (await clock.recorded())[kind] >= count

    await until(all_are, what=f"{count} of {name}", within=PATIENCE, pause=0.2)


async def few_at_once(acts_to_do: Iterable[Awaitable[None]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def passes(act: Awaitable[None]) -> None:
        async with gate:
            await act

    await asyncio.gather(*(passes(act) for act in acts_to_do))
