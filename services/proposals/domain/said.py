"""An instant inside a refusal's sentence: the wall time that people agreed on, with its zone."""

from datetime import date, datetime, time, timedelta

from schemas.deadline import Deadline


def said(at: Deadline) -> str:
    """ "5pm on Friday 19 January 2024 (London time)"; midnight belongs to the day that ends."""
    wall = datetime.strptime(at.wall, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - a wall time has no offset
    zone = at.zone.rsplit("/", 1)[-1].replace("_", " ")
    if wall.time() == time():
        ended = day_said(wall.date() - timedelta(days=1))
        return f"midnight at the end of {ended} ({zone} time)"
    return f"{_hour(wall)} on {day_said(wall.date())} ({zone} time)"


def day_said(on: date) -> str:
    """ "Friday 19 January 2024"."""
    return f"{on:%A} {on.day} {on:%B %Y}"


def _hour(wall: datetime) -> str:
    if (wall.hour, wall.minute) == (12, 0):
        return "12 noon"
    minutes = f":{wall.minute:02}" if wall.minute else ""
    return f"{wall.hour % 12 or 12}{minutes}{'am' if wall.hour < 12 else 'pm'}"
