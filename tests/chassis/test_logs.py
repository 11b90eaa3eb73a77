"""Whatever is logged, by us or by a library, is one JSON object a line, and no other."""

import json
import subprocess
import sys

LOGGING = """
import logging
import structlog
from chassis import logs

logs.set_up(service="proposals", role="relay")
logging.getLogger("a.library").warning("something %s", "odd\\nor forged")
structlog.get_logger().warning("relay.away", error="OSError", address="priya@oxford.example")
"""


def test_a_librarys_warning_is_a_line_like_ours():
    done = subprocess.run(
        [sys.executable, "-c", LOGGING], capture_output=True, text=True, timeout=30
    )

    theirs, ours = (json.loads(line) for line in done.stdout.splitlines())
    assert (theirs["event"], theirs["level"]) == ("something odd or forged", "warning")
    assert (ours["event"], ours["error"]) == ("relay.away", "OSError")
    assert "address" not in ours
    assert done.stderr == ""
