"""What the domain decided, said to a person: instants in the programme's zone, days, time left."""

from datetime import date, datetime, timedelta
from typing import Any

from chassis import instants
from chassis.decision import Refused
from chassis.languages import gettext
from services.applications.domain.application import DeadlineHasPassed
from services.applications.domain.told import Told


def next_step(told: Told, *, zone: str, now: datetime) -> str:
    """The sentence that says what happens next."""
    words = {name: _said(value, zone, now) for name, value in told.facts.items()}
    return " ".join(gettext(sentence) % words for sentence in told.sentences)


def _said(value: Any, zone: str, now: datetime) -> str:
    match value:
        case timedelta():
            return instants.left(now, now + value)
        case datetime():
            return str(instants.instant(value, zone))
        case date():
            return instants.day(value)
        case _:
            return str(value)


class Said(Refused):
    """A refusal in words that name instants as people do."""

    def __init__(self, refused: Refused, words: str) -> None:
        self._words = words
        self.status = refused.status  # pyright: ignore[reportAttributeAccessIssue]  # of this one alone
        super().__init__(**refused.facts)

    @property
    def sentence(self) -> str:
        """What the page shows."""
        return self._words


def in_words(refused: Refused) -> Refused:
    """The refusal as the page says it: the API's wall times become sentences."""
    if not isinstance(refused, DeadlineHasPassed):
        return refused
    zone = refused.facts["zone"]
    closed = datetime.fromisoformat(refused.facts["deadline"])
    came = datetime.fromisoformat(refused.facts["server_time"])
    words = gettext("Applications closed at %(instant)s. This came at %(time)s.") % {
        "instant": instants.instant(closed, zone),
        "time": instants.moment(came, zone),
    }
    return Said(refused, words)


def kilobytes(size: int) -> str:
    """A file's size as people say it."""
    if size < 1024 * 1024:
        return f"{max(1, size // 1024)} KB"
    return f"{size / 1024 / 1024:.1f} MB"


def ordinal(n: int) -> str:
    """ "first", "second" …; beyond ten, the number."""
    words = (
        gettext("first"), gettext("second"), gettext("third"), gettext("fourth"),
        gettext("fifth"), gettext("sixth"), gettext("seventh"), gettext("eighth"),
        gettext("ninth"), gettext("tenth"),
    )  # fmt: skip
    return words[n - 1] if 1 <= n <= len(words) else f"{n}th"


def number(n: int) -> str:
    """ "one", "two" …; beyond ten, the figure."""
    words = (
        gettext("none"), gettext("one"), gettext("two"), gettext("three"), gettext("four"),
        gettext("five"), gettext("six"), gettext("seven"), gettext("eight"), gettext("nine"),
        gettext("ten"),
    )  # fmt: skip
    return words[n] if 0 <= n < len(words) else str(n)


def slots_used(used: int, most: int) -> str:
    """How much of the cap is used."""
    if used >= most == 1:
        return gettext("You have used your one application in this round.")
    if used >= most == 2:
        return gettext("You have used both of your applications in this round.")
    if used >= most:
        return gettext("You have used all %(most)s applications in this round.") % {
            "most": number(most)
        }
    return gettext("You have used %(used)s of your %(most)s applications in this round.") % {
        "used": number(used),
        "most": number(most),
    }


def this_is_your(used: int, most: int) -> str:
    """Which of the allowed applications a new one would be."""
    if most == 1:
        return gettext("You can apply for one vacancy in this round.")
    return gettext("This is your %(nth)s of %(most)s.") % {
        "nth": ordinal(used + 1),
        "most": number(most),
    }
