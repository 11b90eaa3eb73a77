"""The cage: a stranger's file is looked into by a process of its own, which has little to lose.

Both ends of the pipe stand here. `Cage.examine` starts the process from the side that is kept safe: an
empty environment, and an end to our patience. `answer` runs inside: it gives up what it does not need
before it reads a byte, and then lets a module of the service examine the file. The answer is one line
of JSON (what was found, or `fault`), then the copy that the module wrote.
"""

import asyncio
import importlib
import json
import resource
import sys
from pathlib import Path
from typing import Any

Found = tuple[dict[str, Any], bytes]
"""What was found in a file, as JSON has it, and the copy written of it."""

PROCESSOR_SECONDS = 10
LONGEST = 12  # seconds, by the clock on the wall

_ROOT = str(Path(__file__).resolve().parents[1])
_START = "import sys; sys.path.insert(0, sys.argv[1]); from chassis import cage; cage.answer(*sys.argv[2:])"


class Fault(Exception):
    """Why a file is refused, as a code: raised inside, and again outside."""


class CageIsBroken(Exception):
    """The examining process could not even begin: our own fault, never told to anyone as the file's."""


class Cage:
    """Examines files by one module, so many at once; further ones wait.

    The module holds `examine(original, *words)`, which gives what was found and the copy, and `MEMORY`,
    the bytes it may use. It is imported inside alone.
    """

    def __init__(self, module: str, *, at_once: int) -> None:
        self._module = module
        self._free = asyncio.Semaphore(at_once)

    async def examine(self, original: bytes, *words: str) -> Found:
        """What is in a file, and the copy. Raises `Fault`; `CageIsBroken` where it is not the file."""
        async with self._free:
            found, copy = await _examined(self._module, original, *words)
        if fault := found.get("fault"):
            raise Fault(fault)
        return found, copy


async def _examined(module: str, original: bytes, *words: str) -> Found:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-c",
        _START,
        _ROOT,
        module,
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    try:
        answered, _ = await asyncio.wait_for(process.communicate(original), LONGEST)
    except TimeoutError:
        return _faulty("too-complex")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    line, _, copy = answered.partition(b"\n")
    if (process.returncode or 0) < 0:
        return _faulty("too-complex")  # the kernel ended it: memory, or processor time
    if process.returncode or not line:
        raise CageIsBroken(f"{module} ended with {process.returncode}")
    return json.loads(line), copy


def answer(module: str, *words: str) -> None:
    """Inside: examine what comes in, and answer on standard output; a fault is an answer too."""
    examiner: Any = importlib.import_module(module)
    _confine(examiner.MEMORY)
    try:
        found, copy = examiner.examine(sys.stdin.buffer.read(), *words)
    except Fault as fault:
        found, copy = _faulty(str(fault))
    except (MemoryError, RecursionError):
        found, copy = _faulty("too-complex")
    except Exception:
        # Whatever a decoder stumbles over is the file's doing: it is not passed on.
        found, copy = _faulty("unreadable")
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n" + copy)


def _confine(memory: int) -> None:
    """Give up what is not needed, for good: no more than this, no files written, no children."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def _faulty(code: str) -> Found:
    return {"fault": code}, b""
