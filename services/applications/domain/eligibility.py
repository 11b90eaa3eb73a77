"""Who may apply: the clauses of a rule set over the facts that are known about a person (R4, R43, R44)."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from schemas.rules import Clause, ClauseVerdict, Condition, Eligibility

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether somebody may apply; if not, in which words, and where else they are looked after."""

    is_allowed: bool
    code: str
    sentence: str
    signpost: str | None = None


def judge(eligibility: Eligibility, facts: Facts, *, on: date) -> Judgement:
    """Try the clauses in order: the first that holds decides. Where none holds, nobody may apply."""
    for clause in eligibility.clauses:
        if _holds(clause, facts, on):
            is_allowed = clause.verdict is ClauseVerdict.ALLOW
            return Judgement(is_allowed, clause.code, clause.sentence, clause.signpost)
    return Judgement(
        is_allowed=False,
        code=eligibility.otherwise_code,
        sentence=eligibility.otherwise,
        signpost=eligibility.signpost,
    )


def _holds(clause: Clause, facts: Facts, on: date) -> bool:
    return all(_is_met(condition, facts, on) for condition in clause.every)


def _is_met(condition: Condition, facts: Facts, on: date) -> bool:
    """A fact that nobody asserted meets no condition."""
    known = facts.get(condition.about, facts.get(condition.about.removeprefix("is_")))
    if known is None:
        return False
    if condition.is_true is not None:
        return known is condition.is_true
    if condition.is_within_months is not None:
        return _is_within(known, condition.is_within_months, on)
    wanted = {_plain(value) for value in condition.is_one_of}
    given: list[Any] = list(known) if isinstance(known, list | tuple | set | frozenset) else [known]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return any(_plain(value) in wanted for value in given)


def _plain(value: Any) -> str:
    """Providers write `postgraduate-taught`, `Postgraduate taught` and `postgraduate_taught`."""
    return str(value).strip().casefold().replace("-", "_").replace(" ", "_")


def _is_within(known: Any, months: int, on: date) -> bool:
    """A day in the future, or at most so many months ago."""
    try:
        ended = known if isinstance(known, date) else date.fromisoformat(str(known))
    except ValueError:
        return False
    return on <= _months_after(ended, months)


def _months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
