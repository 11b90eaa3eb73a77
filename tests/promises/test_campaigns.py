"""What campaigns rest upon: schedules that a seed plays again, gates that fail, a list left nothing out."""

import json
import math
from dataclasses import asdict

import pytest

from chassis.failpoints import FAILPOINTS
from tests.promises import __main__ as promises
from tests.promises import drivers, report
from tests.promises.arming import GROUPS, PAIRS, ROLES
from tests.promises.gates import AtLeast, AtMost, judged
from tests.promises.recovery import percentile
from tests.promises.report import KEPT_IN, PROFILES
from tests.promises.scheduler import DECK, drawn


def test_seed_plays_the_same_schedule_again():
    assert drawn(7, 40) == drawn(7, 40)
    assert drawn(7, 40)[:8] == drawn(7, 8)
    assert drawn(7, 40) != drawn(8, 40)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_role_is_hit_within_one_deck(seed: int):
    schedule = drawn(seed, len(DECK))

    assert sorted(fault.role for fault in schedule) == sorted(DECK)
    assert all(2 <= fault.after <= 8 for fault in schedule)
    assert all((fault.seconds > 0) == (fault.kind == "freeze") for fault in schedule)


def test_fault_hits_one_of_its_role():
    names = ["a", "b", "c"]

    assert {fault.victim(names) for fault in drawn(1, 200)} == set(names)


@pytest.mark.parametrize(
    ("found", "gate", "passed"),
    [
        (0, 0, True),
        (1, 0, False),
        (None, 0, False),
        (30.0, AtMost(30), True),
        (30.1, AtMost(30), False),
        (math.inf, AtMost(30), False),
        (None, AtMost(30), False),
        (math.nan, AtMost(30), False),
        (500, AtLeast(500), True),
        (499, AtLeast(500), False),
        (None, AtLeast(0), False),
    ],
)
def test_gate(found: object, gate: object, passed: bool):
    figures = {} if found is None else {"figure": found}

    [one] = judged(figures, {"figure": gate})

    assert one.passed is passed


def test_percentile_of_what_never_came_is_never():
    assert percentile([], 99) is None
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.0
    assert percentile([1.0, None], 99) == math.inf


def test_every_boundary_is_armed_in_some_role():
    assert {name for name, _ in PAIRS} == set(FAILPOINTS)


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair[1] != "operator"], ids="-".join)
def test_some_group_may_pass(pair: tuple[str, str]):
    name, role = pair

    assert any(group.role == role and group.may_pass(name) for group in GROUPS)


def test_every_command_of_an_operator_that_may_fall_is_driven():
    assert set(drivers.OPERATORS) == set(ROLES["operator"])


@pytest.mark.parametrize("profile", PROFILES)
def test_every_campaign_has_gates_and_says_what_it_attacks(profile: str):
    found = promises.every_campaign()

    assert {"kills", "failpoints", "order", "damage", "rebalance"} <= set(found)
    for name in found:
        module = promises._module(name)
        assert promises.gates_of(module, profile), name
        assert (module.__doc__ or "").strip(), name


def test_page_of_all_runs_is_what_was_kept():
    kept = KEPT_IN / "README.md"

    assert not kept.exists() or kept.read_text() == report.page()


def test_report_tells_what_a_stranger_needs_to_play_it_again():
    gates = judged({"lost": 0, "slowest": math.inf}, {"lost": 0, "slowest": AtMost(30)})
    one = report.Report(
        campaign="kills",
        promises="P1",
        profile="smoke",
        seed=7,
        commit="abc",
        began_at="2026-11-24 10:00 UTC",
        seconds=3.0,
        host=report.host(),
        versions={"kafka": "4.3.1"},
        figures={"lost": 0, "slowest": math.inf, "by_role": [{"role": "web", "kill": 2}]},
        gates=[asdict(gate) for gate in gates],
        passed=False,
        skipped=["disk: needs root"],
    )

    kept = json.loads(report.as_json(one))
    page = report.table(kept)

    assert kept["figures"]["slowest"] == "never"
    assert kept["host"]["cores"] >= 1
    for words in (
        "failed",
        "Seed 7",
        "`abc`",
        "kafka 4.3.1",
        "never | ≤ 30 | ✗",
        "disk: needs root",
    ):
        assert words in page
    assert "| web | 2 |" in page


@pytest.mark.parametrize("name", promises.every_campaign())
def test_no_gate_bears_the_name_of_what_was_left_out(name: str):
    """The command takes that one out of the figures before they are judged."""
    module = promises._module(name)

    assert all("left_out" not in promises.gates_of(module, profile) for profile in PROFILES)
