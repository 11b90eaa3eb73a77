"""What time will do next: every deadline of a service with its instants, the nearest first."""

from datetime import timedelta

from chassis import clock
from chassis.database import Database, Row
from chassis.parts import Parts

LIST = """
    SELECT at, extract(epoch FROM at - $1::timestamptz)::float8 AS seconds, deadline, id
      FROM ({upcoming}) AS upcoming
     WHERE at IS NULL OR at <= $2
     ORDER BY at NULLS FIRST, deadline, id
     LIMIT $3
"""
A_FEW = 2.0  # seconds: a relay looks twice a second


async def list_upcoming(
    database: Database, parts: Parts, *, within: timedelta, most: int
) -> list[Row]:
    """Instants until then, in business time; what should have been done already comes first."""
    if not parts.upcoming:
        return []
    now = await clock.shown(database)
    sql = LIST.format(upcoming=parts.upcoming)
    rows = await database.list_rows(sql, now, now + within, most)
    return [
        {
            "at": row["at"],
            "when": _when(row["seconds"]),
            "deadline": row["deadline"],
            "id": row["id"],
        }
        for row in rows
    ]


def _when(seconds: float | None) -> str:
    """`in 2 h 5 min`; `late by …` means that no relay is active, or that this one fails."""
    if seconds is None:
        return "at once"
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    told = " ".join(f"{number} {unit}" for number, unit in parts if number)[:40] or "0 s"
    return f"late by {told}" if seconds < -A_FEW else f"in {told}"
