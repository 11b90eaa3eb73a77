"""The least a page can cost here: a bare route that answers a constant of the same size.

`python -m bench.limit PORT`.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.demo.patience import until
from deploy.local.ports import HOST, free_port
from deploy.local.probes import answers_ok
from deploy.local.settings import ROOT

CONSTANT = "<!doctype html>".ljust(1_000_000, "x").encode()


async def answer_constant(request: Request) -> Response:
    """So many bytes, the same each time."""
    return HTMLResponse(CONSTANT[: request.path_params["size"]])


async def answer_receipt(request: Request) -> Response:
    """Read what was sent, and answer as a submit does, without doing anything."""
    await request.body()
    return JSONResponse({"reference": "OX-00000", "status": "submitted", "revision": 1})


app = Starlette(
    routes=[
        Route("/constant/{size:int}", answer_constant),
        Route("/receipt", answer_receipt, methods=["POST"]),
    ]
)


@asynccontextmanager
async def bare_server() -> AsyncIterator[int]:
    """Its port; it runs in a process of its own, as a service does."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.limit", str(port), cwd=ROOT
    )
    try:
        url = f"http://{HOST}:{port}/constant/1"
        await until(lambda: answers_ok(url), what="the bare server", within=30)
        yield port
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


if __name__ == "__main__":
    uvicorn.run(
        app,
        host=HOST,
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        loop="uvloop",
        timeout_keep_alive=65,
    )
