"""How much of a host's working day falls into the usual day of whoever works for it from elsewhere (R42)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.advert import Day

USUAL_START, USUAL_END = time(9), time(17, 30)


def common_hours(days: Iterable[Day], *, host_zone: str, own_zone: str) -> float:
    """The fewest hours that any of these days shares with a usual working day in one's own zone.

    Reckoned for those very days: clocks change on different days in different places.
    """
    return min((_common(day, host_zone, own_zone) for day in days), default=0.0)


def _common(day: Day, host_zone: str, own_zone: str) -> float:
    starts, ends = _instant(day.on, day.starts, host_zone), _instant(day.on, day.ends, host_zone)
    most = timedelta()
    for on in (day.on - timedelta(days=1), day.on, day.on + timedelta(days=1)):
        own_start, own_end = (_instant(on, at, own_zone) for at in (USUAL_START, USUAL_END))
        most = max(most, min(ends, own_end) - max(starts, own_start))
    return most / timedelta(hours=1)


def _instant(on: date, at: time, zone: str) -> datetime:
    return datetime.combine(on, at, ZoneInfo(zone)).astimezone(UTC)
