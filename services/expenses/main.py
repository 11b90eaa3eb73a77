"""The expenses service, whole: what it is made of. `python -m services.expenses ROLE` runs it."""

from typing import Any

from chassis.application import application
from chassis.database import Database
from chassis.parts import Parts
from services.expenses import deadlines
from services.expenses.reactions import REACTIONS
from services.expenses.settings import ExpensesSettings
from services.expenses.web import api, claims, hosts, office, writing

PATHS = ("/expenses", "/office/expenses", "/api/expenses/v1")
LARGEST_FORM = 11 * 1024 * 1024  # a receipt of 10 MiB, and what is typed beside it

# The pages of one line and of a decision come before that of any claim.
ROUTES = (api.api, writing.pages, hosts.pages, claims.pages, office.pages)


def app(settings: ExpensesSettings, database: Database) -> Any:
    """The web application."""
    return application(
        service="expenses",
        settings=settings,
        database=database,
        routes=ROUTES,
        largest_form=LARGEST_FORM,
    )


SERVICE = Parts(
    name="expenses",
    settings=ExpensesSettings,
    paths=PATHS,
    app=app,
    reactions=REACTIONS,
    deadlines=deadlines.DEADLINES,
    consumer="expenses.placements",
)
