"""The face of each university: name, office, mailbox, service name. One small file beside its theme."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from chassis.pages import University

THEMES = Path(__file__).parent / "static" / "themes"


@cache
def university(slug: str) -> University:
    """Read one. Raises `FileNotFoundError` where no theme has that slug."""
    return University(slug=slug, **json.loads((THEMES / f"{slug}.json").read_text()))


def universities(slugs: Iterable[str]) -> dict[str, University]:
    """Read those that a deployment serves."""
    return {slug: university(slug) for slug in dict.fromkeys(slugs)}
