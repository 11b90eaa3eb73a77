"""What was asked of the house, what it answered, and what was done to it: JSON lines, only appended.

    with History(folder / "history.jsonl") as history:
        history.invoke(command)                        # the client sends it for the first time
        history.answer(command, attempt=1, status=201, body=b"…")   # once for each answer that came
        history.ok(command, status=201, subjects=["…"])             # or fail(), or unknown(): its end
        history.fault("kill", "proposals-relay-1", until=…)         # whoever breaks something says so

A command has one `invoke` and one end. `ok`: it was accepted. `fail`: it was refused, and nothing of it
may exist. `unknown`: its answer never came, so it is there wholly or not at all. Between the two stands
an `answer` for every answer that came, so that it can be seen whether a key that is asked twice is
answered alike, byte for byte. `at` is seconds since 1970 by the clock of this host, which is also
Postgres's here; `clock` is monotonic, for durations.

Each line is written by one `write` to a file opened for appending: several processes may share it.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

Ending = Literal["ok", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Command:
    """One HTTP write, as its client means it."""

    key: str
    """Its Idempotency-Key; of a form, the hidden field that stands for it."""
    name: str
    """What it does, in the words of the house: `submit application`."""
    client: str
    service: str
    actor: str
    """The pseudonym (person_ref) of who is signed in; "" for a visitor."""
    path: str
    body_hash: str
    method: str = "POST"
    subjects: Sequence[str] = ()
    """Ids of what it is about, known before it is asked."""
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else a reader of the history needs to know what to look for."""


class History:
    """Appends lines. Safe to share between tasks and between processes."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def invoke(self, command: Command) -> None:
        """A client is about to ask."""
        self.write("invoke", **asdict(command))

    def answer(
        self, command: Command, *, attempt: int, status: int, body: bytes, heard: bool = True
    ) -> None:
        """An answer came. `heard=False`: the client was made to throw it away and ask again."""
        self.write(
            "answer",
            key=command.key,
            attempt=attempt,
            status=status,
            answer_hash=hash_of(body),
            heard=heard,
        )

    def silence(self, command: Command, *, attempt: int, why: str) -> None:
        """No answer came, and why."""
        self.write("silence", key=command.key, attempt=attempt, why=why)

    def ok(self, command: Command, *, status: int, subjects: Sequence[str] = ()) -> None:
        """It was accepted."""
        self._ends("ok", command, status=status, subjects=[*command.subjects, *subjects])

    def fail(self, command: Command, *, status: int, why: str = "") -> None:
        """It was refused."""
        self._ends("fail", command, status=status, subjects=[*command.subjects], why=why)

    def unknown(self, command: Command, *, why: str) -> None:
        """Nobody said."""
        self._ends("unknown", command, subjects=[*command.subjects], why=why)

    def fault(self, kind: str, target: str, **told: Any) -> None:
        """Something was broken, or healed: `kind` names what was done."""
        self.write("fault", fault=kind, target=target, **told)

    def planted(self, key: str) -> None:
        """A record that nobody can read is about to be sent under this key, by ourselves."""
        self.write("planted", key=key)

    def write(self, line: str, **told: Any) -> None:
        """Append one line, wholly."""
        row = {"line": line, "at": time.time(), "clock": time.monotonic(), **told}
        os.write(self._file, json.dumps(row, default=str, ensure_ascii=True).encode() + b"\n")

    def _ends(self, ending: Ending, command: Command, **told: Any) -> None:
        self.write(ending, key=command.key, name=command.name, service=command.service, **told)

    def close(self) -> None:
        """Nothing more will be written here."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        self.close()


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Every line, in the order of writing. A last line cut short by a crash is no line."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def hash_of(body: bytes) -> str:
    """The sha256 of what was said, so that two answers can be compared without keeping them."""
    return hashlib.sha256(body).hexdigest()
