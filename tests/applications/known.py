"""What this service knows before anybody applies: a rule set, a cycle and vacancies, told as events.

vacancy = await told(database)                      # one vacancy at the museum, open from January
other = await told(database, title="Map readers")   # another one in the same cycle
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.database import Database
from schemas import sample
from schemas.envelope import Event, new_id
from schemas.proposals import CyclePublished, RuleSetPublished, VacancyPublished
from services.applications.reactions import REACTIONS

OPENS = datetime(2024, 1, 29, 9, tzinfo=UTC)
TERM = datetime(2024, 2, 5, 10, tzinfo=UTC)  # while the first round is open
CLOSES = datetime(2024, 2, 12, 12, tzinfo=UTC)  # midday: the first instant that is too late
AFTER = datetime(2024, 2, 12, 12, 0, 5, tzinfo=UTC)
STATEMENT = "I catalogued my grandmother's letters and would like to learn how archives do it."

Changes = dict[str, Any]


def rules_with(**groups: Changes) -> Changes:
    """The example's rule set with some numbers of it changed: `rules_with(applying={"caps": …})`."""
    whole = RuleSetPublished.examples[0]["rules"]
    return {**whole, **{name: {**whole[name], **changes} for name, changes in groups.items()}}


async def hear(database: Database, *events: Event) -> None:
    """Take events in, each by its own reactions, in one transaction."""
    async with database.transaction() as tx:
        for event in events:
            found = REACTIONS[type(event)]
            for reaction in found if isinstance(found, tuple) else (found,):
                if reaction.is_copy:
                    await reaction.handle(tx, event)


async def told(
    database: Database,
    *,
    rules: Changes | None = None,
    title: str = "Catalogue two centuries of weather diaries",
    places: int = 1,
    host_id: UUID | str = sample.HOST,
    university: str = "oxford",
    programme_id: UUID | str = sample.PROGRAMME,
    cycle_id: UUID | str = sample.CYCLE,
) -> UUID:
    """Tell of a vacancy, its cycle and its rules, as the proposals service does."""
    case = {"university": university, "programme_id": programme_id, "cycle_id": cycle_id}
    published = RuleSetPublished.model_validate(
        {**RuleSetPublished.examples[0], **case, "rules": rules or rules_with()}
    )
    cycle = CyclePublished.model_validate({**CyclePublished.examples[0], **case})
    vacancy_id = new_id()
    vacancy = VacancyPublished.model_validate(
        {
            **VacancyPublished.examples[0],
            **case,
            "vacancy_id": vacancy_id,
            "host_id": host_id,
            "advert": {**sample.ADVERT, "title": title, "places": places},
            "rounds": [sample.FIRST_ROUND],
        }
    )
    await hear(database, published, cycle, vacancy)
    return vacancy_id
