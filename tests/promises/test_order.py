"""P29 in its smallest size, and the proof that its judge sees what it is there for."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.promises.campaigns import order


async def test_p29_no_row_is_skipped_or_overtaken_while_two_relays_fight(tmp_path: Path):
    figures = await order.run("smoke", seed=1, folder=tmp_path)

    assert {name: figures[name] for name in order.GATES} == order.GATES, figures
    assert figures["committed"] > 600
    assert sum(count for name, count in figures.items() if name.startswith("fights_")) >= 3


@dataclass
class Record:
    headers: list[tuple[str, bytes]]
    key: bytes = b"case"
    value: bytes = b"{}"


def row(number: int) -> dict[str, object]:
    return {"headers": {"ce_id": f"{number}"}, "key": "case", "sequence": number, "value": b"{}"}


def record(number: int, value: bytes = b"{}") -> Record:
    headers = [("ce_id", b"%d" % number), ("ce_sequence", b"%d" % number)]
    return Record(headers, value=value)


@pytest.mark.parametrize(
    ("rows", "log", "found"),
    [
        ([1, 2, 3], [1, 2, 3], {}),
        ([1, 2, 3], [1, 2, 1, 2, 3], {"repeated": 2}),  # no fault: readers drop the second
        ([1, 2, 3], [1, 3], {"skipped": 1}),
        ([1, 2, 3], [1, 3, 2], {"inversions": 1}),
        ([1, 2, 3], [3, 1, 2, 3], {"inversions": 1, "repeated": 1}),
        ([1, 3], [1, 3], {"holes": 1}),
        ([1], [1, 2], {"phantoms": 1}),
    ],
)
def test_judge_sees(rows: list[int], log: list[int], found: dict[str, int]):
    told = order.judge([row(number) for number in rows], [record(number) for number in log])

    faults = {*order.GATES, "repeated"} - {"crashed"}
    assert {name: told[name] for name in faults} == dict.fromkeys(faults, 0) | found


def test_judge_sees_other_bytes():
    assert order.judge([row(1)], [record(1, b"{...}")])["changed"] == 1
