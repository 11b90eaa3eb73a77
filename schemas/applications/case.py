"""Whose an event of the applications service is."""

from typing import Any, ClassVar

from schemas import cases
from schemas.envelope import Service

APPLICATIONS: Service = "applications"
Examples = tuple[dict[str, Any], ...]


class OfRound(cases.OfRound):
    service: ClassVar[Service] = APPLICATIONS


class OfApplication(cases.OfApplication):
    service: ClassVar[Service] = APPLICATIONS


class OfOffer(cases.OfOffer):
    service: ClassVar[Service] = APPLICATIONS


class OfPlacement(cases.OfPlacement):
    service: ClassVar[Service] = APPLICATIONS
