"""Processes are started, brought back when they crash, and ended without a trace."""

import asyncio
import os
import signal
import sys
import time
from itertools import pairwise

import pytest

from deploy.local import census
from deploy.local.ports import free_port
from deploy.local.probes import listens
from deploy.local.supervisor import DidNotStart, Program, Supervisor

SLEEPS = "import time; time.sleep(600)"
ENDS_AT_ONCE = "raise SystemExit(3)"
IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
)
HAS_A_CHILD = (
    "import subprocess, sys, time; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); time.sleep(600)"
)


def a_program(code, *, name="toy", **more):
    environment = {"PATH": os.environ["PATH"]}
    return Program(name, (sys.executable, "-c", code), environment=environment, **more)


@pytest.fixture
async def supervisor(tmp_path):
    supervisor = Supervisor(tmp_path, first_pause=0.05)
    yield supervisor
    await supervisor.stop()


async def until(condition, seconds=20):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what another process does has no event
            await asyncio.sleep(0.02)


async def test_process_that_was_killed_comes_back(supervisor):
    await supervisor.start([a_program(SLEEPS)], within=10)
    toy = supervisor.standings["toy"]
    first = toy.pid

    os.kill(first, signal.SIGKILL)
    await until(lambda: toy.restarts == 1 and toy.is_ready)

    assert toy.pid != first
    assert toy.last_exit == -signal.SIGKILL


async def test_process_that_keeps_ending_is_started_ever_later(tmp_path):
    restarts = []

    def tell():
        toy = supervisor.standings["toy"]
        if toy.state == "starting":
            restarts.append(time.monotonic())

    supervisor = Supervisor(tmp_path, tell, first_pause=0.1)
    # Whether it is once seen running is a matter of luck: `start` may find it ready, or give up.
    starting = asyncio.create_task(supervisor.start([a_program(ENDS_AT_ONCE)], within=60))
    await until(lambda: len(restarts) >= 4)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await supervisor.stop()

    pauses = [later - earlier for earlier, later in pairwise(restarts[:4])]
    assert supervisor.standings["toy"].last_exit == 3
    assert [pause > least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True)] == [
        True
    ] * 3


async def test_process_is_ready_when_its_probe_says_so(supervisor):
    port = free_port()
    serve = f"import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')"

    await supervisor.start([a_program(serve, is_ready=lambda: listens(port))], within=20)

    assert await listens(port)


async def test_process_that_is_not_ready_in_time_is_named_with_its_last_words(supervisor):
    async def never() -> bool:
        return False

    says = "print('no luck today', flush=True); " + SLEEPS

    with pytest.raises(DidNotStart, match=r"(?s)toy is not ready.*no luck today"):
        await supervisor.start([a_program(says, is_ready=never)], within=2)


async def test_process_that_refuses_its_settings_is_not_waited_for(supervisor):
    async def never() -> bool:
        return False

    refuses = "import sys; print('PORT: not a number', file=sys.stderr); sys.exit(78)"

    async with asyncio.timeout(10):
        with pytest.raises(DidNotStart, match=r"(?s)ended with 78.*PORT: not a number"):
            await supervisor.start([a_program(refuses, is_ready=never)], within=60)


async def test_stop_insists_when_a_process_does_not_listen(supervisor):
    await supervisor.start([a_program(IGNORES_SIGTERM, grace=0.3)], within=10)
    toy = supervisor.standings["toy"]
    pid, born = toy.pid, toy.born
    await asyncio.sleep(0.3)  # until the signal is ignored

    await supervisor.stop()

    assert not census.is_alive(pid, born)
    assert (toy.state, toy.pid) == ("stopped", None)


async def test_stop_leaves_no_child_of_a_process_behind(supervisor):
    await supervisor.start([a_program(HAS_A_CHILD)], within=10)
    group = supervisor.standings["toy"].pid
    await until(lambda: _members(group) == 2)

    await supervisor.stop()

    await until(lambda: _members(group) == 0, 10)  # init takes a moment to bury the child


async def test_child_of_a_crashed_process_is_ended_before_it_is_started_again(supervisor):
    await supervisor.start([a_program(HAS_A_CHILD)], within=10)
    toy = supervisor.standings["toy"]
    group = toy.pid
    await until(lambda: _members(group) == 2)

    os.kill(group, signal.SIGKILL)
    await until(lambda: toy.restarts == 1)

    assert _members(group) == 0


async def test_what_was_started_last_is_ended_first(supervisor, tmp_path):
    told = tmp_path / "told"
    tells = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(told)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"open({str(tmp_path)!r} + '/up-' + sys.argv[1], 'w')\n"
        "time.sleep(600)"
    )
    for name in ("a", "b", "c"):
        command = (sys.executable, "-c", tells, name)
        await supervisor.start([Program(name, command, {"PATH": os.environ["PATH"]})], within=10)
        await until((tmp_path / f"up-{name}").exists)

    await supervisor.stop()

    assert told.read_text() == "cba"


def _members(group: int) -> int:
    """How many processes of a group live; the dead that nobody has waited for do not count."""
    alive = 0
    for entry in census.PROC.iterdir():
        if entry.name.isdigit() and census.birth(int(entry.name)):
            try:
                alive += os.getpgid(int(entry.name)) == group
            except ProcessLookupError:
                continue
    return alive
