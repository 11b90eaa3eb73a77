"""Whose an event of the proposals service is."""

from typing import Any, ClassVar

from schemas import cases
from schemas.envelope import Service

PROPOSALS: Service = "proposals"
Examples = tuple[dict[str, Any], ...]


class OfProgramme(cases.OfProgramme):
    service: ClassVar[Service] = PROPOSALS


class OfCycle(cases.OfCycle):
    service: ClassVar[Service] = PROPOSALS


class OfHost(cases.OfHost):
    service: ClassVar[Service] = PROPOSALS


class OfVacancy(cases.OfVacancy):
    service: ClassVar[Service] = PROPOSALS


class OfRound(cases.OfRound):
    service: ClassVar[Service] = PROPOSALS


class OfPerson(cases.OfPerson):
    service: ClassVar[Service] = PROPOSALS
