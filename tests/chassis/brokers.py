"""A broker that a test may stop, wipe and start again: never the one that others use."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import jars, kafka
from deploy.local.ports import free_port
from tests.servers import JARS


class Mortal:
    """One broker on a port of its own, which it keeps."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "kafka.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._broker = kafka.Broker(
            jars=jars.fetch(JARS),
            data=folder / "kafka",
            port=free_port(),
            controller_port=free_port(),
        )

    @property
    def bootstrap(self) -> str:
        return self._broker.bootstrap

    def start(self) -> None:
        self._process = kafka.start(self._broker, self._log)

    def kill(self) -> None:
        """Without any chance to put things in order."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
            self._process = None

    def wipe(self) -> None:
        """Its disk is lost; what comes up in its place knows nothing."""
        self.kill()
        shutil.rmtree(self._broker.data)
        self.start()


@contextmanager
def mortal_broker(folder: Path) -> Iterator[Mortal]:
    broker = Mortal(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
