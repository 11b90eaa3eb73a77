"""What a service hands to the chassis: the same few parts in each, so that the four look like sisters."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any, Protocol
from uuid import UUID

from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.impossible import Rule
from chassis.settings import Settings
from schemas.envelope import Event, Service


class Deadline(Protocol):
    """Finds what is due and does it by ordinary commands, one transaction each."""

    __name__: str

    def __call__(self, database: Database, *, now: Clock) -> Awaitable[Any]: ...


class Queue(Protocol):
    """Leases one row, calls the outside system, records the outcome. True when there was one."""

    __name__: str

    def __call__(self, database: Database) -> Awaitable[bool]: ...


Rows = Iterable[Sequence[Any]]


class Copy:
    """A copy that is one statement. Made by `copying`; called, it writes one event's rows at once."""

    __name__: str

    def __init__(self, sql: str, rows: Callable[[Any], Rows]) -> None:
        self.sql = sql
        self.rows = rows
        update_wrapper(self, rows)

    async def __call__(self, tx: Transaction, event: Event) -> None:
        await tx.execute_many(self.sql, self.rows(event))


def copying(sql: str) -> Callable[[Callable[[Any], Rows]], Copy]:
    """Declare a copy that is one statement, by a function from an event to its rows.

    The rows of a whole batch are written together, in order within a case: many a round trip the less.
    """
    return lambda rows: Copy(sql, rows)


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a service does about one kind of foreign event. Made by `project` or `react`."""

    handle: Callable[..., Awaitable[None]]
    is_copy: bool

    @property
    def copy(self) -> Copy | None:
        """Its statement and rows, when it is a copy that may be gathered."""
        return self.handle if isinstance(self.handle, Copy) else None


def project(handle: Callable[..., Awaitable[None]]) -> Reaction:
    """A copy of a fact, `handle(tx, event)`: repeated by a replay, idempotent by its key.

    Where it is one statement, `handle` is made by `copying`.
    """
    return Reaction(handle, is_copy=True)


def react(handle: Callable[..., Awaitable[None]]) -> Reaction:
    """An ordinary command, `handle(tx, event, now=clock)`: a replay never runs it again.

    It suppresses the `Refused` it expects by name; any other is our own fault and parks the event.
    """
    return Reaction(handle, is_copy=False)


class Early(Exception):
    """A reaction needs a fact that has not arrived yet: the event waits for it (`bad_input[139]`)."""

    def __init__(self, missing: type[Event], missing_id: Any) -> None:
        self.missing_type = missing.type_name()
        self.missing_id = str(missing_id)
        super().__init__(f"{missing.__name__} {missing_id} is not known here yet")


Reactions = Mapping[type[Event], Reaction | tuple[Reaction, ...]]


@dataclass(frozen=True, slots=True)
class Kept:
    """Tables that hold a copy of others' facts, and the reactions that fill them: see `rebuild`.

    Tables stand in the order in which one refers to another. `own` are columns that are this
    service's facts, or differ by the moment of copying. `told_by` is whose facts they are, and under
    which kind they can be had anew (`restate`).
    """

    tables: tuple[str, ...]
    filled_by: tuple[Callable[..., Awaitable[None]], ...]
    told_by: tuple[tuple[Service, str], ...]
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """That nothing is so any more of a key of a topic which keeps only the newest."""

    topic: str
    key: UUID
    university: str


@dataclass(frozen=True, slots=True)
class Restatement:
    """One kind of facts that this service owns and can tell anew: see `restate`.

    `cases` is one query: keys, in order, after `$1`, at most `$2` of them (none: all). `tell_by`
    makes, from the settings, what lists the events of some cases: what is now so of each, in the
    order in which a reader must hear it. An event says when it happened, where that is kept, and
    otherwise that it is so now. `topics` are those on which these cases are told; `remark` is what
    an operator ought to know of it.
    """

    cases: str
    tell_by: Callable[[Any], Callable[[Transaction, list[UUID]], Awaitable[list[Event | Ended]]]]
    topics: tuple[str, ...] = ("events",)
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """One service, whole. `main.py` builds it; `chassis.cli` runs any role from it.

    `app` builds the web application from settings and database. `paths` are the public paths the
    front door sends here. `consumer` is the group's name. `open_outside` lets a service make its
    outside systems (mailer, provider) from its settings before queues run. `upcoming` is one query for
    what its deadlines will do: deadline, instant (none: at once), id; `$1` is now.
    """

    name: Service
    settings: type[Settings]
    paths: tuple[str, ...]
    app: Callable[[Any, Database], Any]
    reactions: Reactions
    deadlines: tuple[Deadline, ...] = ()
    upcoming: str = ""
    queues: Callable[[Any], tuple[Queue, ...]] = lambda _: ()
    consumer: str = ""
    copies: tuple[Kept, ...] = ()  # every `known_…` table is in one
    restatements: Mapping[str, Restatement] = field(default_factory=dict[str, Restatement])
    impossible: tuple[Rule, ...] = ()  # states that must never be: `impossible.py`
    commands: Mapping[str, Callable[..., Any]] = field(default_factory=dict[str, Any])
