"""One connection through a link: two sides, a flow each way, and what befalls them."""

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, cast

from tests.promises.faults import End, Way

if TYPE_CHECKING:
    from tests.promises.link import Link

MOST_HELD = 256 * 1024  # bytes of one direction; then its sender must wait, as with a full window
RETRANSMISSION = 0.2  # what a lost packet costs, doubled when it is lost again
SLICE = 0.02
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST


class Side(asyncio.Protocol):
    """One end of a connection, seen from between: what it says, we carry `way`."""

    def __init__(self, connection: "Connection", way: Way) -> None:
        self.connection = connection
        self.way: Way = way
        self.transport: asyncio.Transport | None = None
        self.flow: Flow

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.made(self)

    def data_received(self, data: bytes) -> None:
        self.flow.feed(data)

    def eof_received(self) -> bool:
        self.flow.put(None)
        return True  # the other direction may go on

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.flow.put(exc or Closed())
        self.connection.lost()

    def pause_writing(self) -> None:
        self.connection.flow_into(self).hold_source(by="peer")

    def resume_writing(self) -> None:
        self.connection.flow_into(self).release_source(by="peer")

    def write(self, data: bytes) -> None:
        if self.transport:
            self.transport.write(data)

    def end(self) -> None:
        """Nothing more is to come to this end."""
        if self.transport and self.transport.can_write_eof():
            self.transport.write_eof()

    def reset(self) -> None:
        """Close by RST."""
        if self.transport:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            self.transport.abort()


class Closed(Exception):
    """An end was closed in good order."""


Put = bytes | None | Exception
"""What goes through a flow: bytes, the end of one direction, or the loss of the whole connection."""


class Flow:
    """One direction of one connection: straight through where all is well, else in order by a task."""

    def __init__(self, connection: "Connection", source: Side, sink: Side) -> None:
        self._connection = connection
        self._link = connection.link
        self._source, self._sink = source, sink
        self._queue: deque[tuple[float, Put]] = deque()
        self._held = 0
        self._last_due = 0.0
        self._holders = set[str]()
        self._task: asyncio.Task[None] | None = None
        self.left: int | None = None  # bytes until a reset

    @property
    def way(self) -> Way:
        return self._source.way

    def feed(self, data: bytes) -> None:
        if self._connection.is_stranded:
            self._connection.speak_into_the_void(self._source, len(data))
        elif self._task is None and self._link.faults.let_pass and self._sink.transport:
            self._pass(data)
        else:
            self.put(data)

    def put(self, what: Put) -> None:
        if self._connection.is_stranded or self._connection.is_over:
            return
        now = asyncio.get_running_loop().time()
        self._last_due = max(self._last_due, now + self._lateness())
        self._queue.append((self._last_due, what))
        if isinstance(what, bytes):
            self._held += len(what)
            if self._held > MOST_HELD:
                self.hold_source(by="queue")
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._pump())

    def stop(self) -> None:
        self._queue.clear()
        if self._task:
            self._task.cancel()

    def hold_source(self, *, by: str) -> None:
        self._holders.add(by)
        if self._source.transport and self._source.transport.is_reading():
            self._source.transport.pause_reading()

    def release_source(self, *, by: str) -> None:
        self._holders.discard(by)
        if not self._holders and self._source.transport and not self._source.transport.is_closing():
            self._source.transport.resume_reading()

    def read_on(self) -> None:
        """Whatever there was to wait for, it is over."""
        for holder in [*self._holders]:
            self.release_source(by=holder)

    def _lateness(self) -> float:
        faults, dice = self._link.faults, self._link.random
        late = faults.delay + dice.uniform(-faults.jitter, faults.jitter)
        wait = RETRANSMISSION
        while faults.loss and dice.random() < faults.loss and wait < 4:
            self._link.counts["lost"] += 1
            late, wait = late + wait, wait * 2
        return max(late, 0.0)

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        await self._connection.is_whole.wait()
        while self._queue:
            due, what = self._queue[0]
            if due > loop.time():
                self._link.counts["delayed"] += 1
                await asyncio.sleep(due - loop.time())
            while self._link.faults.drops(self.way):
                self._link.counts["held"] += 1
                await self._link.changed.wait()
            self._queue.popleft()
            await self._carry(what)
        self._task = None

    async def _carry(self, what: Put) -> None:
        if what is None:
            self._sink.end()
        elif isinstance(what, Exception):
            self._connection.over(what)
        else:
            for piece in self._pieces(what):
                self._pass(piece)
                if rate := self._link.faults.rate:
                    await asyncio.sleep(len(piece) / rate)
            self._held -= len(what)
            if self._held < MOST_HELD // 2:
                self.release_source(by="queue")

    def _pieces(self, data: bytes) -> list[bytes]:
        rate = self._link.faults.rate
        size = max(int(rate * SLICE), 1) if rate else len(data)
        return [data[at : at + size] for at in range(0, len(data), size)]

    def _pass(self, data: bytes) -> None:
        """To the other end, unless this is where the connection is to break."""
        connection, counts = self._connection, self._link.counts
        if connection.is_over:
            return
        if self.way == "down" and connection.awaits_the_answer_to_lose:
            connection.reset("answers_lost")
            return
        said = self._link.faults.cut_on
        if said and self.way == "up" and said in data and self._link.take_one_of_the_times():
            if not self._link.faults.cut_passes:
                connection.reset("questions_lost")
                return
            connection.awaits_the_answer_to_lose = True
        breaks = self.left is not None and len(data) > self.left
        if breaks and self._link.take_one_of_the_times():
            data = data[: self.left]
        else:
            breaks = False
        if self.left is not None:
            self.left -= len(data)
        self._sink.write(data)
        counts[f"bytes_{self.way}"] += len(data)
        if breaks:
            connection.reset("reset_in_mid_frame")


class Connection:
    """A client's connection and ours to the server for it."""

    def __init__(self, link: "Link") -> None:
        self.link = link
        self.client, self.server = Side(self, "up"), Side(self, "down")
        self.client.flow = Flow(self, self.client, self.server)
        self.server.flow = Flow(self, self.server, self.client)
        self.is_whole = asyncio.Event()
        self.is_over = False
        self.is_stranded = False
        self.may_be_told = False  # that nobody is there
        self.awaits_the_answer_to_lose = False
        self._connecting: asyncio.Task[None] | None = None

    def flow_into(self, side: Side) -> Flow:
        return (self.server if side is self.client else self.client).flow

    def made(self, side: Side) -> None:
        if side is self.client:
            self.link.connections.add(self)
            self.link.counts["connections"] += 1
            self.begin_counting()
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        else:
            self.is_whole.set()

    def begin_counting(self) -> None:
        faults = self.link.faults
        for flow in (self.client.flow, self.server.flow):
            flow.left = faults.reset_after if flow.way == faults.reset_way else None

    async def _connect(self) -> None:
        while self.link.faults.drop:  # a handshake needs both directions
            await self.link.changed.wait()
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self.server, self.link.host, self.link.target
            )
        except OSError:
            self.reset("server_away")

    def reset(self, why: str) -> None:
        if not self.is_over:
            self.link.counts[why] += 1
            self._forget()
            self.client.reset()
            self.server.reset()

    def over(self, why: Exception) -> None:
        """One end has gone, and the other may know."""
        if not self.is_over:
            self._forget()
            for side in (self.client, self.server):
                if isinstance(why, Closed) and side.transport:
                    side.transport.close()
                else:
                    side.reset()

    def strand(self, end: End) -> None:
        if self.is_over or self.is_stranded:
            return
        self.link.counts["stranded"] += 1
        self.is_stranded = True
        for side, name in ((self.client, "client"), (self.server, "server")):
            side.flow.stop()
            if end not in (name, "both"):
                side.reset()
            else:
                side.flow.read_on()

    def speak_into_the_void(self, side: Side, length: int) -> None:
        self.link.counts["bytes_swallowed"] += length
        if self.may_be_told:
            side.reset()

    def lost(self) -> None:
        if self.is_stranded and not (self.client.transport or self.server.transport):
            self._forget()

    def _forget(self) -> None:
        self.is_over = True
        self.link.connections.discard(self)
        if self._connecting:
            self._connecting.cancel()
        for side in (self.client, self.server):
            side.flow.stop()
