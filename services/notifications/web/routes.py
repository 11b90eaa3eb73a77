"""Every route of the notifications service, and the application that serves them."""

from typing import Any

from chassis.application import application
from chassis.database import Database
from chassis.settings import Settings
from services.notifications.web import api, letters, office

ROUTES = (letters.pages, office.pages, api.api)


def app(settings: Settings, database: Database) -> Any:
    """The process that serves the office's pages and the API."""
    return application(service="notifications", settings=settings, database=database, routes=ROUTES)
