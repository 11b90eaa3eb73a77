"""A letter as plain text and as HTML, from `letters/`: the same facts in the same order."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chassis import instants
from schemas.deadline import Deadline
from services.notifications.mailer.wording import Around, subject_of, words_of

LETTERS = Path(__file__).resolve().parent.parent / "letters"
WIDTH = 76
INLINER = CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Written:
    """What a reader sees."""

    subject: str
    text: str
    html: str


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(LETTERS),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["said"] = said
    return environment


def said(at: Deadline | datetime, zone: str = "") -> str:
    """An instant in full, in its own zone or the one that is given."""
    if isinstance(at, Deadline):
        return str(instants.instant(at.at, at.zone))
    return str(instants.instant(at, zone))


def write(around: Around) -> Written:
    """Write a letter. Raises what Jinja raises where a template misspells a name."""
    known = words_of(around)
    subject = subject_of(around, known)
    known["subject"] = subject
    name = around.letter.name
    return Written(
        subject=subject,
        text=_wrapped(_rendered(f"{name}.txt", known)),
        html=INLINER.inline(_rendered(f"{name}.html", known)),
    )


def _rendered(template: str, known: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(known)


def _wrapped(text: str) -> str:
    """Lines under 78 characters where a link allows, paragraphs one empty line apart."""
    lines: list[str] = []
    for line in text.splitlines():
        indent = "  " if line.startswith("- ") else ""
        lines += textwrap.wrap(
            line.rstrip(),
            WIDTH,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
