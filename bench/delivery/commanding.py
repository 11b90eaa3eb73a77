"""A command over HTTP, with sign-in, key and stored answer, beside the same SQL under pgbench."""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from uuid import uuid4

from joserfc.jwk import OKPKey

from bench.delivery import servers
from bench.delivery.lanes import Told
from bench.delivery.run import Run
from bench.delivery.trial import Maker, MeasureTaken, command
from bench.delivery.writers import TOPIC, mean_ms, per_second, pgbench
from chassis import clock, identity, outbox
from chassis.actor import Role
from deploy.local.ports import HOST, free_port

ABOUT = "one command over HTTP, beside the same SQL under pgbench"
SECRET = "not a secret, but long enough for one"
WRITERS = 1_000
ANSWERED_WITHIN = 10.0

# What the door, the command and the outbox ask of Postgres, statement by statement; who is signed in
# and whether that was ended is the door's own, and counted against it.
SCRIPT = """
\\set writer random(0, 999)
\\set key random(1, 1000000000000)
BEGIN;
SELECT pg_try_advisory_xact_lock(hashtextextended('proposals.command.me.' || :key, 0));
SELECT request_hash, response FROM commands WHERE actor = 'me' AND idempotency_key = :key::text;
UPDATE writers SET acts = acts + 1 WHERE writer = :writer RETURNING acts;
SELECT clock_timestamp();
{record};
INSERT INTO commands (actor, idempotency_key, request_hash, status, response)
VALUES ('me', :key::text, sha256('asked'), 200, convert_to('{{"number": 1}}', 'UTF8'));
COMMIT;
"""


async def measure(run: Run) -> None:
    """In turns; no relay runs, so that only the command itself is compared."""
    script = servers.FOLDER / "command.sql"
    script.write_text(SCRIPT.format(record=recording()))
    for turn in range(1, run.size.rounds + 1):
        await command(run.trial.dsn, "TRUNCATE proposals.outbox, proposals.commands; CHECKPOINT")
        said = await pgbench(run.trial, str(script), run.size.writers, run.size.seconds)
        run.note("command", turn, "pgbench", rate=per_second(said), mean_ms=mean_ms(said))
        await command(run.trial.dsn, "TRUNCATE proposals.outbox, proposals.commands; CHECKPOINT")
        rate, mean = await _over_http(run)
        run.note("command", turn, "over HTTP", rate=rate, mean_ms=mean)
    await command(run.trial.dsn, "TRUNCATE proposals.outbox")


def recording() -> str:
    """The outbox's own statement, with the parameters of one event written into it."""
    told = Told.of(Maker().events(1)[0])
    headers = json.dumps(told.headers).replace("'", "''").replace(":", ": ")
    row = [
        "ARRAY[gen_random_uuid()]", f"ARRAY['{TOPIC}']", "ARRAY['writer-' || :writer]",
        f"ARRAY['{MeasureTaken.type_name()}']", f"ARRAY['{headers}'::jsonb]",
        f"ARRAY[convert_to(repeat('x', {len(told.value)}), 'UTF8')]",
        "ARRAY[now()]", "ARRAY['oxford']", "ARRAY['MeasureTaken']", "ARRAY['writer']",
        "NULL::uuid", "'student'", "NULL::text", "NULL::text",
    ]  # fmt: skip
    sql = outbox.WRITE.strip()
    for place in range(len(row), 0, -1):
        sql = sql.replace(f"${place}", row[place - 1])
    return sql


async def _over_http(run: Run) -> tuple[float, float]:
    """Answers a second and their mean in milliseconds; each client waits for its answer."""
    port, signing = free_port(), OKPKey.generate_key("Ed25519")
    public = json.dumps(signing.as_dict(private=False))
    head = _head(signing, public, port)
    taken: list[float] = []
    async with AsyncExitStack() as leaving:
        told = run.trial.environment("proposals") | {
            "SIGNING_PUBLIC_KEY": public,
            "PUBLIC_URL": f"http://localhost:{port}",
        }
        words = [sys.executable, "-m", "bench.delivery.web", str(port)]
        await leaving.enter_async_context(servers.process(words, told, name="ours-web"))
        await asyncio.gather(*(_ask(port, head, 1.0, []) for _ in range(run.size.writers)))
        began = time.perf_counter()
        await asyncio.gather(
            *(_ask(port, head, run.size.seconds, taken) for _ in range(run.size.writers))
        )
        seconds = time.perf_counter() - began
    return len(taken) / seconds, 1000 * sum(taken) / len(taken)


def _head(signing: OKPKey, public: str, port: int) -> str:
    """Of every request: a student, signed in a moment ago."""
    keys = identity.Keys.read(SECRET, public)
    student = identity.SignIn(
        sign_in_id=uuid4().hex, person_ref=uuid4(), university="oxford",
        roles=(Role.APPLICANT.value,), name="A Student", method="oidc",
        signed_in_at=clock.real_now(),
    )  # fmt: skip
    cookie = identity.mint(student, signing_key=signing, keys=keys, now=clock.real_now())
    return (
        f"Host: localhost:{port}\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        f"Cookie: {identity.COOKIE}={cookie}\r\n"
        f"X-CSRF-Token: {identity.csrf_token(keys, student)}\r\n"
    )


async def _ask(port: int, head: str, seconds: float, taken: list[float]) -> None:
    """One client on one kept connection: command after command, each under a key of its own."""
    reader, writer = await asyncio.open_connection(HOST, port)
    body = json.dumps({"words": "sent by a client"})
    ends = time.perf_counter() + seconds
    try:
        while (began := time.perf_counter()) < ends:
            key = uuid4().int
            writer.write(
                f"POST /api/proposals/v1/writers/{key % WRITERS}/act HTTP/1.1\r\n{head}"
                f"Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            async with asyncio.timeout(ANSWERED_WITHIN):
                answer = await reader.readuntil(b"\r\n\r\n")
            fields = dict(
                line.split(b": ", 1) for line in answer.lower().split(b"\r\n")[1:] if line
            )
            said = await reader.readexactly(int(fields[b"content-length"]))
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"the command was answered {answer[:40]!r} {said[:300]!r}")
            taken.append(time.perf_counter() - began)
    finally:
        writer.close()
