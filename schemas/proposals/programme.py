"""Rule sets and cycles: published, rescheduled."""

from typing import Any, ClassVar

from schemas import sample
from schemas.cycle import CycleDates
from schemas.envelope import fact
from schemas.proposals.case import Examples, OfCycle, OfProgramme
from schemas.rules import RuleSet
from schemas.sample_rules import RULES


class RuleSetPublished(OfProgramme):
    """A programme manager published a version of a programme's rules; it never changes again."""

    programme_slug: str = fact("The programme's name in addresses and files")
    programme_name: str = fact("The programme, as people know it")
    rules: RuleSet = fact("The whole rule set, bank holidays as dates")
    replaces_version: int | None = fact("The version before it", default=None)

    examples: ClassVar[Examples] = (
        {
            **sample.of_programme("2023-10-02T09:00:00Z"),
            "programme_slug": "students",
            "programme_name": "Micro-Internship Programme",
            "rules": RULES,
        },
    )


_CYCLE_DATES: dict[str, Any] = {
    "programme_name": "Micro-Internship Programme",
    "cycle_name": "Hilary 2024",
    "zone": "Europe/London",
    "weeks": [
        {"name": "9th week", "first_on": "2024-03-11", "last_on": "2024-03-15"},
        {"name": "10th week", "first_on": "2024-03-18", "last_on": "2024-03-22"},
    ],
    "week_choice": "one_only",
    "proposals_open_at": sample.deadline("2023-11-06 09:00"),
    "proposals_close_at": sample.deadline("2024-01-19 17:00"),
    "rounds": [sample.FIRST_ROUND, sample.SECOND_ROUND],
    "starts_on": "2024-03-11",
    "ends_on": "2024-03-22",
}


class CyclePublished(OfCycle):
    """A programme manager published a cycle: its dates are in order and promised to everyone."""

    dates: CycleDates = fact("Its name, weeks and every instant")

    examples: ClassVar[Examples] = (
        {**sample.of_cycle("2023-10-16T09:00:00Z"), "dates": _CYCLE_DATES},
    )


class CycleRescheduled(OfCycle):
    """The office moved dates of a cycle; a `VacancyAmended` follows for each of its vacancies."""

    dates: CycleDates = fact("Its name, weeks and every instant as they are now")
    reason: str = fact("Why, as everyone is told")

    examples: ClassVar[Examples] = (
        {
            **sample.of_cycle("2024-01-10T09:00:00Z"),
            "dates": _CYCLE_DATES,
            "reason": "The portal was away for a morning.",
        },
    )
