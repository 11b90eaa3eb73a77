"""Delivery can be measured, its faults are counted, and its tables say what the raw figures say."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from bench import table
from bench.delivery import report, targets
from bench.delivery.main import SUBJECTS
from bench.delivery.reader import Found, Reader
from bench.delivery.run import QUICK, Raw
from bench.peers import environment
from deploy.local.settings import ROOT

SOME = ("drain", "worker")  # the others take minutes beside other tests: `make bench` runs them


def delivery(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bench", "delivery", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


def raw(**subjects: list[dict]) -> dict:
    return {
        "measured_at": "2026-11-24T10:00Z",
        "file": "2026-11-24-abc.json",
        "host": {
            "cores": 2, "processor": "x", "memory_gib": 4, "kernel": "6", "python": "3.11",
            "postgres": "18", "kafka": "4", "commit": "abc", "is_changed": False,
        },
        "size": {"rounds": 3, "events": 20_000, "rate": 200, "seconds": 8, "writers": 8},
        "lanes": {"ours": {"says": "this platform's relay", "version": "", "options": "as it is"}},
        "absent": {"Debezium": "Maven is not installed"},
        "subjects": {
            name: {"busy_before_percent": 1.0, "is_done": True, "turns": turns}
            for name, turns in subjects.items()
        },
    }  # fmt: skip


def drained(lane: str, *rates: float, out_of_order: int = 0) -> list[dict]:
    return [
        {"round": n, "lane": lane, "rate": rate, "lost": 0, "repeated": 0, "bare": 0,
         "out_of_order": out_of_order, "start_to_last_s": 1.0, "cpu_ms_per_event": 0.01}
        for n, rate in enumerate(rates, start=1)
    ]  # fmt: skip


def record(key: str, sequence: int, *, identity: str, at: int = 1) -> SimpleNamespace:
    headers = [("ce_id", identity.encode()), ("ce_sequence", str(sequence).encode())]
    return SimpleNamespace(key=key.encode(), value=b"{}", headers=headers, timestamp=at)


@pytest.mark.slow
def test_relay_and_worker_are_measured_on_servers_of_their_own():
    said = delivery(*SOME, "--quick", "--without-peers")

    assert said.returncode == 0, said.stdout + said.stderr
    file = max(
        (ROOT / ".local" / "bench-quick").glob("[0-9]*.json"), key=lambda f: f.stat().st_mtime
    )
    told = json.loads(file.read_text())
    assert {name: told["subjects"][name]["is_done"] for name in SOME} == dict.fromkeys(SOME, True)
    faults = [one for one in targets.judged(told) if one.what.startswith("lost")]
    assert [one.found for one in faults] == ["0"]


def test_a_subject_nobody_measures_is_refused():
    said = delivery("speed")

    assert said.returncode == 64
    assert "No such subject: speed" in said.stdout


def test_the_readme_describes_every_subject():
    told = table.README.read_text("utf-8")

    assert [name for name in SUBJECTS if f"| `{name}` |" not in told] == []


def test_the_readme_shows_the_newest_raw_figures():
    assert table.shown(begin=report.BEGIN) == report.as_markdown(report.newest())


def test_kept_figures_are_those_of_full_runs():
    kept = [json.loads(file.read_text()) for file in table.RESULTS.glob("[0-9]*.json")]

    assert [told["measured_at"] for told in kept if told["size"]["rounds"] < 3] == []


def test_what_a_lane_does_wrong_is_counted():
    reader, found = Reader("nowhere", "topic", ["ce_id", "ce_sequence"]), Found()

    reader._judge(
        [
            record("a", 1, identity="1"),
            record("a", 2, identity="2"),
            record("a", 2, identity="2"),
            record("b", 1, identity="3", at=101),
            record("a", 4, identity="4", at=101),
            record("a", 3, identity="5", at=101),
        ],
        found,
    )

    assert found.counts(expected=7) == {"lost": 2, "repeated": 1, "out_of_order": 2, "bare": 0}
    assert found.rate == 30  # the three of the first millisecond are left out


def test_a_record_without_one_of_the_headers_is_noticed():
    reader, found = Reader("nowhere", "topic", ["ce_id", "ce_sequence", "traceparent"]), Found()

    reader._judge([record("a", 1, identity="1")], found)

    assert found.bare == 1


def test_claims_are_judged_by_the_median_and_round_by_round():
    told = raw(
        drain=[
            *drained("ours", 24_000, 30_000, 33_000),
            *drained("txoutbox", 8_000, 9_000, 10_000),
            *drained("fast-but-wrong", 29_000, 29_000, 29_000, out_of_order=1),
            *drained("bare", 40_000, 50_000, 60_000),
        ]
    )

    judged = {one.what: one for one in targets.judged(told)}

    assert judged["relay drain"].is_kept is True
    assert judged["relay drain"].found == "30 000 (24 000–33 000)"
    best = judged["relay drain, of the best peer that keeps order"]
    assert best.is_kept is True
    assert best.found.endswith("(txoutbox)")
    assert judged["relay drain, of a bare pipelined producer"].is_kept is False
    assert judged["worker, copies of facts"].is_kept is None


def test_a_slow_down_is_that_of_the_same_round():
    turns = [
        {"round": n, "lane": f"all they can, {company}", "per_second": rate}
        for n, pair in enumerate(((1000, 950), (2000, 1500), (1000, 890)), start=1)
        for company, rate in zip(("alone", "with relay and nudge"), pair, strict=True)
    ]

    slow_down = targets.judged(raw(writers=turns))[-1]

    assert slow_down.found == "11 (5–25)"
    assert slow_down.is_kept is False


def test_one_fault_of_ours_breaks_the_claim():
    told = raw(drain=[*drained("ours", 1, 2), *drained("ours", 3, out_of_order=1)])

    faults = next(one for one in targets.judged(told) if one.what.startswith("lost"))

    assert (faults.found, faults.is_kept) == ("1", False)


def test_the_report_says_who_could_not_be_measured_and_on_what():
    told = raw(drain=drained("ours", 24_000, 30_000, 33_000))
    told["subjects"]["drain"]["busy_before_percent"] = 60

    words = report.as_markdown(told)

    assert "**Debezium** could not be measured here: Maven is not installed" in words
    assert "`drain` (60 %)" in words
    assert "not to be relied on" in words
    assert "| this platform's relay | 30 000 (24 000–33 000) |" in words
    assert "| relay drain | ≥ 25 000 events/s | 30 000 (24 000–33 000) | kept |" in words


def test_a_run_that_was_cut_off_is_taken_up(tmp_path):
    begun = Raw.at(tmp_path, QUICK, again=False)
    begun.begin("drain", 1.0)
    begun.note("drain", round=1, lane="ours", rate=1)
    begun.end("drain")
    begun.begin("latency", 1.0)
    begun.note("latency", round=1, lane="ours", ack_p50_ms=1)

    taken_up, anew = Raw.at(tmp_path, QUICK, again=False), Raw.at(tmp_path, QUICK, again=True)

    assert (taken_up.is_done("drain"), taken_up.is_done("latency")) == (True, False)
    assert not anew.is_done("drain")


def test_debezium_is_named_by_the_version_that_is_built():
    assert environment.debezium_version() in (environment.DEBEZIUM / "pom.xml").read_text()
