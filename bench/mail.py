"""From the answer of a submit to its mail in the catcher, while submissions come at a steady rate."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import local
from typing import Any

from bench import submit
from bench.figures import Figure, Result, Target
from bench.stage import Draft, Stage
from bench.wire import Answer, Wire
from deploy.local import status

ABOUT = "from a submit's answer to its mail in the catcher, at a steady rate"
TARGET = Target(of="p99", most=1000)
HANDS = 16  # threads that send: a slow answer must not hold up the next submission
LETTER = "received"


async def measure(stage: Stage) -> Result:
    """Send on time, whatever becomes of it; then match each mail to its submission."""
    size = stage.size
    rate = f"at {size.rate} submissions/s for {size.seconds} s"
    committed = Figure(f"submit's answer → mail, {rate}", "ms", TARGET)
    sent = Figure(f"submit's first byte → mail, {rate}", "ms")
    answered = Figure(f"submit through Caddy, {rate}", "ms", submit.TARGET)
    figures = [committed, sent, answered]
    late: list[float] = []
    missing = twice = 0
    for _ in range(size.repetitions):
        drafts = await stage.drafts(size.rate * size.seconds)
        await stage.forget_mails()
        for figure in figures:
            figure.begin_repetition()
        answers = await _send_steadily(drafts, stage, late)
        stage.note_sent(*drafts)
        stage.readings.append(status.described(stage.settings))
        await stage.clock.settles()
        arrived = await _arrivals(stage)
        for draft, answer in zip(drafts, answers, strict=True):
            found = arrived.get(draft.correlation_id, [])
            missing += not found
            twice += len(found) > 1
            answered.add(1000 * answer.seconds)
            if found:
                committed.add(1000 * (found[0] - answer.ended_at))
                sent.add(1000 * (found[0] - answer.began_at))
    await stage.clear()
    return Result(
        "mail",
        ABOUT,
        figures,
        counts={
            "submissions": size.repetitions * size.rate * size.seconds,
            "mails that did not come": missing,
            "mails that came twice": twice,
            "latest start of a submission behind its instant, ms": round(1000 * max(late)),
        },
    )


async def _send_steadily(drafts: list[Draft], stage: Stage, late: list[float]) -> list[Answer]:
    """Each at its own instant, however long those before it take (an open loop)."""
    hand, loop = local(), asyncio.get_running_loop()

    def send(draft: Draft, due: float) -> Answer:
        late.append(time.monotonic() - due)
        if not hasattr(hand, "wire"):
            hand.wire = Wire(stage.settings.port)
        return draft.submit(hand.wire)

    begins = time.monotonic() + 0.1
    with ThreadPoolExecutor(HANDS) as hands:
        sending: list[asyncio.Future[Answer]] = []
        for number, draft in enumerate(drafts):
            due = begins + number / stage.size.rate
            await asyncio.sleep(due - time.monotonic())
            sending.append(loop.run_in_executor(hands, send, draft, due))
        return await asyncio.gather(*sending)


async def _arrivals(stage: Stage) -> dict[str, list[float]]:
    """When each receipt came in, by the correlation id that its submit was given."""
    found: dict[str, list[float]] = {}
    for mail in await stage.house.mails():
        headers: dict[str, Any] = dict(mail["headers"])
        if headers.get("X-Letter") == LETTER:
            came = datetime.fromisoformat(mail["received_at"]).timestamp()
            found.setdefault(headers["X-Correlation-ID"], []).append(came)
    return found
