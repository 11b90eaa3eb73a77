"""What this service can tell anew: how its claims stand, of which notifications keeps a copy."""

from uuid import UUID

from chassis import clock
from chassis.database import Transaction
from chassis.parts import Ended, Restatement
from schemas.envelope import Event
from services.expenses.domain.standing import as_it_stands
from services.expenses.store import claims as store
from services.expenses.store import every


async def tell_claims(tx: Transaction, claims: list[UUID]) -> list[Event | Ended]:
    """How each claim stands."""
    at = await clock.now(tx)
    told = [as_it_stands(claim, now=at) for claim in await store.list_claims(tx, claims)]
    return [event for event in told if event is not None]


RESTATEMENTS = {
    "claims": Restatement(
        every.CLAIMS,
        lambda _: tell_claims,
        remark="When a claim was returned, disputed, or settled by the office is not kept beside it: "
        "it is told as it is now.",
    ),
}
