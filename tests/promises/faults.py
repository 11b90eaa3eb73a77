"""What can be wrong with a link between two processes."""

from dataclasses import dataclass
from typing import Literal

Way = Literal["up", "down"]  # up: from the client to the server
End = Literal["client", "server", "both"]


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a link. Nothing, unless said."""

    refuse: bool = False
    """New connections are refused, as by a host whose server is down."""
    drop: Literal["up", "down", "both"] | None = None
    """A black hole, one way or both: nothing passes, nobody is told."""
    delay: float = 0.0
    """Seconds that each chunk takes longer, `jitter` more or less; order is kept."""
    jitter: float = 0.0
    loss: float = 0.0
    """Share of chunks that come only by a retransmission."""
    rate: int | None = None
    """Bytes per second and connection: a trickle."""
    reset_after: int | None = None
    """Each connection is reset when so many bytes more have passed one way: in mid-frame."""
    reset_way: Way = "down"
    cut_on: bytes | None = None
    """A connection is reset when its client says this, …"""
    cut_passes: bool = False
    """… before it has passed; or else after the server's answer has come, which the client never sees."""
    times: int | None = None
    """How many connections are reset so; None: every one."""

    def drops(self, way: Way) -> bool:
        """Whether this direction is a black hole."""
        return self.drop in (way, "both")

    @property
    def let_pass(self) -> bool:
        """Whether a chunk may go straight through."""
        return not (
            self.drop or self.delay or self.jitter or self.loss or self.rate
            or self.reset_after is not None or self.cut_on
        )  # fmt: skip
