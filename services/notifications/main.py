"""The notifications service, put together."""

from collections.abc import Sequence
from typing import Any

from chassis.database import Database
from chassis.parts import Parts, Queue
from services.notifications import impossible
from services.notifications.commands.writing import addresses_of
from services.notifications.contacts import Contacts
from services.notifications.deadlines import DEADLINES
from services.notifications.mailer.post import Post
from services.notifications.queues import Sender
from services.notifications.reactions import KEPT, REACTIONS
from services.notifications.settings import NotificationsSettings
from services.notifications.store.upcoming import UPCOMING

PATHS = ("/office/notifications", "/api/notifications/v1")


def app(settings: NotificationsSettings, database: Database) -> Any:
    """The web application. Only the `web` role loads it: relay and worker are smaller without."""
    from services.notifications.web import routes

    return routes.app(settings, database)


def senders(settings: NotificationsSettings) -> tuple[Queue, ...]:
    """Several side by side, each with a connection of its own."""
    contacts = Contacts(settings.contacts_private_key.get_secret_value())
    addresses = addresses_of(settings.public_url, settings.universities)
    made: Sequence[Queue] = [
        Sender(Post(settings.server), contacts, addresses) for _ in range(settings.senders)
    ]
    return tuple(made)


SERVICE = Parts(
    name="notifications",
    settings=NotificationsSettings,
    paths=PATHS,
    app=app,
    reactions=REACTIONS,
    copies=KEPT,
    deadlines=DEADLINES,
    queues=senders,
    upcoming=UPCOMING,
    consumer="notifications.letters",
    impossible=impossible.RULES,
)
