"""The expenses service, whole: what it is made of. `python -m services.expenses ROLE` runs it."""

from typing import Any

from chassis.database import Database
from chassis.parts import Parts
from services.expenses import deadlines, impossible
from services.expenses.reactions import KEPT, REACTIONS
from services.expenses.restatements import RESTATEMENTS
from services.expenses.settings import ExpensesSettings
from services.expenses.store.upcoming import UPCOMING

PATHS = ("/expenses", "/office/expenses", "/api/expenses/v1")


def app(settings: ExpensesSettings, database: Database) -> Any:
    """The web application. Only the `web` role loads it: relay and worker are smaller without."""
    from services.expenses.web import routes

    return routes.app(settings, database)


SERVICE = Parts(
    name="expenses",
    settings=ExpensesSettings,
    paths=PATHS,
    app=app,
    reactions=REACTIONS,
    copies=KEPT,
    deadlines=deadlines.DEADLINES,
    upcoming=UPCOMING,
    consumer="expenses.placements",
    restatements=RESTATEMENTS,
    impossible=impossible.RULES,
)
