"""An application's submit: by the API, beside the transaction it cannot do without.

A submit sets others to work: relay, two workers, mail. So it is measured apart, when what the one
before has caused is over; and back to back, when it competes with that for the same cores.
"""

import asyncio
import contextlib

from bench.figures import Figure, Result, Target
from bench.limit import bare_server
from bench.plain import PlainTransaction
from bench.stage import Draft, Stage
from bench.wire import Wire

ABOUT = "sending one application, in milliseconds"
TARGET = Target(of="median", most=30)
WARM_UP = 5
APART = 0.15  # seconds between one request and the next


async def measure(stage: Stage) -> Result:
    """A submit through Caddy, one at the service, a plain transaction, a bare answer: in turn."""
    through = Figure("submit through Caddy, apart", "ms", TARGET)
    direct = Figure("submit at the service, apart", "ms")
    packed = Figure("submit through Caddy, back to back", "ms")
    plain = Figure("lock, update, insert an outbox row, commit: asyncpg alone", "ms", is_limit=True)
    answer = Figure("POST answered with a constant, bare Starlette", "ms", is_limit=True)
    figures = [through, direct, packed, plain, answer]
    transaction = await PlainTransaction.on(stage.dsn)
    async with bare_server() as port, contextlib.AsyncExitStack() as leaving:
        leaving.push_async_callback(transaction.close)
        for _ in range(stage.size.repetitions):
            drafts = await stage.drafts(stage.size.submissions)
            # Made after the preparing, in which a kept connection would have been closed.
            front_door, behind, bare = stage.front_door, stage.behind("applications"), Wire(port)
            for _ in range(WARM_UP):
                await transaction.run()
                bare.post("/receipt", {})
            for figure in figures:
                figure.begin_repetition()
            for one, other in zip(drafts[::3], drafts[1::3], strict=False):
                through.add(await _apart(one, front_door))
                plain.add(1000 * await transaction.run())
                direct.add(await _apart(other, behind))
                answer.add(1000 * bare.post("/receipt", {}).seconds)
            packed.add(*[1000 * draft.submit(front_door).seconds for draft in drafts[2::3]])
            stage.note_sent(*drafts)
        await stage.clear()
    return Result("submit", ABOUT, figures)


async def _apart(draft: Draft, wire: Wire) -> float:
    """Milliseconds of one submit; what it causes is over before the next thing is measured."""
    seconds = draft.submit(wire).seconds
    await asyncio.sleep(APART)
    return 1000 * seconds
