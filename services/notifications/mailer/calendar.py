"""The .ics file of a letter: the instant by which to act, or the days of the placement."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from chassis import instants
from schemas.deadline import Deadline
from services.notifications.domain import letter as letters
from services.notifications.mailer.wording import Around, one_line


def calendar_of(
    around: Around, *, subject: str, uid: str, at: datetime
) -> tuple[str, bytes] | None:
    """File name and content, or None where no date matters."""
    kind = around.letter.calendar
    if kind is None:
        return None
    entries = list(
        _days(around, uid=uid)
        if kind is letters.Calendar.DAYS
        else _deadline(around, subject=subject, uid=uid)
    )
    if not entries:
        return None
    calendar = Calendar()
    calendar.add("prodid", "-//micro-internships//letters//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for entry in entries:
        entry.add("dtstamp", at)
        calendar.add_component(entry)
    calendar.add_missing_timezones()
    return _name(around), calendar.to_ical()


def _deadline(around: Around, *, subject: str, uid: str) -> Iterator[Event]:
    by: Deadline | None = getattr(around.event, around.letter.by, None)
    if by is None:
        return
    entry = Event()
    entry.add("uid", uid)
    entry.add("summary", subject)
    entry.add("dtstart", by.at.astimezone(ZoneInfo(by.zone)))
    entry.add("dtend", by.at.astimezone(ZoneInfo(by.zone)))
    entry.add("transp", "TRANSPARENT")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", subject)
    alarm.add("trigger", timedelta(hours=-3))
    entry.add_component(alarm)
    yield entry


def _days(around: Around, *, uid: str) -> Iterator[Event]:
    if not around.placement:
        return
    advert = around.vacancy["advert"] if around.vacancy else {}
    zone = ZoneInfo(around.placement["zone"] or advert.get("zone") or around.zone)
    told = getattr(around.event, "days", None)
    days = [day.model_dump(mode="json") for day in told] if told else around.placement["days"]
    for day in days:
        entry = Event()
        on = date.fromisoformat(day["on"])
        entry.add("uid", f"{on:%Y%m%d}.{uid}")
        entry.add("summary", f"Placement: {one_line(str(advert.get('title', '')))}")
        entry.add("dtstart", datetime.combine(on, time.fromisoformat(day["starts"]), zone))
        entry.add("dtend", datetime.combine(on, time.fromisoformat(day["ends"]), zone))
        entry.add("location", "Remote" if day["mode"] == "remote" else str(advert.get("city", "")))
        yield entry


def _name(around: Around) -> str:
    """ "answer-by-28-february.ics" for what has a deadline."""
    by = getattr(around.event, around.letter.by, None) if around.letter.by else None
    if around.letter.calendar is letters.Calendar.DAYS or not isinstance(by, Deadline):
        return "placement.ics"
    on = by.at.astimezone(ZoneInfo(by.zone)).date()
    said = instants.day(on, year=False, weekday=False).lower().replace(" ", "-")
    return (
        f"by-{said}.ics" if around.letter.calendar is letters.Calendar.DEADLINE else f"{said}.ics"
    )
