"""References such as OX-4F7K: short enough to read out, without letters that look like others."""

import secrets

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 4


def prefix_of(university: str) -> str:
    """Initials of a slug of several words, else its first two letters: queen-mary is QM."""
    words = university.split("-")
    return ("".join(word[0] for word in words) if len(words) > 1 else university[:2]).upper()


def draw_reference(university: str, attempt: int = 0) -> str:
    """One at random. After several that were somebody's already, a longer one."""
    length = LENGTH + attempt // 5
    drawn = "".join(secrets.choice(LETTERS) for _ in range(length))
    return f"{prefix_of(university)}-{drawn}"
