"""What a rule decides: a new state with the events that tell of it, or a refusal in plain words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from schemas.envelope import Event

State = TypeVar("State")
Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class Decision(Generic[State]):
    """The answer "yes": what is now true, and what others are told of it, in order."""

    state: State
    events: tuple[Event, ...] = ()


class Refused(Exception):
    """That cannot be done now.

    The docstring of each subclass is the sentence a person reads; `{name}` in it is filled from the
    facts given to the constructor. The class's name, in kebab case, is the code an API caller reads,
    unless `code` says otherwise. A refusal changes nothing: the transaction it is raised in rolls
    back.
    """

    status: ClassVar[int] = 409
    code: ClassVar[str | None] = None
    field: ClassVar[str | None] = None

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """What a person reads, on the page and in the API's `detail`."""
        words = " ".join((type(self).__doc__ or "").split())
        return words.format(**self.facts) if self.facts else words

    @classmethod
    def slug(cls) -> str:
        """The stable code: `OfferIsNotOpen` is `offer-is-not-open`."""
        if cls.code:
            return cls.code
        name = cls.__name__
        return "".join(
            f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name)
        )

    @classmethod
    def because(cls, case: Any, /) -> "Refused":  # noqa: ARG003 (subclasses read it)
        """Make the refusal for a judged case; override it where the sentence names facts."""
        return cls()


class NotFound(Refused):
    """We cannot find this page."""

    status = 404


class Forbidden(Refused):
    """You cannot do this."""

    status = 403


class Invalid(Refused):
    """Something in this form needs another look.

    Raised by a rule that judges what was typed rather than what is so; `field` names the input.
    """

    status = 422


Rules = tuple[tuple[Callable[[Case], bool], type[Refused]], ...]


def uphold(rules: Rules[Case], case: Case) -> None:
    """Judge a case by every rule, in the order in which a person wants to be told.

    Raises the refusal that stands beside the first rule which does not hold.
    """
    for holds, refusal in rules:
        if not holds(case):
            raise refusal.because(case)
