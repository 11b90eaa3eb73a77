"""Tells bad events from a bad deploy."""

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Breaker:
    """Opens at 20 failures in a row, or at more than 10 % of the last 200: then nothing is parked."""

    most_in_a_row: int = 20
    window: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=200))
    in_a_row: int = 0

    @property
    def allowance(self) -> int:
        """How many more may be parked now."""
        most = (self.window.maxlen or 200) // 10
        return max(0, min(self.most_in_a_row - self.in_a_row, most - sum(self.window)))

    def note(self, *, failed: int, passed: int) -> None:
        """Remember what came of a batch."""
        self.in_a_row = failed if passed else self.in_a_row + failed
        self.window.extend([False] * passed + [True] * failed)
