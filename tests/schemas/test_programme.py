"""A programme's file is read whole, or refused with the file and the key."""

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schemas import programme
from schemas.advert import Day
from schemas.deadline import Deadline
from schemas.programme import FileIsFaulty, Programme
from schemas.rules import LineKind, Mode, PayModel, ProfitStatus, Rhythm, Round, WeekChoice

OXFORD = programme.PROGRAMMES / "oxford-students.toml"


def test_every_programme_of_the_sources_loads():
    read = {(each.university.slug, each.programme.slug) for each in programme.read_all()}

    assert read == {
        ("queen-mary", "employers"),
        ("lakeshore", "paid-rolling"),
        ("oxford", "students"),
        ("oxford", "case-study"),
        ("oxford", "research-staff"),
    }


@pytest.mark.parametrize("zone", ["GMT+1", "Europe/Londom", "../x"])
def test_unknown_zone_is_refused_with_file_and_key(tmp_path: Path, zone: str):
    faulty = _written(tmp_path, 'zone = "Europe/London"\ncurrency', f'zone = "{zone}"\ncurrency')

    with pytest.raises(FileIsFaulty) as refused:
        programme.read(faulty)

    (fault,) = refused.value.faults
    assert (fault.file, fault.key) == ("planted.toml", "rules.kind.zone")
    assert zone in fault.words


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("statement_words =", "statment_words =", "rules.applying.statment_words"),
        ("cv_pages = 2", 'cv_pages = "two"', "rules.applying.cv_pages"),
        ('"expenses_only"', '"tips"', "rules.kind.pay_model"),
        ("2024-01-29T09:00:00", "2024-02-29T09:00:00", "cycles[1].rounds[0]"),
        ("2024-01-29T09:00:00", "2024-01-29T09:00:00Z", "cycles[1].rounds[0].opens_at"),
        ("proposals_close_at = 2024-01-19", "proposals_close_at = 2023-01-19", "cycles[1]"),
        ("is_matriculated", 'is_matriculated", is_one_of = ["x"], about2 = "', None),
        ("[rules.kind]", "[rules.kind", "the file"),
    ],
)
def test_fault_is_named_with_its_key(tmp_path: Path, old: str, new: str, key: str | None):
    with pytest.raises(FileIsFaulty) as refused:
        programme.read(_written(tmp_path, old, new))

    keys = [fault.key for fault in refused.value.faults]
    assert key in keys if key else all(each.startswith("rules.eligibility") for each in keys)


def test_one_faulty_file_and_nothing_is_read(tmp_path: Path):
    _written(tmp_path, "cv_pages = 2", "cv_pages = -1.5")
    (tmp_path / "sound.toml").write_text(OXFORD.read_text())

    with pytest.raises(FileIsFaulty, match=r"planted\.toml: rules\.applying\.cv_pages"):
        programme.read_all(tmp_path)


def test_week_of_an_unknown_term_is_refused(tmp_path: Path):
    path = tmp_path / "planted.toml"
    text = (programme.PROGRAMMES / "oxford-case-study.toml").read_text()
    path.write_text(text.replace('term = "Hilary 2018", number = 9', 'term = "Lent", number = 9'))

    with pytest.raises(FileIsFaulty, match=r"cycles\[0\]: no term is called 'Lent'"):
        programme.read(path)


def _written(folder: Path, old: str, new: str) -> Path:
    text = OXFORD.read_text()
    assert old in text
    path = folder / "planted.toml"
    path.write_text(text.replace(old, new, 1))
    return path


# The dates of the sources


def test_midday_on_the_day_after_the_clocks_changed_is_eleven_in_utc():  # R71
    first = _read("oxford-research-staff").cycles[0].rounds[0].dated("Europe/London")

    assert first.closes_at.at.isoformat() == "2019-04-01T11:00:00+00:00"
    assert first.closes_at.wall == "2019-04-01 12:00"
    assert first.opens_at.wall.startswith("2019-03-13")  # R70


def test_second_round_for_research_staff_opens_before_the_first_is_told():  # R73, R74
    first, second = _read("oxford-research-staff").cycles[0].rounds

    assert second.opens_at.date() == date(2019, 4, 23)
    assert second.closes_at.isoformat() == "2019-04-30T00:00:00"  # 29 April, to its end
    assert second.opens_at < first.office_tells_by
    assert first.office_tells_by.isoformat() == "2019-04-26T00:00:00"  # 25 April, to its end


def test_placements_of_research_staff_may_span_both_weeks():  # R66
    staff = _read("oxford-research-staff")

    weeks = staff.dates_of(staff.cycles[0]).weeks
    assert [(week.first_on, week.last_on) for week in weeks] == [
        (date(2019, 6, 3), date(2019, 6, 7)),
        (date(2019, 6, 10), date(2019, 6, 14)),
    ]
    assert staff.rules.calendar.weeks == WeekChoice.MAY_SPAN
    assert staff.rules.applying.cap_in(Round.FIRST) == 2  # R77


def test_oxford_runs_three_cycles_of_two_alternative_weeks():  # R34, R35
    oxford = _read("oxford-students")

    assert [
        [week.first_on for week in oxford.dates_of(cycle).weeks] for cycle in oxford.cycles
    ] == [
        [date(2023, 12, 4), date(2023, 12, 11)],
        [date(2024, 3, 11), date(2024, 3, 18)],
        [date(2024, 6, 17), date(2024, 6, 24)],
    ]
    assert oxford.cycles[1].name == "Hilary 2024"
    assert oxford.rules.calendar.weeks == WeekChoice.ONE_ONLY


def test_weeks_of_term_come_to_dates():  # R48
    study = _read("oxford-case-study")

    assert [[week.first_on for week in study.dates_of(cycle).weeks] for cycle in study.cycles] == [
        [date(2018, 3, 12), date(2018, 3, 19)],
        [date(2018, 6, 18), date(2018, 6, 25)],
        [date(2018, 12, 3), date(2018, 12, 10)],
    ]


def test_four_dates_of_queen_mary():  # R3, R9, R10, R11
    queen_mary = _read("queen-mary-employers")
    dates = queen_mary.dates_of(queen_mary.cycles[0])

    assert dates.proposals_close_at.wall == "2021-01-12 00:00"  # 11 January, to its end
    assert dates.rounds[0].host_selects_by.wall == "2021-02-16 00:00"  # 15 February
    assert (dates.starts_on, dates.ends_on) == (date(2021, 3, 1), date(2021, 4, 2))
    assert dates.ends_on in queen_mary.rules.calendar.bank_holidays  # Good Friday
    assert queen_mary.rules.proposal.hours_total == 40


def test_paid_programme_runs_all_year_at_an_invented_university():  # R18, R20
    rolling = _read("paid-rolling")

    assert rolling.rules.kind.rhythm == Rhythm.ROLLING
    assert rolling.rules.kind.pay_model == PayModel.PAID
    assert rolling.university.is_example
    assert not rolling.rules.offers.one_acceptance_per_cycle


# The tables of expenses


@pytest.mark.parametrize(
    ("name", "kind", "profit", "region", "mode", "allowed"),
    [
        ("oxford-students", "lunch", "for_profit", "oxfordshire", "in_person", True),
        ("oxford-students", "lunch", "for_profit", "oxfordshire", "remote", False),  # R38
        ("oxford-students", "week_pass", "not_for_profit", "london", "in_person", True),
        ("oxford-students", "regional_travel", "for_profit", "wales", "in_person", False),
        ("oxford-research-staff", "week_pass", "for_profit", "london", "in_person", True),  # R97
        ("oxford-research-staff", "week_pass", "not_for_profit", "london", "in_person", False),
        ("oxford-research-staff", "regional_travel", "for_profit", "oxfordshire", "in_person", True),
        ("oxford-research-staff", "regional_travel", "not_for_profit", "oxfordshire", "in_person", False),
        ("queen-mary-employers", "lunch", "for_profit", "london", "in_person", False),
    ],
)  # fmt: skip
def test_first_row_that_matches_decides(
    name: str, kind: str, profit: str, region: str, mode: str, allowed: bool
):
    row = _read(name).rules.expenses.row_for(
        LineKind(kind), profit_status=ProfitStatus(profit), region=region, mode=Mode(mode)
    )

    assert row is not None
    assert row.allowed is allowed
    assert row.receipt_needed


# Deadlines and days


def test_wall_time_that_the_clocks_jump_over_is_refused():
    with pytest.raises(ValueError, match="jumps over it"):
        Deadline.at_wall(_wall("2024-03-31 01:30"), "Europe/London")


def test_of_a_wall_time_that_comes_twice_the_first_is_meant():
    deadline = Deadline.at_wall(_wall("2024-10-27 01:30"), "Europe/London")

    assert deadline.at.isoformat() == "2024-10-27T00:30:00+00:00"


def test_deadline_of_an_instant_says_what_clocks_show():
    at = _wall("2024-07-01 12:00").replace(tzinfo=ZoneInfo("UTC"))

    assert Deadline.from_instant(at, "Europe/London").wall == "2024-07-01 13:00"


def test_break_is_no_working_time():  # R39
    day = Day(
        on=date(2024, 3, 11), mode=Mode.IN_PERSON, starts=time(9), ends=time(17, 30),
        break_minutes=60,
    )  # fmt: skip

    assert 5 * day.minutes == 37.5 * 60


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _read(name: str) -> Programme:
    return programme.read(programme.PROGRAMMES / f"{name}.toml")
