"""What a figure must be. A campaign's `GATES` names figures of its own: a plain value means exactly that."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AtMost:
    """No more than this."""

    most: float

    def __str__(self) -> str:
        return f"≤ {self.most:g}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """No less than this: a campaign that does not reach its count has proven nothing."""

    least: float

    def __str__(self) -> str:
        return f"≥ {self.least:g}"


@dataclass(frozen=True, slots=True)
class Judged:
    """One figure beside its gate."""

    figure: str
    found: Any
    gate: str
    passed: bool


def judged(figures: Mapping[str, Any], gates: Mapping[str, Any]) -> list[Judged]:
    """Every gate with what was found; a figure that is missing passes none."""
    return [
        Judged(name, figures.get(name), str(gate), _passes(figures.get(name), gate))
        for name, gate in gates.items()
    ]


def _passes(found: Any, gate: Any) -> bool:
    if isinstance(gate, AtMost | AtLeast):
        if not isinstance(found, int | float) or math.isnan(found):
            return False
        return found <= gate.most if isinstance(gate, AtMost) else found >= gate.least
    return found is not None and found == gate
