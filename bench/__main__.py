"""`python -m bench [NAME …] [--quick]`: measure what is claimed, and write down what was found."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench import host, mail, memory, pages, stack, submit, table
from bench.delivery import main as delivery
from bench.delivery import report
from bench.figures import Result
from bench.stage import FULL, QUICK, Size, Stage
from chassis.clock import real_now
from deploy.demo.clock import Clock
from deploy.demo.patience import open_client
from deploy.demo.people import House
from deploy.local import status
from deploy.local.settings import ROOT, LocalSettings

SUBJECTS: dict[str, Callable[[Stage], Awaitable[Result]]] = {
    "pages": pages.measure,
    "submit": submit.measure,
    "mail": mail.measure,
    "memory": memory.measure,
}
ABOUT = {
    name: module.ABOUT for name, module in zip(SUBJECTS, (pages, submit, mail, memory), strict=True)
}
TRIED = ROOT / ".local" / "bench-quick"  # small numbers prove the measuring, never a claim
HELP = "Measure what is claimed, on a stack of its own.\n\n" + "\n\n".join(
    [f"{name}: {about}" for name, about in ABOUT.items()]
    + ["delivery: events beside the peers, on servers alone; see `delivery --help`"]
)
console = Console(soft_wrap=True, highlight=False)


def main(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME …]", help="Subjects; all without one.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small numbers, kept apart: to try the measuring.")
    ] = False,
) -> None:
    """Exit 1 where a target is missed."""
    chosen = [name for name in SUBJECTS if not names or name in names]
    if unknown := sorted(set(names or ()) - set(SUBJECTS)):
        console.print(f"No such subject: {', '.join(unknown)}. There are: {', '.join(SUBJECTS)}.")
        sys.exit(64)
    before = host.busy()
    if before > host.QUIET:
        console.print(f"Other work uses {before:g} % of this machine: figures will say so.")
    size = QUICK if quick else FULL
    folder = TRIED if quick else table.RESULTS
    with stack.risen(stack.students(size.students)) as settings:
        is_kept = asyncio.run(_measure(chosen, settings, size, folder, before))
    if not quick:
        table.write()
    console.print(f"Written to {folder.relative_to(ROOT)}.")
    sys.exit(0 if is_kept else 1)


async def _measure(
    chosen: list[str], settings: LocalSettings, size: Size, folder: Path, before: float
) -> bool:
    addresses: dict[str, str] = (status.read(settings) or {})["addresses"]
    clock = Clock(addresses["database"])
    is_kept = True
    async with open_client() as client:
        house = House(client, front_door=addresses["front door"], mail_page=addresses["mails"])
        stage = Stage(settings, addresses, size, house, clock, console)
        await stage.opens()
        for name in chosen:
            console.print(f"{name}: {ABOUT[name]}", style="bold")
            at_start = await asyncio.to_thread(host.busy)
            result = await SUBJECTS[name](stage)
            told = _told(result, size, host.load(before, at_start))
            _keep(told, folder)
            _show(told)
            is_kept &= all(figure["is_met"] is not False for figure in told["figures"])
    await clock.close()
    return is_kept


def _told(result: Result, size: Size, load: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": result.name,
        "about": result.about,
        "measured_at": real_now().isoformat(timespec="seconds"),
        "host": host.facts(),
        "load": load,
        "size": asdict(size),
        "figures": [figure.told() for figure in result.figures],
        "counts": result.counts,
    }


def _keep(told: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told, indent=2, ensure_ascii=False)
    (folder / f"{told['name']}.json").write_text(text + "\n", "utf-8")


def _show(told: dict[str, Any]) -> None:
    printed = Table(box=None, pad_edge=False)
    for heading in table.HEADINGS:
        printed.add_column(heading, justify="left" if heading == "what" else "right")
    for figure in told["figures"]:
        printed.add_row(*(cell.replace("**", "") for cell in table.rows(figure)))
    console.print(printed)
    for name, value in told["counts"].items():
        console.print(f"  {name}: {value}", style="dim")


if __name__ == "__main__":
    if sys.argv[1:2] == ["delivery"]:
        delivery.command()
    if sys.argv[1:] == ["report"]:
        table.write()
        report.write()
        sys.exit(0)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(help=HELP)(main)
    app(prog_name="python -m bench")
