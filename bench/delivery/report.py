"""The tables of `README.md` that tell of delivery: made from one file of raw figures, never typed."""

import json
from pathlib import Path
from typing import Any

from bench import table
from bench.delivery import targets
from bench.delivery.targets import Told, median_and_spread, number, turns, values

BEGIN = "<!-- delivery: written by `python -m bench report`, not by hand -->"
NOTHING = "Nothing has been measured on a quiet machine yet: run `python -m bench delivery`."
SIGNS = {True: "kept", False: "**missed**", None: "not measured"}


def newest(folder: Path = table.RESULTS) -> Told | None:
    """The newest file of raw figures."""
    files = sorted(
        folder.glob("[0-9]*.json"), key=lambda file: json.loads(file.read_text())["measured_at"]
    )
    return json.loads(files[-1].read_text()) | {"file": files[-1].name} if files else None


def write(readme: Path = table.README, folder: Path = table.RESULTS) -> None:
    """Put them between their marks."""
    table.place(readme, BEGIN, as_markdown(newest(folder)))


def as_markdown(told: Told | None) -> str:
    """The claims first, then each subject, then who took part and how."""
    if told is None:
        return NOTHING
    parts = [_state(told), _claims(told)]
    parts += [
        part
        for make in (_drain, _latency, _worker, _arrival, _writers, _command)
        if (part := make(told))
    ]
    return "\n\n".join([*parts, *_faults(told), _lanes(told)])


def _state(told: Told) -> str:
    host, size = told["host"], told["size"]
    busy = {name: one["busy_before_percent"] for name, one in told["subjects"].items()}
    loud = [f"`{name}` ({percent:g} %)" for name, percent in busy.items() if percent > 25]
    quiet = "The machine was quiet." if not loud else (
        f"**Other work used the machine before {', '.join(loud)}: not to be relied on.**"
    )  # fmt: skip
    changed = " with changes not committed" if host["is_changed"] else ""
    return (
        f"Measured {told['measured_at'].replace('T', ' ')}, commit {host['commit']}{changed}; raw figures in "
        f"`results/{told['file']}`. {host['cores']} cores ({host['processor']}), "
        f"{host['memory_gib']:g} GiB, Linux {host['kernel']}, Python {host['python']}, PostgreSQL "
        f"{host['postgres']} with fsync, Kafka {host['kafka']} (one broker). {size['rounds']} rounds of "
        f"{number(size['events'])} events or {size['seconds']} s each. Each figure is the median of "
        f"the rounds, with the smallest and the largest in brackets. {quiet}"
    )


def _faults(told: Told) -> list[str]:
    return [
        f"**`{name}` broke off, its figures are those before:** {subject['fault']}."
        for name, subject in told["subjects"].items()
        if "fault" in subject
    ]


def _claims(told: Told) -> str:
    rows = [(one.what, one.claim, one.found, SIGNS[one.is_kept]) for one in targets.judged(told)]
    return _table(("claim", "target", "measured", ""), rows)


def _drain(told: Told) -> str:
    ours = values(told, "drain", "ours", "rate")
    rows: list[tuple[str, ...]] = []
    for lane in _in_order(told, "drain"):
        rates = values(told, "drain", lane, "rate")
        beside = [one / other for one, other in zip(rates, ours, strict=False)]
        rows.append((
            _name(told, lane),
            median_and_spread(rates),
            median_and_spread(beside) if beside else "",
            _median(told, "drain", lane, "start_to_last_s"),
            _median(told, "drain", lane, "cpu_ms_per_event"),
            _sum(told, "drain", lane, "out_of_order"),
            _sum(told, "drain", lane, "repeated"),
            _sum(told, "drain", lane, "lost"),
        ))  # fmt: skip
    heads = (
        "a full outbox drained", "events/s", "of ours", "start → last, s", "its CPU, ms an event",
        "out of order", "repeated", "lost",
    )  # fmt: skip
    return _table(heads, rows)


def _latency(told: Told) -> str:
    names = ("ack_p50_ms", "ack_p99_ms", "seen_p50_ms", "seen_p99_ms", "cpu_ms_per_event")
    rows = [
        (
            _name(told, lane),
            *(_median(told, "latency", lane, name) for name in names),
            _sum(told, "latency", lane, "out_of_order"),
            _sum(told, "latency", lane, "repeated"),
        )
        for lane in _in_order(told, "latency")
    ]
    heads = (
        f"commit →, at {told['size']['rate']} events/s", "acknowledged p50, ms", "p99, ms",
        "seen by a plain reader p50, ms", "p99, ms", "its CPU, ms an event", "out of order", "repeated",
    )  # fmt: skip
    return _table(heads, rows)


def _worker(told: Told) -> str:
    says = {
        "copies": "copies of facts: inbox, position and one row each",
        "commands": "commands: lock, clock, save, record",
        "copy": "bulk COPY of the same rows (limit)",
    }
    rows = [
        (
            says[lane],
            _median(told, "worker", lane, "rate"),
            _median(told, "worker", lane, "cpu_ms_per_event"),
            _median(told, "worker", lane, "events_per_transaction"),
            *(_sum(told, "worker", lane, name) for name in ("lost", "repeated", "out_of_order")),
        )
        for lane in _in_order(told, "worker")
    ]
    heads = (
        "one worker process, a backlog", "effects/s", "its CPU, ms an event",
        "events a transaction", "lost", "repeated", "out of order",
    )  # fmt: skip
    return _table(heads, rows)


def _arrival(told: Told) -> str:
    names = ("effect_p50_ms", "effect_p99_ms", "effect_max_ms")
    rows = [
        (lane, *(_median(told, "arrival", lane, name) for name in names), _sum(told, "arrival", lane, "lost"))
        for lane in _in_order(told, "arrival")
    ]  # fmt: skip
    return _table(
        ("commit → effect committed elsewhere", "p50, ms", "p99, ms", "max, ms", "lost"), rows
    )


def _writers(told: Told) -> str:
    rows = [
        (lane, *(_median(told, "writers", lane, name) for name in ("per_second", "mean_ms", "left_unpublished")))
        for lane in _in_order(told, "writers")
    ]  # fmt: skip
    heads = (
        f"pgbench, {told['size']['writers']} writers",
        "commits/s",
        "mean, ms",
        "left unpublished",
    )
    return _table(heads, rows)


def _command(told: Told) -> str:
    rows = [
        (lane, *(_median(told, "command", lane, name) for name in ("rate", "mean_ms")))
        for lane in _in_order(told, "command")
    ]
    return _table((f"one command, {told['size']['writers']} clients", "a second", "mean, ms"), rows)


def _lanes(told: Told) -> str:
    rows = [
        f"- **{lane['says']}** {lane['version']}: {lane['options']}.".replace("** :", "**:")
        for lane in told["lanes"].values()
    ]
    rows += [
        f"- **{name}** could not be measured here: {why}" for name, why in told["absent"].items()
    ]
    return "\n".join(["Who took part, and how each was set up:", "", *rows])


def _in_order(told: Told, subject: str) -> list[str]:
    """Lanes in the order of their first turns."""
    found = told["subjects"].get(subject, {}).get("turns", ())
    return list(dict.fromkeys(turn["lane"] for turn in found))


def _name(told: Told, lane: str) -> str:
    name, _, way = lane.partition("debezium-")
    known = told["lanes"].get("debezium" if way else name, {})
    says = known.get("says", lane)
    return {"cold": f"{says}, cold: its first start", "warm": f"{says}, warm"}.get(way, says)


def _median(told: Told, subject: str, lane: str, name: str) -> str:
    found = values(told, subject, lane, name)
    return median_and_spread(found) if found else ""


def _sum(told: Told, subject: str, lane: str, name: str) -> str:
    found: list[Any] = [turn[name] for turn in turns(told, subject, lane) if name in turn]
    return str(sum(found)) if found else ""


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
