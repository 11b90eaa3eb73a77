"""The proxy as a process of its own: the links of a stack, and a socket by which they are commanded.

    python -m tests.promises.proxy --control /folder/proxy.sock kafka=19092:127.0.0.1:9092 …

Each `NAME=LISTEN:HOST:PORT` is a link (see `link.py`) that listens on 127.0.0.1. The process says
"ready" when all do, and ends at SIGTERM. Who plays the faults speaks to it so:

    proxy = Proxy(Path("/folder/proxy.sock"))
    await proxy.set("postgres", drop="both")
    await proxy.heal()                      # every link
    await proxy.counts()                    # {"kafka": {"connections": 12, …}, …}

On the wire: one JSON object a line, `{"do": "set", "link": "postgres", "faults": {"drop": "both"}}`;
the answer is `{"told": …}` or `{"fault": "…"}`.
"""

import argparse
import asyncio
import contextlib
import json
import signal
from pathlib import Path
from typing import Any

from tests.promises.faults import End, Faults
from tests.promises.link import Link


class Proxy:
    """What a campaign holds: commands to a proxy in another process."""

    def __init__(self, control: Path) -> None:
        self._control = control

    async def set(self, link: str, **faults: Any) -> None:
        """Have one link fail like this, until told otherwise: the fields of `Faults`."""
        await self._ask("set", link, faults=faults)

    async def heal(self, link: str | None = None) -> None:
        """Nothing is wrong any more, with one link or with all."""
        await self._ask("heal", link)

    async def cut(self, link: str | None = None) -> int:
        """Reset every open connection now; how many there were."""
        return await self._ask("cut", link)

    async def strand(self, link: str, end: End = "both") -> int:
        """Leave open connections without their peer; how many there were."""
        return await self._ask("strand", link, end=end)

    async def counts(self) -> dict[str, dict[str, int]]:
        """What each link has done so far."""
        return await self._ask("counts", None)

    async def _ask(self, do: str, link: str | None, **more: Any) -> Any:
        reader, writer = await asyncio.open_unix_connection(str(self._control))
        try:
            writer.write(json.dumps({"do": do, "link": link, **more}).encode() + b"\n")
            answer = json.loads(await reader.readline())
        finally:
            writer.close()
        if "fault" in answer:
            raise ValueError(answer["fault"])
        return answer["told"]


class Commanded:
    """The links of one process, and what may be asked of them."""

    def __init__(self, links: dict[str, Link]) -> None:
        self._links = links

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer every line of one caller."""
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):  # the process is ending
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            return {"told": self._do(asked.pop("do"), asked.pop("link", None), asked)}
        except (ValueError, TypeError, KeyError) as fault:
            return {"fault": f"{type(fault).__name__}: {fault}"}

    def _do(self, do: str, name: str | None, more: dict[str, Any]) -> Any:
        links = [self._links[name]] if name else [*self._links.values()]
        match do:
            case "set":
                for link in links:
                    link.set(**_spoken(more["faults"]))
            case "heal":
                for link in links:
                    link.heal()
            case "cut":
                return sum(link.cut() for link in links)
            case "strand":
                return sum(link.strand(more["end"]) for link in links)
            case "counts":
                return {name: dict(link.counts) for name, link in self._links.items()}
            case _:
                raise ValueError(f"no such command: {do}")
        return None


def _spoken(faults: dict[str, Any]) -> dict[str, Any]:
    said = faults.get("cut_on")
    told = {**faults, **({"cut_on": said.encode()} if said else {})}
    Faults(**told)  # a misspelt fault must not pass for none
    return told


async def run(places: list[str], control: Path, seed: int) -> None:
    """Keep the links until told to stop."""
    links: dict[str, Link] = {}
    for place in places:
        name, _, rest = place.partition("=")
        listen, host, port = rest.split(":")
        links[name] = await Link.open(
            host, int(port), listen=int(listen), name=name, seed=seed + len(links)
        )
    server = await asyncio.start_unix_server(Commanded(links).serve, str(control))
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    print("ready", flush=True)
    await stop.wait()
    server.close()
    for link in links.values():
        await link.close()


def main() -> None:
    """The command line."""
    import uvloop

    parser = argparse.ArgumentParser(prog="python -m tests.promises.proxy", description=__doc__)
    parser.add_argument("--control", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0, help="of losses and jitter")
    parser.add_argument("links", nargs="+", metavar="NAME=LISTEN:HOST:PORT")
    given = parser.parse_args()
    given.control.unlink(missing_ok=True)
    try:
        uvloop.run(run(given.links, given.control, given.seed))
    finally:
        given.control.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
