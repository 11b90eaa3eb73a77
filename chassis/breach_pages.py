"""The office's page of what must never be, the same at each service: its own breaches, one click to the others'."""

from starlette.responses import Response

from chassis import breaches, web
from chassis.navigation import Item
from schemas.envelope import Service

SECTIONS = (
    Item("Proposals", "/office/proposals/breaches"),
    Item("Applications", "/office/applications/breaches"),
    Item("Mail", "/office/notifications/breaches"),
    Item("Expenses", "/office/expenses/breaches"),
)


def pages(service: Service) -> web.Routes:
    """The page of one service."""
    routes = web.pages(f"/office/{service}", audience=web.OFFICE)

    @routes.get("/breaches")
    async def show_breaches(door: web.TheDoor) -> Response:
        """What stands, the oldest first, with what would repair it; then what was repaired lately."""
        return await door.page(
            "breaches.html",
            sections=SECTIONS,
            here=f"/office/{service}/breaches",
            home=f"/office/{service}",
            zone=door.request.app.state.universities[door.university].zone,
            standing=await breaches.list_standing(door.database, university=door.university),
            gone=await breaches.list_gone(door.database, university=door.university),
        )

    return routes
