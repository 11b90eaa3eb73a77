"""A run as it is kept: seed, commit, profile, host, versions, every figure, every gate.

Written by the harness alone. `docs/promises/<profile>-<campaign>.json` holds one run each, and
`docs/promises/README.md` is written from all of them.
"""

import json
import math
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deploy.local import kafka, postgres
from deploy.local.settings import ROOT
from tests.promises.gates import Judged

KEPT_IN = ROOT / "docs" / "promises"
PROFILES = ("smoke", "full", "release")
HEAD = """# What was proven, and how

Each table is one run of a campaign of `tests/promises`, written by the run itself and by nobody's hand.
`make promises SEED=<seed> PROFILE=<profile>` plays the same schedule of faults again; the operating
system is not seeded, so a run may still differ. What each campaign does, and what the words of its
figures mean, stands at the head of its module in `tests/promises/campaigns`.
"""


@dataclass(frozen=True, slots=True)
class Report:
    """One campaign's run."""

    campaign: str
    promises: str
    profile: str
    seed: int
    commit: str
    began_at: str
    seconds: float
    host: dict[str, Any]
    versions: dict[str, str]
    figures: dict[str, Any]
    gates: list[dict[str, Any]]
    passed: bool
    fault: str | None = None  # what ended it before its end
    skipped: list[str] = field(default_factory=list[str])

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return KEPT_IN / f"{self.profile}-{self.campaign}.json"


def host() -> dict[str, Any]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "kernel": re.match(r"[\d.]*\d", platform.release() + "0")[0],  # pyright: ignore[reportOptionalSubscript]
        "system": platform.system(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def versions() -> dict[str, str]:
    """Of everything that could make a difference."""
    told = subprocess.run(
        [str(postgres.binaries() / "postgres"), "--version"], capture_output=True, text=True
    )
    found = {
        "python": platform.python_version(),
        "postgres": told.stdout.strip().rpartition(" ")[2],
        "kafka": kafka.version(),
    }
    return found | {name: version(name) for name in ("aiokafka", "asyncpg", "faststream")}


def commit() -> str:
    """Which code ran; `+` where something stood in the tree that no commit has."""
    head = _git("rev-parse", "--short=12", "HEAD")
    return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def keep(report: Report) -> None:
    """Write the run down, and the page of all runs anew."""
    KEPT_IN.mkdir(parents=True, exist_ok=True)
    report.file.write_text(as_json(report))
    (KEPT_IN / "README.md").write_text(page())


def as_json(report: Report) -> str:
    """A report as it is kept."""
    return json.dumps(_finite(asdict(report)), indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """All runs that are kept, as Markdown."""
    kept = [json.loads(file.read_text()) for file in sorted(KEPT_IN.glob("*.json"))]
    kept.sort(key=lambda one: (-PROFILES.index(one["profile"]), one["campaign"]))
    return "\n".join([HEAD, *(table(one) for one in kept)])


def table(one: Mapping[str, Any]) -> str:
    """One run."""
    of, on = one["versions"], one["host"]
    verdict = "passed" if one["passed"] else f"failed: {one['fault'] or 'see the gates'}"
    lines = [
        f"## {one['campaign']}, {one['profile']}: {verdict}",
        "",
        f"{one['promises']}. Seed {one['seed']}, commit `{one['commit']}`, {one['began_at']}, "
        f"{one['seconds']:.0f} s, on {on['cores']} cores, {on['memory_gb']:g} GB, {on['system']} "
        f"{on['kernel']}; {', '.join(f'{name} {number}' for name, number in of.items())}.",
        "",
        "| Figure | Found | Gate | |",
        "|---|---:|---|---|",
    ]
    gates = {gate["figure"]: gate for gate in one["gates"]}
    for name in [*gates, *(name for name in one["figures"] if name not in gates)]:
        value = one["figures"].get(name)
        if isinstance(value, list | dict):
            continue
        gate = gates.get(name)
        ends = ("", "") if gate is None else (gate["gate"], "✓" if gate["passed"] else "✗")
        lines.append(f"| {name.replace('_', ' ')} | {_said(value)} | {ends[0]} | {ends[1]} |")
    for name, value in one["figures"].items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines += ["", f"**{name.replace('_', ' ').capitalize()}**", "", *_rows(value)]
    lines += [f"\nSkipped: {reason}" for reason in one["skipped"]]
    return "\n".join([*lines, ""])


def printed(campaign: str, gates: list[Judged], figures: Mapping[str, Any]) -> str:
    """The figures as a terminal shows them: what is judged first."""
    judged_ones = {gate.figure for gate in gates}
    width = max((len(name) for name in [*judged_ones, *figures]), default=0)
    lines = [
        f"  {'ok ' if gate.passed else 'NO '} {gate.figure:{width}} {_said(gate.found):>10}  "
        f"(wanted {gate.gate})"
        for gate in gates
    ]
    for name, value in figures.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"      {name}:", *(f"        {_line(row)}" for row in value)]
        elif name not in judged_ones and not isinstance(value, list | dict):
            lines.append(f"      {name:{width}} {_said(value):>10}")
    return "\n".join([f"{campaign}:", *lines])


def _rows(rows: list[dict[str, Any]]) -> list[str]:
    heads = list(rows[0])
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(_said(row.get(head)) for head in heads) + " |" for row in rows),
    ]


def _line(row: Mapping[str, Any]) -> str:
    return "  ".join(_said(value) for value in row.values())


def _said(value: Any) -> str:
    if isinstance(value, float):
        return "never" if math.isinf(value) else f"{value:g}"
    return "–" if value is None else str(value)


def _finite(value: Any) -> Any:
    """JSON knows no infinity: what never came is told so."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float) and math.isinf(value):
        return "never"
    return value


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()
