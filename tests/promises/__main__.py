"""`python -m tests.promises [CAMPAIGN …] --profile full --seed 1`: break the house and judge it.

A campaign is a module of `tests/promises/campaigns` with

    GATES: dict of what its figures must be (see gates.py); or gates(profile), where that depends
    PROMISES = "P1, P2"                                     # which of the promises it attacks
    SECONDS = {"smoke": 60, "full": 240, "release": 9000}   # its time-box
    async def run(profile, seed, folder) -> dict            # its figures, by name; "left_out", if
                                                            # there are any: reasons, a line each

To add one, add the module. Exit code 1 where a gate is failed, or a campaign does not come to its end.
"""

import asyncio
import importlib
import inspect
import pkgutil
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.clock import real_now
from tests import servers
from tests.promises import campaigns, report
from tests.promises.gates import judged
from tests.promises.report import PROFILES, Report

ORDER = ("order", "kills", "failpoints", "outages", "damage", "rebalance", "rebuild", "disk")
SECONDS = {"smoke": 180.0, "full": 600.0, "release": 4 * 3600.0}


def main(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CAMPAIGN]…", help="None: all there are.")
    ] = None,
    profile: Annotated[str, typer.Option(help="smoke, full or release.")] = "full",
    seed: Annotated[int | None, typer.Option(help="None: drawn, and printed.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Kept afterwards.")] = None,
    brokers: Annotated[
        int | None, typer.Option(help="1 or 3; None: as many as a campaign wants.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Write the report into docs.")] = False,
) -> None:
    """Run campaigns one after the other, judge their gates, and tell every figure."""
    if profile not in PROFILES:
        raise typer.BadParameter(f"one of {', '.join(PROFILES)}", param_hint="--profile")
    known = every_campaign()
    if unknown := [name for name in names or [] if name not in known]:
        raise typer.BadParameter(f"no such campaign: {unknown[0]}; there are {', '.join(known)}")
    drawn = random.SystemRandom().randrange(10_000) if seed is None else seed
    print(f"seed {drawn}, commit {report.commit()}, profile {profile}", flush=True)
    with _servers(), _home(folder) as home:
        reports = [_run(name, profile, drawn, home / name, brokers) for name in names or known]
    if keep:
        for each in reports:
            report.keep(each)
    failed = [each.campaign for each in reports if not each.passed]
    print(f"seed {drawn}: " + (f"failed: {', '.join(failed)}" if failed else "all gates passed"))
    sys.exit(1 if failed else 0)


def every_campaign() -> list[str]:
    """The campaigns there are, in the order in which they run."""
    found = {each.name for each in pkgutil.iter_modules(campaigns.__path__)}
    found = {name for name in found if hasattr(_module(name), "run")}
    first = [name for name in ORDER if name in found]
    return [*first, *sorted(found - set(first))]


def gates_of(module: Any, profile: str) -> dict[str, Any]:
    """What this campaign's figures must be in this profile."""
    return module.gates(profile) if hasattr(module, "gates") else module.GATES


def _run(name: str, profile: str, seed: int, folder: Path, brokers: int | None) -> Report:
    module = _module(name)
    folder.mkdir(parents=True, exist_ok=True)
    host, began, began_at = report.host(), time.monotonic(), real_now()
    seconds = getattr(module, "SECONDS", SECONDS)[profile]
    print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
    figures, fault = asyncio.run(_played(module, profile, seed, folder, brokers, seconds))
    left_out = figures.pop("left_out", [])
    gates = judged(figures, gates_of(module, profile))
    told = Report(
        campaign=name,
        promises=getattr(module, "PROMISES", (module.__doc__ or "").partition(":")[0]),
        profile=profile,
        seed=seed,
        commit=report.commit(),
        began_at=began_at.strftime("%Y-%m-%d %H:%M UTC"),
        seconds=round(time.monotonic() - began, 1),
        host=host,
        versions=report.versions(),
        figures=figures,
        gates=[asdict(gate) for gate in gates],
        passed=fault is None and all(gate.passed for gate in gates),
        fault=fault,
        skipped=left_out,
    )
    print(report.printed(name, gates, figures))
    print(f"  {told.seconds:.0f} s" + (f"; ended by {fault}" if fault else ""), flush=True)
    return told


async def _played(
    module: Any, profile: str, seed: int, folder: Path, brokers: int | None, seconds: float
) -> tuple[dict[str, Any], str | None]:
    """The figures, and what ended it before its time."""
    may_choose = "brokers" in inspect.signature(module.run).parameters
    more = {"brokers": brokers} if may_choose and brokers is not None else {}
    try:
        async with asyncio.timeout(seconds):
            return await module.run(profile, seed, folder, **more), None
    except Exception as error:
        traceback.print_exc()
        named = f"{type(error).__name__}: {error}".rstrip(": ")
        return {}, named if not isinstance(error, TimeoutError) else f"{named} (of {seconds:g} s)"


def _module(name: str) -> Any:
    return importlib.import_module(f"{campaigns.__name__}.{name}")


@contextmanager
def _servers() -> Iterator[None]:
    """The servers that campaigns without a stage of their own ask for, as tests do."""
    servers.open_run()
    try:
        yield
    finally:
        servers.close_run()


@contextmanager
def _home(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder.absolute()
        return
    with tempfile.TemporaryDirectory(
        prefix="micro-internships-promises-", ignore_cleanup_errors=True
    ) as name:
        Path(name).chmod(0o755)
        yield Path(name)


if __name__ == "__main__":
    typer.run(main)
