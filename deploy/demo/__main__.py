"""`python -m deploy.demo`: bring everything up, play one whole cycle, count it, and leave it running."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo import count
from deploy.demo.clock import Clock
from deploy.demo.killing import Killer
from deploy.demo.patience import DidNotHappen, SaidNo, open_client
from deploy.demo.people import House
from deploy.demo.story import Story
from deploy.local import __main__ as local
from deploy.local import stack, status
from deploy.local.settings import LocalSettings

USUALLY = 60.0  # real seconds until what must follow has followed
AFTER_A_DEATH = 300.0  # a letter in a dead sender's hand is looked at again when its lease ends

console = Console(soft_wrap=True, highlight=False)


def main(
    up: Annotated[
        bool,
        typer.Option(help="Start the stack anew, from a clean state; else it is up, and empty."),
    ] = True,
    keep: Annotated[bool, typer.Option(help="Leave the stack running at the end.")] = True,
    kill: Annotated[
        bool, typer.Option("--kill", help="Kill processes at drawn moments while it runs.")
    ] = False,
    seed: Annotated[int, typer.Option(help="From which those moments are drawn.")] = 1,
) -> None:
    """Play Hilary 2024 with 3 hosts, 12 vacancies and 60 students; exit 1 where a number differs."""
    began = time.monotonic()
    settings = LocalSettings()
    if up:
        _bring_up(settings)
    started = time.monotonic()
    is_right = asyncio.run(_play(settings, Killer(settings, seed=seed) if kill else None))
    played = time.monotonic()
    told = status.described(settings)
    console.print(
        f"{played - began:.0f} s: {started - began:.0f} to start, {played - started:.0f} to play. "
        f"The whole stack holds {told['memory'] / 2**20:.0f} MiB."
    )
    if keep:
        _say_where((status.read(settings) or told)["addresses"])
    else:
        local.down()
    sys.exit(0 if is_right else 1)


async def _play(settings: LocalSettings, killer: Killer | None) -> bool:
    addresses: dict[str, str] = (status.read(settings) or {})["addresses"]
    clock = Clock(addresses["database"], patience=AFTER_A_DEATH if killer else USUALLY)
    async with open_client() as client:
        house = House(client, front_door=addresses["front door"], mail_page=addresses["mails"])
        story = Story(house, clock, enters=killer.enters if killer else lambda _: None)
        try:
            await _refuse_a_past(clock)
            with _chapters(story) as tell:
                await story.plays(tell)
            if killer:
                await killer.is_done()
            await clock.waits_for(story.expected.awaited())
            found = await count.count(story, addresses["kafka"])
        except (DidNotHappen, SaidNo) as fault:
            console.print(f"The demo stops: {fault}")
            for each in await clock.parked():
                console.print(f"Parked: {each}")
            return False
        finally:
            await clock.close()
    count.show(story, found, console)
    if killer:
        console.print(f"Killed {len(killer.deaths)} processes (kill -9):")
        for death in killer.deaths:
            console.print(f"  {death}")
    return found.is_right


async def _refuse_a_past(clock: Clock) -> None:
    """The numbers hold for a cycle that nobody has played before."""
    if recorded := await clock.recorded():
        raise DidNotHappen(
            f"{sum(recorded.values())} events are there already: begin from an empty database "
            "and an empty broker"
        )


def _bring_up(settings: LocalSettings) -> None:
    """From a clean state: what an earlier run has left is gone."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    if stack.is_up(settings) or status.read(settings):
        local.reset()
    local.up(foreground=False)


@contextmanager
def _chapters(story: Story) -> Iterator[Callable[[int, str], None]]:
    """A bar on a terminal, a line for each chapter in a pipe."""
    total = len(story.chapters)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            task = progress.add_task("Hilary 2024", total=total)
            yield lambda done, name: progress.update(
                task, completed=done, description=f"Hilary 2024: {name}"
            )
        return
    began = time.monotonic()
    yield lambda done, name: console.print(
        f"Hilary 2024, {done} of {total}: {name} ({time.monotonic() - began:.1f} s)"
    )


def _say_where(addresses: dict[str, Any]) -> None:
    console.print(f"\nEverything is up: {addresses['front door']} (mails: {addresses['mails']})")
    console.print("Sign in with your university account as")
    console.print("  amara.okafor   a student who was placed and repaid")
    console.print("  helen.marsh    an officer")
    console.print("or ask for a link as the host, and read it among the mails:")
    console.print("  maren.tolliver@cherwell-meadows.example")
    console.print("`make down` ends it.")


if __name__ == "__main__":
    typer.run(main)
