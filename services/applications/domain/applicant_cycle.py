"""One person in one cycle: what counts towards the cap, and the acceptance that binds."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self
from uuid import UUID

from chassis.decision import Refused
from schemas.rules import Round


class AnotherPlaceIsTaken(Refused):
    """You have already accepted a place in this cycle, and each person can take one."""


@dataclass(frozen=True, slots=True)
class ApplicantCycle:
    """The row that is locked before anything about this person in this cycle is decided."""

    applicant_cycle_id: UUID
    person_ref: UUID
    cycle_id: UUID
    university: str
    bound_by_offer_id: UUID | None = None
    live_first: int = 0
    live_second: int = 0

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "ApplicantCycle":
        """As its row holds it."""
        return cls(**{each.name: row[each.name] for each in fields(cls)})

    @property
    def is_bound(self) -> bool:
        """Whether this person has accepted a place that binds them in this cycle."""
        return self.bound_by_offer_id is not None

    def live_in(self, which: Round) -> int:
        """How many applications count towards the cap of a round."""
        return self.live_first if which is Round.FIRST else self.live_second

    def taking_a_slot(self, which: Round) -> Self:
        """With one more live application."""
        return self._moved(which, by=1)

    def giving_back_a_slot(self, which: Round) -> Self:
        """With one live application fewer."""
        return self._moved(which, by=-1)

    def bound_by(self, offer_id: UUID | None) -> Self:
        """Bound by an acceptance; or, with None, free again."""
        return replace(self, bound_by_offer_id=offer_id)

    def _moved(self, which: Round, *, by: int) -> Self:
        if which is Round.FIRST:
            return replace(self, live_first=self.live_first + by)
        return replace(self, live_second=self.live_second + by)
