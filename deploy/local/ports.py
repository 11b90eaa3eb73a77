"""Ports on loopback: free ones for what nobody types, and a name for the one somebody must move."""

import os
import socket

HOST = "127.0.0.1"
LISTENS_ON = os.environ.get("LISTEN_ON", HOST)
"""Where the stand-ins for a university listen: loopback, but in a container of their own."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_open(port: int, host: str = HOST) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


class PortIsTaken(Exception):
    """Something else listens where the stack must; the message names the setting that moves it."""


def must_be_free(port: int, setting: str) -> None:
    """Raises `PortIsTaken` where another process listens on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # lingering closes do not count
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortIsTaken(f"Port {port} is taken: choose another by {setting}.") from error


def is_free(port: int) -> bool:
    """Whether the stack could listen there."""
    try:
        must_be_free(port, "")
    except PortIsTaken:
        return False
    return True
