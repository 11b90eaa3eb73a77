"""How long after a fault somebody was told yes again."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from tests.promises.checker.words import Verdict


def judge(history: Sequence[dict[str, Any]], verdict: Verdict) -> None:
    """From the end of each fault to the first command that was accepted after it."""
    accepted = sorted(line["at"] for line in history if line["line"] == "ok")
    waited: list[float] = []
    for line in history:
        if line["line"] != "healed":
            continue
        after = bisect_left(accepted, line["at"])
        if after < len(accepted):
            waited.append(accepted[after] - line["at"])
    verdict.counted("faults", sum(line["line"] == "fault" for line in history))
    if waited:
        verdict.recovery = {"p50": share(waited, 0.5), "p99": share(waited, 0.99)}


def share(values: Sequence[float], part: float) -> float:
    """The smallest of these that so large a part of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]
