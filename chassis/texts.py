"""What people write: made one form once, refused where it could deceive, counted fairly.

`page.js` counts by the same rule; `tests/chassis/words.json` holds the two together.
"""

import re
import unicodedata

UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e"
"""Zero-width: left out of every count."""

JOINERS = "\u200c\u200d"
"""Kept in the stored text: Persian, Indic scripts and joined emoji need them."""

DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Overrides and embeddings can make a name read as another; right-to-left text needs none of them."""

FILLERS = frozenset("\u3164\u115f\u1160\uffa0\u2800\u034f\u061c\u200e\u200f")
"""Look like nothing at all, and are neither white space nor zero-width."""

MARKS_IN_A_ROW = 10

_AT_THE_ENDS = (
    "".join(c for c in map(chr, range(0x3001)) if c.isspace() and unicodedata.category(c) != "Cc")
    + "\t\n"
    + "".join(sorted(set(UNSEEN) - set(JOINERS)))
)
"""White and zero-width space goes; a control character is refused wherever it stands."""

_DROPPED = str.maketrans("", "", "".join(set(UNSEEN) - set(JOINERS)))
_UNCOUNTED = str.maketrans("", "", UNSEEN)
_TOKEN = re.compile(r"\S+")


class TextFault(ValueError):
    """A text that cannot be taken. `code` is what an API caller reads; `facts` fill the sentence."""

    def __init__(self, code: str, **facts: int | str) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code)


def normalise(text: str, *, lines: bool = False) -> str:
    """The one form in which a text is judged, stored and counted.

    NFC, line ends to line feeds, zero-width characters out (joiners stay), no white space at either
    end. Refuses control characters, direction overrides, lone surrogates and heaps of marks. A text
    of one line may hold neither tab nor line feed.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip(_AT_THE_ENDS)
    if any(_is_refused(char, lines=lines) for char in text):
        raise TextFault("invalid-character")
    # Marks are counted as typed: NFC would hide one and cost the time of sorting the rest.
    if _most_marks_in_a_row(text) > MARKS_IN_A_ROW:
        raise TextFault("too-many-marks")
    return unicodedata.normalize("NFC", text).translate(_DROPPED)


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: only white space, fillers and zero-width characters."""
    return all(char.isspace() or char in FILLERS or char in UNSEEN for char in text)


def count_words(text: str) -> int:
    """Tokens between white space that hold a letter or a digit: "–" does not count, "2–5" does."""
    counted = unicodedata.normalize("NFC", text).translate(_UNCOUNTED)
    return sum(_counts(token) for token in counted.split())


def trim_words(text: str, most: int) -> str:
    """The text up to the end of its last allowed word; all of it where it is short enough."""
    found = 0
    for token in _TOKEN.finditer(text):
        found += _counts(token.group().translate(_UNCOUNTED))
        if found == most:
            rest = text[token.end() :]
            return text if count_words(rest) == 0 else text[: token.end()]
    return text


def shown_again(text: str) -> str:
    """What was typed, for the same field: only what no page can carry is left out."""
    return "".join(c for c in text if c in "\t\n\r" or unicodedata.category(c) not in ("Cc", "Cs"))


def _is_refused(char: str, *, lines: bool) -> bool:
    if char in "\t\n":
        return not lines
    return unicodedata.category(char) in ("Cc", "Cs") or char in DIRECTION


def _most_marks_in_a_row(text: str) -> int:
    most = run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char)[0] == "M" else 0
        most = max(most, run)
    return most


def _counts(token: str) -> bool:
    return any(unicodedata.category(char)[0] in "LN" for char in token)
