"""How an operator is answered: whatever a stranger's event holds, lines stay lines."""

import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
import typer
from rich.console import Console

from chassis import audit, operating
from chassis.actor import Actor, Role
from chassis.database import CommitUncertain
from chassis.decision import NotFound
from chassis.settings import IsMisconfigured

HOSTILE = {"id": 1, "key": "a\nid=2  \x1b[31mred[/nothing]", "at": datetime(2027, 3, 1, tzinfo=UTC)}


def test_line_is_one_line_whatever_is_in_it(capsys):
    operating.show([HOSTILE])

    assert capsys.readouterr().out == (
        "id=1  key=a id=2   [31mred[/nothing]  at=2027-03-01T00:00:00Z\n"
    )


def test_table_takes_no_markup_from_a_value(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(
        operating, "console", Console(file=shown, force_terminal=True, width=100, color_system=None)
    )

    operating.show([HOSTILE])

    assert "a id=2   [31mred[/nothing]" in shown.getvalue()
    assert "\x1b[31m" not in shown.getvalue()


def test_scripts_get_values_as_they_are(capsys):
    operating.show([HOSTILE, {"value": b"\xff", "who": UUID(int=1), "none": None}], as_json=True)

    assert json.loads(capsys.readouterr().out) == [
        {**HOSTILE, "at": "2027-03-01T00:00:00Z"},
        {"value": "\ufffd", "who": str(UUID(int=1)), "none": None},
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound(), 65),
        (IsMisconfigured("no such topic"), 78),
        (CommitUncertain(), 75),
        (ConnectionRefusedError(), 75),
        (TimeoutError(), 75),
    ],
    ids=lambda given: type(given).__name__,
)
def test_failure_is_a_sentence_and_a_code(error: Exception, code: int, capsys):
    with pytest.raises(typer.Exit) as end, operating.answered():
        raise error

    assert end.value.exit_code == code
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_fault_of_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError), operating.answered():
        raise ZeroDivisionError


def test_operator_is_kept_by_name_and_others_are_not():
    somebody = Actor(UUID(int=1), "oxford", frozenset({Role.SUPPORT}), name="Helen Marsh")
    machine = Actor(None, "oxford", frozenset({Role.MACHINE}), name="reporting")

    assert audit.operator_of(operating.acting("  Rowan   Quill ", "mended")) == "Rowan Quill"
    assert audit.operator_of(somebody) is None
    assert audit.operator_of(machine) is None
