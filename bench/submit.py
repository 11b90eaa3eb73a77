"""An application's submit: by the API, one after the other, beside the transaction it cannot do without."""

import contextlib

from bench.figures import Figure, Result, Target
from bench.limit import bare_server
from bench.plain import PlainTransaction
from bench.stage import Stage
from bench.wire import Wire

ABOUT = "sending one application, in milliseconds"
TARGET = Target(of="median", most=30)
WARM_UP = 5


async def measure(stage: Stage) -> Result:
    """A submit through Caddy, one at the service, a plain transaction, a bare answer: in turn."""
    through = Figure("submit through Caddy", "ms", TARGET)
    direct = Figure("submit at the service", "ms")
    plain = Figure("lock, update, insert an outbox row, commit: asyncpg alone", "ms", is_limit=True)
    answer = Figure("POST answered with a constant, bare Starlette", "ms", is_limit=True)
    figures = [through, direct, plain, answer]
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
            for one, other in zip(drafts[::2], drafts[1::2], strict=False):
                through.add(1000 * one.submit(front_door).seconds)
                plain.add(1000 * await transaction.run())
                direct.add(1000 * other.submit(behind).seconds)
                answer.add(1000 * bare.post("/receipt", {}).seconds)
            stage.note_sent(*drafts)
        await stage.clear()
    return Result("submit", ABOUT, figures)
