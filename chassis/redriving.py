"""`parked …`: what an operator sees of events that could not be applied, and does about them."""

import typer

from chassis import parking
from chassis.intake import Consumer
from chassis.operating import AsJson, Reason, Who, acting, show, within
from chassis.parts import Parts


def add_commands(app: typer.Typer, parts: Parts) -> None:
    """`parked list|show|redrive|discard`."""
    parked = typer.Typer(help="Events that could not be applied.", no_args_is_help=True)
    app.add_typer(parked, name="parked")
    consumer = Consumer.of(parts)

    @parked.command("list")
    def list_parked(as_json: AsJson = False) -> None:
        """Parked events, and those kept behind them, oldest first."""
        show(
            within(parts, lambda database: parking.list_parked(database, consumer.name)),
            as_json=as_json,
        )

    @parked.command("show")
    def show_parked(parked_id: int) -> None:
        """One of them, whole."""
        row = within(parts, lambda database: parking.show(database, consumer.name, parked_id))
        show([row], as_json=True)

    @parked.command()
    def redrive(parked_id: int, reason: Reason, who: Who = "") -> None:
        """Try an event again, and then what was kept behind it, in order."""
        actor = acting(who, reason)
        print(
            within(
                parts,
                lambda database: parking.redrive(
                    database, consumer, parked_id, actor=actor, reason=reason
                ),
            )
        )

    @parked.command()
    def discard(parked_id: int, reason: Reason, who: Who = "") -> None:
        """Give an event up; what was kept behind it can then be tried."""
        actor = acting(who, reason)
        within(
            parts,
            lambda database: parking.discard(
                database, consumer.name, parked_id, actor=actor, reason=reason
            ),
        )
        print(f"{parked_id}: discarded")
