"""One command behind the real door, in a process of its own: `python -m bench.delivery.web PORT`."""

import sys
from typing import Any

import uvicorn
import uvloop

from bench.delivery.trial import MeasureTaken, words_of
from chassis import clock, logs, outbox, settings, web
from chassis.application import application
from chassis.database import Database
from deploy.local.ports import HOST

SAVE = "UPDATE writers SET acts = acts + 1 WHERE writer = $1 RETURNING acts"


class Act(web.Body):
    """What a client sends."""

    words: str


def routes() -> list[Any]:
    """As a service declares them."""
    api = web.api("proposals")

    @api.post("/writers/{writer}/act", audience=web.APPLICANT)
    async def act(writer: int, body: Act, door: web.TheDoor) -> Any:
        async def run(tx: Any) -> dict[str, int]:
            number: int = await tx.value(SAVE, writer)
            case_id = f"writer-{writer}"
            event = MeasureTaken(
                university="oxford",
                occurred_at=await clock.now(tx),
                case_id=case_id,
                number=number,
                words=words_of(case_id, number)[: -len(body.words)] + body.words,
            )
            await outbox.record(tx, [event], actor=door.who)
            return {"number": number}

        return await door.answer(run)

    return [api]


class Announced(uvicorn.Server):
    """Says so when it listens."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)


async def main(port: int) -> None:
    """Serve until told to stop, as the role `web` of a service does."""
    told = settings.read(settings.Settings)
    logs.set_up(service="proposals", role="web")
    database = await Database.open(
        told.dsn, service="proposals", now_sql=clock.sql(production=True), role="web"
    )
    app = application(service="proposals", settings=told, database=database, routes=routes())
    server = Announced(uvicorn.Config(app, host=HOST, port=port, log_config=None, access_log=False))
    await server.serve()
    await database.close()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
