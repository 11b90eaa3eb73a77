"""P13, P15, P16, P17: two who want the same in one moment, and the stroke of a deadline.

Two devices of one person accept two offers at once; an offer is withdrawn while its applicant accepts it;
offers are accepted in the instant in which they run out; drafts are sent in the instant in which a round
closes. Who wins, chance decides, but one wins, both are told the same, and the clock has the last word.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from deploy.demo.clock import Clock
from tests.promises.backlog import watched
from tests.promises.checker import check
from tests.promises.gates import AtLeast
from tests.promises.history import History
from tests.promises.load import acts, preparing, programme
from tests.promises.load.asking import SaidNo, Unanswered
from tests.promises.load.house import House, Vacancy
from tests.promises.load.people import Person
from tests.promises.siege import CLEAN, COMES_TO_REST
from tests.promises.stage import Stage, stage

PROMISES = "P13, P15, P16, P17"
EACH = {"smoke": 100, "full": 500, "release": 5_000}
SECONDS = {"smoke": 240.0, "full": 900.0, "release": 2 * 3600.0}
AT_ONCE = 40
EXPIRES_WITHIN = 0.020  # seconds before and after
CLOSES_WITHIN = 0.050
EARLIER = 2.0  # of those who come earlier, half of all: a command takes its time to reach the lock
AHEAD = timedelta(seconds=5)
SHIFT = "SELECT extract(epoch FROM shift)::float8 FROM development.clock"
OFFERS = """
    SELECT offer_id::text, person_ref, respond_by_at, status FROM applications.offers
     WHERE vacancy_id = $1::text::uuid ORDER BY offer_id
"""
CLOSES_AT = "SELECT closes_at FROM applications.known_rounds WHERE vacancy_id = $1::text::uuid"
STROKES, ENDS = ("expiries", "closings"), ("in_time", "too_late")
Act = Callable[[], Awaitable[Any]]


def gates(profile: str) -> dict[str, Any]:
    """Nothing amiss, and each race run so often."""
    each = AtLeast(EACH[profile])
    return {
        **CLEAN,
        **dict.fromkeys(("two_devices", "withdrawals", "expiries", "closings"), each),
        **dict.fromkeys(("both_won", "nobody_won", "loser_not_told", "refused_before_time"), 0),
        "accepted_after_time": 0,
        **dict.fromkeys((f"{kind}_{end}" for kind in STROKES for end in ENDS), AtLeast(1)),
    }


@dataclass
class Lists:
    """The four vacancies that are raced for, and who races."""

    left: Vacancy
    right: Vacancy
    withdrawn: Vacancy
    expiring: Vacancy
    closing: Vacancy


async def run(profile: str, seed: int, folder: Path) -> dict[str, Any]:
    """Prepare everybody, let them race, and judge what is left."""
    async with stage(folder / "stage") as on:
        return await raced(on, profile, seed)


async def raced(on: Stage, profile: str, seed: int) -> dict[str, Any]:
    """On a stage that stands."""
    path = on.addresses.folder / "history.jsonl"
    with History(path) as history:
        house = preparing.let_in(on, history, seed=seed)
        clock = Clock(on.addresses.dsn, patience=240)
        connection = await asyncpg.connect(on.addresses.dsn)
        try:
            lists, drafts = await _prepared(on, house, clock, EACH[profile])
            races = _Races(house, connection, Random(f"{seed} races"))
            figures = Counter(await races.two_devices(lists.left, lists.right))
            figures += Counter(await races.withdrawals(lists.withdrawn))
            figures += Counter(await races.expiries(lists.expiring, clock))
            figures += Counter(await races.closings(lists.closing, drafts, clock))
        finally:
            await connection.close()
            await clock.close()
        async with watched(on.addresses) as backlog:
            await backlog.comes_to_rest(within=COMES_TO_REST[profile])
        kinds = ("both_won", "nobody_won", "loser_not_told", "refused_before_time")
        zeros = dict.fromkeys((*kinds, "accepted_after_time"), 0)
        return {**zeros, **figures, **await check(on.addresses, path)}


class _Races:
    """Each race many times, and what was wrong with it."""

    def __init__(self, house: House, connection: Any, source: Random) -> None:
        self._house = house
        self._connection = connection
        self._source = source

    async def two_devices(self, left: Vacancy, right: Vacancy) -> dict[str, int]:
        """P15: of two acceptances of one person, one stands, and the other is told of it."""
        ours = {row["person_ref"]: row["offer_id"] for row in await self._offers(left)}
        others = {row["person_ref"]: row["offer_id"] for row in await self._offers(right)}
        people = {who.person_ref: who for who in left.applicants.values()}
        found: Counter[str] = Counter(two_devices=len(ours))

        async def one(n: int, who: Person) -> None:
            one, two = (self._house.client(f"device {n} {side}") for side in "ab")
            answers = await asyncio.gather(
                _try(lambda: acts.accept(one, who, ours[who.person_ref])),
                _try(lambda: acts.accept(two, who, others[who.person_ref])),
            )
            found["both_won"] += answers == ["yes", "yes"]
            found["nobody_won"] += "yes" not in answers
            found["loser_not_told"] += not {"yes", "another-place-is-taken", "offer-is-not-open"} >= set(answers)  # fmt: skip

        await _at_once([one(n, people[ref]) for n, ref in enumerate(ours)])
        return found

    async def withdrawals(self, vacancy: Vacancy) -> dict[str, int]:
        """P16: taken back and accepted in one moment: one of the two."""
        offers = await self._offers(vacancy)
        people = {who.person_ref: who for who in vacancy.applicants.values()}
        found: Counter[str] = Counter(withdrawals=len(offers))

        async def one(n: int, offer_id: str, who: Person) -> None:
            student, office = (
                self._house.client(f"accepts {n}"),
                self._house.client(f"takes back {n}"),
            )
            answers = await asyncio.gather(
                _try(lambda: acts.accept(student, who, offer_id)),
                _try(lambda: acts.withdraw_offer(office, self._house.officers[0], offer_id)),
            )
            found["both_won"] += answers == ["yes", "yes"]
            found["nobody_won"] += "yes" not in answers

        await _at_once(
            [one(n, row["offer_id"], people[row["person_ref"]]) for n, row in enumerate(offers)]
        )
        return found

    async def expiries(self, vacancy: Vacancy, clock: Clock) -> dict[str, int]:
        """P17: the clock under the offer's lock decides, whatever the loop does."""
        offers = await self._offers(vacancy)
        people = {who.person_ref: who for who in vacancy.applicants.values()}
        await clock.leaps_to(min(row["respond_by_at"] for row in offers) - AHEAD)
        shift = await self._connection.fetchval(SHIFT)
        found: Counter[str] = Counter(expiries=len(offers))

        async def one(n: int, row: Any) -> None:
            client, who = self._house.client(f"last moment {n}"), people[row["person_ref"]]
            act = lambda: acts.accept(client, who, row["offer_id"])  # noqa: E731
            await self._at(row["respond_by_at"], EXPIRES_WITHIN, shift, act, found, "expiries")

        await asyncio.gather(*(one(n, row) for n, row in enumerate(offers)))
        return found

    async def closings(
        self, vacancy: Vacancy, drafts: dict[str, Person], clock: Clock
    ) -> dict[str, int]:
        """P13: the deadline is one line."""
        closes_at: datetime = await self._connection.fetchval(CLOSES_AT, vacancy.vacancy_id)
        await clock.leaps_to(closes_at - AHEAD)
        shift = await self._connection.fetchval(SHIFT)
        found: Counter[str] = Counter(closings=len(drafts))

        async def one(n: int, application_id: str, who: Person) -> None:
            client = self._house.client(f"midday {n}")
            act = lambda: acts.submit(client, who, application_id)  # noqa: E731
            await self._at(closes_at, CLOSES_WITHIN, shift, act, found, "closings")

        await asyncio.gather(*(one(n, *each) for n, each in enumerate(drafts.items())))
        return found

    async def _at(
        self,
        instant: datetime,
        around: float,
        shift: float,
        act: Act,
        found: Counter[str],
        kind: str,
    ) -> None:
        """Ask about an instant, and see whether a no came before it, or a yes was begun after it."""
        when = instant.timestamp() - shift  # by the clock of this host
        earlier = self._source.choice((0.0, self._source.uniform(0, EARLIER)))
        come_at = when + self._source.uniform(-around, around) - earlier
        await asyncio.sleep(come_at - time.time())
        began = time.time()
        answer = await _try(act)
        found["refused_before_time"] += answer not in ("yes", "nothing") and time.time() < when
        found["accepted_after_time"] += answer == "yes" and began >= when
        found[f"{kind}_in_time" if answer == "yes" else f"{kind}_too_late"] += 1

    async def _offers(self, vacancy: Vacancy) -> list[Any]:
        return await self._connection.fetch(OFFERS, vacancy.vacancy_id)


# ---- before ----


async def _prepared(
    on: Stage, house: House, clock: Clock, each: int
) -> tuple[Lists, dict[str, Person]]:
    """So many with two offers, so many twice with one, and so many with a draft."""
    await preparing.people_come(on, house, 4 * each)
    await preparing.leap(clock, programme.AUTUMN)
    await preparing.the_office_publishes(house)
    office = house.client("the office")
    host = await acts.register_host(office, house, "1")
    await acts.approve_host(office, house.officers[0], host)
    vacancies: list[Vacancy] = []
    for name in ("left", "right", "withdrawn", "expiring", "closing"):
        cycle, week = ("open", programme.NEXT_WEEK) if name == "closing" else ("due", programme.LATE_WEEK)  # fmt: skip
        days = preparing.days_of(week)
        proposal_id = await acts.propose(
            office, host, house.cycles[cycle], name, days=days, places=each
        )
        await acts.screen(office, house.officers[0], proposal_id)
        vacancies.append(Vacancy(proposal_id, host))
    lists = Lists(*vacancies)
    await preparing.leap(clock, programme.OPENING)
    drafts = await _all_apply(house, lists, each)
    await preparing.leap(clock, programme.CLOSING)
    told = vacancies[:4]
    await preparing.are_recorded(clock, "applications.ApplicationsClosed", len(told))
    await preparing.leap(clock, programme.NOW)
    for vacancy in told:
        await acts.release(office, house.officers[0], vacancy)
        await acts.rank(office, vacancy, reserves=each - 1)
        await acts.tell(office, house.officers[0], vacancy)
    await preparing.are_recorded(clock, "applications.OfferMade", len(told) * each)
    await clock.settles(within=240)
    return lists, drafts


async def _all_apply(house: House, lists: Lists, each: int) -> dict[str, Person]:
    drafts: dict[str, Person] = {}

    async def applies(name: str, *vacancies: Vacancy) -> None:
        client, who = house.client(name), house.newcomer()
        for vacancy in vacancies:
            vacancy.applicants[await acts.apply(client, who, vacancy)] = who

    async def writes(name: str) -> None:
        client, who = house.client(name), house.newcomer()
        begun = await acts.begin(client, who, lists.closing)
        await acts.write(client, who, begun["application_id"], version=begun["version"])
        drafts[begun["application_id"]] = who

    asked = [applies(f"two {n}", lists.left, lists.right) for n in range(each)]
    asked += [applies(f"taken back {n}", lists.withdrawn) for n in range(each)]
    asked += [applies(f"late {n}", lists.expiring) for n in range(each)]
    asked += [writes(f"draft {n}") for n in range(each)]
    await preparing.few_at_once(asked)
    return drafts


async def _at_once(races: list[Awaitable[None]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def passes(race: Awaitable[None]) -> None:
        async with gate:
            await race

    await asyncio.gather(*(passes(race) for race in races))


async def _try(act: Act) -> str:
    """`yes`, the name of a refusal, or `nothing`."""
    with suppress(Unanswered):
        try:
            await act()
        except SaidNo as no:
            return no.slug
        return "yes"
    return "nothing"
