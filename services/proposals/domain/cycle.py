"""A cycle: one run of a programme, whose dates are promised to everyone once it is published."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, auto
from uuid import UUID

from chassis.actor import Actor, can
from chassis.decision import Decision, NotFound, Refused, Rules, uphold
from schemas.advert import RoundDates
from schemas.cycle import CycleDates
from schemas.proposals import CyclePublished
from schemas.rules import Rhythm, Round, RuleSet
from services.proposals.domain.policy import RIGHTS


class Status(StrEnum):
    """Where a cycle stands."""

    DRAFT = auto()
    PUBLISHED = auto()
    RUNNING = auto()  # hosts may send proposals, and all that follows
    FINISHED = auto()


MOVES = {
    "publish": {Status.DRAFT: Status.PUBLISHED},
    "run": {Status.PUBLISHED: Status.RUNNING},
    "finish": {Status.RUNNING: Status.FINISHED},
}


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of a programme."""

    cycle_id: UUID
    university: str
    programme_id: UUID
    slug: str
    status: Status
    rule_set_version: int
    dates: CycleDates

    def moved(self, move: str) -> "Cycle":
        """The cycle after a move of the table."""
        return replace(self, status=MOVES[move][self.status])

    def round_dates(self, which: Round) -> RoundDates | None:
        """Every instant of one round, if the cycle has it."""
        return next((each for each in self.dates.rounds if each.round == which), None)

    @property
    def is_promised(self) -> bool:
        """Whether its dates are known to everyone."""
        return self.status is not Status.DRAFT


@dataclass(frozen=True, slots=True)
class PublishCycle:
    """Promise the dates of a cycle."""

    cycle_id: UUID


class CycleIsNotYours(NotFound):
    """We cannot find this cycle."""


class CycleIsPublished(Refused):
    """This cycle is published already."""


class ProposalsCloseBeforeTheyOpen(Refused):
    """Proposals close before they open. Put the dates in order and load the programme again."""


class RoundIsOutOfOrder(Refused):
    """A round opens, closes, is chosen from and told, in this order. Put its dates in order."""


class SelectionComesTooEarly(Refused):
    """Hosts choose before proposals close. Put the dates in order and load the programme again."""


class PlacementsStartTooEarly(Refused):
    """Placements start before hosts have chosen. Put the dates in order and load it again."""


class CycleEndsBeforeItStarts(Refused):
    """Placements end before they start. Put the dates in order and load the programme again."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything the publication of a cycle is judged by."""

    cycle: Cycle
    actor: Actor
    rules: RuleSet

    @property
    def is_rolling(self) -> bool:
        """Whether the programme runs all year: then everything may overlap."""
        return self.rules.kind.rhythm == Rhythm.ROLLING


def cycle_is_of_ones_own_university(p: Publication) -> bool:
    return can(RIGHTS, p.actor, "publish cycle", p.cycle)


def cycle_is_a_draft(p: Publication) -> bool:
    return p.cycle.status in MOVES["publish"]


def proposals_open_before_they_close(p: Publication) -> bool:
    return p.cycle.dates.proposals_open_at.at < p.cycle.dates.proposals_close_at.at


def each_round_is_in_order(p: Publication) -> bool:
    return all(
        each.opens_at.at < each.closes_at.at < each.host_selects_by.at <= each.office_tells_by.at
        for each in p.cycle.dates.rounds
    )


def hosts_select_after_proposals_closed(p: Publication) -> bool:
    close = p.cycle.dates.proposals_close_at.at
    return p.is_rolling or all(close < each.host_selects_by.at for each in p.cycle.dates.rounds)


def placements_start_after_the_selection(p: Publication) -> bool:
    starts_on = p.cycle.dates.starts_on.isoformat()
    return p.is_rolling or all(
        each.host_selects_by.wall[:10] < starts_on for each in p.cycle.dates.rounds
    )


def placements_end_after_they_start(p: Publication) -> bool:
    return p.cycle.dates.starts_on <= p.cycle.dates.ends_on


RULES_FOR_PUBLISHING: Rules[Publication] = (  # R11
    (cycle_is_of_ones_own_university, CycleIsNotYours),
    (cycle_is_a_draft, CycleIsPublished),
    (proposals_open_before_they_close, ProposalsCloseBeforeTheyOpen),
    (each_round_is_in_order, RoundIsOutOfOrder),
    (hosts_select_after_proposals_closed, SelectionComesTooEarly),
    (placements_start_after_the_selection, PlacementsStartTooEarly),
    (placements_end_after_they_start, CycleEndsBeforeItStarts),
)


def publish(cycle: Cycle, *, actor: Actor, now: datetime, rules: RuleSet) -> Decision[Cycle]:
    """Promise the cycle's dates to everyone."""
    uphold(RULES_FOR_PUBLISHING, Publication(cycle, actor, rules))
    told = CyclePublished(
        university=cycle.university,
        occurred_at=now,
        programme_id=cycle.programme_id,
        rule_set_version=cycle.rule_set_version,
        cycle_id=cycle.cycle_id,
        dates=cycle.dates,
    )
    return Decision(cycle.moved("publish"), (told,))
