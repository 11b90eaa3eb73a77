"""A host's ranking as it is typed: numbers and reasons by application, read kindly, judged by the domain."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.languages import gettext
from services.applications.domain.selection import Choice, in_order

Draft = dict[str, dict[str, str]]
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Slip:
    """One thing to look at again, and the field it is about."""

    field: str
    sentence: str


def draft_of(typed: Mapping[str, Any], live: Mapping[UUID, str]) -> Draft:
    """What was typed about each application that can be chosen."""
    draft: Draft = {}
    for application_id in live:
        draft[str(application_id)] = {
            "rank": str(typed.get(f"rank-{application_id}", "")).strip()[:LONGEST],
            "reason": str(typed.get(f"reason-{application_id}", "")).strip()[:LONGEST],
        }
    return draft


def slips_in(draft: Draft, live: Mapping[UUID, str]) -> list[Slip]:
    """Everything that keeps a draft from being a choice, in the order of the page."""
    slips: list[Slip] = []
    seen: dict[int, str] = {}
    for application_id, name in live.items():
        given = draft.get(str(application_id), {})
        rank, reason = given.get("rank", ""), given.get("reason", "")
        if rank and not _number(rank):
            slips.append(
                Slip(f"rank-{application_id}", gettext("Write a rank as 1, 2, 3 and so on."))
            )
        elif rank:
            n = _number(rank)
            if n in seen:
                words = gettext("Rank %(rank)s is given twice: %(one)s and %(other)s.")
                slips.append(
                    Slip(
                        f"rank-{application_id}",
                        words % {"rank": n, "one": seen[n], "other": name},
                    )
                )
            seen.setdefault(n, name)
        elif not reason:
            words = gettext("Give %(name)s a rank, or choose a reason.")
            slips.append(Slip(f"reason-{application_id}", words % {"name": name}))
    return slips


def choices_in(draft: Draft) -> tuple[Choice, ...]:
    """The choice that a draft without slips amounts to. Who has a rank needs no reason."""
    return tuple(
        Choice(
            UUID(application_id),
            rank=_number(given["rank"]) or None,
            reason_code=None if given["rank"] else given["reason"],
        )
        for application_id, given in draft.items()
    )


def has_gap(choices: tuple[Choice, ...]) -> bool:
    """Whether a number was left out between 1 and the last."""
    ranks = sorted(choice.rank for choice in choices if choice.rank is not None)
    return ranks != list(range(1, len(ranks) + 1))


def places_of(draft: Draft, *, places: int) -> dict[str, str]:
    """What each rank of a draft comes to, in words: "Place 1", "Reserve 2"."""
    ranked = [c for c in choices_in(_readable(draft)) if c.rank is not None]
    words: dict[str, str] = {}
    for choice in in_order(ranked, places=places):
        n = choice.rank or 0
        said = gettext("Reserve %(n)s") if choice.is_reserve else gettext("Place %(n)s")
        shown = n - places if choice.is_reserve else n
        words[str(choice.application_id)] = said % {"n": shown}
    return words


def _readable(draft: Draft) -> Draft:
    return {each: given for each, given in draft.items() if _number(given.get("rank", ""))}


def _number(rank: str) -> int:
    """A rank, or 0 for what is none."""
    return int(rank) if re.fullmatch(r"[1-9][0-9]{0,3}", rank, re.ASCII) else 0
