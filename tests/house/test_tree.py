"""Nothing in the tree that only one machine, or nobody, should have."""

import re

import pytest

from tests.house.tree import ROOT, files

TEXT = (
    "*.py",
    "*.md",
    "*.toml",
    "*.txt",
    "*.yaml",
    "*.yml",
    "*.sql",
    "*.html",
    "*.json",
    "Makefile",
)
REFUSED = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:root|work|home/\w+)/"),
    "a registry's host": re.compile(
        r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs|repo1?\.maven|repo\.maven|proxy\.golang|"
        r"crates\.io|deb\.debian\.org)"
    ),
    "a secret": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "work left undone": re.compile(r"\b(?:TODO|FIXME|XXX)\b"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_tree_holds_no(what):
    here = ROOT / "tests" / "house" / "test_tree.py"
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files(*TEXT)
        if file != here and "static" not in file.parts
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if REFUSED[what].search(line)
    ]

    assert found == []


def test_what_names_hosts_is_not_tracked():
    assert files("uv.lock", "*package-lock.json") == []
