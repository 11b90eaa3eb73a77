"""The face of each university: name, office, mailbox, service name. One small file beside its theme."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

THEMES = Path(__file__).parent / "static" / "themes"


@dataclass(frozen=True, slots=True)
class University:
    """What the frame of a page and the head of a mail say."""

    slug: str
    name: str
    service: str
    office: str
    mailbox: str
    zone: str
    brand: str  # a colour, for mails, which have no style sheet


@cache
def university(slug: str) -> University:
    """Read one. Raises `FileNotFoundError` where no theme has that slug."""
    return University(slug=slug, **json.loads((THEMES / f"{slug}.json").read_text()))


def universities(slugs: Iterable[str]) -> dict[str, University]:
    """Read those that a deployment serves."""
    return {slug: university(slug) for slug in dict.fromkeys(slugs)}
