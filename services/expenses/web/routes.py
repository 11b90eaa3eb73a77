"""Every route of the expenses service, and the application that serves them."""

from typing import Any

from chassis.application import application
from chassis.database import Database
from chassis.settings import Settings
from services.expenses.web import api, claims, hosts, office, writing

LARGEST_FORM = 24 * 1024 * 1024  # a receipt far too large is still told so on its page

# The pages of one line and of a decision come before that of any claim.
ROUTES = (api.api, writing.pages, hosts.pages, claims.pages, office.pages)


def app(settings: Settings, database: Database) -> Any:
    """The web application."""
    return application(
        service="expenses",
        settings=settings,
        database=database,
        routes=ROUTES,
        largest_form=LARGEST_FORM,
    )
