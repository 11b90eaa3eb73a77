"""What the rules would say of a line that is still being written."""

from dataclasses import replace
from uuid import UUID

from chassis.database import Reader
from schemas.rules import ExpenseRules, ProfitStatus
from services.expenses.domain.case import Placement
from services.expenses.domain.claim import Claim
from services.expenses.domain.line import Line, Spending
from services.expenses.domain.ruling import CopyHasNotArrived, Grounds, KnownFacts, judge

NEW = UUID(int=0)


async def show_likely(
    reader: Reader, claim: Claim, spending: Spending, *, instead_of: Line | None = None
) -> Line:
    """The line as it would stand in this claim."""
    grounds = await _grounds(reader, claim)
    others = [
        line.spending for line in claim.lines if instead_of is None or line.place < instead_of.place
    ]
    ruling = judge([*others, spending], grounds=grounds)[-1]
    if instead_of:
        return replace(instead_of, spending=spending, ruling=ruling)
    return Line(NEW, len(others) + 1, spending, ruling)


async def _grounds(reader: Reader, claim: Claim) -> Grounds:
    case = claim.case
    placement = await reader.get_row(
        "SELECT * FROM known_placements WHERE placement_id = $1", case.placement_id
    )
    facts = await reader.list_rows(
        """
        SELECT valid_from_on, profit_status, region
          FROM known_host_facts WHERE host_id = $1 ORDER BY valid_from_on
        """,
        case.host_id,
    )
    if not facts:
        raise CopyHasNotArrived
    known = tuple(
        KnownFacts(row["valid_from_on"], ProfitStatus(row["profit_status"]), row["region"])
        for row in facts
    )
    rules = await reader.value(
        "SELECT rules -> 'expenses' FROM known_rule_sets WHERE programme_id = $1 AND version = $2",
        case.programme_id,
        case.rule_set_version,
    )
    return Grounds(Placement.from_row(placement), known, ExpenseRules.model_validate(rules))
