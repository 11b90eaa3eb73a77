"""The table at the end: each number read back from where it is kept, beside the one expected."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.demo import courier
from deploy.demo.expected import OFFICE, UNTOLD, Expected, known_addresses
from deploy.demo.people import APPLICATIONS, EXPENSES, PROPOSALS, Found
from deploy.demo.story import Story

NOT_COUNTED = frozenset({"proposals.Tombstone"})
PROMPTLY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One number, twice."""

    group: str
    name: str
    found: int
    expected: int
    at_most: int | None = None  # where a process that was killed left it open whether it had asked

    @property
    def is_right(self) -> bool:
        """Whether both agree."""
        return self.expected <= self.found <= (self.at_most or self.expected)


@dataclass
class Count:
    """Everything that was read back."""

    dates: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    rows: list[Row] = field(default_factory=list[Row])
    faults: list[str] = field(default_factory=list[str])
    repeated_mails: int = 0  # under one Message-ID, by which every mailbox knows them for one
    repeated_records: int = 0  # under one id, by which every reader does

    @property
    def is_right(self) -> bool:
        """Whether every number is the expected one, and nothing else was wrong."""
        return not self.faults and all(row.is_right for row in self.rows)


async def count(story: Story, bootstrap: str) -> Count:
    """Ask the services, the mail catcher and the broker."""
    expected, found = story.expected, Count()
    found.dates = await _dates(story)
    office = story.officer
    proposals = (await office.caller.get(f"{PROPOSALS}/proposals"))["proposals"]
    _compare(found, "proposals", _states(proposals), expected.proposals_by_state)
    applications = await office.reads(f"{APPLICATIONS}/applications", "applications")
    states = Counter(expected.applications.values())
    _compare(found, "applications", _states(applications), states)
    offers = (await office.caller.get(f"{APPLICATIONS}/offers"))["offers"]
    _compare(found, "offers", _states(offers, "state"), expected.offers_by_state)
    placements = (await office.caller.get(f"{APPLICATIONS}/placements"))["placements"]
    placed = Counter(expected.placements.values())
    _compare(found, "placements", _states(placements, "state"), placed)
    claims = await office.reads(f"{EXPENSES}/claims", "claims")
    await _count_claims(found, claims, expected)
    await _count_mails(found, story)
    await _count_events(found, story, bootstrap)
    found.faults += [f"parked: {each}" for each in await story.clock.parked()]
    found.faults += story.clock.in_vain
    return found


async def _dates(story: Story) -> list[tuple[str, str]]:
    cycle = await story.manager.caller.get(f"{PROPOSALS}/cycles/{story.cycle_id}")
    return list(_instants(cycle))


def _instants(value: Any, name: str = "") -> Iterable[tuple[str, str]]:
    """Every promised instant in a cycle, however deep, by its wall time."""
    if isinstance(value, Mapping):
        if "wall" in value and "zone" in value:
            yield name.strip(), f"{datetime.fromisoformat(value['wall']):%a %d %b %Y %H:%M}"
            return
        prefix = f"{value['round']} round, " if "round" in value else ""
        for key, each in value.items():
            yield from _instants(
                each, f"{name}{prefix}{key.replace('_', ' ')} ".replace("dates ", "")
            )
    elif isinstance(value, list):
        for each in value:
            yield from _instants(each, "")


async def _count_claims(found: Count, claims: list[Found], expected: Expected) -> None:
    _compare(found, "claims", _states(claims), Counter(expected.claims.values()))
    claimed = sum(_pence(each["total"]) for each in claims)
    repaid = sum(_pence(each["paid"]) for each in claims if each["paid"])
    found.rows.append(Row("pence", "claimed", claimed, expected.claimed_pence))
    found.rows.append(Row("pence", "repaid", repaid, expected.repaid_pence))


async def _count_mails(found: Count, story: Story) -> None:
    """Each letter to each person about each case, once; by the catcher, not by who sent it."""
    deliveries = {each["delivery_id"]: each for each in await story.officer.deliveries()}
    known = known_addresses(story.students, story.hosts, (story.mba, story.officer, story.manager))
    taken: Counter[tuple[str, str]] = Counter()
    cases: Counter[tuple[str, str, str, str]] = Counter()
    handed_over = await story.house.mails()
    once = {mail["message_id"]: mail for mail in handed_over}
    found.repeated_mails = len(handed_over) - len(once)
    for mail in once.values():
        headers = dict(mail["headers"])
        letter, to = headers.get("X-Letter", "no letter of ours"), mail["to"][0]
        to = to if to in known else OFFICE
        taken[letter, to] += 1
        delivery = deliveries.get(mail["message_id"].strip("<>").partition(".")[0])
        if delivery is None:
            found.faults.append(f"a mail that no delivery tells of: {letter}")
        elif letter not in UNTOLD:
            cases[letter, to, str(delivery["about_id"]), str(delivery["cause_id"])] += 1
    found.faults += [
        f"mailed {times} times: {letter} to {to} about {about}"
        for (letter, to, about, _), times in cases.items()
        if times > 1
    ]
    expected = story.expected.mails
    in_vain = sum(host.asked_in_vain for host in story.hosts)
    for letter in sorted({name for name, _ in (*taken, *expected)}):
        is_open = letter in UNTOLD and in_vain
        wanted = _of(expected, letter)
        most = wanted + in_vain if is_open else None
        found.rows.append(Row("mails", letter, _of(taken, letter), wanted, most))
        if not is_open:
            found.faults += _by_person(letter, taken, expected)


def _by_person(
    letter: str, taken: Counter[tuple[str, str]], expected: Counter[tuple[str, str]]
) -> list[str]:
    people = {to for name, to in (*taken, *expected) if name == letter}
    return [
        f"{letter} to {to}: {taken[letter, to]}, expected {expected[letter, to]}"
        for to in sorted(people)
        if taken[letter, to] != expected[letter, to]
    ]


def _of(mails: Counter[tuple[str, str]], letter: str) -> int:
    return sum(times for (name, _), times in mails.items() if name == letter)


async def _count_events(found: Count, story: Story, bootstrap: str) -> None:
    """Each event once by its id: the courier may bring one twice, and says so by the same id."""
    records = await asyncio.to_thread(courier.read_all, bootstrap)
    ids = {(each.id, each.type) for each in records if each.value is not None}
    found.repeated_records = sum(each.value is not None for each in records) - len(ids)
    by_type = Counter(courier.short(kind) for _, kind in ids)
    expected = Counter(
        {courier.short(kind): times for kind, times in story.expected.whole().items()}
    )
    in_vain = sum(host.asked_in_vain for host in story.hosts)
    for name in sorted({*by_type, *expected} - NOT_COUNTED):
        most = expected[name] + in_vain if name == "proposals.SealedLetter" and in_vain else None
        found.rows.append(Row("events", name, by_type[name], expected[name], most))


def _compare(found: Count, group: str, states: Counter[str], expected: Counter[str]) -> None:
    for state in sorted({*states, *expected}):
        found.rows.append(Row(group, state, states[state], expected[state]))


def _states(rows: Iterable[Found], name: str = "status") -> Counter[str]:
    return Counter(str(row[name]) for row in rows)


def _pence(amount: str) -> int:
    digits = "".join(sign for sign in str(amount) if sign.isdigit() or sign == ".")
    return int(Decimal(digits) * 100)


def show(story: Story, found: Count, console: Console) -> None:
    """One table; what differs is marked, and said once more below."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("")
    table.add_column("")
    table.add_column("found", justify="right")
    table.add_column("expected", justify="right")
    for name, wall in found.dates:
        table.add_row("cycle", name, wall, "")
    last = "cycle"
    for row in found.rows:
        if row.group != last:
            table.add_section()
        mark = "" if row.is_right else "   differs"
        table.add_row(row.group, row.name, str(row.found), f"{row.expected}{mark}")
        last = row.group
    console.print(table)
    for what, sentence in story.refusals:
        console.print(f"Refused, {what}: {sentence}", highlight=False)
    if story.reserve_asked_after is not None:
        seconds = story.reserve_asked_after.total_seconds()
        console.print(f"A place was declined; its reserve was asked {seconds:.2f} s later.")
        if story.reserve_asked_after > PROMPTLY:
            console.print("That is more than the second it should take.")
    if found.repeated_mails or found.repeated_records:
        console.print(
            f"Brought twice under the same id: {found.repeated_records} records, "
            f"{found.repeated_mails} mails."
        )
    for fault in found.faults:
        console.print(f"Wrong: {fault}", highlight=False)
