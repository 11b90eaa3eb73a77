"""`python -m bench delivery [SUBJECT …] [--quick] [--again] [--without-peers]`."""

import asyncio
import os
import signal
import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from bench import host
from bench.delivery import (
    arrival,
    commanding,
    drain,
    latency,
    peers,
    report,
    servers,
    taking_in,
    targets,
    writers,
)
from bench.delivery.lanes import Bare, Ours
from bench.delivery.run import FULL, QUICK, Raw, Run
from bench.delivery.trial import installed
from deploy.local.settings import ROOT

SUBJECTS = {
    "drain": drain,
    "latency": latency,
    "worker": taking_in,
    "arrival": arrival,
    "writers": writers,
    "command": commanding,
}
RESULTS = ROOT / "bench" / "results"
TRIED = ROOT / ".local" / "bench-quick"  # small numbers prove the measuring, never a claim
LONGEST = 900.0  # seconds of one subject: whatever hangs is ended, and the others are kept
console = Console(soft_wrap=True, highlight=False)


def main(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SUBJECT …]", help="All without one.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small numbers, kept apart: to try the measuring.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Measure anew what this commit's file has already.")
    ] = False,
    without_peers: Annotated[
        bool, typer.Option("--without-peers", help="Nothing is fetched or built.")
    ] = False,
) -> None:
    """Measure delivery beside its peers and its limits. A run that was cut off is taken up."""
    chosen = [name for name in SUBJECTS if not names or name in names]
    if unknown := sorted(set(names or ()) - set(SUBJECTS)):
        console.print(f"No such subject: {', '.join(unknown)}. There are: {', '.join(SUBJECTS)}.")
        sys.exit(64)
    signal.signal(signal.SIGTERM, _end_at_once)
    size = QUICK if quick else FULL
    raw = Raw.at(TRIED if quick else RESULTS, size, again=again or quick)
    wanted = [name for name in chosen if not raw.is_done(name)]
    busy = host.busy()
    if busy > host.QUIET:
        console.print(f"Other work uses {busy:g} % of this machine: figures will say so.")
    if wanted:
        with servers.risen() as started:
            asyncio.run(_measure(wanted, started, raw, without_peers=without_peers))
    if not quick:
        report.write()
    console.print(f"Written to {raw.file.relative_to(ROOT)}.")
    for one in targets.judged(raw.told):
        console.print(f"  {report.SIGNS[one.is_kept]:14} {one.what}: {one.found} ({one.claim})")
    sys.exit(0 if all(raw.is_done(name) for name in chosen) else 1)


def _end_at_once(*_: Any) -> None:
    """Everything here is thrown away in the end: nothing is worth waiting for."""
    servers.end_earlier()
    os._exit(143)


async def _measure(
    wanted: list[str], started: servers.Servers, raw: Raw, *, without_peers: bool
) -> None:
    async with installed(started.dsn, started.bootstrap) as trial:
        ours, bare = Ours(trial), Bare(trial)
        size = FULL if raw.told["size"]["rounds"] == FULL.rounds else QUICK
        run = Run(trial, size, raw, console, ours, bare)
        if not without_peers:
            run.peers, raw.told["absent"] = await asyncio.to_thread(peers.all_of, trial)
        for lane in run.lanes:
            await lane.lay_out()
            raw.told["lanes"][lane.name] = {
                "says": lane.says, "version": lane.version, "options": lane.options,
            }  # fmt: skip
        for name in wanted:
            console.print(f"{name}: {SUBJECTS[name].ABOUT}", style="bold")
            raw.begin(name, await asyncio.to_thread(host.busy))
            try:
                async with asyncio.timeout(LONGEST):
                    await SUBJECTS[name].measure(run)
            except Exception as fault:
                console.print_exception()
                raw.fail(name, f"{type(fault).__name__}: {fault}")
            else:
                raw.end(name)


def command() -> None:
    """As the command line calls it, with what stands behind `delivery`."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(main)
    app(args=sys.argv[2:], prog_name="python -m bench delivery")
