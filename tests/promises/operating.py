"""An operator's commands, run beside a stage as an operator runs them: in a process of their own."""

import asyncio
import sys
from collections.abc import Mapping, Sequence

from deploy.local.settings import ROOT
from schemas.envelope import Service
from tests.promises.stage import Stage

SIGNED = ("--reason", "The harness breaks the house.", "--as", "the harness")
WITHIN = 60.0
OF_A_PROCESS = ("FAILPOINTS", "METRICS_PORT")  # told to those that run, and not to commands


async def tried(
    on: Stage,
    service: Service,
    words: Sequence[str],
    told: Mapping[str, str] | None = None,
    *,
    within: float = WITHIN,
) -> tuple[int, str]:
    """Run a command, whatever comes of it: its exit code, and what it complained of."""
    environment = on.environment(service)
    for key in OF_A_PROCESS:
        environment.pop(key, None)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"services.{service}", *words),
        cwd=ROOT,
        env={**environment, **(told or {})},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(within):
        _, said = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace")


async def runs(
    on: Stage,
    service: Service,
    *words: str,
    told: Mapping[str, str] | None = None,
    within: float = WITHIN,
) -> None:
    """Run a command that must come to its end. Raises `RuntimeError` with what it said."""
    code, said = await tried(on, service, words, told, within=within)
    if code:
        raise RuntimeError(f"{words[0]} of {service} ended with {code}: {said}")
