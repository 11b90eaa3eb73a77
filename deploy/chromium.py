"""Find a Chromium for the browser tests: `CHROMIUM`, or the path; as root on Debian, install it."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> str | None:
    """Where one is, or None."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if os.access(given, os.X_OK) else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    """Make sure of one where we may; where we may not, the browser tests say that they were skipped."""
    if find():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print("No Chromium found: the browser tests will be skipped. Name one in CHROMIUM.")
        return
    print("Installing Debian's Chromium for the browser tests …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL).returncode:
            sys.exit("Debian's Chromium could not be installed; name one in CHROMIUM.")


if __name__ == "__main__":
    main()
