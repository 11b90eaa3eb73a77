"""Whether something is there: a port that is open, a page that answers."""

import asyncio
import urllib.error
import urllib.request

from deploy.local.ports import is_open


async def listens(port: int) -> bool:
    """Whether something listens on this port of ours."""
    return await asyncio.to_thread(is_open, port)


async def answers_ok(url: str) -> bool:
    """Whether this page of ours answers with 200."""
    return await asyncio.to_thread(_answers_ok, url)


def _answers_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False
