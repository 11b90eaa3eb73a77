"""An instant that people agreed on as a wall time in a place: "midday on 1 April 2019, London"."""

from datetime import UTC, datetime
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

from schemas.envelope import Instant, Part, fact


@cache
def zones() -> frozenset[str]:
    """Every zone we know by name, read once."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in zones():
        raise ValueError(f"unknown zone {name!r}: use a name such as 'Europe/London'")
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]
"""A zone's name, checked against the list: no file is opened by a name that a person typed."""


class Deadline(Part):
    """An instant with the zone and the wall time that it came from, so that nobody computes it again.

    `at` is the first instant that is too late (or, for an opening, the first that is not too early).
    """

    at: Instant = fact("The instant, in UTC")
    zone: str = fact("Name of the zone in which it was agreed")
    wall: str = fact("The wall time there, as it is told to people", unit="YYYY-MM-DD HH:MM")

    @classmethod
    def at_wall(cls, wall: datetime, zone: str) -> "Deadline":
        """The instant at which clocks in `zone` show `wall`.

        A wall time that the clocks jump over is refused; of one that comes twice the first is meant.
        """
        local = wall.replace(tzinfo=ZoneInfo(_known_zone(zone)), fold=0)
        at = local.astimezone(UTC)
        if at.astimezone(local.tzinfo).replace(tzinfo=None) != wall:
            raise ValueError(f"no clock in {zone} shows {wall:%Y-%m-%d %H:%M}: it jumps over it")
        return cls(at=at, zone=zone, wall=f"{wall:%Y-%m-%d %H:%M}")

    @classmethod
    def from_instant(cls, at: datetime, zone: str) -> "Deadline":
        """The same instant, with what clocks in `zone` show then."""
        local = at.astimezone(ZoneInfo(zone))
        return cls(at=at, zone=zone, wall=f"{local:%Y-%m-%d %H:%M}")
