"""Boundaries hold, and a breach of each is seen: planted in a copy of the tree, and refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.names import badly_named, too_long
from tests.house.tree import CODE, ROOT, copy_to, files

BIN = Path(sys.executable).parent


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def ruff(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "ruff"), "check", "--no-cache", *files]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_the_boundaries_hold():
    done = lint_imports(ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        (
            "services/expenses/commands/claims.py",
            "import services.applications.commands",
            "services never know each other",
        ),
        ("services/applications/domain/offer.py", "import chassis.database", "a domain is pure"),
        ("services/applications/domain/offer.py", "import asyncpg", "a domain is pure"),
        ("schemas/envelope.py", "import chassis.decision", "the contract needs pydantic alone"),
        ("chassis/web.py", "import aiokafka", "a web process has no Kafka in it"),
        (
            "services/expenses/receipts/judge.py",
            "import services.expenses.receipts.cage",
            "PDFs are opened in a cage alone",
        ),
        (
            "services/notifications/domain/letter.py",
            "import services.notifications.store",
            "the same layers in every service",
        ),
    ],
)
def test_an_import_across_a_boundary_is_refused(tmp_path, file, line, contract):
    planted = copy_to(tmp_path) / file
    planted.write_text(f"{planted.read_text()}\n{line}\n")

    done = lint_imports(tmp_path)

    assert done.returncode == 1
    broken = [said for said in done.stdout.splitlines() if said.rstrip().endswith("BROKEN")]
    assert any(contract in said for said in broken), done.stdout


def test_the_clock_on_the_wall_is_refused_in_a_domain(tmp_path):
    planted = copy_to(tmp_path) / "services/applications/domain/offer.py"
    planted.write_text(
        f"{planted.read_text()}\nfrom datetime import UTC, datetime\n\nnow = datetime.now(UTC)\n"
    )

    done = ruff(tmp_path, str(planted))

    assert done.returncode == 1
    assert "Business time comes from chassis.clock" in done.stdout


def test_a_drawer_for_everything_is_refused(tmp_path):
    planted = copy_to(tmp_path) / "services/expenses/utils.py"
    planted.write_text("")

    assert badly_named([planted]) == [str(planted)]


def test_every_file_says_by_its_name_what_is_in_it():
    assert badly_named(files("*.py")) == []


def test_no_file_has_outgrown_its_noun():
    code = [file for folder in CODE for file in files(f"{folder}/*.py")]

    assert too_long(code) == []
