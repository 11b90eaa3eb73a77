"""Sentences that people read are where they should be: on every refusal, event and route."""

import importlib
import pkgutil

import pytest

from chassis.decision import Refused
from schemas.envelope import EVENTS
from tests.house.tree import SERVICES


def every_module_of(package: str):
    found = importlib.import_module(package)
    for each in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not each.name.endswith("__main__"):
            yield importlib.import_module(each.name)


def every_refusal() -> list[type[Refused]]:
    for service in SERVICES:
        list(every_module_of(f"services.{service}.domain"))
    list(every_module_of("chassis"))
    known: list[type[Refused]] = []
    open_ones = [Refused]
    while open_ones:
        kind = open_ones.pop()
        known.append(kind)
        open_ones.extend(kind.__subclasses__())
    return known


@pytest.mark.parametrize("kind", every_refusal(), ids=lambda kind: kind.__name__)
def test_a_refusal_is_a_sentence_a_person_can_read(kind):
    words = " ".join((kind.__doc__ or "").split("\n\n")[0].split())

    assert words.endswith((".", "?", "}")), f"{kind.__name__} says: {words!r}"
    assert words[0].isupper() or words[0] == "{"


def test_every_event_tells_when_it_happens_who_owns_it_and_an_example():
    for service in SERVICES:
        importlib.import_module(f"schemas.{service}")

    ours = [kind for kind in EVENTS.values() if kind.__module__.startswith("schemas.")]
    silent = [kind.__name__ for kind in ours if not (kind.__doc__ and kind.examples and kind.owner)]

    assert len(ours) > 80  # tests declare events of their own beside them
    assert silent == []
