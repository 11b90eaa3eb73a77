"""The table in `README.md`, written from the JSON files, so that no figure stands there unmeasured."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
RESULTS = HERE / "results"
BEGIN, END = "<!-- results: written by `python -m bench`, not by hand -->", "<!-- end -->"
NOTHING = "Nothing has been measured on a quiet machine yet: run `make bench`."
SIGNS = {True: "kept", False: "**missed**", None: ""}


def results(folder: Path = RESULTS) -> list[dict[str, Any]]:
    """Every result there is, by name."""
    return [json.loads(file.read_text()) for file in sorted(folder.glob("[a-z]*.json"))]


def as_markdown(found: list[dict[str, Any]]) -> str:
    """A table for each subject, under the machine and the load it was measured on."""
    return "\n\n".join(_section(each) for each in found) if found else NOTHING


def write(readme: Path = README, folder: Path = RESULTS) -> None:
    """Put the table between its two marks."""
    place(readme, BEGIN, as_markdown(results(folder)))


def shown(readme: Path = README, begin: str = BEGIN) -> str:
    """What stands between the marks now."""
    return readme.read_text("utf-8").partition(begin)[2].partition(END)[0].strip()


def place(readme: Path, begin: str, words: str) -> None:
    """Put words between a mark and the next end."""
    before, _, rest = readme.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{begin}\n{words}\n{END}{after}", "utf-8")


def rows(figure: dict[str, Any]) -> tuple[str, ...]:
    """One figure, cell by cell."""
    low, high = figure["spread"]
    many = figure["samples"] > figure["repetitions"]
    return (
        f"{figure['what']}{' (limit)' if figure['is_limit'] else ''}",
        f"{figure['median']:g}",
        f"{figure['p99']:g}" if many else "",
        f"{low:g}–{high:g}",
        figure["unit"],
        f"{figure['repetitions']} × {figure['samples'] // figure['repetitions']}",
        target(figure["target"]),
        SIGNS[figure["is_met"]],
    )


HEADINGS = ("what", "median", "p99", "spread", "unit", "samples", "target", "")


def target(claim: dict[str, Any] | None) -> str:
    """A claim in short."""
    if claim is None:
        return ""
    sign, value = ("≤", claim["most"]) if claim["most"] is not None else ("≥", claim["least"])
    return f"{claim['of']} {sign} {value:g}"


def state(result: dict[str, Any]) -> str:
    """On what, when, and how busy the machine was with other things."""
    host, load = result["host"], result["load"]
    quiet = "quiet" if load["is_quiet"] else "**busy with other work: not to be relied on**"
    changed = " with changes not committed" if host["is_changed"] else ""
    return (
        f"{result['measured_at'][:16].replace('T', ' ')} UTC, commit {host['commit']}{changed}; "
        f"{host['cores']} cores ({host['processor']}), {host['memory_gib']:g} GiB, "
        f"Linux {host['kernel']}, Python {host['python']}, PostgreSQL {host['postgres']} with fsync, "
        f"Kafka {host['kafka']}. The machine was {quiet}: {load['busy_before_percent']:g} % in use "
        f"before the start, {load['busy_at_start_percent']:g} % with the stack up and idle."
    )


def _section(result: dict[str, Any]) -> str:
    lines = [
        f"### {result['name']}: {result['about']}",
        "",
        state(result),
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(rows(figure)) + " |" for figure in result["figures"]),
    ]
    if result["counts"]:
        told = "; ".join(f"{name}: {_plain(value)}" for name, value in result["counts"].items())
        lines += ["", f"{told}."]
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    return f"{value:,}".replace(",", " ") if isinstance(value, int | float) else str(value)
