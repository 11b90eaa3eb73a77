"""Sign in as anyone of the local stack, over real HTTP: for the demo, and for journeys.

    cookie = await sign_in("http://localhost:8080", "amara.okafor")
    cookie = await sign_in_by_mail("http://localhost:8080", "http://localhost:8025", "rosa@wren-press.example")
    headers = {"cookie": f"__Host-signin={cookie}"}

Every step is what a browser does. The cookies are Secure, which Python's clients take to mean that they
must not travel over plain http, not even on loopback; so they are carried by hand.
"""

import asyncio
import re
import time
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

COOKIE = "__Host-signin"
REDIRECTS = 8
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
LINK = re.compile(r"https?://\S+/sign-in/link\?token=[A-Za-z0-9_-]+")


class NotSignedIn(Exception):
    """The way in ended elsewhere; the message says at which step."""


class Walker:
    """A browser's patience and memory: cookies of one origin, redirects one at a time."""

    def __init__(self, client: httpx2.AsyncClient, front_door: str) -> None:
        self._client = client
        self._front_door = front_door.rstrip("/")
        self.cookies: dict[str, str] = {}

    async def get(self, address: str) -> httpx2.Response:
        """One page, wherever it is; redirects are not followed."""
        return await self._send("GET", address)

    async def post(self, address: str, fields: dict[str, str]) -> httpx2.Response:
        """Send a form."""
        return await self._send("POST", address, fields)

    async def csrf(self, path: str) -> str:
        """The token in a page's forms."""
        page = await self.get(path)
        found = CSRF.search(page.text)
        if found is None:
            raise NotSignedIn(f"{path} answered {page.status_code} and has no form")
        return found[1]

    async def _send(
        self, method: str, address: str, fields: dict[str, str] | None = None
    ) -> httpx2.Response:
        target = urljoin(f"{self._front_door}/", address)
        is_ours = urlsplit(target).netloc == urlsplit(self._front_door).netloc
        headers = {"accept": "text/html"}
        if is_ours and self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self._client.request(method, target, data=fields, headers=headers)
        if is_ours:
            self._remember(answer)
        return answer

    def _remember(self, answer: httpx2.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)


async def sign_in(front_door_url: str, subject: str) -> str:
    """Sign in through the development identity provider; the cookie's value."""
    async with _client() as client:
        walker = Walker(client, front_door_url)
        answer = await walker.get("/sign-in/start")
        for _ in range(REDIRECTS):
            if COOKIE in walker.cookies:
                return walker.cookies[COOKIE]
            if answer.is_redirect:
                answer = await walker.get(answer.headers["location"])
            elif _asks_who(answer):
                answer = await walker.post(str(answer.url), {"sub": subject})
            else:
                break
    raise NotSignedIn(f"{subject}: {answer.url.path} answered {answer.status_code}")


async def sign_in_by_mail(
    front_door_url: str, mail_catcher_url: str, address: str, *, patience: float = 15
) -> str:
    """Ask for a link, find it in the mail that comes, use it; the cookie's value."""
    async with _client() as client:
        walker = Walker(client, front_door_url)
        seen = {mail["number"] for mail in await _mails(client, mail_catcher_url, address)}
        csrf = await walker.csrf("/sign-in")
        asked = await walker.post("/sign-in/links", {"csrf": csrf, "email": address, "next": ""})
        if asked.status_code != 303:
            raise NotSignedIn(f"asking for a link was answered {asked.status_code}")
        link = await _link(client, mail_catcher_url, address, seen=seen, patience=patience)
        token = parse_qs(urlsplit(link).query)["token"][0]
        csrf = await walker.csrf(link)
        used = await walker.post("/sign-in/link", {"csrf": csrf, "token": token})
        if COOKIE not in walker.cookies:
            raise NotSignedIn(f"using the link was answered {used.status_code}")
        return walker.cookies[COOKIE]


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=15, follow_redirects=False, trust_env=False)


def _asks_who(answer: httpx2.Response) -> bool:
    """The provider's own page: anyone may say who they are."""
    return answer.status_code == 200 and 'name="sub"' in answer.text


async def _link(
    client: httpx2.AsyncClient, catcher: str, address: str, *, seen: set[int], patience: float
) -> str:
    """The link in the first mail to this address that had not come before."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        for mail in await _mails(client, catcher, address):
            found = LINK.search(mail["text"] or "") if mail["number"] not in seen else None
            if found:
                return found[0]
        await asyncio.sleep(0.1)
    raise NotSignedIn(f"no mail with a link within {patience:g} s")


async def _mails(client: httpx2.AsyncClient, catcher: str, address: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{catcher.rstrip('/')}/messages.json", params={"to": address})
    answer.raise_for_status()
    mails: list[dict[str, Any]] = answer.json()
    return mails
