"""Edits by the API name the version they were made from, so that nobody overwrites unseen changes."""

import re

from starlette.responses import Response

from chassis.door import Door
from chassis.problems import Problem

_ETAG = re.compile(r'^(?:W/)?"([0-9]{1,9})"$')


def if_match(door: Door) -> int:
    """The version that an edit was made from. Raises `Problem` 428 without one (row 26).

    What is no version of ours is answered like an old one, by the command itself: 412 (row 27).
    """
    given = door.request.headers.get("if-match")
    if not given:
        raise Problem(428, "version-required", "Send the version you read as If-Match.")
    found = _ETAG.match(given.strip())
    return int(found[1]) if found else -1


def with_version(response: Response, version: int) -> Response:
    """The same answer with the version that the next edit names."""
    response.headers["etag"] = f'"{version}"'
    return response
