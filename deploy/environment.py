"""Make a virtual environment that holds exactly what `requirements/` lists, hashes checked.

`python3 deploy/environment.py [FOLDER] [LIST …]`; without arguments `.venv` with `dev`. Runs on
nothing but Python. A second run finds nothing to do; uv, where it is found, does it in a second.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


def make(folder: Path, lists: list[str]) -> None:
    """Bring the environment up to the lists; a broken or older one is made anew."""
    files = [ROOT / "requirements" / f"{name}.txt" for name in lists]
    mark = folder / "requirements.sha256"
    wanted = fingerprint(files)
    if mark.exists() and mark.read_text() == wanted and (folder / "bin" / "python").exists():
        return
    if sys.version_info < OLDEST:
        raise SystemExit(f"Python {'.'.join(map(str, OLDEST))} or newer is needed.")
    print(f"Installing what requirements/ lists into {folder.name} …", flush=True)
    uv = os.environ.get("UV") or shutil.which("uv")
    _with_uv(uv, folder, files) if uv else _with_pip(folder, files)
    mark.write_text(wanted)


def fingerprint(files: list[Path]) -> str:
    """What the environment was made from: the lists and the Python."""
    content = hashlib.sha256(sys.version.encode())
    for file in files:
        content.update(file.read_bytes())
    return content.hexdigest()


def _with_uv(uv: str, folder: Path, files: list[Path]) -> None:
    python = folder / "bin" / "python"
    _run([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)])
    lists = [str(file) for file in files]
    _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python), *lists])


def _with_pip(folder: Path, files: list[Path]) -> None:
    try:
        venv.create(folder, with_pip=True, clear=True)
    except subprocess.CalledProcessError as error:
        raise SystemExit(
            "Python's venv cannot install pip here; on Debian and Ubuntu: apt install python3-venv"
        ) from error
    lists = [word for file in files for word in ("-r", str(file))]
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--require-hashes", "--no-deps", "--progress-bar", "on", "-q", *lists])


def _run(command: list[str]) -> None:
    if subprocess.run(command).returncode:
        raise SystemExit("The environment could not be made; see above.")


if __name__ == "__main__":
    make(
        Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".venv",
        sys.argv[2:] or ["dev"],
    )
