"""One link between processes that can be made to fail: a TCP proxy before one server.

    link = await Link.open("127.0.0.1", 5432)          # clients connect to link.port
    link.set(delay=2.0, jitter=0.5)                    # from now on, also for open connections
    link.set(drop="down")                              # answers are held back, questions pass
    link.cut()                                         # every open connection is reset
    link.heal()                                        # all is well again

Faults hold until others are set. What is dropped is held back and arrives after healing, as TCP
would send it again; only `strand` and `cut` lose bytes, as a lost peer does.
"""

import asyncio
import random
import socket
from collections import Counter
from typing import Any

from tests.promises.connection import Connection
from tests.promises.faults import End, Faults


class Link:
    """A port of our own before a server: many connections, the same faults for all of them."""

    def __init__(self, host: str, port: int, *, name: str, seed: int) -> None:
        self.host = host
        self.target = port
        self.name = name
        self.port = 0
        self.faults = Faults()
        self.counts: Counter[str] = Counter()
        self.changed = asyncio.Event()
        self.random = random.Random(seed)
        self.times_left: int | None = None
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._place: socket.socket | None = None

    @classmethod
    async def open(
        cls, host: str, port: int, *, listen: int = 0, name: str = "link", seed: int = 0
    ) -> "Link":
        """Listen on 127.0.0.1; the server behind need not be there yet."""
        link = cls(host, port, name=name, seed=seed)
        place = _bound(listen)
        link.port = place.getsockname()[1]
        await link._listen(place)
        return link

    def set(self, **faults: Any) -> None:
        """Have these faults from now on, in place of any before; of open connections too."""
        before, self.faults = self.faults, Faults(**faults)
        self.times_left = self.faults.times
        for connection in self.connections:
            connection.begin_counting()
        self._refuse(before.refuse, self.faults.refuse)
        self.changed.set()
        self.changed = asyncio.Event()

    def heal(self) -> None:
        """Nothing is wrong any more. What was held back flows; stranded ends hear at their next word."""
        for connection in self.connections:
            connection.may_be_told = True
        self.set()

    def cut(self) -> int:
        """Reset every open connection at both ends, now; how many there were."""
        open_now = list(self.connections)
        for connection in open_now:
            connection.reset("cut")
        return len(open_now)

    def strand(self, end: End = "both") -> int:
        """Leave open connections without a peer: `end` keeps a socket that nobody answers any more.

        The other end is closed. New connections are served. After `heal` the stranded end is reset
        when it next says something, as by a host that has started anew.
        """
        open_now = [one for one in self.connections if not one.is_stranded]
        for connection in open_now:
            connection.strand(end)
        return len(open_now)

    async def close(self) -> None:
        """Stop listening and reset what is open."""
        self.heal()
        if self._server:
            self._server.close()
        if self._place:
            self._place.close()
        self.cut()
        await asyncio.sleep(0)

    async def _listen(self, place: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self).client, sock=place)
        if self.faults.refuse:  # said meanwhile
            self._refuse(False, True)

    def _refuse(self, was: bool, is_so: bool) -> None:
        """Close the listener, and keep its port by a socket that is bound and does not listen."""
        if is_so and not was and self._server:
            self._place = _bound(self.port)
            self._server.close()
            self._server = None
        elif was and not is_so and self._place:
            place, self._place = self._place, None
            self._relisten = asyncio.ensure_future(self._listen(place))

    def take_one_of_the_times(self) -> bool:
        """Whether one more connection may be reset by `reset_after` or `cut_on`."""
        if self.times_left is None:
            return True
        self.times_left -= 1
        return self.times_left >= 0


def _bound(port: int) -> socket.socket:
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.setblocking(False)
    place.bind(("127.0.0.1", port))
    return place
