"""Every command of the API is run by the door, which asks for its Idempotency-Key (P2)."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.house.tree import SERVICES

READS = {"GET", "HEAD"}
BY_THE_DOOR = ("door.answer(", "door.run(")


def commands_of(service: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each writing route of a service's API, with its function."""
    for router in importlib.import_module(f"services.{service}.web.routes").ROUTES:
        for route in router.routes:
            if "/api/" in route.path and route.methods - READS:
                yield f"{route.methods - READS} {route.path}", inspect.unwrap(route.endpoint)


def is_run_by_the_door(act: Callable[..., Any], *, deep: int = 2) -> bool:
    """Whether it, or a function of ours that it calls by name, leaves the running to the door."""
    if any(words in inspect.getsource(act) for words in BY_THE_DOOR):
        return True
    called = (act.__globals__.get(name) for name in act.__code__.co_names)
    return deep > 0 and any(
        is_run_by_the_door(each, deep=deep - 1) for each in called if inspect.isfunction(each)
    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_asks_for_its_key(service: str):
    commands = dict(commands_of(service))

    assert commands
    assert [path for path, act in commands.items() if not is_run_by_the_door(act)] == []
