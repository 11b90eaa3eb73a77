"""Every route of the proposals service and its front desk, and the application that serves them."""

from typing import Any

from chassis.application import application
from chassis.database import Database
from chassis.settings import Settings
from services.proposals.views.accounts import list_hosts_of
from services.proposals.web import (
    account,
    hosts,
    office,
    proposals,
    public,
    screening,
    search,
    sign_in,
)
from services.proposals.web.api import accounts as accounts_api
from services.proposals.web.api import hosts as hosts_api
from services.proposals.web.api import programmes as programmes_api
from services.proposals.web.api import proposals as proposals_api
from services.proposals.web.api import vacancies as vacancies_api

FRONT_DESK = (sign_in.pages, account.pages, accounts_api.api)
PROGRAMMES = (public.pages, public.offices, programmes_api.api)
HOSTS = (hosts.pages, hosts_api.api)
PROPOSALS = (proposals.pages, office.pages, screening.pages, proposals_api.api)
VACANCIES = (search.pages, vacancies_api.api)
ROUTES = (*FRONT_DESK, *PROGRAMMES, *HOSTS, *PROPOSALS, *VACANCIES)


def app(settings: Settings, database: Database) -> Any:
    """The web application."""
    return application(
        service="proposals",
        settings=settings,
        database=database,
        routes=ROUTES,
        hosts_of=list_hosts_of,
    )
