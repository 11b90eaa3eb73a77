"""Where someone goes after signing in: an address of ours, or none (S16).

Only what certainly is a page of this house passes. Anything else is forgotten without a word, and
the person lands at home.
"""

import re

ROOTS = (
    "account",
    "applications",
    "expenses",
    "hosts",
    "notifications",
    "offers",
    "office",
    "placements",
    "programmes",
    "proposals",
    "selections",
    "sessions",
    "vacancies",
)
"""First words of the pages of the four services. Not among them: signing in and out, the API."""

LONGEST = 512
_PAGE = re.compile(
    r"/(?:" + "|".join(ROOTS) + r")(?:/[A-Za-z0-9_-]+)*(?:\?[A-Za-z0-9_.~=&%+-]*)?", re.ASCII
)


def known_page(address: str | None) -> str | None:
    """The address, if it is a page of ours."""
    if not address or len(address) > LONGEST or not _PAGE.fullmatch(address):
        return None
    return address
