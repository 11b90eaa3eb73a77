"""A host opens applications only with a sign-in of the last 15 minutes (S13): the cookie may be old."""

from datetime import timedelta
from urllib.parse import quote

from chassis.actor import Actor, Role
from chassis.clock import real_now
from chassis.door import Door
from chassis.problems import Problem

RECENT = timedelta(minutes=15)


def signed_in_recently(actor: Actor) -> bool:
    """By real time: a leap of the development clock signs nobody out."""
    return actor.signed_in_at is not None and real_now() - actor.signed_in_at <= RECENT


def ask_for_recent_sign_in(door: Door, actor: Actor) -> None:
    """Send a host whose sign-in is older to the front desk, and back here; the API says 401."""
    if not actor.is_a(Role.HOST_CONTACT) or signed_in_recently(actor):
        return
    if door.is_api:
        raise Problem(
            401,
            "sign-in-again",
            "Applications are opened with a sign-in of the last 15 minutes. Sign in again.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    path = door.request.url.path
    if door.request.method != "GET":
        path = path.removesuffix("/check")
    target = f"/sign-in?next={quote(path, safe='')}&again=yes"
    raise Problem(303, "sign-in", "Sign in again.", headers={"location": target})
