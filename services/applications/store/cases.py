"""The ids of a case, out of any row that carries them; and the rules by which it is judged."""

from chassis.database import Reader, Row
from schemas.rules import Round, RuleSet
from services.applications.domain.case import Case
from services.applications.store.rules import get_rules


def case_of(row: Row) -> Case:
    """The case that a row belongs to."""
    return Case(
        university=row["university"],
        programme_id=row["programme_id"],
        rule_set_version=row["rule_set_version"],
        cycle_id=row["cycle_id"],
        vacancy_id=row["vacancy_id"],
        host_id=row["host_id"],
        round=Round(row["round"]),
    )


async def get_rules_of(reader: Reader, case: Case) -> RuleSet:
    """The version of the programme's rules that this case carries."""
    return await get_rules(reader, case.programme_id, case.rule_set_version)
