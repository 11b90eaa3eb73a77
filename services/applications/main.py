"""The applications service, whole: what it is made of. `python -m services.applications ROLE` runs it."""

from typing import Any

from chassis.database import Database
from chassis.parts import Parts
from services.applications import impossible
from services.applications.deadlines.choosing import CHOOSING_DEADLINES
from services.applications.deadlines.rounds import ROUND_DEADLINES
from services.applications.reactions import KEPT, REACTIONS
from services.applications.restatements import RESTATEMENTS
from services.applications.settings import ApplicationsSettings
from services.applications.store.upcoming import UPCOMING

PATHS = (
    "/applications",
    "/selections",
    "/offers",
    "/placements",
    "/sessions",
    "/office/applications",
    "/api/applications/v1",
)


def app(settings: ApplicationsSettings, database: Database) -> Any:
    """The web application. Only the `web` role loads it: relay and worker are smaller without."""
    from services.applications.web import routes

    return routes.app(settings, database)


SERVICE = Parts(
    name="applications",
    settings=ApplicationsSettings,
    paths=PATHS,
    app=app,
    reactions=REACTIONS,
    copies=KEPT,
    deadlines=(*ROUND_DEADLINES, *CHOOSING_DEADLINES),
    upcoming=UPCOMING,
    consumer="applications.facts",
    restatements=RESTATEMENTS,
    impossible=impossible.RULES,
)
