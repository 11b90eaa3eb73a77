"""Named places where a process can be made to die, or to hesitate: between any two steps that matter.

Inert unless `FAILPOINTS` names a folder, which production refuses. A file in it named like a failpoint
arms that one; who passes it takes the file away, so that one process falls, once, and the fall is on
record as `<name>.<pid>`. The file's text says what happens: `kill` (SIGKILL, also when it is empty), or
`sleep 0.5` (seconds, held without letting anything else of the process run).
"""

import os
import signal
import time
from pathlib import Path

FAILPOINTS = {
    # every command, whichever role runs it: a request, a reaction, a deadline
    "command.begun": "the transaction is open, nothing is locked",
    "command.locked": "the lock is held and the clock was read",
    "command.saved": "its own rows are saved, no event is recorded",
    "command.recorded": "events and audit rows are written, not committed",
    "command.committed": "committed, and nobody has been told: no answer, no nudge",
    # relay
    "relay.read": "rows are read, nothing is sent",
    "relay.sent": "batches are handed to the client, none is acknowledged",
    "relay.part_acknowledged": "some batches are acknowledged, others are not",
    "relay.acknowledged": "all are acknowledged, none is marked",
    "relay.marked": "the rows are marked as published",
    # deadlines
    "deadlines.listed": "what is due is listed, nothing is done",
    "deadlines.lapsed": "one lapse is committed, others are still due",
    # worker
    "worker.polled": "records are fetched, no transaction is open",
    "worker.positioned": "the position rows are locked",
    "worker.reacting": "some reactions of the batch have run, others have not",
    "worker.taken_in": "inbox, sequences and positions are written, not committed",
    "worker.parked": "an event is parked, not committed",
    "worker.committed": "effects are committed, Kafka knows nothing of it",
    "worker.revoked": "partitions are taken away, the batch in hand is not drained",
    "worker.redriving": "the first of a parked case is redriven, the rest is not",
    # mail
    "mail.leased": "a mail is leased, the server has heard nothing of it",
    "mail.recipients": "the server took the recipient, our row says nothing of the text",
    "mail.begun": "our row says that the text is on its way, the server has none of it",
    "mail.sent": "the text is sent, the server has not answered",
    "mail.answered": "the server has taken it, the outcome is not written",
    # operator
    "migrate.between": "one step of a migration is applied, the next is not",
    "rebuild.half": "some rows are to be published again, others not yet",
    "rebuild.unmarked": "all rows are to be published again, the log is not emptied",
    "restate.half": "some facts are told anew, others not yet",
    "recover.raised": "sequences are raised past the log, not committed",
}
"""Each boundary, and what is so when a process falls there."""

_folder = Path(os.environ["FAILPOINTS"]) if os.environ.get("FAILPOINTS") else None


def failpoint(name: str) -> None:
    """Pass a boundary. Costs one comparison where nothing is armed."""
    if _folder is not None:
        _pass(_folder, name)


def _pass(folder: Path, name: str) -> None:
    if name not in FAILPOINTS:
        raise LookupError(f"no such failpoint: {name}")
    taken = folder / f"{name}.{os.getpid()}"
    try:
        (folder / name).rename(taken)
    except FileNotFoundError:
        return
    act, _, seconds = taken.read_text().strip().partition(" ")
    if act == "sleep":
        time.sleep(float(seconds))
    else:
        os.kill(os.getpid(), signal.SIGKILL)
