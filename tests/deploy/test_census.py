"""How much our processes hold, those that went into a group of their own included."""

import os
import signal
import subprocess
import sys
import time

from deploy.local import census

MIB = 2**20
HOLD = "x = b'x' * (64 * 2**20); print('held', flush=True); import time; time.sleep(60)"
START = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {HOLD!r}], start_new_session=True).wait()
"""


def test_a_child_that_leads_its_own_group_is_counted_with_its_parent():
    parent = subprocess.Popen(
        [sys.executable, "-c", START], stdout=subprocess.PIPE, start_new_session=True, text=True
    )
    assert parent.stdout.readline() == "held\n"
    child = next(pid for pid, relation in census._family().items() if relation.parent == parent.pid)
    try:
        assert census.memory([parent.pid])[parent.pid] > 64 * MIB
        apart = census.memory([parent.pid, child])
        assert apart[parent.pid] < 64 * MIB < apart[child]
    finally:
        parent.kill()
        os.kill(child, signal.SIGKILL)
        parent.wait()


def test_what_has_ended_holds_nothing():
    gone = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    gone.wait()
    time.sleep(0.05)

    assert census.memory([gone.pid]) == {}
