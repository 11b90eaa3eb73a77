"""Every route of choosing: selections, outcomes, offers, placements."""

from services.applications.web import (
    hosts,
    offers,
    office_offers,
    office_placements,
    office_selections,
    placements,
)
from services.applications.web.api import offers as offers_api
from services.applications.web.api import placements as placements_api
from services.applications.web.api import selections as selections_api

CHOOSING_ROUTES = (
    hosts.pages,
    offers.pages,
    placements.pages,
    office_selections.pages,
    office_offers.pages,
    office_placements.pages,
    selections_api.api,
    offers_api.api,
    placements_api.api,
)
