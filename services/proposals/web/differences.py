"""What differs between two texts, word by word: for a screener's eyes."""

import difflib
import re
from collections.abc import Iterator

Pieces = list[tuple[str, str]]
"""`same`, `added` or `taken out`, each with its words."""

_WORDS = re.compile(r"\S+\s*|\s+")  # each with the space behind it, so that no space is a match


def pieces(before: str | None, after: str) -> Pieces:
    """The text as it is now, with what was taken out standing where it stood."""
    if before is None or before == after:
        return [("same", after)]
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    return list(_compared(old, new))


def _compared(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            yield "same", "".join(new[c:d])
            continue
        if old[a:b]:
            yield "taken out", "".join(old[a:b])
        if new[c:d]:
            yield "added", "".join(new[c:d])
