"""The checker: an independent witness of what was asked and what came of it.

    evidence = await gather(dsn=…, bootstrap=…, mails=…)     # while the house stands, and is quiet
    verdict = judge(evidence, read_history(folder))
    python -m tests.promises.checker --folder F              # the same, of a finished run

It shares no code with what it judges, not even a list: what a command must leave behind, who must
hear of what, and which letters follow stand in `table.py`, written by hand from the domain. It looks
at the rows themselves, at every record of every partition, at the mails that were caught and at the
history of the clients, and prints the words of `words.py` with a number each.
"""

from tests.promises.checker.evidence import Evidence, gather
from tests.promises.checker.judging import judge
from tests.promises.checker.words import WORDS, Verdict

__all__ = ["WORDS", "Evidence", "Verdict", "gather", "judge"]
