"""Build the vendored half of `chassis/static` from the packages that `package.json` pins.

    make assets        (or: python -m deploy.assets.build)

Needs npm; nothing else in the house does. What is built is committed, with the licence texts and
`manifest.json`, which a test holds the files to. The other half of the folder is our own writing.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "chassis" / "static"

FONT = "@fontsource-variable/source-sans-3"
COPIED = {  # file in `chassis/static` -> (package, file in the package)
    "govuk-frontend.min.js": ("govuk-frontend", "dist/govuk/govuk-frontend.min.js"),
    "htmx.min.js": ("htmx.org", "dist/htmx.min.js"),
    "source-sans-3-latin-wght-normal.woff2": (
        FONT,
        "files/source-sans-3-latin-wght-normal.woff2",
    ),
    "source-sans-3-latin-ext-wght-normal.woff2": (
        FONT,
        "files/source-sans-3-latin-ext-wght-normal.woff2",
    ),
}
LICENCES = {  # package -> (SPDX name, file in the package, or beside this script)
    "govuk-frontend": ("MIT", HERE / "licence-govuk-frontend.txt"),  # its package carries none
    "htmx.org": ("0BSD", "LICENSE"),
    FONT: ("OFL-1.1", "LICENSE"),
}
CREST = re.compile(r"[^{}]*\{[^{}]*govuk-crest[^{}]*\}")
SOURCE_MAP = re.compile(r"\n?/[/*][#@] sourceMappingURL=\S+(?: \*/)?\s*$")


def main() -> None:
    """Fetch the packages into a folder that is thrown away, build, copy, and write the manifest."""
    with tempfile.TemporaryDirectory() as folder:
        packages = _install(Path(folder))
        made = {"ui.css": "govuk-frontend", **{name: of for name, (of, _) in COPIED.items()}}
        (STATIC / "ui.css").write_text(_compile_styles(packages))
        for name, (package, inside) in COPIED.items():
            _copy(packages / package / inside, STATIC / name)
        licences = {package: _keep_licence(package, packages) for package in LICENCES}
        manifest = [_entry(name, made[name], packages, licences) for name in sorted(made)]
    (STATIC / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def _install(folder: Path) -> Path:
    shutil.copy(HERE / "package.json", folder)
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "node_modules"


def _compile_styles(packages: Path) -> str:
    """Compile `ui.scss`, and take out the crest: the footer is ours."""
    sass = ["node", packages / "sass" / "sass.js", "--style=compressed", "--no-source-map"]
    done = subprocess.run(
        [*sass, "--quiet-deps", f"--load-path={packages}", HERE / "ui.scss"],
        check=True,
        capture_output=True,
        text=True,
    )
    return CREST.sub("", done.stdout.removeprefix("\ufeff"))


def _copy(source: Path, target: Path) -> None:
    """Copy one file; a script loses the address of a source map that is not here."""
    if source.suffix == ".js":
        target.write_text(SOURCE_MAP.sub("\n", source.read_text()))
    else:
        shutil.copy(source, target)


def _keep_licence(package: str, packages: Path) -> str:
    _, text = LICENCES[package]
    source = text if isinstance(text, Path) else packages / package / text
    name = f"licences/{package.removeprefix('@').replace('/', '-')}.txt"
    (STATIC / name).write_text(source.read_text().rstrip() + "\n")
    return name


def _entry(name: str, package: str, packages: Path, licences: dict[str, str]) -> dict[str, Any]:
    about = json.loads((packages / package / "package.json").read_text())
    return {
        "file": name,
        "package": package,
        "version": about["version"],
        "licence": LICENCES[package][0],
        "licence_text": licences[package],
        "sha256": hashlib.sha256((STATIC / name).read_bytes()).hexdigest(),
    }


if __name__ == "__main__":
    main()
