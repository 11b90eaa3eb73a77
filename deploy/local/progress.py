"""How far something is: a bar on a terminal, plain lines in a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

LINES = 5  # at most so many in a pipe


@contextmanager
def steps_of(what: str, total: int, console: Console) -> Iterator[Callable[[int], None]]:
    """Yields a function that is told how many steps are done."""
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            task = progress.add_task(what, total=total)
            yield lambda done: progress.update(task, completed=done)
        return

    told = -1

    def tell(done: int) -> None:
        nonlocal told
        if done * LINES // total > told * LINES // total:
            told = done
            console.print(f"{what}: {done} of {total}")

    tell(0)
    yield tell
