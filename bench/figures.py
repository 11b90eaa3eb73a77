"""A figure: every sample of every repetition, and what is told of them."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What is claimed: the most (or the least) that the median, the p99 or the largest may be."""

    of: str  # "median", "p99", "largest"
    most: float | None = None
    least: float | None = None

    def is_met(self, told: dict[str, Any]) -> bool:
        """Whether what was measured keeps the claim."""
        value = told[self.of]
        return (self.most is None or value <= self.most) and (
            self.least is None or value >= self.least
        )


@dataclass
class Figure:
    """One thing that was measured, in repetitions that took turns with the others."""

    what: str
    unit: str
    target: Target | None = None
    is_limit: bool = False  # what stands beside a claim: the least that it could cost here
    repetitions: list[list[float]] = field(default_factory=list[list[float]])

    def begin_repetition(self) -> None:
        """What is added from now on belongs to another repetition."""
        self.repetitions.append([])

    def add(self, *samples: float) -> None:
        """Note samples of the repetition that runs."""
        self.repetitions[-1].extend(samples)

    def told(self) -> dict[str, Any]:
        """Median and p99 over all samples; the spread is that of the repetitions' medians."""
        samples = [sample for repetition in self.repetitions for sample in repetition]
        medians = [statistics.median(repetition) for repetition in self.repetitions if repetition]
        told: dict[str, Any] = {
            "what": self.what,
            "unit": self.unit,
            "is_limit": self.is_limit,
            "repetitions": len(medians),
            "samples": len(samples),
            "median": rounded(statistics.median(samples)),
            "p99": rounded(percentile(samples, 0.99)),
            "smallest": rounded(min(samples)),
            "largest": rounded(max(samples)),
            "spread": [rounded(min(medians)), rounded(max(medians))],
            "target": asdict(self.target) if self.target else None,
        }
        told["is_met"] = self.target.is_met(told) if self.target else None
        return told


@dataclass
class Result:
    """What one subject found: figures, and counts that are no figures (lost, out of order)."""

    name: str
    about: str
    figures: list[Figure]
    counts: dict[str, Any] = field(default_factory=dict[str, Any])


def percentile(samples: Sequence[float], part: float) -> float:
    """The sample that so large a part of all do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def rounded(value: float) -> float:
    """Three figures that mean something; whole numbers above a thousand."""
    if value == 0 or abs(value) >= 1000:
        return round(value)
    return round(value, 2 - math.floor(math.log10(abs(value))))
