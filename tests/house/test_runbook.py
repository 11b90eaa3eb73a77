"""The runbook sends nobody to a command, a flag, a heading or a log line that is not there."""

import re
from typing import Any, get_args

import pytest
import typer

from chassis import cli
from schemas.envelope import Service
from services.readmes import parts_of
from tests.house.tree import ROOT, files

PAGE = (ROOT / "docs" / "operating.md").read_text()
WRITTEN = PAGE.split("<!-- generated -->")[0]
TYPED = re.findall(r"^\$ (.+)$|`\$ ([^`]+)`", WRITTEN, re.M)
LINES = sorted({re.sub(r"\s+", " ", fenced or inline) for fenced, inline in TYPED})


def found(service: str, words: list[str]) -> Any:
    """The command that these words call, in any of the services where none is named."""
    services = get_args(Service) if service == "…" else (service,)
    for name in services:
        command: Any = typer.main.get_command(cli.commands(parts_of(name)))
        for word in words:
            command = getattr(command, "commands", {}).get(word, command)
        if not hasattr(command, "commands"):
            return command
    return None


@pytest.mark.parametrize("line", LINES)
def test_command_and_its_flags_are_there(line: str):
    service, *words = line.split()
    command = found(service, words)

    assert command is not None, line
    known = {opt for param in command.params for opt in param.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_links_lead_to_headings_of_the_page():
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", PAGE, re.M)
    }

    assert set(re.findall(r"\]\(#([^)]+)\)", WRITTEN)) <= headings


def test_log_lines_that_are_named_are_written_somewhere():
    named = set(re.findall(r"`((?:[a-z]+)\.(?:[a-z]+(?:_[a-z]+)*))`", WRITTEN))
    source = "\n".join(file.read_text() for file in files("chassis/*.py", "services/*.py"))

    assert len(named) > 5
    assert {each for each in named if f'"{each}"' not in source} == set()


@pytest.mark.parametrize("symptom", re.findall(r"^### (.+)$", WRITTEN, re.M))
def test_symptom_says_how_to_know_that_it_worked(symptom: str):
    section = WRITTEN.split(f"### {symptom}\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]
    is_an_act = symptom in {"A rolling restart", "A release, and going back"}

    assert is_an_act or "It worked when" in section
