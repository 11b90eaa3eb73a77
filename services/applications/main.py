"""The applications service, whole: what it is made of. `python -m services.applications ROLE` runs it."""

from typing import Any

from chassis.application import application
from chassis.database import Database
from chassis.parts import Parts
from services.applications.deadlines.choosing import CHOOSING_DEADLINES
from services.applications.deadlines.rounds import ROUND_DEADLINES
from services.applications.reactions import REACTIONS
from services.applications.settings import ApplicationsSettings
from services.applications.web import applicants, apply, office
from services.applications.web.api import applications as applications_api
from services.applications.web.choosing import CHOOSING_ROUTES

PATHS = (
    "/applications",
    "/selections",
    "/offers",
    "/placements",
    "/sessions",
    "/office/applications",
    "/api/applications/v1",
)
LARGEST_FORM = 6 * 1024 * 1024  # a CV of 5 MiB, and what is typed beside it

ROUTES = (applications_api.api, apply.pages, applicants.pages, office.pages, *CHOOSING_ROUTES)


def app(settings: ApplicationsSettings, database: Database) -> Any:
    """The web application."""
    return application(
        service="applications",
        settings=settings,
        database=database,
        routes=ROUTES,
        largest_form=LARGEST_FORM,
    )


SERVICE = Parts(
    name="applications",
    settings=ApplicationsSettings,
    paths=PATHS,
    app=app,
    reactions=REACTIONS,
    deadlines=(*ROUND_DEADLINES, *CHOOSING_DEADLINES),
    consumer="applications.facts",
)
