"""Every boundary of the table is passed somewhere, none is passed that is not in it, and none costs."""

import ast
import dis
from pathlib import Path

import pytest

from chassis import failpoints
from chassis.failpoints import FAILPOINTS, failpoint
from tests.house.tree import ROOT, files


def calls_in(source: str) -> list[ast.Call]:
    """Every `failpoint(…)` of a file."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "failpoint"
    ]


def passed() -> dict[str, list[Path]]:
    """Each name that code passes, and the files where."""
    found: dict[str, list[Path]] = {}
    for path in files("chassis/*.py", "services/*.py", "services/**/*.py"):
        for call in calls_in(path.read_text(encoding="utf-8")):
            [name] = call.args
            assert isinstance(name, ast.Constant), f"{path}: a failpoint's name is a literal"
            found.setdefault(str(name.value), []).append(path.relative_to(ROOT))
    return found


@pytest.mark.parametrize("name", sorted(FAILPOINTS))
def test_boundary_is_passed_in_code(name: str):
    assert name in passed(), f"nothing passes {name}: place it, or take it off the table"


def test_nothing_is_passed_that_is_not_in_the_table():
    assert set(passed()) - set(FAILPOINTS) == set()


def test_what_is_not_armed_costs_one_comparison(monkeypatch: pytest.MonkeyPatch):
    def never(*_: object) -> None:
        raise AssertionError("it looked for a file although nothing is armed")

    monkeypatch.setattr(failpoints, "_folder", None)
    monkeypatch.setattr(failpoints, "_pass", never)

    failpoint("relay.read")

    steps = list(dis.get_instructions(failpoint))
    jump = next(step for step in steps if "POP_JUMP" in step.opname)
    called = next(step.offset for step in steps if "CALL" in step.opname)
    assert jump.offset < called < jump.argval, "one jump leads past everything else"
