"""The checker: an independent witness of what was asked and what came of it.

    figures = await check(addresses, folder / "history.jsonl")   # while the house stands, at rest
    python -m tests.promises.checker --folder F              # the same, of a finished run

It shares no code with what it judges, not even a list: what a command must leave behind, who must
hear of what, and which letters follow stand in `table.py`, written by hand from the domain. It looks
at the rows themselves, at every record of every partition, at the mails that were caught and at the
history of the clients, and prints the words of `words.py` with a number each.
"""

from pathlib import Path
from typing import Any, Protocol

from tests.promises.checker.evidence import Evidence, gather
from tests.promises.checker.judging import judge
from tests.promises.checker.words import WORDS, Verdict
from tests.promises.history import read

__all__ = ["WORDS", "Evidence", "Verdict", "check", "gather", "judge"]


class Addresses(Protocol):
    """Where everything of a standing house is found."""

    @property
    def dsn(self) -> str: ...
    @property
    def bootstrap(self) -> str: ...
    @property
    def mails(self) -> str: ...
    @property
    def topic_prefix(self) -> str: ...


async def check(addresses: Addresses, history: Path) -> dict[str, Any]:
    """Gather and judge, at rest; the evidence is kept beside the history."""
    evidence = await gather(
        dsn=addresses.dsn,
        bootstrap=addresses.bootstrap,
        mails=addresses.mails,
        topic_prefix=addresses.topic_prefix,
    )
    evidence.keep(history.parent)
    return judge(evidence, list(read(history))).as_json()
