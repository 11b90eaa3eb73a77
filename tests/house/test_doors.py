"""Every way in is known: each route names its audience, each public path leads to its service."""

import importlib
import re

import pytest

from tests.house.tree import ROOT, SERVICES


def parts_of(service: str):
    return importlib.import_module(f"services.{service}.main").SERVICE


def routes_of(service: str):
    return importlib.import_module(f"services.{service}.web.routes").ROUTES


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_names_its_audience(service):
    routes = [route for router in routes_of(service) for route in router.routes]

    assert routes
    assert [r.path for r in routes if not (r.openapi_extra or {}).get("x-audience")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_lies_under_a_public_path_of_its_service(service):
    paths = parts_of(service).paths
    routes = [route.path for router in routes_of(service) for route in router.routes]

    def is_under(route: str) -> bool:
        return any(
            route == path or (path != "/" and route.startswith(f"{path}/")) for path in paths
        )

    assert [route for route in routes if not is_under(route)] == []


def test_no_public_path_belongs_to_two_services():
    owners = [path for service in SERVICES for path in parts_of(service).paths]

    assert sorted(owners) == sorted(set(owners))


def upstream_of(path: str) -> str:
    """Where the Caddyfile sends a path: the first matcher that takes it, else the front desk."""
    caddyfile = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text()
    for service, words in re.findall(r"^\s*@(\w+) path (.+)$", caddyfile, re.MULTILINE):
        patterns = words.split()
        if path in patterns or any(
            word.endswith("/*") and path.startswith(word[:-1]) for word in patterns
        ):
            return service
    return "proposals"


@pytest.mark.parametrize("service", SERVICES)
def test_the_front_door_sends_each_path_to_its_service(service):
    paths = parts_of(service).paths

    assert {path: upstream_of(path) for path in paths} == dict.fromkeys(paths, service)
    below = [path if path == "/" else f"{path}/below" for path in paths]
    assert {upstream_of(path) for path in below} == {service}
