"""The office's pages of this service, as the bar below the bar lists them."""

from chassis.navigation import Item

SECTIONS = (
    Item("Cycle at a glance", "/office/applications"),
    Item("Releases", "/office/applications/releases"),
    Item("Selections", "/office/applications/selections"),
    Item("Offers", "/office/applications/offers"),
    Item("Placements", "/office/applications/placements"),
    Item("Impossible states", "/office/applications/breaches"),
)
