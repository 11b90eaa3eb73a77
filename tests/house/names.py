"""What a file may be called, and how long it may grow, before it is split by noun."""

from pathlib import Path

REFUSED = {"utils", "util", "helpers", "helper", "common", "base", "manager", "models", "service"}
LONGEST = 500  # lines; the house aims at 400


def badly_named(files: list[Path]) -> list[str]:
    """Python files whose name says nothing of what is in them."""
    return [str(file) for file in files if file.stem in REFUSED and file.suffix == ".py"]


def too_long(files: list[Path]) -> list[str]:
    """Files in which a second noun lives, most likely."""
    counted = {file: len(file.read_text().splitlines()) for file in files}
    return [f"{file}: {lines} lines" for file, lines in counted.items() if lines > LONGEST]
