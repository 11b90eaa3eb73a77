"""How far a long command has come: a bar on a terminal, a line now and then in a pipe."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

A_LINE_EVERY = 5.0

Tell = Callable[[int, int | None], None]
"""How many are done, and of how many where that is known."""


@contextmanager
def shown(what: str) -> Generator[Tell]:
    """Say how far it has come, on the error stream: what the command answers stays alone in a pipe."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield _lines(what)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(what: str) -> Tell:
    said_at = time.monotonic()

    def tell(done: int, total: int | None) -> None:
        nonlocal said_at
        if time.monotonic() - said_at < A_LINE_EVERY and done != total:
            return
        said_at = time.monotonic()
        print(f"{what}: {done}" + (f" of {total}" if total else ""), file=sys.stderr)

    return tell
