"""What relay and nudge cost those who write: pgbench alone, and pgbench with both at work."""

import asyncio
import json
import re
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from bench.delivery import servers
from bench.delivery.lanes import Told
from bench.delivery.run import Run
from bench.delivery.trial import Maker, MeasureTaken, Trial, command
from deploy.local import postgres

ABOUT = "writers' transactions a second, without and with relay and nudge"
TOPIC = "proposals.events"

SCRIPT = """
\\set writer random(0, 999)
BEGIN;
UPDATE writers SET acts = acts + 1 WHERE writer = :writer;
WITH raised AS (
    INSERT INTO sequences (topic, key, last) VALUES ('{topic}', 'writer-' || :writer, 1)
        ON CONFLICT (topic, key) DO UPDATE SET last = sequences.last + 1
    RETURNING key, last
)
INSERT INTO outbox (event_id, topic, key, sequence, type, headers, value)
SELECT gen_random_uuid(), '{topic}', key, last, '{type}',
       '{headers}'::jsonb || jsonb_build_object('ce_sequence', last::text),
       convert_to(repeat('x', {size}), 'UTF8')
  FROM raised;
COMMIT;
"""
"""One row changed, one event recorded: what the smallest command cannot do without."""

COMPANIES = {"alone": (), "with nudge": ("nudge",), "with relay and nudge": ("relay", "nudge")}
ALL_OUT, STEADY = "all they can", "steady"
TURNS = [(ALL_OUT, company) for company in COMPANIES] + [
    (STEADY, "alone"),
    (STEADY, "with relay and nudge"),
]


async def measure(run: Run) -> None:
    """As many as they can, then at a steady rate; alone, then with both; round after round."""
    script = servers.FOLDER / "writers.sql"
    script.write_text(written())
    for turn in range(1, run.size.rounds + 1):
        for pace, company in TURNS:
            more = ("-R", str(run.size.rate)) if pace == STEADY else ()
            said, behind = await _write(run, str(script), more, COMPANIES[company])
            run.note(
                "writers",
                turn,
                f"{pace}, {company}",
                per_second=per_second(said),
                mean_ms=mean_ms(said),
                left_unpublished=behind,
            )


def written() -> str:
    """The script, with the headers and the size of every other event here."""
    told = Told.of(Maker().events(1)[0])
    return SCRIPT.format(
        topic=TOPIC,
        type=MeasureTaken.type_name(),
        headers=json.dumps(told.headers).replace("'", "''").replace(":", ": "),
        size=len(told.value),
    )


async def _write(
    run: Run, script: str, more: tuple[str, ...], roles: tuple[str, ...]
) -> tuple[str, int]:
    """What pgbench says, and how many rows the relay still had before it."""
    await command(run.trial.dsn, "TRUNCATE proposals.outbox; CHECKPOINT")
    async with AsyncExitStack() as company:
        for role in roles:
            await company.enter_async_context(run.trial.running(role))
        said = await pgbench(run.trial, script, run.size.writers, run.size.seconds, *more)
        behind = await run.trial.here.value(
            "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        )
    await command(run.trial.dsn, "TRUNCATE proposals.outbox")
    return said, behind if "relay" in roles else 0


async def pgbench(trial: Trial, script: str, clients: int, seconds: int, *more: str) -> str:
    """Run it as the service's own login, and return what it says."""
    where = urlsplit(trial.here.dsn)
    words = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), *more]
    process = await asyncio.create_subprocess_exec(
        str(postgres.binaries() / "pgbench"), *words, "-f", script,
        "-h", "127.0.0.1", "-p", str(where.port), "-U", str(where.username), where.path.strip("/"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    servers.note_started(process.pid)
    said, complaint = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"pgbench failed: {complaint.decode()[-500:]}")
    return said.decode()


def per_second(said: str) -> float:
    """Transactions a second, as pgbench counted them."""
    return _number(r"tps = ([\d.]+)", said)


def mean_ms(said: str) -> float:
    """What one of them took on the average."""
    return _number(r"latency average = ([\d.]+)", said)


def _number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    if found is None:
        raise RuntimeError(f"pgbench says nothing of {pattern}: {said[-500:]}")
    return float(found[1])
