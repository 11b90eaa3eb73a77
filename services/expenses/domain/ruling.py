"""What the rule table says of each cost: day by day, by kind, host, region and how the day was spent.

The table's first row that fits decides. On a day at home nothing is repaid, whatever the table says
(R38). A cap that counts over a day or a week is used up in the order in which the lines were added.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from chassis.decision import Refused
from schemas.rules import ExpenseRow, ExpenseRules, LineKind, Mode, Per, ProfitStatus
from services.expenses.domain.case import Placement


class CopyHasNotArrived(Refused):
    """We are still preparing this page. Try again in a minute."""

    status = 503
    code = "still-preparing"


REMOTE_DAY = "remote_day"
OUTSIDE_PLACEMENT = "outside_placement"


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """What was true of the host from a day on."""

    valid_from_on: date
    profit_status: ProfitStatus
    region: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """Everything the lines of a claim are judged by."""

    placement: Placement
    facts: tuple[KnownFacts, ...]  # oldest first, at least one
    rules: ExpenseRules

    def facts_on(self, on: date) -> KnownFacts:
        """The host on the day of travel; before anything is known of it, the first we know."""
        known = [each for each in self.facts if each.valid_from_on <= on]
        return known[-1] if known else self.facts[0]


@dataclass(frozen=True, slots=True)
class Ruling:
    """The table's word on one line."""

    mode: Mode
    reason_code: str
    sentence: str
    allowed_pence: int = 0
    receipt_needed: bool = True
    reason_needed: bool = False


class Cost(Protocol):
    """A day, a kind and an amount: of a line that stands, or of one that is only thought of."""

    @property
    def spent_on(self) -> date: ...
    @property
    def kind(self) -> LineKind: ...
    @property
    def amount_pence(self) -> int: ...


def judge(costs: Iterable[Cost], *, grounds: Grounds) -> tuple[Ruling, ...]:
    """Judge costs in this order, each with what those before it have left of its cap."""
    claimed: defaultdict[tuple[object, ...], int] = defaultdict(int)
    rulings: list[Ruling] = []
    for cost in costs:
        mode = grounds.placement.mode_on(cost.spent_on)
        row = _row_for(cost, mode, grounds)
        if mode is None:
            rulings.append(
                Ruling(Mode.IN_PERSON, OUTSIDE_PLACEMENT, "This is no day of the placement.")
            )
        elif mode is Mode.REMOTE:
            rulings.append(_on_a_remote_day(row))
        elif row is None or not row.allowed:
            rulings.append(_disallowed(mode, row, grounds.rules))
        else:
            scope = _scope(cost, row, n=len(rulings))
            rulings.append(_allowed(cost, row, mode, claimed_before=claimed[scope]))
            claimed[scope] += cost.amount_pence
    return tuple(rulings)


def _row_for(cost: Cost, mode: Mode | None, grounds: Grounds) -> ExpenseRow | None:
    facts = grounds.facts_on(cost.spent_on)
    return grounds.rules.row_for(
        cost.kind,
        profit_status=facts.profit_status,
        region=facts.region,
        mode=mode or Mode.IN_PERSON,
    )


def _on_a_remote_day(row: ExpenseRow | None) -> Ruling:
    says_so = row is not None and not row.allowed and row.mode is Mode.REMOTE
    sentence = row.sentence if row and says_so else "For days from home nothing is repaid."
    code = row.reason_code if row and says_so else REMOTE_DAY
    return Ruling(Mode.REMOTE, code, sentence)


def _disallowed(mode: Mode, row: ExpenseRow | None, rules: ExpenseRules) -> Ruling:
    if row is None:
        return Ruling(mode, rules.otherwise_code, rules.otherwise)
    return Ruling(mode, row.reason_code, row.sentence, receipt_needed=row.receipt_needed)


def _scope(cost: Cost, row: ExpenseRow, *, n: int) -> tuple[object, ...]:
    """What a cap counts over."""
    if row.per is Per.DAY:
        return (row.kind, cost.spent_on)
    if row.per is Per.WEEK:
        return (row.kind, *cost.spent_on.isocalendar()[:2])
    return (n,)


def _allowed(cost: Cost, row: ExpenseRow, mode: Mode, *, claimed_before: int) -> Ruling:
    allowed = cost.amount_pence
    if row.cap_pence is not None:
        allowed = max(0, min(allowed, row.cap_pence - claimed_before))
    together = claimed_before + cost.amount_pence
    return Ruling(
        mode,
        row.reason_code,
        row.sentence,
        allowed_pence=allowed,
        receipt_needed=row.receipt_needed,
        reason_needed=row.soft_cap_pence is not None and together > row.soft_cap_pence,
    )
