"""Liveness is progress: what has come to a stand is told, and a known wait is none."""

import urllib.error
import urllib.request

import pytest

from chassis import liveness
from chassis.liveness import HEARD_WITHIN, MOVES_WITHIN, Progress
from deploy.local.ports import free_port


class Hand:
    """A clock that is moved by hand."""

    at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def progress(hand: Hand) -> Progress:
    return Progress(hand)


def test_process_that_notes_nothing_is_alive(progress: Progress, hand: Hand):
    hand.at += 10_000

    assert progress.fault() is None


def test_lag_that_nothing_works_off_is_a_fault_after_a_minute(progress: Progress, hand: Hand):
    progress.assigned(12)
    progress.moved()
    hand.at += 500
    progress.behind(7)
    hand.at += MOVES_WITHIN
    assert progress.fault() is None
    hand.at += 1

    assert progress.fault() == "7 lie ready and nothing moved for 61 s"
    progress.moved()
    assert progress.fault() is None


def test_nothing_to_do_is_no_fault(progress: Progress, hand: Hand):
    progress.assigned(12)
    progress.behind(3)
    progress.behind(0)
    hand.at += 10_000

    assert progress.fault() is None


def test_new_lag_after_a_quiet_time_has_its_minute(progress: Progress, hand: Hand):
    progress.assigned(12)
    progress.moved()
    hand.at += 10_000
    progress.behind(1)
    hand.at += MOVES_WITHIN / 2
    progress.behind(2)
    assert progress.fault() is None
    hand.at += MOVES_WITHIN / 2 + 1

    assert progress.fault()


def test_neither_assignment_nor_poll_is_a_fault_after_two_minutes(progress: Progress, hand: Hand):
    progress.assigned(12)
    hand.at += 10_000
    assert progress.fault() is None  # partitions are ours: the lag tells the rest
    progress.assigned(0)
    hand.at += HEARD_WITHIN
    assert progress.fault() is None
    hand.at += 1

    assert progress.fault() == "no assignment and no poll for 121 s"
    progress.heard()
    assert progress.fault() is None


def test_it_is_answered_beside_the_figures(monkeypatch: pytest.MonkeyPatch, hand: Hand):
    progress = Progress(hand)
    monkeypatch.setattr(liveness, "PROGRESS", progress)
    port = free_port()
    liveness.serve("127.0.0.1", port)

    def ask(path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    assert ask("/livez") == (200, "alive\n")
    progress.behind(5)
    hand.at += 100
    assert ask("/livez") == (503, "5 lie ready and nothing moved for 100 s\n")
    status, figures = ask("/metrics")
    assert (status, "records_refused_total" in figures or "python_info" in figures) == (200, True)
