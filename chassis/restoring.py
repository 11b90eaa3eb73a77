"""What an operator does when something is gone: the broker's disk, a database's last minutes, a copy.

Each says what it would do with `--dry-run`, asks for a reason otherwise, leaves an audit row, and does
nothing when there is nothing to do.
"""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from chassis import operating, progress, settings
from chassis.database import Database
from chassis.operating import AsJson, DryRun, Reason, Who
from chassis.parts import Parts


def add_commands(app: typer.Typer, parts: Parts) -> None:
    """`rebuild`, `replay`, `restate`, `rebuild-broker`, `recover`, `orphans`."""
    _add_rebuild(app, parts)
    _add_replay(app, parts)
    if parts.restatements:
        _add_restate(app, parts)

    @app.command("rebuild-broker")
    def rebuild_broker(reason: Reason = "", who: Who = "", dry_run: DryRun = False) -> None:
        """After the broker's disk was lost: have everything that was published published again."""
        from chassis import refilling  # here and below: it brings Kafka, which `web` does without

        actor = None if dry_run else operating.acting(who, reason)
        read = settings.read(parts.settings)

        async def refill(database: Database) -> Any:
            if actor is None:
                return await refilling.look(parts, read, database)
            gap = None
            with progress.shown("unpublished again") as tell:
                steps = refilling.refill(parts, read, database, actor=actor, reason=reason)
                async for done, gap in steps:
                    tell(done, gap.events)
            return gap

        gap = operating.within(parts, refill)
        if gap.is_closed:
            print("The broker holds all of it: nothing to do.")
        else:
            print(f"{gap.events} events {'to be ' if dry_run else ''}published again by the relay")
        if gap.cards:
            print(f"{gap.cards} sealed cards cannot be: restate contacts, if that topic was lost")

    @app.command()
    def recover(reason: Reason = "", who: Who = "", dry_run: DryRun = False) -> None:
        """After the database was restored, and before it is opened: catch up with its own log."""
        from chassis import recovering

        actor = None if dry_run else operating.acting(who, reason)
        read = settings.read(parts.settings)

        async def catch_up(database: Database) -> Any:
            if actor is None:
                return await recovering.look(parts, read, database)
            return await recovering.recover(parts, read, database, actor=actor, reason=reason)

        found = operating.within(parts, catch_up)
        print(
            f"orphans={found.orphans}  cases raised={found.cases}  sent already={found.sent}"
            + ("  (nothing changed)" if dry_run else "")
        )

    @app.command()
    def orphans(as_json: AsJson = False) -> None:
        """What a restored database had told others and does not know: to be settled by hand."""
        from chassis import recovering

        read = settings.read(parts.settings)
        operating.show(
            operating.within(parts, lambda database: recovering.list_orphans(read, database)),
            as_json=as_json,
        )


Forget = Annotated[
    bool, typer.Option("--forget", help="Also take away what only the old copy holds.")
]


def _add_rebuild(app: typer.Typer, parts: Parts) -> None:
    tables = ", ".join(sorted(name for kept in parts.copies for name in kept.tables))

    @app.command(help=f"Make a copy of others' facts anew from the topics: {tables}.")
    def rebuild(
        copy: str,
        reason: Reason = "",
        who: Who = "",
        dry_run: DryRun = False,
        forget: Forget = False,
        as_json: AsJson = False,
    ) -> None:
        """Compare a copy with what the topics tell, and put it right."""
        from chassis import rebuilding

        actor = None if dry_run else operating.acting(who, reason)
        read = settings.read(parts.settings)

        async def run(database: Database) -> Any:
            with progress.shown(f"{copy} read") as tell:
                return await rebuilding.rebuild(
                    parts, read, database, copy,
                    actor=actor, reason=reason, may_forget=forget, tell=tell,
                )  # fmt: skip

        operating.show((asdict(one) for one in operating.within(parts, run)), as_json=as_json)


From = Annotated[
    str | None, typer.Option("--from", help="The first instant, as 2027-03-01T11:00:00Z.")
]
To = Annotated[str | None, typer.Option("--to", help="The first instant that is no longer meant.")]
Group = Annotated[str | None, typer.Option("--consumer", help="The reader; this service's own.")]
Rate = Annotated[float | None, typer.Option("--rate", min=1, help="Events a second, at most.")]


def _add_replay(app: typer.Typer, parts: Parts) -> None:
    own = parts.consumer or parts.name

    @app.command()
    def replay(
        begin: From = None,
        end: To = None,
        consumer: Group = None,
        reason: Reason = "",
        who: Who = "",
        dry_run: DryRun = False,
        rate: Rate = None,
    ) -> None:
        """Copy once more what was told between two instants; no command runs, no mail goes out."""
        from chassis import replaying

        since, until = operating.instant(begin), operating.instant(end)
        if since is None or until is None or since >= until:
            operating.refuse("Say which stretch: --from INSTANT --to INSTANT, the earlier first.")
        if consumer not in (None, own):
            operating.refuse(f"{consumer}: no reader of this service; it has {own}.")
        actor = None if dry_run else operating.acting(who, reason)
        read = settings.read(parts.settings)

        async def run(database: Database) -> Any:
            with progress.shown("copied again") as tell:
                return await replaying.replay(
                    parts, read, database,
                    since=since, until=until, actor=actor, reason=reason, rate=rate, tell=tell,
                )  # fmt: skip

        operating.show([asdict(operating.within(parts, run))])


Anew = Annotated[
    bool, typer.Option("--anew", help="Begin at the first, though they were told before.")
]


def _add_restate(app: typer.Typer, parts: Parts) -> None:
    kinds = ", ".join(parts.restatements)

    @app.command(
        help=f"Tell this service's facts anew, for readers whose copies were lost: {kinds}."
    )
    def restate(
        kind: str,
        reason: Reason = "",
        who: Who = "",
        dry_run: DryRun = False,
        anew: Anew = False,
    ) -> None:
        """Record what is now so once more: readers copy it, and do nothing else."""
        from chassis import restating

        if kind not in parts.restatements:
            operating.refuse(f"{kind}: not told anew here; there are {kinds}.")
        actor = None if dry_run else operating.acting(who, reason)
        read = settings.read(parts.settings)

        async def run(database: Database) -> Any:
            if actor is None:
                return await restating.look(database, parts, kind, anew=anew)
            with progress.shown(f"{kind} told anew") as tell:
                steps = restating.restate(
                    parts, read, database, kind, actor=actor, reason=reason, anew=anew
                )
                async for done, of in steps:
                    tell(done, of)
            return await restating.look(database, parts, kind, anew=False)

        before, _ = operating.within(
            parts, lambda database: restating.look(database, parts, kind, anew=anew)
        )
        come, left = operating.within(parts, run)
        if before.ended_at:
            print(
                f"{kind} were told anew on {before.ended_at:%Y-%m-%d at %H:%M} UTC: nothing to do."
            )
            print("Add --anew to tell them once more.")
        elif dry_run:
            print(f"{left} {kind} to be told anew, {come.told} facts told so far")
        else:
            print(f"{come.told} told anew")
        if parts.restatements[kind].remark:
            print(parts.restatements[kind].remark)
