"""The vendored files are what the manifest says, and every theme can be read."""

import hashlib
import json
import re
from collections.abc import Iterator

import pytest

from chassis.pages import STATIC
from chassis.universities import university

MANIFEST = json.loads((STATIC / "manifest.json").read_text())
THEMES = sorted((STATIC / "themes").glob("*.css"))
WHITE, BLACK = "#ffffff", "#0b0c0c"

OURS = {"font.css", "house.css", "manifest.json", "page.js", "start.js"}


@pytest.mark.parametrize("entry", MANIFEST, ids=[entry["file"] for entry in MANIFEST])
def test_a_vendored_file_is_the_one_that_was_built(entry):
    assert hashlib.sha256((STATIC / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert (STATIC / entry["licence_text"]).read_text()


def test_every_file_is_ours_or_in_the_manifest():
    files = {path.name for path in STATIC.iterdir() if path.is_file()}

    assert files == OURS | {entry["file"] for entry in MANIFEST}


def test_nothing_of_a_government_is_left_in_the_styles():
    css = (STATIC / "ui.css").read_text()

    assert "GDS Transport" not in css
    assert "crest" not in css.replace("govuk-footer__copyright-logo", "")
    assert not re.search(r"url\((?!\"?data:)", css)
    assert css.count("{") == css.count("}")


def test_no_file_leads_out_of_the_house():
    for path in STATIC.glob("*.[cj]s*"):
        assert not re.search(r"(?:url\(|from |import\()[\"']?https?:", path.read_text()), path.name


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, by WCAG 2.2."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def pairs(theme: dict[str, str]) -> Iterator[tuple[str, str, str, float]]:
    """What must be told from what: name, colour, ground, least contrast."""
    grounds = {
        "page": WHITE,
        "surface": theme["surface-background"],
        "frame": theme["template-background"],
    }
    for where, ground in grounds.items():
        yield f"text on {where}", BLACK, ground, 4.5
        yield f"link on {where}", theme["link"], ground, 4.5
        yield f"link under the pointer on {where}", theme["link-hover"], ground, 4.5
        yield f"quiet text on {where}", theme["secondary-text"], ground, 4.5
        yield f"edge of focus on {where}", BLACK, ground, 3
        yield f"panel's edge on {where}", theme["brand"], ground, 3
    yield "text on the header", WHITE, theme["brand"], 4.5
    yield "focus on the header", theme["focus"], theme["brand"], 3
    yield "text in focus", BLACK, theme["focus"], 4.5


@pytest.mark.parametrize("path", THEMES, ids=[path.stem for path in THEMES])
def test_a_theme_can_be_read(path):
    theme = dict(re.findall(r"--govuk-([a-z-]+)-colour: (#[0-9a-f]{6});", path.read_text()))

    weak = [
        f"{name}: {contrast(colour, ground):.2f}"
        for name, colour, ground, least in pairs(theme)
        if contrast(colour, ground) < least
    ]

    assert weak == []


def test_every_theme_has_its_mark():
    assert [path.with_suffix(".svg").is_file() for path in THEMES] == [True] * len(THEMES)
    assert {path.stem for path in THEMES} == {"northfield", "oxford", "queen-mary"}


@pytest.mark.parametrize("path", THEMES, ids=[path.stem for path in THEMES])
def test_mails_and_pages_wear_one_colour(path):
    assert f"--govuk-brand-colour: {university(path.stem).brand};" in path.read_text()
