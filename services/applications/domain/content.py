"""What an applicant writes: the statement with its measure, weeks, declarations, a note on leave.

Words are counted outside, where text is made one form (`chassis.texts`); what the counts come to is
decided here.
"""

from dataclasses import dataclass, field
from typing import Any

from schemas.rules import ApplyingRules, OverLength
from services.applications.domain.document import Document

MOST_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as written, and how it measures under one programme."""

    text: str = ""
    words: int = 0
    beginning: str = ""  # up to the end of the last word the programme allows

    def for_host(self, rules: ApplyingRules) -> str:
        """What the host reads: the whole, or the beginning where the programme trims (R82)."""
        return self.beginning if self.is_cut(rules) else self.text

    def is_cut(self, rules: ApplyingRules) -> bool:
        """Whether the host reads less than was written."""
        return rules.over_length is OverLength.TRIM and self.words > rules.statement_words


@dataclass(frozen=True, slots=True)
class Content:
    """Everything of an application that its applicant writes."""

    statement: Statement = field(default_factory=Statement)
    weeks: tuple[str, ...] = ()
    declarations: tuple[str, ...] = ()
    leave_note: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """One thing to put right before an application can be sent: a field, a code, and its numbers."""

    field: str
    code: str
    facts: dict[str, Any]


def slips(
    content: Content, cv: Document | None, *, rules: ApplyingRules, weeks: tuple[str, ...] = ()
) -> tuple[Slip, ...]:
    """Everything that keeps it from being sent, in the order of the page. `weeks`: the cycle's names."""
    return (
        *statement_slips(content.statement, rules),
        *_cv_slips(cv, rules),
        *_week_slips(content, weeks),
        *_declaration_slips(content, rules),
    )


UNFINISHED = frozenset({"required", "too-short"})


def wrong(found: tuple[Slip, ...]) -> tuple[Slip, ...]:
    """Of these, what would not become right by writing on."""
    return tuple(slip for slip in found if slip.code not in UNFINISHED)


def statement_slips(statement: Statement, rules: ApplyingRules) -> tuple[Slip, ...]:
    """Characters first: the cap binds joined words and scripts without spaces."""
    if len(statement.text) > MOST_CHARACTERS:
        return (Slip("statement", "too-long", {"most": MOST_CHARACTERS}),)
    if rules.statement_is_required and statement.words < 1:
        return (Slip("statement", "too-short", {"words": 1, "counted": 0}),)
    refuses = rules.over_length is OverLength.REFUSE
    if refuses and statement.words > rules.statement_words:
        counts = {"words": rules.statement_words, "counted": statement.words}
        return (Slip("statement", "too-long", counts),)
    return ()


def _cv_slips(cv: Document | None, rules: ApplyingRules) -> tuple[Slip, ...]:
    return (Slip("cv", "required", {}),) if rules.cv_is_required and cv is None else ()


def _week_slips(content: Content, weeks: tuple[str, ...]) -> tuple[Slip, ...]:
    known = set(content.weeks) <= set(weeks)
    return () if known else (Slip("weeks", "unknown-value", {}),)


def _declaration_slips(content: Content, rules: ApplyingRules) -> tuple[Slip, ...]:
    wanted = [each.code for each in rules.declarations]
    if not set(content.declarations) <= set(wanted):
        return (Slip("declarations", "unknown-value", {}),)
    if not set(wanted) <= set(content.declarations):
        return (Slip("declarations", "required", {}),)
    return ()
