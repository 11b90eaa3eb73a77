"""Until when an offer is to be answered: over clock changes, weekends and bank holidays (P12, R91)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.applications.domain.answer_time import respond_by, working_days_after
from tests.applications.choosing import some_rules

LONDON = ZoneInfo("Europe/London")
TWO_DAYS = some_rules(offers={"answer_time": 2, "answer_time_kind": "calendar_days"})
FORTY_EIGHT_HOURS = some_rules(offers={"answer_time": 48, "answer_time_kind": "elapsed_hours"})
THREE_WORKING_DAYS = some_rules(
    offers={"answer_time": 3, "answer_time_kind": "working_days"},
    calendar={"bank_holidays": ["2027-03-26", "2027-03-29"]},
)


def london(wall: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=LONDON, fold=fold)


@pytest.mark.parametrize(
    ("made", "hours", "wall"),
    [
        (london("2024-02-26 12:00"), 48, "2024-02-28 12:00"),
        (london("2027-03-26 12:00"), 47, "2027-03-28 12:00"),  # clocks go forward
        (london("2027-10-29 12:00"), 49, "2027-10-31 12:00"),  # clocks go back
        (london("2027-03-26 01:30"), 47.5, "2027-03-28 02:00"),  # 01:30 does not come
        (london("2027-03-26 01:00"), 48, "2027-03-28 02:00"),
        (london("2027-03-26 00:59"), 48, "2027-03-28 00:59"),
        (london("2027-03-26 02:00"), 47, "2027-03-28 02:00"),
        (london("2027-10-29 01:30"), 49, "2027-10-31 01:30"),  # 01:30 comes twice: the second
        (london("2027-10-29 00:30"), 48, "2027-10-31 00:30"),
        (london("2027-10-29 02:00"), 49, "2027-10-31 02:00"),
    ],
)
def test_two_calendar_days_end_at_the_same_wall_time(made, hours, wall):
    by = respond_by(made.astimezone(UTC), rules=TWO_DAYS)

    assert (by.at - made.astimezone(UTC), by.wall, by.zone) == (
        timedelta(hours=hours),
        wall,
        "Europe/London",
    )


@pytest.mark.parametrize(
    ("made", "wall"),
    [
        (london("2027-03-26 12:00"), "2027-03-28 13:00"),
        (london("2027-10-29 12:00"), "2027-10-31 11:00"),
        (london("2024-02-26 12:00"), "2024-02-28 12:00"),
    ],
)
def test_elapsed_hours_are_hours_whatever_clocks_show(made, wall):
    by = respond_by(made.astimezone(UTC), rules=FORTY_EIGHT_HOURS)

    assert (by.at - made.astimezone(UTC), by.wall) == (timedelta(hours=48), wall)


@pytest.mark.parametrize(
    ("made", "wall"),
    [
        (london("2027-03-16 12:00"), "2027-03-19 12:00"),  # Tuesday to Friday
        (london("2027-03-18 12:00"), "2027-03-23 12:00"),  # over a weekend
        (london("2027-03-24 12:00"), "2027-03-31 12:00"),  # Easter: Friday and Monday do not count
        (london("2027-03-20 12:00"), "2027-03-24 12:00"),  # made on a Saturday
    ],
)
def test_working_days_skip_weekends_and_bank_holidays(made, wall):
    assert respond_by(made.astimezone(UTC), rules=THREE_WORKING_DAYS).wall == wall


def test_bank_holidays_count_where_the_programme_works_on_them():
    calendar = THREE_WORKING_DAYS.calendar.model_copy(
        update={"bank_holidays_are_working_days": True}
    )
    assert working_days_after(date(2027, 3, 24), 3, calendar=calendar) == date(2027, 3, 29)


def test_answer_time_of_every_night_of_16_years_agrees_with_an_oracle():
    """Stepping through real minutes until the clocks show the wall time, or have passed it."""
    night = datetime(2024, 3, 1, tzinfo=UTC)
    while night < datetime(2040, 11, 30, tzinfo=UTC):
        local = night.astimezone(LONDON)
        if (local.month, local.day >= 20) in ((3, True), (10, True)):
            for minutes in (0, 30, 60, 90, 119, 120):
                made = night.replace(hour=0) + timedelta(minutes=minutes)
                assert respond_by(made, rules=TWO_DAYS).at == _oracle(made)
        night += timedelta(days=1)


def _oracle(made: datetime) -> datetime:
    wall = made.astimezone(LONDON).replace(tzinfo=None) + timedelta(days=2)
    walls = {
        at: at.astimezone(LONDON).replace(tzinfo=None)
        for at in (made + timedelta(hours=46, minutes=15 * n) for n in range(17))
    }
    exact = [at for at, shown in walls.items() if shown == wall]
    step = timedelta(minutes=1)
    if not exact:  # by the minute, where a quarter of an hour is too coarse or there is a gap
        at = made + timedelta(hours=46)
        every = [at + step * n for n in range(4 * 60)]
        exact = [each for each in every if each.astimezone(LONDON).replace(tzinfo=None) == wall]
        exact = exact or [
            next(each for each in every if each.astimezone(LONDON).replace(tzinfo=None) > wall)
        ]
    return exact[-1]
