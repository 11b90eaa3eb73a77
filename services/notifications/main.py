"""The notifications service, put together."""

from collections.abc import Sequence
from typing import Any

from chassis.application import application
from chassis.database import Database
from chassis.parts import Parts, Queue
from services.notifications.commands.writing import addresses_of
from services.notifications.contacts import Contacts
from services.notifications.deadlines import DEADLINES
from services.notifications.mailer.post import Post
from services.notifications.queues import Sender
from services.notifications.reactions import REACTIONS
from services.notifications.settings import NotificationsSettings
from services.notifications.web import api, letters, office

PATHS = ("/office/notifications", "/api/notifications/v1")
ROUTES = (letters.pages, office.pages, api.api)


def app(settings: NotificationsSettings, database: Database) -> Any:
    """The process that serves the office's pages and the API."""
    return application(service="notifications", settings=settings, database=database, routes=ROUTES)


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
    deadlines=DEADLINES,
    queues=senders,
    consumer="notifications.letters",
)
