"""References such as OX-X3H8: short enough to read out, without letters that look like others."""

import secrets

from chassis.database import Transaction
from services.expenses.store import claims as store

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 4
ATTEMPTS = 40


def prefix_of(university: str) -> str:
    """Initials of a slug of several words, else its first two letters: queen-mary is QM."""
    words = university.split("-")
    return ("".join(word[0] for word in words) if len(words) > 1 else university[:2]).upper()


async def draw_reference(tx: Transaction, university: str) -> str:
    """One at random that is nobody's; they grow with the draws."""
    for attempt in range(ATTEMPTS):
        drawn = "".join(secrets.choice(LETTERS) for _ in range(LENGTH + attempt // 5))
        reference = f"{prefix_of(university)}-{drawn}"
        if not await store.is_reference_taken(tx, university, reference):
            return reference
    raise RuntimeError("every reference that was drawn is somebody's")
