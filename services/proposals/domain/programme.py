"""A programme: one scheme of one university, whose rules are versions that never change."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.actor import Actor, can
from chassis.decision import Decision, Forbidden, Rules, uphold
from schemas.proposals import RuleSetPublished
from schemas.rules import RuleSet
from services.proposals.domain.policy import RIGHTS


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme with the rules now in force."""

    programme_id: UUID
    university: str
    slug: str
    name: str
    rule_set_version: int  # 0: none was published yet
    rules: RuleSet | None = None


@dataclass(frozen=True, slots=True)
class PublishRuleSet:
    """Put rules in force: the first of a programme, or those that follow."""

    name: str
    rules: RuleSet


class ProgrammeIsAnothers(Forbidden):
    """This programme belongs to another university. Its own office can load it."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything the publication of a rule set is judged by."""

    programme: Programme
    actor: Actor


def programme_is_of_ones_own_university(p: Publication) -> bool:
    return can(RIGHTS, p.actor, "load programme", p.programme)


RULES_FOR_PUBLISHING_A_RULE_SET: Rules[Publication] = (
    (programme_is_of_ones_own_university, ProgrammeIsAnothers),
)


def publish_rule_set(
    programme: Programme, command: PublishRuleSet, *, actor: Actor, now: datetime
) -> Decision[Programme]:
    """Give the rules the next number. The same rules again are no new version, and no event."""
    uphold(RULES_FOR_PUBLISHING_A_RULE_SET, Publication(programme, actor))
    if programme.rules == command.rules:
        return Decision(programme)
    published = replace(
        programme,
        name=command.name,
        rules=command.rules,
        rule_set_version=programme.rule_set_version + 1,
    )
    told = RuleSetPublished(
        university=programme.university,
        occurred_at=now,
        programme_id=programme.programme_id,
        rule_set_version=published.rule_set_version,
        programme_slug=programme.slug,
        programme_name=command.name,
        rules=command.rules,
        replaces_version=programme.rule_set_version or None,
    )
    return Decision(published, (told,))
