"""The senders: each takes one letter at a time, on a lease, over a connection of its own."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import structlog
from jinja2 import TemplateError

from chassis import clock, logs
from chassis.database import Database
from chassis.decision import Decision
from chassis.failpoints import failpoint
from schemas.notifications import FailureReason
from services.notifications.commands import deliveries as commands
from services.notifications.commands.deliveries import Ending
from services.notifications.commands.writing import CardIsMissing, gather
from services.notifications.contacts import CardCannotBeOpened, Contacts
from services.notifications.domain import delivery as deliveries
from services.notifications.domain.delivery import Delivery, Status
from services.notifications.mailer.message import (
    AddressCannotBeWrittenTo,
    Mail,
    mail_of,
    recipient_of,
)
from services.notifications.mailer.post import (
    AnswerLost,
    LeaseLost,
    Post,
    RefusedForGood,
    RefusedForNow,
    ServerAway,
)
from services.notifications.store import deliveries as store
from services.notifications.views.deliveries import is_anything_due

log = structlog.get_logger()

Ended = Decision[Delivery]

FAULTS_OF_OURS = (CardCannotBeOpened, AddressCannotBeWrittenTo, TemplateError, ValueError, KeyError)
"""What no second try mends: the letter fails, and the office hears of it."""


class Sender:
    """A queue of the worker: `await sender(database)` is one letter, or False when none is due."""

    __name__ = "send_letter"

    def __init__(self, post: Post, contacts: Contacts, addresses: Mapping[str, str]) -> None:
        self._post = post
        self._contacts = contacts
        self._addresses = addresses

    async def __call__(self, database: Database) -> bool:
        """Lease one, write it, hand it over, record the outcome: no transaction is open meanwhile."""
        if not await is_anything_due(database):
            return False
        try:
            await self._post.connect()
        except ServerAway:  # nothing is leased, so nothing is tried in vain
            log.warning("post.away")
            return False
        async with database.transaction() as tx:
            leased = await commands.lease_letter(tx, now=clock.now)
        if leased is None:
            return False
        failpoint("mail.leased")
        logs.correlation_id.set(leased.correlation_id)
        logs.causation_id.set(str(leased.cause_id))
        if leased.status is Status.SENDING:
            await self._send(database, leased)
        else:
            log.info("letter.cancelled", letter=leased.letter, delivery_id=str(leased.delivery_id))
        return True

    async def _send(self, database: Database, leased: Delivery) -> None:
        try:
            mail = await self._write(database, leased)
        except CardIsMissing:
            await self._end(database, leased, _given_back)
        except FAULTS_OF_OURS as fault:
            log.error(
                "letter.cannot_be_written",
                letter=leased.letter,
                delivery_id=str(leased.delivery_id),
                error=type(fault).__name__,
            )
            await self._end(database, leased, _cannot_be_rendered)
        else:
            await self._hand_over(database, leased, mail)

    async def _write(self, database: Database, leased: Delivery) -> Mail:
        around = await gather(database, leased, contacts=self._contacts, addresses=self._addresses)
        return mail_of(
            around,
            delivery_id=leased.delivery_id,
            correlation_id=leased.correlation_id,
            domain=self._post.server.domain,
            at=clock.real_now(),
        )

    async def _hand_over(self, database: Database, leased: Delivery, mail: Mail) -> None:
        async def before_data() -> bool:
            async with database.transaction() as tx:
                return await store.begin_data(tx, leased)

        try:
            code = await self._post.hand_over(
                mail.message.as_bytes(), to=recipient_of(mail.message), before_data=before_data
            )
        except LeaseLost:
            return
        except ServerAway:
            await self._end(database, leased, _given_back)
        except RefusedForNow as refused:
            await self._end(database, leased, partial(_put_off, code=refused.code))
        except RefusedForGood as refused:
            await self._end(database, leased, partial(_refused, code=refused.code), mail=mail)
        except AnswerLost:
            await self._end(database, leased, _lost, mail=mail)
        else:
            failpoint("mail.answered")
            await self._end(database, leased, partial(_sent, code=code), mail=mail)

    async def _end(
        self, database: Database, leased: Delivery, ending: Ending, *, mail: Mail | None = None
    ) -> None:
        async with database.transaction() as tx:
            ended = await commands.end_try(tx, leased, ending, now=clock.now)
            if ended and mail and not leased.sealed:
                await store.save_words(
                    tx,
                    leased.delivery_id,
                    subject=mail.written.subject,
                    body=mail.written.text,
                )
        if ended:
            log.info(
                f"letter.{ended.status}",
                letter=ended.letter,
                delivery_id=str(ended.delivery_id),
                code=ended.reply_code,
            )


def _sent(held: Delivery, now: datetime, at: datetime, *, code: int) -> Ended:
    return deliveries.hand_over(held, code=code, now=now, at=at)


def _put_off(held: Delivery, now: datetime, at: datetime, *, code: int) -> Ended:
    return deliveries.put_off(held, code=code, now=now, at=at)


def _refused(held: Delivery, now: datetime, at: datetime, *, code: int) -> Ended:
    return deliveries.fail(held, FailureReason.REFUSED_BY_SERVER, code=code, now=now, at=at)


def _cannot_be_rendered(held: Delivery, now: datetime, at: datetime) -> Ended:
    return deliveries.fail(held, FailureReason.CANNOT_BE_RENDERED, now=now, at=at)


def _lost(held: Delivery, now: datetime, at: datetime) -> Ended:  # noqa: ARG001
    return deliveries.lose_sight(held, at=at)


def _given_back(held: Delivery, now: datetime, at: datetime) -> Ended:
    return deliveries.give_back(held, now=now, at=at)
