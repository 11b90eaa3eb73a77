"""Nothing is timed here: that the measuring can be asked for, and that its table tells what was found."""

import json
import subprocess
import sys

import pytest

from bench import table
from bench.figures import Figure, Target, percentile
from deploy.local.settings import ROOT

SUBJECTS = ("pages", "submit", "mail", "memory")


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_help_lists_the_subjects():
    said = bench("--help")

    assert said.returncode == 0
    assert [name for name in SUBJECTS if f"{name}: " not in said.stdout] == []
    assert "--quick" in said.stdout


def test_a_subject_nobody_measures_is_refused_before_anything_starts():
    said = bench("speed")

    assert said.returncode == 64
    assert "No such subject: speed" in said.stdout


def test_the_readme_describes_every_subject():
    told = table.README.read_text("utf-8")

    assert [name for name in SUBJECTS if f"| `{name}` |" not in told] == []


def test_the_readme_shows_the_results_that_are_kept():
    assert table.shown() == table.as_markdown(table.results())


def test_results_are_those_of_subjects_and_of_full_runs():
    kept = {file.stem: json.loads(file.read_text()) for file in table.RESULTS.glob("[a-z]*.json")}

    assert set(kept) <= set(SUBJECTS)
    assert [name for name, told in kept.items() if told["name"] != name] == []
    assert [
        f["what"] for told in kept.values() for f in told["figures"] if f["repetitions"] < 3
    ] == []


def test_a_figure_tells_median_p99_and_the_spread_of_its_repetitions():
    figure = Figure("a page", "ms", Target(of="median", most=50))
    for repetition in ([10.0, 20.0, 30.0], [40.0, 50.0, 60.0], [20.0, 30.0, 90.0]):
        figure.begin_repetition()
        figure.add(*repetition)

    told = figure.told()

    assert told["median"] == 30
    assert told["p99"] == told["largest"] == 90
    assert told["spread"] == [20, 50]
    assert (told["repetitions"], told["samples"]) == (3, 9)
    assert told["is_met"] is True


@pytest.mark.parametrize(
    ("target", "is_met"),
    [
        (Target(of="median", most=2), True),
        (Target(of="largest", most=2), False),
        (Target(of="largest", least=3), True),
        (None, None),
    ],
)
def test_a_target_is_kept_or_missed(target, is_met):
    figure = Figure("anything", "ms", target)
    figure.begin_repetition()
    figure.add(1, 2, 3)

    assert figure.told()["is_met"] is is_met


def test_p99_is_a_sample_that_was_taken():
    assert percentile(range(1, 301), 0.99) == 297
    assert percentile([7.0], 0.99) == 7


def test_the_table_is_written_between_its_marks(tmp_path):
    readme, results = tmp_path / "README.md", tmp_path / "results"
    readme.write_text(f"Before.\n{table.BEGIN}\nold\n{table.END}\nAfter.\n")
    results.mkdir()
    figure = Figure("a page", "ms", Target(of="median", most=50))
    for _ in range(3):
        figure.begin_repetition()
        figure.add(61, 62)
    told = {
        "name": "pages",
        "about": "a page",
        "measured_at": "2026-11-24T10:00:00+00:00",
        "host": {
            "cores": 2, "processor": "x", "memory_gib": 4, "kernel": "6", "python": "3.11",
            "postgres": "18", "kafka": "4", "commit": "abc", "is_changed": False,
        },
        "load": {"is_quiet": False, "busy_before_percent": 70, "busy_at_start_percent": 80},
        "figures": [figure.told()],
        "counts": {"lost": 0},
    }  # fmt: skip
    (results / "pages.json").write_text(json.dumps(told))

    table.write(readme, results)

    written = readme.read_text()
    assert written.startswith("Before.\n")
    assert written.endswith("\nAfter.\n")
    assert "old" not in written
    assert "| a page | 61.5 | 62 | 61.5–61.5 | ms | 3 × 2 | median ≤ 50 | **missed** |" in written
    assert "busy with other work" in written
    assert table.shown(readme) == table.as_markdown(table.results(results))
