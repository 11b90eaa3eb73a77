"""What is answered when a person is to be forgotten."""

from typing import ClassVar

from schemas import cases, sample
from schemas.applications.case import APPLICATIONS, Examples
from schemas.envelope import Service, fact


class PersonErased(cases.OfPerson):
    """The applications service has erased what it knew of a person."""

    service: ClassVar[Service] = APPLICATIONS

    records: int = fact("How many records were erased or emptied", unit="records", ge=0)

    examples: ClassVar[Examples] = ({**sample.of_person("2024-09-20T10:01:00Z"), "records": 12},)
