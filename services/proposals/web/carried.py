"""What a browser carries for us between two steps of signing in: sealed, short-lived, one cookie each.

Nothing is stored on our side until somebody has shown who they are.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.responses import Response

from chassis.door import Door

ALGORITHMS = ["dir", "A256GCM"]
LARGEST = 3500
JOURNEY = "__Host-journey"  # on the way to the identity provider and back
ASKED = "__Host-asked"  # this browser has asked for a link


def carry(
    door: Door,
    response: Response,
    name: str,
    content: dict[str, Any],
    *,
    lives: timedelta,
    now: datetime,
) -> None:
    """Hand something to the browser that only we can read, for a while."""
    sealed = content | {"until": int((now + lives).timestamp()), "at": door.university}
    value = jwe.encrypt_compact(
        {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1]},
        json.dumps(sealed),
        _key(door, name),
        ALGORITHMS,
    )
    response.set_cookie(
        name,
        value,
        max_age=int(lives.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def carried(door: Door, name: str, *, now: datetime) -> dict[str, Any] | None:
    """What this browser carries under a name; None where there is nothing of ours, or it is too old."""
    value = door.request.cookies.get(name, "")
    if not value or len(value) > LARGEST:
        return None
    try:
        opened = jwe.decrypt_compact(value, _key(door, name), ALGORITHMS)
        content = json.loads(opened.plaintext or b"")
        is_ours = set(opened.headers()) == {"alg", "enc"}
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if not is_ours or content["until"] <= now.timestamp() or content["at"] != door.university:
        return None
    return content


def put_down(response: Response, name: str) -> None:
    """Have the browser forget it."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


def _key(door: Door, name: str) -> OctKey:
    return OctKey.import_key(door.request.app.state.keys.derived(f"carried {name}"))
