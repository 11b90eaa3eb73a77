"""The proposals service, whole: the front desk, and everything from a programme to its vacancies."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from chassis import audit, clock, operating
from chassis.actor import Role
from chassis.database import Database
from chassis.parts import Parts
from schemas import programme as programme_files
from services.proposals import impossible
from services.proposals.commands import programmes
from services.proposals.deadlines import accounts as account_deadlines
from services.proposals.deadlines import proposals as proposal_deadlines
from services.proposals.deadlines import vacancies as vacancy_deadlines
from services.proposals.reactions import KEPT, REACTIONS
from services.proposals.restatements import RESTATEMENTS
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


def load_programmes(files: list[Path], reason: operating.Reason, who: operating.Who = "") -> None:
    """Put programmes' files in force, all of them or none."""
    actor = operating.acting(who, reason)
    read: list[programme_files.Programme] = []
    faults: list[object] = []
    for file in files:
        try:
            read.append(programme_files.read(file))
        except programme_files.FileIsFaulty as faulty:
            faults += faulty.faults
        except OSError as error:
            faults.append(f"{file.name}: {error.strerror}")
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        raise typer.Exit(operating.DATA)

    async def load(database: Database) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        async with database.transaction() as tx:
            for one in read:
                manager = replace(
                    actor,
                    university=one.university.slug,
                    roles=actor.roles | {Role.PROGRAMME_MANAGER},
                )
                done = await programmes.load_programme(tx, one, actor=manager, now=clock.now)
                rows.append({name: done[name] for name in ("slug", "version", "is_new_version")})
                act, subject = "LoadProgramme", done["programme_id"]
                await audit.done(tx, actor=manager, act=act, subject=subject, reason=reason)
        return rows

    operating.show(operating.within(SERVICE, load))


SERVICE = Parts(
    name="proposals",
    settings=ProposalsSettings,
    paths=PATHS,
    app=app,
    reactions=REACTIONS,
    copies=KEPT,
    deadlines=(
        *account_deadlines.DEADLINES,
        *proposal_deadlines.DEADLINES,
        *vacancy_deadlines.DEADLINES,
    ),
    upcoming=UPCOMING,
    consumer="proposals.places",
    restatements=RESTATEMENTS,
    impossible=impossible.RULES,
    commands={"load-programmes": load_programmes},
)
