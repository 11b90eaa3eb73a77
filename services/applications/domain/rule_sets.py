"""Rule sets as they were published: a version never changes, so each is read once a process."""

from typing import Any
from uuid import UUID

from chassis.decision import Refused
from schemas.rules import RuleSet


class CopyHasNotArrived(Refused):
    """We are still preparing this page. Try again in a minute."""

    status = 503
    code = "still-preparing"


class RuleSets:
    """Those that were read already, by where they were read, programme and version."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, UUID, int], RuleSet] = {}

    def find(self, where: str, programme_id: UUID, version: int) -> RuleSet | None:
        """One that was read before."""
        return self._read.get((where, programme_id, version))

    def keep(self, where: str, programme_id: UUID, version: int, rules: Any) -> RuleSet:
        """Read one, and keep it. Raises `CopyHasNotArrived` where there is nothing to read yet."""
        if rules is None:
            raise CopyHasNotArrived
        read = RuleSet.model_validate(rules)
        self._read[where, programme_id, version] = read
        return read


READ = RuleSets()
