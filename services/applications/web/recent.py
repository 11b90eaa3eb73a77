"""A host opens applications only with a sign-in of the last 15 minutes (S13): the cookie may be old."""

from datetime import timedelta

from chassis.actor import Actor, Role
from chassis.clock import real_now
from chassis.door import Door, sign_in_first
from chassis.problems import Problem

RECENT = timedelta(minutes=15)


def signed_in_recently(actor: Actor) -> bool:
    """By real time: a leap of the development clock signs nobody out."""
    return actor.signed_in_at is not None and real_now() - actor.signed_in_at <= RECENT


async def ask_for_recent_sign_in(door: Door, actor: Actor) -> None:
    """Send a host whose sign-in is older to the front desk, and back here; the API says 401.

    What was typed meanwhile waits for them: reading many applications takes longer than that.
    """
    if not actor.is_a(Role.HOST_CONTACT) or signed_in_recently(actor):
        return
    if door.is_api:
        raise Problem(
            401,
            "sign-in-again",
            "Applications are opened with a sign-in of the last 15 minutes. Sign in again.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if door.request.method == "GET" or actor.person_ref is None:
        raise sign_in_first(door.address, again=True)
    if door.request.url.path.endswith("/check"):  # nothing is typed there; it is looked at again
        raise sign_in_first(door.address.replace("/check", "", 1), again=True)
    raise sign_in_first(await door.keep_for_later(actor.person_ref), again=True)
