"""What time makes of cycles and proposals: they find, the command decides."""

from chassis.actor import the_clock
from chassis.clock import Clock
from chassis.database import Database
from services.proposals.commands import proposals as commands
from services.proposals.domain.proposal import LapseProposal
from services.proposals.store import cycles as cycle_store
from services.proposals.store import proposals as store


async def move_cycles(database: Database, *, now: Clock) -> int:
    """Cycles begin with their window for proposals and end with their last day."""
    async with database.transaction() as tx:
        return await cycle_store.move_cycles(tx, now=await now(tx))


async def lapse_proposals(database: Database, *, now: Clock) -> int:
    """The window closed on what was still a draft, or on changes that were asked for."""
    async with database.transaction() as tx:
        due = await store.list_proposals_past_their_time(tx, now=await now(tx))
    for proposal_id in due:
        async with database.attempt("proposal.lapse", proposal_id=proposal_id) as tx:
            await commands.lapse_proposal(
                tx, LapseProposal(proposal_id), actor=the_clock(), now=now
            )
    return len(due)


DEADLINES = (move_cycles, lapse_proposals)
