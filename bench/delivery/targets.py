"""What is claimed of delivery, and whether what was measured keeps it. The claims never move."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

FAULTS = ("lost", "repeated", "out_of_order", "bare", "parked")
RATES = ("50/s", "200/s", "500/s")

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One claim beside what was found; `is_kept` is None where nothing was measured."""

    what: str
    claim: str
    found: str
    is_kept: bool | None


def turns(told: Told, subject: str, lane: str) -> list[Told]:
    """One contestant's turns in a subject, round after round; none before it is done."""
    found = told["subjects"].get(subject, {})
    return [turn for turn in found.get("turns", ()) if turn["lane"] == lane]


def values(told: Told, subject: str, lane: str, name: str) -> list[float]:
    """One figure of each round."""
    return [turn[name] for turn in turns(told, subject, lane) if name in turn]


def keeps_order(told: Told, lane: str) -> bool:
    """Whether its records came whole, each once and in the order of their keys."""
    found = turns(told, "drain", lane) + turns(told, "latency", lane)
    return bool(found) and not any(turn["out_of_order"] for turn in found)


def judged(told: Told) -> list[Verdict]:
    """Every claim, in the order of the design."""
    return [
        _at_least("relay drain", told, "drain", "ours", "rate", 25_000, "events/s"),
        _beside_peers(told),
        _share("relay drain, of a bare pipelined producer", told, "drain", "ours", "bare", 0.7),
        _faults(told),
        _at_most("commit → acknowledged, p50", told, "latency", ("ours",), "ack_p50_ms", 2),
        _at_most("commit → acknowledged, p99", told, "latency", ("ours",), "ack_p99_ms", 12),
        _at_most("commit → effect, p50, the worst rate", told, "arrival", RATES, "effect_p50_ms", 8),
        _at_most("commit → effect, p99, the worst rate", told, "arrival", RATES, "effect_p99_ms", 40),
        _at_least("worker, copies of facts", told, "worker", "copies", "rate", 12_000, "effects/s"),
        _share("worker, copies, of a bulk COPY", told, "worker", "copies", "copy", 0.35),
        _at_least("worker, commands", told, "worker", "commands", "rate", 2_000, "effects/s"),
        _share(
            "command over HTTP, of the same SQL by pgbench",
            told, "command", "over HTTP", "pgbench", 0.6,
        ),
        _slow_down(told),
    ]  # fmt: skip


def _at_least(
    what: str, told: Told, subject: str, lane: str, name: str, least: float, unit: str
) -> Verdict:
    found = values(told, subject, lane, name)
    claim = f"≥ {number(least)} {unit}"
    return _verdict(what, claim, found, lambda median: median >= least)


def _at_most(
    what: str, told: Told, subject: str, lanes: Sequence[str], name: str, most: float
) -> Verdict:
    """The median of the rounds; of several lanes the worst."""
    all_of = [found for lane in lanes if (found := values(told, subject, lane, name))]
    found = max(all_of, key=statistics.median, default=[])
    return _verdict(what, f"≤ {most:g} ms", found, lambda median: median <= most)


def _share(what: str, told: Told, subject: str, lane: str, limit: str, least: float) -> Verdict:
    """Round by round, since those two stood beside each other."""
    pairs = zip(
        values(told, subject, lane, "rate"), values(told, subject, limit, "rate"), strict=False
    )
    found = [one / other for one, other in pairs]
    return _verdict(what, f"≥ {least:g} ×", found, lambda median: median >= least)


def _beside_peers(told: Told) -> Verdict:
    """The best peer that keeps order, round by round."""
    what, claim = "relay drain, of the best peer that keeps order", "≥ 3 ×"
    lanes = {turn["lane"] for turn in told["subjects"].get("drain", {}).get("turns", ())}
    peers = sorted(lanes - {"ours", "bare"})
    rates = {peer: values(told, "drain", peer, "rate") for peer in peers if keeps_order(told, peer)}
    ours = values(told, "drain", "ours", "rate")
    if not rates or not ours:
        return Verdict(what, claim, "", None)
    best = max(rates, key=lambda peer: statistics.median(rates[peer]))
    found = [one / other for one, other in zip(ours, rates[best], strict=False)]
    verdict = _verdict(what, claim, found, lambda median: median >= 3)
    return Verdict(what, claim, f"{verdict.found} ({best})", verdict.is_kept)


def _faults(told: Told) -> Verdict:
    what, claim = "lost, repeated, out of order, parked: all of ours", "0"
    ours = [
        turn
        for subject in told["subjects"].values()
        for turn in subject["turns"]
        if turn["lane"] in ("ours", "copies", "commands", *RATES)
    ]
    if not ours:
        return Verdict(what, claim, "", None)
    many = sum(turn.get(fault, 0) for turn in ours for fault in FAULTS)
    return Verdict(what, claim, str(many), many == 0)


def _slow_down(told: Told) -> Verdict:
    pairs = zip(
        values(told, "writers", "all they can, alone", "per_second"),
        values(told, "writers", "all they can, with relay and nudge", "per_second"),
        strict=False,
    )
    found = [100 * (1 - beside / alone) for alone, beside in pairs]
    what = "slow-down of writers that do all they can, by relay and nudge"
    return _verdict(what, "≤ 10 %", found, lambda median: median <= 10)


def _verdict(what: str, claim: str, found: Iterable[float], is_kept: Any) -> Verdict:
    rounds = list(found)
    if not rounds:
        return Verdict(what, claim, "", None)
    return Verdict(what, claim, median_and_spread(rounds), bool(is_kept(statistics.median(rounds))))


def median_and_spread(rounds: Sequence[float]) -> str:
    """`33 100 (31 900–34 000)`."""
    median, low, high = statistics.median(rounds), min(rounds), max(rounds)
    if len(rounds) == 1:
        return number(median)
    return f"{number(median)} ({number(low)}–{number(high)})"


def number(value: float) -> str:
    """Three figures, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
