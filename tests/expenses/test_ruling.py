"""The rule table on single days: who is repaid what, where, and why not (R37, R38, R95 to R98)."""

from datetime import date

import pytest

from schemas.advert import Day
from schemas.programme import PROGRAMMES, read
from schemas.rules import ExpenseRow, ExpenseRules, LineKind, Mode, Per, ProfitStatus
from services.expenses.domain.case import Case, Placement, PlacementStatus
from services.expenses.domain.line import Spending
from services.expenses.domain.ruling import Grounds, KnownFacts, judge
from tests.expenses.claiming import days, oxford_rules

MONDAY, TUESDAY = date(2024, 3, 11), date(2024, 3, 12)
CHARITY, COMPANY = ProfitStatus.NOT_FOR_PROFIT, ProfitStatus.FOR_PROFIT
ANY_CASE: Case = None  # pyright: ignore[reportAssignmentType]  # no ruling looks at it


def a_placement(**modes: str) -> Placement:
    week = tuple(Day.model_validate(day) for day in days(**modes))
    return Placement(ANY_CASE, PlacementStatus.OVER, week, "Europe/London")


def grounds(rules: ExpenseRules, *facts: KnownFacts, **modes: str) -> Grounds:
    known = facts or (KnownFacts(date(2023, 11, 1), CHARITY, "oxfordshire"),)
    return Grounds(a_placement(**modes), known, rules)


def spent(kind: LineKind, pence: int = 500, on: date = TUESDAY) -> Spending:
    return Spending(on, kind, pence)


def staff_rules() -> ExpenseRules:
    return read(PROGRAMMES / "oxford-research-staff.toml").rules.expenses


@pytest.mark.parametrize(
    ("kind", "status", "region", "is_allowed"),
    [
        (LineKind.LOCAL_TRAVEL, CHARITY, "oxfordshire", True),
        (LineKind.LOCAL_TRAVEL, COMPANY, "london", True),
        (LineKind.LUNCH, CHARITY, "london", True),
        (LineKind.REGIONAL_TRAVEL, COMPANY, "oxfordshire", True),
        (LineKind.REGIONAL_TRAVEL, CHARITY, "oxfordshire", False),
        (LineKind.WEEK_PASS, COMPANY, "london", True),
        (LineKind.WEEK_PASS, CHARITY, "london", False),
        (LineKind.WEEK_PASS, COMPANY, "oxfordshire", False),
        (LineKind.REGIONAL_TRAVEL, COMPANY, "scotland", False),
    ],
)
def test_research_staff_are_repaid_by_kind_profit_status_and_region(
    kind, status, region, is_allowed
):
    facts = KnownFacts(date(2019, 1, 1), status, region)

    (ruling,) = judge([spent(kind)], grounds=grounds(staff_rules(), facts))

    assert ruling.allowed_pence == (500 if is_allowed else 0)
    assert ruling.sentence
    assert ruling.reason_code


@pytest.mark.parametrize("kind", LineKind)
def test_a_day_at_home_gets_nothing_whatever_the_kind(kind):
    everything = ExpenseRules(
        rows=tuple(
            ExpenseRow(kind=each, allowed=True, reason_code="all", sentence="All.")
            for each in LineKind
        ),
        claim_window_days=28,
    )

    (ruling,) = judge([spent(kind, on=MONDAY)], grounds=grounds(everything, mon="remote"))

    assert (ruling.mode, ruling.allowed_pence) == (Mode.REMOTE, 0)
    assert ruling.reason_code == "remote_day"


def test_a_hybrid_placement_is_judged_day_by_day():
    lines = [spent(LineKind.LUNCH, on=MONDAY), spent(LineKind.LUNCH, on=TUESDAY)]

    rulings = judge(lines, grounds=grounds(oxford_rules().expenses, mon="remote"))

    assert [ruling.allowed_pence for ruling in rulings] == [0, 500]


def test_the_host_is_judged_by_its_facts_on_the_day_of_travel():
    moved = (
        KnownFacts(date(2023, 11, 1), CHARITY, "oxfordshire"),
        KnownFacts(TUESDAY, CHARITY, "london"),
    )
    lines = [spent(LineKind.REGIONAL_TRAVEL, on=MONDAY), spent(LineKind.REGIONAL_TRAVEL)]

    rulings = judge(lines, grounds=grounds(oxford_rules().expenses, *moved))

    assert [ruling.allowed_pence for ruling in rulings] == [0, 500]


def capped(per: Per, *, cap: int | None = None, soft: int | None = None) -> ExpenseRules:
    row = ExpenseRow(
        kind=LineKind.LUNCH,
        allowed=True,
        cap_pence=cap,
        soft_cap_pence=soft,
        per=per,
        reason_code="lunch",
        sentence="Lunch is repaid.",
    )
    return ExpenseRules(rows=(row,), claim_window_days=28)


@pytest.mark.parametrize(
    ("per", "allowed"),
    [
        (Per.LINE, [800, 800, 800]),  # each line by itself
        (Per.DAY, [800, 0, 800]),  # two on Monday, one on Tuesday
        (Per.WEEK, [800, 0, 0]),
    ],
)
def test_a_cap_is_used_up_over_its_scope(per, allowed):
    lines = [spent(LineKind.LUNCH, 900, on) for on in (MONDAY, MONDAY, TUESDAY)]

    rulings = judge(lines, grounds=grounds(capped(per, cap=800)))

    assert [ruling.allowed_pence for ruling in rulings] == allowed


@pytest.mark.parametrize(("pence", "asks"), [(800, False), (801, True)])
def test_above_a_soft_cap_a_reason_is_asked_and_all_is_repaid(pence, asks):
    (ruling,) = judge([spent(LineKind.LUNCH, pence)], grounds=grounds(capped(Per.LINE, soft=800)))

    assert (ruling.allowed_pence, ruling.reason_needed) == (pence, asks)


def test_what_no_row_knows_is_not_covered():
    (ruling,) = judge([spent(LineKind.WEEK_PASS)], grounds=grounds(capped(Per.LINE)))

    assert (ruling.allowed_pence, ruling.reason_code) == (0, "not_covered")


def test_a_day_that_is_no_longer_part_of_the_placement_gets_nothing():
    (ruling,) = judge(
        [spent(LineKind.LUNCH, on=date(2024, 3, 18))], grounds=grounds(oxford_rules().expenses)
    )

    assert (ruling.allowed_pence, ruling.reason_code) == (0, "outside_placement")
