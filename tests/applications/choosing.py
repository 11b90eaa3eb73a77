"""A vacancy whose applications were released, for tests of choosing: people in it by name.

given = await a_released_round(database, "ada", "ben", "cleo", places=1)
await given.ranks("ada", "ben", refused=["cleo"])
await given.tells()
await accept(database, given.offers["ada"], given.people["ada"])
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.actor import Actor, Role
from chassis.database import Database, Transaction
from chassis.decision import Refused
from schemas import sample
from schemas.envelope import new_id
from schemas.proposals import RuleSetPublished, VacancyPublished
from schemas.rules import Round, RuleSet
from schemas.sample_rules import RULES
from services.applications import reactions
from services.applications.commands import offers, outcomes, selections
from services.applications.deadlines import places as filling
from services.applications.domain.offer import AcceptOffer, DeclineOffer
from services.applications.domain.outcome import TellOutcomes
from services.applications.domain.selection import Choice, RankApplications
from services.applications.store import applicant_cycles

UNIVERSITY = "oxford"
MONDAY_NOON = datetime(2024, 2, 26, 12, tzinfo=UTC)  # the office tells outcomes on this day
OFFICER = Actor(new_id(), UNIVERSITY, frozenset({Role.OFFICER}), "Helen Marsh")


def at(instant: datetime) -> clock.Clock:
    """A clock that stands still."""

    async def now(_tx: Transaction) -> datetime:
        return instant

    return now


def some_rules(**changed: dict[str, Any]) -> RuleSet:
    """The sample's rules with some groups changed: `offers={"answer_time": 48}`."""
    rules = deepcopy(RULES)
    for group, values in changed.items():
        rules[group] |= values
    return RuleSet.model_validate(rules)


@dataclass(slots=True)
class ARound:
    """One released round and whoever applied in it."""

    database: Database
    vacancy_id: UUID
    host: Actor
    people: dict[str, Actor] = field(default_factory=dict)
    applications: dict[str, UUID] = field(default_factory=dict)

    @property
    def key(self) -> tuple[UUID, Round]:
        """As commands name it."""
        return self.vacancy_id, Round.FIRST

    def choice(self, *ranked: str, refused: list[str] | None = None) -> RankApplications:
        """Ranked in this order, and refused for a reason."""
        chosen = [Choice(self.applications[who], n) for n, who in enumerate(ranked, 1)]
        others = [Choice(self.applications[who], reason_code="closer_fit") for who in refused or []]
        return RankApplications((*chosen, *others))

    async def ranks(
        self,
        *ranked: str,
        refused: list[str] | None = None,
        now: datetime = MONDAY_NOON - timedelta(days=6),
    ) -> dict[str, Any]:
        """The host confirms its choice."""
        async with self.database.transaction() as tx:
            return await selections.rank_applications(
                tx, *self.key, self.choice(*ranked, refused=refused), actor=self.host, now=at(now)
            )

    async def tells(self, now: datetime = MONDAY_NOON, **more: Any) -> None:
        """The office gives its word, and the loop carries it out."""
        async with self.database.transaction() as tx:
            command = TellOutcomes("Round one as chosen by hosts", **more)
            await outcomes.tell_outcomes(tx, *self.key, command, actor=OFFICER, now=at(now))
        await self.loop(now)

    async def loop(self, now: datetime) -> None:
        """One turn of what time does to places."""
        for deadline in filling.DEADLINES:
            await deadline(self.database, now=at(now))

    async def offers(self) -> dict[str, tuple[str, UUID]]:
        """Who has an offer here: its state and id, by name."""
        rows = await self.database.list_rows(
            "SELECT application_id, status, offer_id FROM offers WHERE vacancy_id = $1",
            self.vacancy_id,
        )
        found = {row["application_id"]: (row["status"], row["offer_id"]) for row in rows}
        return {who: found[each] for who, each in self.applications.items() if each in found}

    async def offer_of(self, who: str) -> UUID:
        """The id of somebody's offer here."""
        return (await self.offers())[who][1]

    async def states(self) -> dict[str, str]:
        """Who has an offer here, and how it stands."""
        return {who: state for who, (state, _) in (await self.offers()).items()}


async def a_released_round(
    database: Database,
    *names: str,
    places: int = 1,
    people: dict[str, Actor] | None = None,
    rules: RuleSet | None = None,
    title: str = "Catalogue two centuries of weather diaries",
    released: bool = True,
) -> ARound:
    """A vacancy with these applicants, told by the events that others would send."""
    host_id, vacancy_id = new_id(), new_id()
    host = Actor(
        new_id(), UNIVERSITY, frozenset({Role.HOST_CONTACT}), "Tomos", hosts=frozenset({host_id})
    )
    advert = {**sample.ADVERT, "places": places, "title": title}
    published = VacancyPublished.model_validate(
        {
            **sample.of_vacancy("2024-01-08T10:00:00Z"),
            "vacancy_id": str(vacancy_id),
            "host_id": str(host_id),
            "advert": advert,
            "rounds": [sample.FIRST_ROUND],
        }
    )
    known = RuleSetPublished.model_validate(
        {
            **sample.of_programme("2023-10-02T09:00:00Z"),
            "programme_slug": "oxford-students",
            "programme_name": "Micro-Internship Programme",
            "rules": (rules or some_rules()).model_dump(mode="json"),
        }
    )
    given = ARound(database, vacancy_id, host)
    async with database.transaction() as tx:
        await reactions.know_rule_set(tx, known)
        await reactions.know_vacancy(tx, published)
        for name in names:
            actor = (people or {}).get(name) or a_person(name)
            given.people[name] = actor
            given.applications[name] = await _application(tx, published, actor)
        if released:
            await tx.execute(
                """
                UPDATE known_rounds
                   SET sealed_at = closes_at, released_at = closes_at + interval '21 hours',
                       released_count = $2
                 WHERE vacancy_id = $1
                """,
                vacancy_id,
                len(names),
            )
    return given


def a_person(name: str) -> Actor:
    """A student."""
    return Actor(new_id(), UNIVERSITY, frozenset({Role.APPLICANT}), name.title())


async def _application(tx: Transaction, vacancy: VacancyPublished, actor: Actor) -> UUID:
    assert actor.person_ref is not None
    cycle = await applicant_cycles.lock_applicant_cycle_anew(
        tx, person_ref=actor.person_ref, cycle_id=vacancy.cycle_id, university=UNIVERSITY
    )
    await applicant_cycles.save_applicant_cycle(tx, cycle.taking_a_slot(Round.FIRST))
    application_id = new_id()
    await tx.execute(
        """
        INSERT INTO applications (
            application_id, reference, university, programme_id, cycle_id, vacancy_id, host_id,
            round, applicant_cycle_id, person_ref, rule_set_version, status, takes_a_slot,
            statement, host_statement, statement_words, name, facts, revision, began_at, saved_at,
            submitted_at
        ) VALUES (
            $1, $2, $3, $4, $5, $6, $7, 'first', $8, $9, 1, 'submitted', true, 'I would like to.',
            'I would like to.', 4, $10, $11, 1, $12, $12, $12
        )
        """,
        application_id,
        f"OX-{application_id.hex[-6:].upper()}",
        UNIVERSITY,
        vacancy.programme_id,
        vacancy.cycle_id,
        vacancy.vacancy_id,
        vacancy.host_id,
        cycle.applicant_cycle_id,
        actor.person_ref,
        actor.name,
        {"level": "undergraduate", "course": "BA History"},
        datetime(2024, 2, 9, 16, 12, tzinfo=UTC),
    )
    return application_id


def accepting(
    database: Database, offer_id: UUID, actor: Actor, *, now: datetime = MONDAY_NOON
) -> Callable[[], Any]:
    """To be run: this person accepts this offer."""

    async def act() -> Any:
        async with database.transaction() as tx:
            command = AcceptOffer(offer_id, conduct_agreed=True)
            return await offers.accept_offer(tx, command, actor=actor, now=at(now))

    return act


def declining(
    database: Database, offer_id: UUID, actor: Actor, *, now: datetime = MONDAY_NOON
) -> Callable[[], Any]:
    """To be run: this person declines this offer."""

    async def act() -> Any:
        async with database.transaction() as tx:
            return await offers.decline_offer(tx, DeclineOffer(offer_id), actor=actor, now=at(now))

    return act


async def answer_of(act: Callable[[], Any]) -> str:
    """ "done", or the name of the refusal."""
    try:
        await act()
    except Refused as refused:
        return type(refused).__name__
    return "done"
