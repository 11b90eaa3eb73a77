"""What time does to rounds, and what a withdrawn vacancy leaves to do: find, then one at a time."""

from contextlib import suppress
from datetime import timedelta

from chassis.actor import the_clock, the_post
from chassis.clock import Clock
from chassis.database import Database
from services.applications.commands import applications as applying
from services.applications.commands import rounds as commands
from services.applications.domain.application import ApplicationIsNotOpen, DraftIsTooLate
from services.applications.domain.vacancy_round import (
    CloseRound,
    ReleaseApplications,
    RoundIsClosedAlready,
    RoundIsReleasedAlready,
    RoundIsStillOpen,
)
from services.applications.store import applications, rounds

A_DAY = timedelta(hours=24)  # by the clock, whatever the clocks on the wall do that night


async def close_rounds(database: Database, *, now: Clock) -> int:
    """The closing instant has come: seal each list, so that it can be released."""
    async with database.transaction() as tx:
        due = await rounds.list_rounds_to_close(tx, now=await now(tx))
    for vacancy_id, which in due:
        async with database.attempt("round.close", vacancy_id=vacancy_id) as tx:
            # The command waits for whoever is submitting and looks again.
            with suppress(RoundIsClosedAlready, RoundIsStillOpen):
                command = CloseRound(vacancy_id, which)
                await commands.close_round(tx, command, actor=the_clock(), now=now)
    return len(due)


async def release_rounds(database: Database, *, now: Clock) -> int:
    """Where the rule set leaves the release to time, it follows the closing by itself."""
    async with database.transaction() as tx:
        due = await rounds.list_rounds_released_by_time(tx, now=await now(tx))
    for vacancy_id, which in due:
        async with database.attempt("applications.release", vacancy_id=vacancy_id) as tx:
            with suppress(RoundIsReleasedAlready):
                command = ReleaseApplications(vacancy_id, which)
                await commands.release_applications(tx, command, actor=the_clock(), now=now)
    return len(due)


async def end_applications_of_withdrawn_vacancies(database: Database, *, now: Clock) -> int:
    """A vacancy was taken back: each application ends in a transaction of its own, slot and all."""
    async with database.transaction() as tx:
        due = await applications.list_of_withdrawn_vacancies(tx)
    for application_id in due:
        async with database.attempt("application.end", application_id=application_id) as tx:
            with suppress(ApplicationIsNotOpen):
                await applying.end_for_withdrawn_vacancy(
                    tx, application_id, actor=the_post(), now=now
                )
    return len(due)


async def remind_of_drafts(database: Database, *, now: Clock) -> int:
    """A day before a round closes, whoever has left a draft in it is reminded, once."""
    async with database.transaction() as tx:
        due = await applications.list_drafts_to_remind(tx, now=await now(tx), ahead=A_DAY)
    for application_id in due:
        async with database.attempt("draft.remind", application_id=application_id) as tx:
            with suppress(ApplicationIsNotOpen, DraftIsTooLate):
                await applying.remind_of_draft(tx, application_id, actor=the_clock(), now=now)
    return len(due)


ROUND_DEADLINES = (
    close_rounds,
    release_rounds,
    end_applications_of_withdrawn_vacancies,
    remind_of_drafts,
)
