"""From evidence and history to a verdict."""

from collections.abc import Sequence
from typing import Any

from tests.promises.checker import asked, delivered, mailed, recovering
from tests.promises.checker.evidence import Evidence
from tests.promises.checker.words import Verdict


def judge(evidence: Evidence, history: Sequence[dict[str, Any]] = ()) -> Verdict:
    """Hold everything that was seen against everything that was asked."""
    verdict = Verdict()
    planted = {line["key"] for line in history if line["line"] == "planted"}
    delivered.judge(evidence, verdict, planted=planted)
    mailed.judge(evidence, verdict)
    for breach in evidence.breaches:
        verdict.says("breaches", breach)
    if history:
        asked.judge(evidence, history, verdict)
        recovering.judge(history, verdict)
    return verdict
