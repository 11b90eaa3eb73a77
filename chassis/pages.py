"""How a page is made: the templates of one service over those of the house, and what each page knows.

    pages = Pages("applications")
    html = pages.render("offer.html", frame.values() | {"offer": offer})

Every value is escaped, every sentence marked for translation. A name that a template misspells
raises where it would be printed: an empty space on a page is found by a stranger, an error by a test.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from jinja2.runtime import Undefined

from chassis import instants, languages
from chassis.money import money
from chassis.navigation import Item
from schemas.envelope import Service

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"


@dataclass(frozen=True, slots=True)
class University:
    """Whose pages these are: name, mark, colours and mailbox. Known by the name of the host."""

    slug: str  # also of its theme: static/themes/<slug>.css and .svg
    name: str
    mailbox: str
    service: str = "Micro-internships"
    office: str = "Internship Office"
    zone: str = "Europe/London"
    brand: str = "#12355b"  # its colour, for mails and browsers: neither reads the theme


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as the bar shows it."""

    name: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page knows of its request. The door fills it; a route adds its own values."""

    university: University
    navigation: tuple[Item, ...] = ()
    act_as: tuple[Item, ...] = ()
    person: Person | None = None
    csrf_token: str = ""
    command_key: str = ""  # a fresh one for each page with a form: a double click is one command
    nonce: str = ""
    language: str = "en"
    path: str = "/"

    def values(self) -> dict[str, Any]:
        """For `Pages.render`, together with the page's own."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


class Unprintable(Undefined):
    """A name nobody gave: it may be asked for, as the macros do, and may not be printed."""

    __slots__ = ()

    def __str__(self) -> str:
        self._fail_with_undefined_error()

    __html__ = __str__


class Pages:
    """The pages of one service."""

    def __init__(self, service: Service | None = None, *, folders: Iterable[Path] = ()) -> None:
        own = [HERE.parent / "services" / service / "web" / "templates"] if service else []
        self.environment = _environment([*folders, *own, TEMPLATES])

    def render(self, template: str, context: Mapping[str, Any]) -> str:
        """One page as HTML."""
        return self.environment.get_template(template).render(context)


def _environment(folders: list[Path]) -> Environment:
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    environment = Environment(
        loader=ChoiceLoader([*(FileSystemLoader(folder) for folder in folders), govuk]),
        autoescape=True,
        undefined=Unprintable,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    # Newstyle: a translated sentence is marked safe and its values are escaped as they go in.
    open_ended: Any = environment  # an extension adds the method; names and filters take anything
    open_ended.install_gettext_callables(languages.gettext, languages.ngettext, newstyle=True)
    open_ended.globals |= _QUIET | {
        "asset": asset,
        "plural": languages.plural,
        "left": instants.left,
        "clocks_change": instants.clocks_change,
    }
    open_ended.filters |= {
        "instant": instants.instant,
        "words": instants.words,
        "elsewhere": instants.elsewhere,
        "short": instants.short,
        "moment": instants.moment,
        "day": instants.day,
        "on_day": instants.on_day,
        "days": instants.days,
        "time_of_day": instants.time_of_day,
        "money": money,
    }
    return environment


_QUIET: dict[str, Any] = {
    "title": "",
    "current": "",  # the address of the bar's item this page belongs to
    "back": None,  # {text, href}
    "trail": (),  # breadcrumbs
    "wide": False,  # the office's tables
    "live": False,  # the page swaps parts of itself: load htmx
    "errors": (),  # [{text, href}] for the summary
    "refused": None,  # a refusal by a rule, with its sentence
    "notice": None,  # what was just done
    "languages": languages.OFFERED,
}
"""What a page may leave unsaid."""


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that a browser may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:8]
    return f"/static/{name}?{digest}"
