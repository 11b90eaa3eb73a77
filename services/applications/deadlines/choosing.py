"""Everything time does once applications are released, in the order in which one thing follows another."""

from services.applications.deadlines import offers, placements, places, selections

CHOOSING_DEADLINES = (
    *selections.DEADLINES,
    *offers.DEADLINES,
    *places.DEADLINES,
    *placements.DEADLINES,
)
