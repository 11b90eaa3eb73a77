"""Writes what follows from the code into each service's README and the operators' page.

`python -m services.readmes` writes between the two marks of each page; `--check` compares and exits
1 on a difference. Everything around the marks is written by people and left alone.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import is_dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import typer
from prometheus_client import Counter, Gauge, Histogram
from pydantic import SecretStr

from chassis import cli, metrics
from chassis.parts import Parts
from chassis.settings import Settings
from schemas.envelope import Event, Service
from schemas.generate import events_of, file_name

ROOT = Path(__file__).resolve().parent.parent
OPEN, CLOSE = "<!-- generated -->", "<!-- end -->"
BETWEEN = re.compile(f"{re.escape(OPEN)}.*?{re.escape(CLOSE)}", re.DOTALL)
OPERATING = Path("docs", "operating.md")

Moves = dict[str, dict[StrEnum, StrEnum]]


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit code."""
    if unknown := [each for each in arguments if each != "--check"]:
        print(f"unknown argument {unknown[0]}; there is only --check", file=sys.stderr)
        return 64
    if "--check" in arguments:
        wrong = [path for path, text in pages().items() if (ROOT / path).read_text() != text]
        for path in wrong:
            print(f"{path} is not what the code says: run `make docs`", file=sys.stderr)
        return 1 if wrong else 0
    for path, text in pages().items():
        (ROOT / path).write_text(text)
        print(path)
    return 0


def pages() -> dict[Path, str]:
    """Each page as it should be, by its path in the tree. Raises `LookupError` without its marks."""
    parts = [parts_of(service) for service in get_args(Service)]
    written = {Path("services", each.name, "README.md"): _sections(each) for each in parts}
    written[OPERATING] = _titled(
        {
            "Roles and commands": _command_line(parts),
            "Settings": _settings(parts),
            "Metrics": _metrics(),
        }
    )
    return {path: _filled(path, text) for path, text in written.items()}


def parts_of(service: Service) -> Parts:
    """One service, whole, as its `main.py` puts it together."""
    return importlib.import_module(f"services.{service}.main").SERVICE


def nouns_of(service: str) -> dict[str, tuple[type[StrEnum], Moves]]:
    """Everything of a service that has states: its name, its states, its table of moves."""
    return {
        each.__name__.rpartition(".")[2]: (each.Status, each.MOVES)
        for each in _modules(f"services.{service}.domain")
        if hasattr(each, "MOVES") and getattr(each, "Status", None) in _own(each)
    }


def _filled(path: Path, text: str) -> str:
    page = (ROOT / path).read_text()
    if len(BETWEEN.findall(page)) != 1:
        raise LookupError(f"{path} needs {OPEN} and {CLOSE}, once")
    return BETWEEN.sub(lambda _: f"{OPEN}\n{text}\n{CLOSE}", page)


def _sections(parts: Parts) -> str:
    return _titled(
        {
            "States": _states(parts.name),
            "Commands": _commands(parts.name),
            "Events out": _events_out(parts.name),
            "Events in": _events_in(parts),
            "What time does": _rows(
                ("Deadline", "What it does"),
                ((f"`{_name(each)}`", _sentence(each)) for each in parts.deadlines),
            ),
            "What must never be": _rows(
                ("Rule", "State"), ((each.rule_id, each.sentence) for each in parts.impossible)
            ),
            "Public paths": [" ".join(f"`{path}`" for path in parts.paths)],
        }
    )


def _titled(sections: dict[str, Iterable[str]]) -> str:
    lines = [line for title, body in sections.items() for line in (f"## {title}", "", *body, "")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# ---- of a service ----


def _states(service: str) -> Iterator[str]:
    for noun, (status, moves) in nouns_of(service).items():
        yield f"### {noun.replace('_', ' ').capitalize()}"
        yield ""
        yield "```mermaid"
        yield "stateDiagram-v2"
        yield f"    [*] --> {next(iter(status)).value}"
        for move, steps in moves.items():
            for before, after in steps.items():
                yield f"    {before.value} --> {after.value}: {move.replace('_', ' ')}"
        for state in status:
            if not any(state in steps for steps in moves.values()):
                yield f"    {state.value} --> [*]"
        yield "```"
        yield ""


def _commands(service: str) -> Iterator[str]:
    found: dict[str, tuple[str, str, str]] = {}
    for module in _modules(f"services.{service}.commands"):
        for function in _own(module):
            command = _command_of(function)
            if command is not None:
                function_name = f"`{module.__name__.rpartition('.')[2]}.{function.__name__}`"
                says = _sentence(command) or _sentence(function)
                found[command.__name__] = (f"`{command.__name__}`", function_name, says)
    yield from _rows(("Command", "Function", "What it asks"), found.values())


def _events_out(service: Service) -> Iterator[str]:
    yield from _rows(
        ("Event", "When it happens", "Key"),
        (
            (
                f"[{each.__name__}](../../schemas/json/{service}/{file_name(each)}.json)",
                _sentence(each),
                f"`{each.key_field}`",
            )
            for each in events_of(service)
        ),
    )
    if unsaid := [f"`{each.__name__}`" for each in events_of(service) if not is_recorded(each)]:
        yield from ("", f"Declared, and recorded by nothing yet: {' '.join(unsaid)}.")


ASIDE = ("reactions.py", "impossible.py")
"""Files that name events without recording one."""


def is_recorded(event: type[Event]) -> bool:
    """Whether the code of the service that owns an event names it; what it hears is not looked at."""
    folder = ROOT / "services" / event.service
    name = re.compile(rf"\b{event.__name__}\b")
    code = (file for file in folder.rglob("*.py") if file.name not in ASIDE)
    return any(name.search(file.read_text()) for file in code)


def _events_in(parts: Parts) -> Iterator[str]:
    """A row for each thing that is done, with every event that it is done about."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for event, reactions in parts.reactions.items():
        for each in reactions if isinstance(reactions, tuple) else (reactions,):
            kind = "copy" if each.is_copy else "command"
            done = f"`{_name(each.handle)}`", kind, _sentence(each.handle)
            found.setdefault(done, []).append(f"{event.service}.{event.__name__}")
    rows = ((*done, " ".join(f"`{name}`" for name in events)) for done, events in found.items())
    yield from _rows(("Reaction", "Kind", "What it does", "About"), rows)


# ---- for operators ----


def _command_line(parts: Iterable[Parts]) -> Iterator[str]:
    """What each service can be asked; what only some can be is marked with their names."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in parts:
        for name, help_text in _help(typer.main.get_command(cli.commands(each))):
            found.setdefault((f"`{name}`", help_text), []).append(each.name)
    everywhere = len(get_args(Service))
    rows = (
        (name, says if len(services) == everywhere else f"{says} ({', '.join(services)})")
        for (name, says), services in found.items()
    )
    yield from _rows(("`python -m services.<name> …`", "What it does"), rows)


def _help(command: Any, before: str = "") -> Iterator[tuple[str, str]]:
    for name, each in command.commands.items():
        if hasattr(each, "commands"):
            yield from _help(each, f"{before}{name} ")
        else:
            yield f"{before}{name}", " ".join((each.help or "").split())


def _metrics() -> Iterator[str]:
    kinds = (Counter, Gauge, Histogram)
    found = [each for each in vars(metrics).values() if isinstance(each, kinds)]
    rows = (
        (f"`{told.name}`", told.type, told.documentation)
        for each in found
        for told in each.describe()
    )
    yield from _rows(("Metric", "Kind", "What it says"), rows)


def _settings(parts: Iterable[Parts]) -> Iterator[str]:
    yield from ("### Every service", "", *_rows(SETTING, _fields(Settings)))
    for each in parts:
        own = list(_fields(each.settings, beside=Settings))
        if own:
            yield from ("", f"### {each.name.capitalize()}", "", *_rows(SETTING, own))


SETTING = ("Setting", "Unless given", "What it is")


def _fields(
    kind: type[Settings], beside: type[Settings] | None = None
) -> Iterator[tuple[str, ...]]:
    remarks = _remarks(kind)
    for name, field in kind.model_fields.items():
        if beside is None or name not in beside.model_fields:
            given = field.get_default(call_default_factory=True)
            default = "must be given" if field.is_required() else _default(given)
            is_secret = _mentions(field.annotation, SecretStr)
            says = "; ".join(filter(None, (remarks.get(name), "secret" if is_secret else None)))
            yield f"`{name.upper()}`", default, says


def _default(value: Any) -> str:
    if value is None or value in ({}, frozenset(), ()):
        return "none"
    if hasattr(value, "total_seconds"):
        days = value.total_seconds() / 86400
        return f"{days:g} days" if days >= 1 else f"{value.total_seconds():g} seconds"
    return f"`{value.value if isinstance(value, StrEnum) else value}`"


def _mentions(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_mentions(each, kind) for each in get_args(annotation))


def _remarks(kind: type) -> dict[str, str]:
    """What the comment beside a field says of it."""
    lines = inspect.getsource(kind).splitlines()
    [tree] = ast.parse("\n".join(lines)).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 (the source of a class is one)
    return {
        field.target.id: comment.strip()
        for field in tree.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        for comment in lines[(field.end_lineno or 0) - 1][field.end_col_offset :].split("#", 1)[1:]
        if not comment.strip().startswith("noqa")
    }


# ---- looking into the code ----


def _modules(package: str) -> list[ModuleType]:
    """A package's modules, or the one module where it is no package."""
    root = importlib.import_module(package)
    names = [each.name for each in pkgutil.iter_modules(getattr(root, "__path__", []))]
    return [importlib.import_module(f"{package}.{name}") for name in names] or [root]


def _own(module: ModuleType) -> list[Any]:
    """The classes and functions that a module defines and shows, in their order."""
    return [
        thing
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
    ]


def _command_of(function: Any) -> type | None:
    """The dataclass that a function of `commands` takes as its command, if it is such a one."""
    if not inspect.iscoroutinefunction(function):
        return None
    asked = get_type_hints(function).get("command")
    return asked if isinstance(asked, type) and is_dataclass(asked) else None


def _bare(function: Any) -> Any:
    return function.func if isinstance(function, partial) else function


def _name(function: Callable[..., Any]) -> str:
    return _bare(function).__name__


def _sentence(thing: Any) -> str:
    """The first paragraph of a docstring; a dataclass without one has only what Python writes."""
    words = " ".join((inspect.getdoc(_bare(thing)) or "").split("\n\n")[0].split())
    is_pythons_own = isinstance(thing, type) and words.startswith(f"{thing.__name__}(")
    return "" if is_pythons_own else words


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    body = [f"| {' | '.join(cell.replace('|', '∣') for cell in row)} |" for row in rows]
    if not body:
        return ["Nothing."]
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *body]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
