"""One run: its size, who takes part, and where every turn is written down."""

import asyncio
import json
import statistics
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import host
from bench.delivery.lanes import Bare, Lane, Ours
from bench.delivery.peers import Debezium, Peer
from bench.delivery.trial import Trial
from bench.figures import percentile, rounded
from chassis.clock import real_now


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    events: int  # in an outbox that is drained, in a backlog that is taken in
    rate: int  # events a second while latency is watched
    seconds: int  # of each turn that lasts so long
    warm_up: int  # events before a watched turn
    writers: int  # clients of pgbench, and of the web


FULL = Size(rounds=3, events=20_000, rate=200, seconds=8, warm_up=200, writers=8)
QUICK = replace(FULL, rounds=1, events=2_000, seconds=2, warm_up=50)


@dataclass
class Raw:
    """The file of one commit's figures. Written after each turn, so that a run can be taken up."""

    file: Path
    told: dict[str, Any]

    @classmethod
    def at(cls, folder: Path, size: Size, *, again: bool) -> "Raw":
        """This commit's of today, or a new one."""
        facts = host.facts()
        file = folder / f"{real_now():%Y-%m-%d}-{facts['commit']}.json"
        if file.exists() and not again:
            found = json.loads(file.read_text())
            if found["size"] == asdict(size):
                return cls(file, found)
        told = {"measured_at": f"{real_now():%Y-%m-%dT%H:%MZ}", "host": facts, "size": asdict(size)}
        return cls(file, {**told, "lanes": {}, "absent": {}, "subjects": {}})

    def is_done(self, subject: str) -> bool:
        """Whether every round of it stands here."""
        return bool(self.told["subjects"].get(subject, {}).get("is_done"))

    def begin(self, subject: str, busy: float) -> None:
        """Its rounds are measured from the first again."""
        self.told["subjects"][subject] = {
            "began_at": f"{real_now():%Y-%m-%dT%H:%M:%SZ}",
            "busy_before_percent": busy,
            "is_done": False,
            "turns": [],
        }

    def note(self, subject: str, **turn: Any) -> None:
        """One contestant's turn in one round."""
        self.told["subjects"][subject]["turns"].append(turn)
        self.save()

    def end(self, subject: str) -> None:
        """All rounds are through."""
        self.told["subjects"][subject]["is_done"] = True
        self.save()

    def fail(self, subject: str, why: str) -> None:
        """It broke off; the next run measures it again."""
        self.told["subjects"][subject]["fault"] = why[:500]
        self.save()

    def save(self) -> None:
        """Whole, or not at all."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        beside = self.file.with_suffix(".tmp")
        beside.write_text(_lines(self.told), "utf-8")
        beside.replace(self.file)


@dataclass
class Run:
    """What every subject is given."""

    trial: Trial
    size: Size
    raw: Raw
    console: Console
    ours: Ours
    bare: Bare
    peers: list[Peer] = field(default_factory=list[Peer])

    @property
    def lanes(self) -> list[Lane]:
        """In the order of their turns."""
        return [self.ours, *self.peers, self.bare]

    @property
    def debezium(self) -> Debezium | None:
        """The one peer that is started in two ways."""
        return next((peer for peer in self.peers if isinstance(peer, Debezium)), None)

    def note(self, subject: str, turn: int, lane: str, **values: Any) -> None:
        """Write a turn down, and say it."""
        short = {name: rounded(v) if isinstance(v, float) else v for name, v in values.items()}
        self.raw.note(subject, round=turn, lane=lane, **short)
        words = ", ".join(f"{name} {value}" for name, value in short.items())
        self.console.print(f"  {subject} {turn}/{self.size.rounds} {lane}: {words}", style="dim")


def spread(samples: Sequence[float], name: str) -> dict[str, float]:
    """What is kept of one turn's samples, in milliseconds."""
    in_ms = [1000 * one for one in samples]
    return {
        f"{name}_p50_ms": float(statistics.median(in_ms)),
        f"{name}_p99_ms": float(percentile(in_ms, 0.99)),
        f"{name}_max_ms": float(max(in_ms)),
    }


async def at_a_rate(acts: Sequence[Coroutine[Any, Any, Any]], rate: float) -> None:
    """Each at its own instant, however long those before it take."""
    clock = asyncio.get_running_loop().time
    begins = clock()
    running: list[asyncio.Task[Any]] = []
    for number, act in enumerate(acts):
        await asyncio.sleep(begins + number / rate - clock())
        running.append(asyncio.create_task(act))
    await asyncio.gather(*running)


def _lines(told: dict[str, Any]) -> str:
    """JSON with one turn on a line, so that a diff can be read."""
    text = json.dumps(told, indent=2, ensure_ascii=False)
    turns = [turn for subject in told["subjects"].values() for turn in subject["turns"]]
    for turn in turns:
        spelt = json.dumps(turn, indent=2, ensure_ascii=False).replace("\n", "\n        ")
        text = text.replace(spelt, json.dumps(turn, ensure_ascii=False))
    return text + "\n"
