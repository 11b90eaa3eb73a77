"""The proposals service, whole: the front desk, and everything from a programme to its vacancies."""

from enum import StrEnum, auto
from typing import Any

from chassis import audit, clock, operating, settings
from chassis.database import Database
from chassis.parts import Parts
from services.proposals import impossible
from services.proposals.contacts import Contacts
from services.proposals.deadlines import accounts as account_deadlines
from services.proposals.deadlines import proposals as proposal_deadlines
from services.proposals.deadlines import vacancies as vacancy_deadlines
from services.proposals.reactions import REACTIONS
from services.proposals.settings import ProposalsSettings
from services.proposals.store.upcoming import UPCOMING

PATHS = (
    "/",
    "/sign-in",
    "/sign-out",
    "/account",
    "/vacancies",
    "/proposals",
    "/hosts",
    "/programmes",
    "/problems",
    "/privacy",
    "/accessibility",
    "/office",
    "/office/proposals",
    "/api/proposals/v1",
    "/static",
)


def app(read: ProposalsSettings, database: Database) -> Any:
    """The web application. Only the `web` role loads it: relay and worker are smaller without."""
    from services.proposals.web import routes

    return routes.app(read, database)


class Restated(StrEnum):
    """What can be told anew."""

    CONTACTS = auto()


def restate(kind: Restated, reason: operating.Reason, who: operating.Who = "") -> None:
    """Record what is now so anew, for readers whose copies were lost."""
    actor = operating.acting(who, reason)
    read = settings.read(ProposalsSettings)
    contacts = Contacts(read.contacts_public_key)

    async def tell(database: Database) -> int:
        async with database.transaction() as tx:
            await audit.done(tx, actor=actor, act="Restate", subject=kind, reason=reason)
        return await account_deadlines.restate_contacts(database, contacts=contacts, now=clock.now)

    print(f"{operating.within(SERVICE, tell)} told anew")


SERVICE = Parts(
    name="proposals",
    settings=ProposalsSettings,
    paths=PATHS,
    app=app,
    reactions=REACTIONS,
    deadlines=(
        *account_deadlines.DEADLINES,
        *proposal_deadlines.DEADLINES,
        *vacancy_deadlines.DEADLINES,
    ),
    upcoming=UPCOMING,
    consumer="proposals.places",
    impossible=impossible.RULES,
    commands={"restate": restate},
)
