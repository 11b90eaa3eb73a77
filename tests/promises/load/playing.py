"""The load itself: clients side by side, each drawing errands until enough was asked.

An errand is what one of them came for, from its first command to its last; whoever is told no, or is
told nothing, goes home. Which errands there are and how often each is drawn stands in one table.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.promises.load import acts, programme
from tests.promises.load.asking import Client, SaidNo, Unanswered
from tests.promises.load.house import House, Vacancy
from tests.promises.load.people import Person
from tests.promises.load.preparing import days_of

Errand = Callable[[Client, House], Awaitable[None]]
OFFERS_AWAITED = 30.0


@dataclass
class Played:
    """What became of a load."""

    asked: int = 0
    ok: int = 0
    fail: int = 0
    unknown: int = 0
    seconds: float = 0.0
    errands: dict[str, int] = field(default_factory=dict[str, int])


async def play(
    house: House, *, commands: int, clients: int = 40, rate: float | None = None
) -> Played:
    """Ask so many commands, as fast as they are answered or so many a second."""
    began, before = time.monotonic(), dict(house.door.endings)
    already = house.door.asked
    played = Played()
    pace = _Pace(rate)

    async def lives(client: Client) -> None:
        while house.door.asked - already < commands:
            await pace.wait()
            name, errand = _drawn(client, house)
            played.errands[name] = played.errands.get(name, 0) + 1
            try:
                await errand(client, house)
            except (SaidNo, Unanswered):
                continue  # it stands in the history

    async with asyncio.TaskGroup() as group:
        for number in range(1, clients + 1):
            group.create_task(lives(house.client(f"client {number}")))
    played.seconds = time.monotonic() - began
    for ending, count in house.door.endings.items():
        setattr(played, ending, count - before[ending])
    played.asked = house.door.asked - already
    return played


class _Pace:
    """Lets so many errands begin a second; without a rate, every one at once."""

    def __init__(self, rate: float | None) -> None:
        self._pause = 3 / rate if rate else 0.0  # an errand is about three commands
        self._next = time.monotonic()

    async def wait(self) -> None:
        """Until it is one's turn."""
        if self._pause:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._pause
            await asyncio.sleep(turn - time.monotonic())


# ---- errands ----


async def applies(client: Client, house: House) -> None:
    """A newcomer sends one or two applications; one is revised or taken back now and then."""
    who = house.newcomer()
    open_now = list(house.open_vacancies)
    client.source.shuffle(open_now)
    for vacancy in open_now[: client.source.choice((1, 1, 2, 4))]:  # the fourth is one too many
        application_id = await acts.apply(client, who, vacancy)
        drawn = client.source.random()
        if drawn < 0.2:
            await acts.revise(client, who, application_id)
        elif drawn < 0.4:
            await acts.withdraw(client, who, application_id)
        elif drawn < 0.45:
            await acts.submit(client, who, application_id)  # sent already: refused
    if client.source.random() < 0.2:
        await acts.sign_out(client, who)


async def registers(client: Client, house: House) -> None:
    """An organisation asks to be let in, is approved, and proposes."""
    number = f"{client.name.replace(' ', '-')}-{client.source.getrandbits(32):08x}"
    officer = client.source.choice(house.officers)
    host = await acts.register_host(client, house, number)
    if client.source.random() < 0.2:
        await acts.propose(
            client, host, house.cycles["open"], number, days=days_of(programme.NEXT_WEEK)
        )  # before it is approved: refused
    await acts.approve_host(client, officer, host)
    house.hosts.append(host)


async def proposes(client: Client, house: House) -> None:
    """A host proposes, and the office reads it at once; what passes is open for the others."""
    host, officer = client.source.choice(house.hosts), client.source.choice(house.officers)
    number = f"{client.name.replace(' ', '-')}-{client.source.getrandbits(32):08x}"
    days = days_of(programme.NEXT_WEEK)
    proposal_id = await acts.propose(client, host, house.cycles["open"], number, days=days)
    await acts.screen(client, officer, proposal_id, passes=client.source.random() < 0.8)


async def is_chosen_from(client: Client, house: House) -> None:
    """The office releases, the host ranks, the office tells, and whoever is offered a place answers."""
    vacancy = house.to_choose_from.popleft()
    officer = client.source.choice(house.officers)
    await acts.release(client, officer, vacancy)
    await acts.rank(client, vacancy, reserves=client.source.choice((1, 2)))
    await acts.tell(client, officer, vacancy)
    answered: set[str] = set()
    until = time.monotonic() + OFFERS_AWAITED
    while time.monotonic() < until:
        found = await _offer_of(client, vacancy, answered)
        if found is None:
            await asyncio.sleep(0.3)
            continue
        who, offer_id = found
        answered.add(offer_id)
        by_form = client.source.random() < 0.5
        if client.source.random() < 0.4:
            await acts.decline(client, who, offer_id, by_form=by_form)
            continue  # the next reserve is asked
        await acts.accept(client, who, offer_id, by_form=by_form)
        return


async def claims(client: Client, house: House) -> None:
    """An intern whose days are over claims what they have cost, and the host repays it."""
    who, host = house.to_claim_for.popleft()
    claim_id = await acts.claim(client, who, days_of(programme.EARLY_WEEK))
    await acts.repay(client, who, host, claim_id, str(programme.NOW.date()))


ERRANDS: tuple[tuple[str, Errand, int, Callable[[House], bool]], ...] = (
    ("applies", applies, 10, lambda house: bool(house.strangers)),
    ("registers", registers, 2, lambda _: True),
    ("proposes", proposes, 2, lambda _: True),
    ("is chosen from", is_chosen_from, 4, lambda house: bool(house.to_choose_from)),
    ("claims", claims, 3, lambda house: bool(house.to_claim_for)),
)


def _drawn(client: Client, house: House) -> tuple[str, Errand]:
    possible = [(name, errand, weight) for name, errand, weight, may in ERRANDS if may(house)]
    weights = [weight for _, _, weight in possible]
    name, errand, _ = client.source.choices(possible, weights)[0]
    return name, errand


async def _offer_of(
    client: Client, vacancy: Vacancy, answered: set[str]
) -> tuple[Person, str] | None:
    """Somebody who was offered this place and has not answered."""
    for who in vacancy.applicants.values():
        offers = (await client.look(who, "applications", "/offers"))["offers"]
        for offer in offers:
            is_here = offer["vacancy_id"] == vacancy.vacancy_id and offer["state"] == "made"
            if is_here and offer["offer_id"] not in answered:
                return who, offer["offer_id"]
    return None
