"""P3, P4, P5 in their smallest size, and the proof that their judge sees what it is there for."""

from pathlib import Path

import pytest

from tests.promises.campaigns import damage
from tests.promises.gates import judged
from tests.promises.trials import Applied, judge


async def test_p3_p4_p5_damaged_data_is_harmless(tmp_path: Path):
    figures = await damage.run("smoke", seed=1, folder=tmp_path)

    failed = [gate for gate in judged(figures, damage.gates("smoke")) if not gate.passed]
    assert not failed, figures


@pytest.mark.parametrize(
    ("applied", "found"),
    [
        ({"a": [1, 2, 3], "b": [1]}, {}),
        ({"a": [1, 3], "b": [1]}, {"lost": 1}),
        ({"a": [1, 2, 3]}, {"lost": 1}),
        ({"a": [1, 2, 2, 3], "b": [1]}, {"duplicated": 1}),
        ({"a": [1, 3, 2], "b": [1]}, {"reordered": 1}),
        ({"a": [1, 2, 3], "b": [1], "c": [1]}, {"phantom": 1}),
    ],
)
def test_judge_sees(applied: Applied, found: dict[str, int]):
    faults = dict.fromkeys(("lost", "duplicated", "reordered", "phantom"), 0)

    assert judge({"a": [1, 2, 3], "b": [1]}, applied) == faults | found
