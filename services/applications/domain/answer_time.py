"""Until when an offer is to be answered: what the rule set's number comes to (R91).

The same wall time two calendar days later is 47 hours in the March night when clocks go forward and 49
in the October one; elapsed hours are hours; working days skip weekends and bank holidays.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.deadline import Deadline
from schemas.rules import AnswerTimeKind, CalendarRules, RuleSet


def respond_by(made_at: datetime, *, rules: RuleSet) -> Deadline:
    """The first instant at which an answer to an offer made at `made_at` is too late."""
    zone, most = rules.kind.zone, rules.offers.answer_time
    if rules.offers.answer_time_kind is AnswerTimeKind.ELAPSED_HOURS:
        return Deadline.from_instant(made_at + timedelta(hours=most), zone)
    wall = made_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if rules.offers.answer_time_kind is AnswerTimeKind.WORKING_DAYS:
        on = working_days_after(wall.date(), most, calendar=rules.calendar)
    else:
        on = wall.date() + timedelta(days=most)
    return Deadline.from_instant(last_instant_of(datetime.combine(on, wall.time()), zone), zone)


def half_way(made_at: datetime, by: Deadline, *, rules: RuleSet) -> datetime | None:
    """When half of the time has run, where the programme reminds then."""
    return made_at + (by.at - made_at) / 2 if rules.offers.reminder_half_way else None


def last_hours(by: Deadline, *, rules: RuleSet) -> datetime | None:
    """When the last reminder is due, where the programme sends one."""
    hours = rules.offers.reminder_hours_before
    return None if hours is None else by.at - timedelta(hours=hours)


def working_days_after(start: date, most: int, *, calendar: CalendarRules) -> date:
    """The day on which so many working days have passed since `start`, which is not counted."""
    on = start
    while most:
        on += timedelta(days=1)
        most -= is_working_day(on, calendar=calendar)
    return on


def is_working_day(on: date, *, calendar: CalendarRules) -> bool:
    """Whether a day counts: no weekend, and no bank holiday unless the programme says so."""
    if on.isoweekday() in calendar.weekend:
        return False
    return calendar.bank_holidays_are_working_days or on not in calendar.bank_holidays


def last_instant_of(wall: datetime, zone: str) -> datetime:
    """The instant at which clocks in `zone` show `wall`, never to the disadvantage of who answers.

    Of a wall time that comes twice the second is meant; one that the clocks jump over becomes the
    instant to which they jump.
    """
    here = ZoneInfo(zone)
    at = wall.replace(tzinfo=here, fold=1).astimezone(UTC)
    if at.astimezone(here).replace(tzinfo=None) == wall:
        return at
    at = at.replace(second=0, microsecond=0)  # still before the jump: walk to it
    before = at.astimezone(here).utcoffset()
    while at.astimezone(here).utcoffset() == before:
        at += timedelta(minutes=1)
    return at
