"""Every route of the applications service, and the application that serves them."""

from typing import Any

from chassis.application import application
from chassis.database import Database
from chassis.settings import Settings
from services.applications.web import applicants, apply, office
from services.applications.web.api import applications as applications_api
from services.applications.web.choosing import CHOOSING_ROUTES

LARGEST_FORM = 16 * 1024 * 1024  # a CV far too large is still told so on its page, text and all

ROUTES = (applications_api.api, apply.pages, applicants.pages, office.pages, *CHOOSING_ROUTES)


def app(settings: Settings, database: Database) -> Any:
    """The web application."""
    return application(
        service="applications",
        settings=settings,
        database=database,
        routes=ROUTES,
        largest_form=LARGEST_FORM,
    )
