"""The table of letters: every mail this service can write."""

from schemas.envelope import Event
from services.notifications.domain import (
    letters_to_applicants,
    letters_to_hosts,
    letters_to_interns,
    letters_to_the_office,
)
from services.notifications.domain.letter import Letter

BY_READER: dict[str, tuple[Letter, ...]] = {
    "Applicants": letters_to_applicants.LETTERS,
    "Interns": letters_to_interns.LETTERS,
    "Hosts": letters_to_hosts.LETTERS,
    "The office, and whoever asks for a link": letters_to_the_office.LETTERS,
}
LETTERS: tuple[Letter, ...] = tuple(letter for letters in BY_READER.values() for letter in letters)
_BY_NAME = {letter.name: letter for letter in LETTERS}


def named(name: str) -> Letter:
    """One row. Raises `KeyError`."""
    return _BY_NAME[name]


def is_known(name: str) -> bool:
    """Whether there is such a letter."""
    return name in _BY_NAME


def followed() -> tuple[type[Event], ...]:
    """Every kind of event that some letter follows."""
    return tuple(dict.fromkeys(letter.follows for letter in LETTERS))


def due(event: Event) -> tuple[Letter, ...]:
    """The letters that this very event calls for."""
    return tuple(
        letter for letter in LETTERS if letter.follows is type(event) and letter.is_due(event)
    )
