"""Copies of facts that are one statement each: gathered over a batch, and written together.

One by one each costs a round trip; together they cost one for each statement. Within a case the order
stays: its rows of one statement follow each other, and where it goes on to another statement, that
one is written in a later round.
"""

from typing import Any

from chassis.database import Transaction
from chassis.parts import Copy
from chassis.records import Read, Record
from schemas.envelope import Event

Round = tuple[int, str]


class Copies:
    """Rows by round and statement, until they are written."""

    def __init__(self) -> None:
        self._rows: dict[Round, list[tuple[Any, ...]]] = {}
        self._latest: dict[tuple[str, bytes | None], Round] = {}  # of each case
        self._records: list[Record] = []

    @property
    def only(self) -> Record | None:
        """The one record whose rows are held, when there is but one."""
        return self._records[0] if len(self._records) == 1 else None

    def add(self, reading: Read, copy: Copy, event: Event) -> None:
        """Keep one event's rows. Raises whatever the copy's own function raises."""
        rows = [tuple(row) for row in copy.rows(event)]
        case = reading.record.case
        number, statement = self._latest.get(case, (0, copy.sql))
        this = (number, copy.sql) if statement == copy.sql else (number + 1, copy.sql)
        self._latest[case] = this
        self._rows.setdefault(this, []).extend(rows)
        if not self._records or self._records[-1] is not reading.record:
            self._records.append(reading.record)

    async def write(self, tx: Transaction) -> None:
        """Write them, round by round, and hold nothing any more."""
        rows, self._rows = self._rows, {}
        self._latest.clear()
        self._records.clear()
        for (_, sql), of_one in sorted(rows.items(), key=lambda each: each[0][0]):
            await tx.execute_many(sql, of_one)
