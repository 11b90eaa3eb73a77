"""What a test lets loose in a cage: it does as the file says, and tells where it is."""

import os
import resource
import signal
import time
from pathlib import Path
from tempfile import TemporaryFile

from chassis.cage import Fault, Found

MEMORY = 256 * 1024 * 1024


def examine(original: bytes, *words: str) -> Found:
    match original:
        case b"take memory":
            bytearray(2 * MEMORY)
        case b"take time":
            time.sleep(60)
        case b"write":
            with TemporaryFile() as file:
                file.write(b"x" * 100)
        case b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"say no":
            raise Fault("said-no")
        case b"stumble":
            raise ValueError
    found = {
        "words": list(words),
        "environment": dict(os.environ),
        "here": str(Path.cwd()),
        "memory": resource.getrlimit(resource.RLIMIT_AS),
        "open files": resource.getrlimit(resource.RLIMIT_NOFILE),
    }
    return found, original[::-1]
