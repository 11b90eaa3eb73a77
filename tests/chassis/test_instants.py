"""How times, days and money are said."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from chassis import instants
from chassis.instants import WallTimeFault, resolve
from chassis.money import MoneyFault, amount, money, read_money

LONDON = "Europe/London"
GOLDEN = json.loads((Path(__file__).parent / "left.json").read_text())


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def wall(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001  # a wall time has no zone


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        (utc(2024, 2, 12, 12), LONDON, "12 noon on Monday 12 February 2024, London time (GMT)"),
        (utc(2024, 4, 16, 16), LONDON, "5pm on Tuesday 16 April 2024, London time (BST)"),
        (utc(2024, 2, 9, 16, 12), LONDON, "4:12pm on Friday 9 February 2024, London time (GMT)"),
        (
            utc(2024, 2, 10),
            LONDON,
            "midnight at the end of Friday 9 February 2024, London time (GMT)",
        ),
        (
            utc(2024, 3, 8, 12),
            "America/New_York",
            "7am on Friday 8 March 2024, New York time (EST)",
        ),
        (
            utc(2024, 7, 1, 12),
            "Asia/Kathmandu",
            "5:45pm on Monday 1 July 2024, Kathmandu time (UTC+5:45)",
        ),
    ],
)
def test_an_instant_is_a_wall_time_with_its_zone_in_words(at, zone, said):
    assert str(instants.instant(at, zone)) == said


def test_an_instant_is_written_in_utc_for_machines():
    assert instants.instant(utc(2024, 4, 16, 16), LONDON).iso == "2024-04-16T16:00:00Z"


def test_an_instant_carries_the_time_left():
    said = instants.instant(utc(2024, 2, 28, 12), LONDON, now=utc(2024, 2, 27, 10))

    assert (said.left, said.milliseconds, said.made) == ("1 day 2 hours", 93_600_000, "")


def test_under_a_day_the_page_says_when_it_was_made():
    said = instants.instant(utc(2024, 2, 28, 12), LONDON, now=utc(2024, 2, 28, 11, 4))

    assert (said.left, said.made) == ("56 minutes", "11:04am")


@pytest.mark.parametrize("case", GOLDEN)
def test_time_left_is_rounded_down(case):
    now = utc(2024, 2, 28, 12)

    assert instants.left(now, now + timedelta(milliseconds=case["milliseconds"])) == case["left"]


def test_tables_and_timelines_say_it_shortly():
    assert instants.short(utc(2024, 2, 28, 12), LONDON) == "28 Feb, noon"
    assert instants.short(utc(2024, 2, 21, 17), LONDON) == "21 Feb, 5pm"
    assert instants.moment(utc(2024, 2, 12, 12, 5), LONDON) == "12 February, 12:05pm"
    assert instants.moment(utc(2024, 2, 26, 12), LONDON, year=True) == "26 February 2024, 12 noon"
    assert instants.moment(utc(2024, 2, 10), LONDON) == "9 February, midnight"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2024, 3, 11), date(2024, 3, 15), "11–15 March 2024"),
        (date(2024, 3, 29), date(2024, 4, 2), "29 March – 2 April 2024"),
        (date(2024, 12, 30), date(2025, 1, 3), "30 December 2024 – 3 January 2025"),
        (date(2024, 3, 11), date(2024, 3, 11), "11 March 2024"),
    ],
)
def test_a_span_of_days_says_once_what_they_share(first, last, said):
    assert instants.days(first, last) == said


def test_a_reader_elsewhere_gets_a_second_line():
    at = utc(2024, 2, 12, 12)

    said = instants.elsewhere(at, "America/New_York", city="Boston")

    assert said == "That is 7am in Boston (EST)"


@pytest.mark.parametrize(
    ("now", "at", "said"),
    [
        (
            utc(2019, 3, 30, 9),
            utc(2019, 4, 1, 11),
            "The clocks go forward on Sunday 31 March; the time left counts that.",
        ),
        (
            utc(2027, 10, 30, 9),
            utc(2027, 11, 1, 12),
            "The clocks go back on Sunday 31 October; the time left counts that.",
        ),
        (utc(2024, 2, 1), utc(2024, 2, 12), ""),
    ],
)
def test_a_change_of_the_clocks_before_a_deadline_is_said(now, at, said):
    assert instants.clocks_change(now, at, LONDON) == said


def test_a_wall_time_is_an_instant():
    assert resolve(wall(2024, 7, 1, 12), LONDON) == utc(2024, 7, 1, 11)


@pytest.mark.parametrize(
    ("typed", "zone", "code"),
    [
        (wall(2027, 3, 28, 1, 30), LONDON, "nonexistent-local-time"),
        (wall(2027, 10, 31, 1, 30), LONDON, "ambiguous-local-time"),
        (wall(2027, 7, 1, 12), "Europe/Londom", "unknown-zone"),
        (wall(2027, 7, 1, 12), "../x", "unknown-zone"),
    ],
)
def test_a_wall_time_that_names_no_instant_is_refused(typed, zone, code):
    with pytest.raises(WallTimeFault) as fault:
        resolve(typed, zone)

    assert fault.value.code == code


def test_a_time_that_comes_twice_is_settled_by_its_name():
    twice = wall(2027, 10, 31, 1, 30)

    assert resolve(twice, LONDON, clock="BST") == utc(2027, 10, 31, 0, 30)
    assert resolve(twice, LONDON, clock="GMT") == utc(2027, 10, 31, 1, 30)


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (1250, "GBP", "£12.50"),
        (0, "GBP", "£0.00"),
        (123_456_789, "GBP", "£1,234,567.89"),
        (-500, "GBP", "-£5.00"),
        (1250, "USD", "USD 12.50"),
        (1250, "JPY", "JPY 1,250"),
    ],
)
def test_money_has_its_sign_and_two_decimals(minor, currency, said):
    assert money(minor, currency) == said


@pytest.mark.parametrize(
    ("typed", "pence"), [("12", 1200), ("12.5", 1250), ("12.50", 1250), (" 0.07 ", 7)]
)
def test_an_amount_is_read_as_pence(typed, pence):
    assert read_money(typed) == pence


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("12.345", "scale"),
        ("-5.00", "range"),
        ("1e3", "format"),
        ("NaN", "format"),
        ("1_000", "format"),
        ("１２", "format"),
        ("12,50", "format"),
        ("£12.50", "format"),
        ("", "format"),
        ("1000000000000", "above-limit"),
        ("9" * 5000, "above-limit"),
    ],
)
def test_an_amount_written_otherwise_is_refused(typed, code):
    with pytest.raises(MoneyFault) as fault:
        read_money(typed)

    assert fault.value.code == code


def test_an_amount_is_shown_again_as_it_is_typed():
    assert amount(1205) == "12.05"
