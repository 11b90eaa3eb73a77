"""The front door leads each path to the service whose it is, and to nobody what is for inside."""

import http.server
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from importlib import import_module
from pathlib import Path

import pytest

from deploy.local.ports import free_port, is_open
from deploy.local.stack import CADDYFILE

SERVICES = ("proposals", "applications", "notifications", "expenses")


class Named(http.server.BaseHTTPRequestHandler):
    """Answers with its service's name and what it was asked."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = f"{self.server.service} {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Server", "secret")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def upstreams():
    servers = {}
    for service in SERVICES:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Named)
        server.service = service
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers[service] = server
    yield {name: server.server_address[1] for name, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def door(upstreams, tmp_path_factory):
    yield from _door(upstreams, tmp_path_factory.mktemp("caddy"))


def _door(upstreams, folder, **more):
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "FRONT_DOOR_PORT": str(port),
        **{f"{name.upper()}_UPSTREAM": f"127.0.0.1:{port}" for name, port in upstreams.items()},
        **more,
    }
    caddy = Path(sys.executable).parent / "caddy"
    arguments = ["run", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
    process = subprocess.Popen([str(caddy), *arguments], env=environment)
    while not is_open(port):
        assert process.poll() is None
        time.sleep(0.05)
    yield f"http://localhost:{port}"
    process.terminate()
    process.wait(10)


def ask(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode(), answer.headers


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "proposals"),
        ("/sign-in", "proposals"),
        ("/sign-in/back?code=1", "proposals"),
        ("/vacancies/v-1", "proposals"),
        ("/office", "proposals"),
        ("/office/proposals/screening", "proposals"),
        ("/static/ui.css", "proposals"),
        ("/docs", "proposals"),
        ("/api/proposals/v1/vacancies", "proposals"),
        ("/applications", "applications"),
        ("/applications/new", "applications"),
        ("/selections/v-1", "applications"),
        ("/offers/o-1/accept", "applications"),
        ("/placements", "applications"),
        ("/sessions", "applications"),
        ("/office/applications", "applications"),
        ("/api/applications/v1/offers", "applications"),
        ("/expenses/c-1", "expenses"),
        ("/office/expenses", "expenses"),
        ("/api/expenses/v1/claims", "expenses"),
        ("/notifications", "notifications"),
        ("/office/notifications", "notifications"),
        ("/api/notifications/v1/messages", "notifications"),
        ("/applicationsx", "proposals"),  # whose "not found" page is shown
        ("/no-such-page", "proposals"),
    ],
)
def test_path_leads_to_its_service(door, path, service):
    status, body, _ = ask(door + path)

    assert (status, body.split()[0]) == (200, service)


@pytest.mark.parametrize("service", SERVICES)
def test_every_public_path_that_a_service_declares_leads_to_it(door, service):
    declared = import_module(f"services.{service}.main").PATHS
    deeper = [f"{path}/x" for path in declared if path != "/"]

    led = {path: ask(door + path)[1].split()[0] for path in (*declared, *deeper)}

    assert led == dict.fromkeys(led, service)
    assert led


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_and_numbers_are_for_inside(door, path):
    status, body, _ = ask(door + path)

    assert (status, body) == (404, "")


def test_host_name_reaches_the_service_which_may_refuse_it(door):
    _, body, _ = ask(door, Host="nowhere.example")

    assert body == "proposals nowhere.example"


def test_answer_does_not_name_its_servers(door):
    _, _, headers = ask(door)

    assert "Server" not in headers
    assert "Via" not in headers


def test_service_that_is_away_is_answered_for_with_a_sentence(upstreams, tmp_path):
    away = {**upstreams, "expenses": free_port()}
    for door in _door(away, tmp_path):
        status, body, headers = ask(f"{door}/expenses")

    assert status == 503
    assert headers["Retry-After"] == "60"
    assert "Try again in a minute." in body


def test_endless_headers_are_cut_off(door):
    status, _, _ = ask(door, **{"X-Long": "x" * 40_000})

    assert status == 431
