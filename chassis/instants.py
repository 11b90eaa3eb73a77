"""How an instant, a day and the time left are said; and which instant a wall time is.

Times are wall times with their zone in words, computed once, in Python, in the programme's zone.
Time left is rounded down, never up. `tests/chassis/left.json` holds `page.js` to the same words.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date

from chassis.languages import LOCALES, gettext, ngettext

ZONES = frozenset(available_timezones())
"""Asked before a zone is opened, so that no name out of a form ever reaches the file system."""


@dataclass(frozen=True, slots=True)
class Said:
    """An instant, ready for reading: `<time datetime="{iso}">{words}</time>, {zone}`."""

    iso: str  # UTC
    words: str  # "12 noon on Monday 12 February 2024"
    zone: str  # "London time (GMT)"
    left: str  # "1 day 2 hours", or nothing once it is past or where no clock was given
    milliseconds: int  # left, for the page's script
    made: str  # "11:04am": when the page was made, said where less than a day is left

    def __str__(self) -> str:
        return f"{self.words}, {self.zone}"


def instant(
    at: datetime, zone: str, *, now: datetime | None = None, year: bool = True, language: str = "en"
) -> Said:
    """Say an instant in full. With `now`, say also how much time is left."""
    ahead = at - now if now else timedelta()
    return Said(
        iso=_iso(at),
        words=words(at, zone, year=year, language=language),
        zone=zone_words(at, zone, language=language),
        left=left(now, at) if now else "",
        milliseconds=max(0, int(ahead.total_seconds() * 1000)),
        made=time_of_day(now.astimezone(ZoneInfo(zone)).time()) if now and _is_near(ahead) else "",
    )


def words(at: datetime, zone: str, *, year: bool = True, language: str = "en") -> str:
    """ "12 noon on Monday 12 February 2024"; midnight belongs to the day that ends."""
    there = at.astimezone(ZoneInfo(zone))
    if _is_midnight(there):
        ended = day(there.date() - timedelta(days=1), year=year, language=language)
        return gettext("midnight at the end of %(day)s") % {"day": ended}
    return gettext("%(time)s on %(day)s") % {
        "time": time_of_day(there.time()),
        "day": day(there.date(), year=year, language=language),
    }


def short(at: datetime, zone: str, *, language: str = "en") -> str:
    """For tables: "28 Feb, noon"; "21 Feb, 5pm"."""
    return _brief(at, zone, pattern="d MMM", noon=gettext("noon"), language=language)


def moment(at: datetime, zone: str, *, year: bool = False, language: str = "en") -> str:
    """For timelines: "9 February, 4:12pm"."""
    pattern = "d MMMM y" if year else "d MMMM"
    return _brief(at, zone, pattern=pattern, noon=gettext("12 noon"), language=language)


def day(on: date, *, year: bool = True, weekday: bool = True, language: str = "en") -> str:
    """ "Monday 12 February 2024"."""
    pattern = ("EEEE " if weekday else "") + "d MMMM" + (" y" if year else "")
    return format_date(on, pattern, locale=LOCALES[language])


def on_day(at: datetime, zone: str, *, year: bool = True, language: str = "en") -> str:
    """The day it is then in a zone: "Monday 12 February 2024"."""
    return day(at.astimezone(ZoneInfo(zone)).date(), year=year, language=language)


def days(first: date, last: date, *, language: str = "en") -> str:
    """ "11–15 March 2024"; what the two days share is said once."""
    if first == last:
        return day(last, weekday=False, language=language)
    same = (first.year == last.year, (first.year, first.month) == (last.year, last.month))
    pattern = {(True, True): "d", (True, False): "d MMMM"}.get(same, "d MMMM y")
    start = format_date(first, pattern, locale=LOCALES[language])
    dash = "–" if pattern == "d" else " – "
    return f"{start}{dash}{day(last, weekday=False, language=language)}"


def time_of_day(at: time) -> str:
    """ "12 noon", "midnight", "5pm", "4:12pm"."""
    if (at.hour, at.minute) == (12, 0):
        return gettext("12 noon")
    if (at.hour, at.minute) == (0, 0):
        return gettext("midnight")
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def zone_words(at: datetime, zone: str, *, language: str = "en") -> str:
    """ "London time (GMT)", by the clocks' rule of that day."""
    city = _city(zone, language)
    return gettext("%(city)s time (%(short)s)") % {"city": city, "short": _short(at, zone)}


def elsewhere(at: datetime, zone: str, *, city: str = "", language: str = "en") -> str:
    """The second line for a reader in another zone: "That is 7am in Boston (EST)"."""
    there = at.astimezone(ZoneInfo(zone))
    return gettext("That is %(time)s in %(city)s (%(short)s)") % {
        "time": time_of_day(there.time()),
        "city": city or _city(zone, language),
        "short": _short(at, zone),
    }


def left(now: datetime, at: datetime) -> str:
    """Time left, rounded down; nothing at the instant itself, which is already too late."""
    ahead = at - now
    if ahead <= timedelta():
        return ""
    minutes = int(ahead.total_seconds() // 60)
    if minutes < 1:
        return gettext("less than a minute")
    whole_days, hours = minutes // 1440, minutes // 60 % 24
    if whole_days:
        return " ".join([*_unit(whole_days, "day", "days"), *_unit(hours, "hour", "hours")])
    return " ".join([*_unit(hours, "hour", "hours"), *_unit(minutes % 60, "minute", "minutes")])


def clocks_change(now: datetime, at: datetime, zone: str, *, language: str = "en") -> str:
    """One line where the clocks change between now and a deadline; else nothing."""
    here = ZoneInfo(zone)
    first, last = now.astimezone(here).date(), at.astimezone(here).date()
    for n in range(min((last - first).days, 366)):
        on = first + timedelta(days=n)
        before = datetime.combine(on, time(), here).utcoffset() or timedelta()
        after = datetime.combine(on + timedelta(days=1), time(), here).utcoffset() or timedelta()
        if before != after:
            said = day(on, year=False, language=language)
            forward = gettext("The clocks go forward on %(day)s; the time left counts that.")
            back = gettext("The clocks go back on %(day)s; the time left counts that.")
            return (forward if after > before else back) % {"day": said}
    return ""


class WallTimeFault(ValueError):
    """A wall time that names no instant, or two. `code` is what an API caller reads."""

    def __init__(self, code: str, **facts: str) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code)


def resolve(wall: datetime, zone: str, *, clock: str = "") -> datetime:
    """The instant, in UTC, that a wall time in a zone names.

    Raises `WallTimeFault` for a time the clocks leave out, and for one they show twice unless
    `clock` says which ("BST" or "GMT").
    """
    if zone not in ZONES:
        raise WallTimeFault("unknown-zone")
    here = ZoneInfo(zone)
    first, second = (wall.replace(tzinfo=here, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(here).replace(tzinfo=None) != wall:
        raise WallTimeFault("nonexistent-local-time")
    for each in (first, second):
        if clock and each.tzname() == clock:
            return each.astimezone(UTC)
    names = {"first": str(first.tzname()), "second": str(second.tzname())}
    raise WallTimeFault("ambiguous-local-time", **names)


def _brief(at: datetime, zone: str, *, pattern: str, noon: str, language: str) -> str:
    there = at.astimezone(ZoneInfo(zone))
    on = there.date() - timedelta(days=1) if _is_midnight(there) else there.date()
    is_noon = (there.hour, there.minute) == (12, 0)
    said = noon if is_noon else time_of_day(there.time())
    return f"{format_date(on, pattern, locale=LOCALES[language])}, {said}"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _is_midnight(there: datetime) -> bool:
    return (there.hour, there.minute) == (0, 0)


def _is_near(ahead: timedelta) -> bool:
    return timedelta() < ahead < timedelta(days=1)


def _city(zone: str, language: str) -> str:
    zones: Any = LOCALES[language].time_zones  # babel does not say of what
    return str(zones.get(zone, {}).get("city") or zone.rsplit("/", 1)[-1].replace("_", " "))


def _short(at: datetime, zone: str) -> str:
    """The abbreviation people use, or the offset where a zone has none ("+03" is no word)."""
    there = at.astimezone(ZoneInfo(zone))
    name = there.tzname() or ""
    if name.isalpha():
        return name
    hours, minutes = divmod(int((there.utcoffset() or timedelta()).total_seconds() // 60), 60)
    return f"UTC{hours:+}" + (f":{minutes:02}" if minutes else "")


def _unit(n: int, one: str, many: str) -> list[str]:
    return [f"{n} {ngettext(one, many, n)}"] if n else []
