"""Every row of the catalogue of bad input that touches what can be done today is shown by a test.

A test says which row it shows by its id, `bad_input[27]`, or `bad_input[5-a]` where a row names several
inputs: as the id of a parameter, by `catalogue.row("5-a", …)`, or in its docstring.
"""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT

TESTS = ROOT / "tests"
ROWS = (*range(1, 61), *range(99, 104), *range(124, 159))
SEVERAL = {  # rows that name several inputs, or several ways of the same one
    2: "ab", 5: "abc", 9: "ab", 15: "abc", 30: "abc", 31: "abc", 34: "ab", 40: "ab", 44: "abc",
    45: "ab", 46: "ab", 47: "abc", 50: "ab", 58: "ab", 59: "ab", 100: "ab",
    124: "abc", 125: "abcd", 127: "ab", 138: "ab", 141: "ab", 146: "ab", 150: "ab",
}  # fmt: skip
EXCUSED = {
    56: "a cycle's dates cannot be changed yet once it is published: there is no such command",
    156: "nobody can be erased yet: there is no such command",
    158: "nothing is read from a CSV yet: there are exports alone",
}
_NAMED = re.compile(r"bad_input\[(\d+)(?:-([a-z]))?\]|\brow\(\s*\"(\d+)(?:-([a-z]))?\"")


def rows_shown() -> dict[int, dict[str, set[str]]]:
    """Which rows have tests: by number, by letter (none: the row as a whole), the files."""
    shown: dict[int, dict[str, set[str]]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        if path == Path(__file__):
            continue
        for found in _NAMED.finditer(path.read_text(encoding="utf-8")):
            number, letter = found[1] or found[3], found[2] or found[4] or ""
            files = shown.setdefault(int(number), {}).setdefault(letter, set())
            files.add(path.relative_to(TESTS).as_posix())
    return shown


@pytest.mark.parametrize("n", [n for n in ROWS if n not in EXCUSED])
def test_row_is_shown(n: int):
    shown = rows_shown().get(n, {})

    assert shown, f"row {n} of the catalogue of bad input has no test with the id bad_input[{n}]"
    missing = [letter for letter in SEVERAL.get(n, "") if letter not in shown]
    assert not missing, f"row {n} names several inputs: no test for {', '.join(missing)}"


def test_nothing_is_excused_that_is_shown():
    assert set(EXCUSED) <= set(ROWS)
    assert not [n for n in EXCUSED if rows_shown().get(n)], "take it off the list of excuses"
