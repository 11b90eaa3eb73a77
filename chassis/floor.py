"""Up to where nothing unpublished can turn up any more, so that scans need not start below.

Dead rows make a scan from the start slow while anything holds them back, a dump or a forgotten
transaction. A row may commit late with a low id, and a newer one of its key right behind it: so the
floor rises to what was published only when every transaction that ran at that moment has ended.
"""

from collections.abc import Sequence

from chassis.database import Row


class Floor:
    """`low` is the id above which a scan between two full ones begins."""

    def __init__(self) -> None:
        self.low = 0
        self._highest = 0
        self._pending: tuple[int, int] | None = None

    def published(self, ids: Sequence[int]) -> None:
        """Note what has left."""
        self._highest = max(self._highest, *ids)

    def rise(self, oldest_running: int, next_to_come: int, rows: Sequence[Row]) -> None:
        """Rise as far as is safe; `rows` are those of a full scan made after the horizon was read."""
        if self._pending and oldest_running >= self._pending[0]:
            self.low = self._pending[1]
            self._pending = None
        if self._pending is None:
            self._pending = (next_to_come, self._highest)
        if rows:
            self.low = min(self.low, rows[0]["id"] - 1)
