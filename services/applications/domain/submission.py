"""Sending an application: who may, until when, how many; and what is told of it.

Beginning a draft is judged by the same rules, so that nobody writes for nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.actor import Actor
from chassis.decision import Decision, Forbidden, Refused, Rules, uphold
from schemas.applications import (
    ApplicationRevised,
    ApplicationSubmitted,
    DocumentKind,
    DocumentTrimmed,
)
from schemas.envelope import Event
from schemas.rules import RuleSet
from services.applications.domain import eligibility
from services.applications.domain.applicant_cycle import AnotherPlaceIsTaken, ApplicantCycle
from services.applications.domain.application import (
    RULES_FOR_CHANGING,
    Application,
    Change,
    DeadlineHasPassed,
    SaveApplication,
    Status,
)
from services.applications.domain.content import Content
from services.applications.domain.document import Document
from services.applications.domain.vacancy_round import Phase, VacancyIsNotHere, VacancyRound


class VacancyIsGone(Refused):
    """The host withdrew this vacancy."""

    code = "vacancy-withdrawn"


class VacancyIsYourOwn(Forbidden):
    """You act for this organisation, so you cannot apply to it."""


class LimitIsReached(Refused):
    """You have used all {most} applications in this round: {used}."""

    code = "limit-reached"

    @property
    def sentence(self) -> str:
        """Names the applications that count."""
        used: list[str] = self.facts.get("used", [])
        said = " and ".join([*filter(None, [", ".join(used[:-1])]), *used[-1:]])
        match self.facts.get("most"):
            case 1:
                return f"You have used your one application in this round: {said}."
            case 2:
                return f"You have used both applications in this round: {said}."
            case most:
                return f"You have used all {most} applications in this round: {said}."

    @classmethod
    def because(cls, case: Any, /) -> "LimitIsReached":
        """Name those that count."""
        return cls(most=case.rules.applying.cap_in(case.round.round), used=list(case.used))


class PersonIsNotEligible(Refused):
    """This programme is not open to you."""

    code = "not-eligible"

    @property
    def sentence(self) -> str:
        """The clause's own words, which are no template of ours."""
        return str(self.facts["reason"])

    @classmethod
    def because(cls, case: Any, /) -> "PersonIsNotEligible":
        """The clause's own sentence, and where such a person is looked after instead (R44)."""
        judged = _judged(case)
        return cls(reason=judged.sentence, reason_code=judged.code, signpost=judged.signpost)


@dataclass(frozen=True, slots=True)
class Applying:
    """Everything by which beginning and sending an application are judged."""

    round: VacancyRound
    cycle: ApplicantCycle  # this person in this cycle
    actor: Actor
    now: datetime
    rules: RuleSet
    used: tuple[str, ...] = ()  # title and reference of each that counts towards the cap


def vacancy_can_be_seen(a: Applying) -> bool:
    """Before its opening instant a vacancy is answered like one that does not exist."""
    is_here = a.actor.university == a.round.university
    return is_here and a.round.phase(a.now) is not Phase.SCHEDULED


def vacancy_still_stands(a: Applying) -> bool:
    """A withdrawn vacancy takes nobody."""
    return a.round.vacancy_status != "withdrawn"


def round_is_still_open(a: Applying) -> bool:
    """Accepted if and only if the clock, read under the lock, is before the closing instant (P13)."""
    return a.round.is_open(a.now)


def vacancy_is_not_ones_own(a: Applying) -> bool:
    """Whoever acts or supervises for a host does not apply to it."""
    return a.round.host_id not in a.actor.organisations


def person_is_eligible(a: Applying) -> bool:
    """By the clauses of the rule set, over what the identity provider asserts."""
    return _judged(a).is_allowed


def person_is_still_free(a: Applying) -> bool:
    """An accepted place binds for the cycle where the programme says so (R78)."""
    return not (a.cycle.is_bound and a.rules.offers.one_acceptance_per_cycle)


def limit_is_not_reached(a: Applying) -> bool:
    """At most so many live applications in a round (R77); judged under the person's lock."""
    most = a.rules.applying.cap_in(a.round.round)
    return most is None or a.cycle.live_in(a.round.round) < most


RULES_FOR_APPLYING: Rules[Applying] = (  # in the order in which a person wants to be told
    (vacancy_can_be_seen, VacancyIsNotHere),
    (vacancy_still_stands, VacancyIsGone),
    (round_is_still_open, DeadlineHasPassed),
    (vacancy_is_not_ones_own, VacancyIsYourOwn),
    (person_is_eligible, PersonIsNotEligible),
    (person_is_still_free, AnotherPlaceIsTaken),
    (limit_is_not_reached, LimitIsReached),
)


def begin(
    *,
    application_id: UUID,
    reference: str,
    round_: VacancyRound,
    cycle: ApplicantCycle,
    used: tuple[str, ...],
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Application]:
    """An empty draft. It is nobody's business but its applicant's: nothing is told of it."""
    uphold(RULES_FOR_APPLYING, Applying(round_, cycle, actor, now, rules, used))
    return Decision(
        Application(
            application_id=application_id,
            reference=reference,
            university=round_.university,
            programme_id=round_.programme_id,
            cycle_id=round_.cycle_id,
            vacancy_id=round_.vacancy_id,
            host_id=round_.host_id,
            round=round_.round,
            applicant_cycle_id=cycle.applicant_cycle_id,
            person_ref=cycle.person_ref,
            rule_set_version=round_.rule_set_version,
            status=Status.DRAFT,
            began_at=now,
            saved_at=now,
        )
    )


def save(
    held: Application,
    command: SaveApplication,
    *,
    cv: Document | None,
    round_: VacancyRound,
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Application]:
    """Keep a draft as it is, finished or not; of a sent application, replace what was sent.

    `cv` is the one it has from now on. What a revision holds has been found without slips before.
    """
    change = Change(held, round_, actor, now, rules, "save", command.version)
    uphold(RULES_FOR_CHANGING, change)
    content = held.content if command.content is None else command.content
    document_id = cv.document_id if cv is not None else None
    kept = replace(
        held, content=content, document_id=document_id, saved_at=now,
        declared_at=_declared_at(held, content, now), rule_set_version=round_.rule_set_version,
    )  # fmt: skip
    same = (held.content, held.document_id) == (content, document_id)
    if same or held.status is Status.DRAFT:
        return Decision(kept)
    revised = replace(
        kept.moved("revise"), revision=held.revision + 1, revised_at=now,
        host_statement=kept.content.statement.for_host(rules.applying),
    )  # fmt: skip
    told = ApplicationRevised(
        **revised.told(now),
        reference=held.reference,
        revision=revised.revision,
        closes_at=round_.deadline(round_.closes_at),
    )
    return Decision(revised, (told, *_cuts(revised, cv, now, rules)))


def submit(
    held: Application,
    *,
    cv: Document | None,
    round_: VacancyRound,
    cycle: ApplicantCycle,
    used: tuple[str, ...],
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[tuple[Application, ApplicantCycle]]:
    """Send it, take one slot of the cap, and keep who sent it and by which facts they were judged."""
    uphold(RULES_FOR_CHANGING, Change(held, round_, actor, now, rules, "submit"))
    uphold(RULES_FOR_APPLYING, Applying(round_, cycle, actor, now, rules, used))
    sent = replace(
        held.moved("submit"),
        takes_a_slot=True,
        host_statement=held.content.statement.for_host(rules.applying),
        rule_set_version=round_.rule_set_version,
        name=actor.name,
        facts=dict(actor.facts),
        revision=1,
        submitted_at=now,
    )
    told = ApplicationSubmitted(
        **sent.told(now),
        reference=sent.reference,
        closes_at=round_.deadline(round_.closes_at),
    )
    return Decision((sent, cycle.taking_a_slot(round_.round)), (told, *_cuts(sent, cv, now, rules)))


def _declared_at(held: Application, content: Content, now: datetime) -> datetime | None:
    """When they confirmed what they confirm now (R41)."""
    if not content.declarations:
        return None
    same = held.content.declarations == content.declarations
    return held.declared_at if same and held.declared_at else now


def _cuts(
    held: Application, cv: Document | None, now: datetime, rules: RuleSet
) -> tuple[Event, ...]:
    """What the host will not see: told, so that it is on record (R82)."""
    cuts: list[Event] = []
    statement, case = held.content.statement, held.told(now)
    if statement.is_cut(rules.applying):
        most = rules.applying.statement_words
        cuts.append(
            DocumentTrimmed(**case, kind=DocumentKind.STATEMENT, length=statement.words, kept=most)
        )
    if cv is not None and cv.is_trimmed:
        cuts.append(
            DocumentTrimmed(**case, kind=DocumentKind.CV, length=cv.pages, kept=cv.host_pages)
        )
    return tuple(cuts)


def _judged(case: Any) -> eligibility.Judgement:
    """On the day it is where the programme is."""
    on = case.now.astimezone(ZoneInfo(case.rules.kind.zone)).date()
    return eligibility.judge(case.rules.eligibility, case.actor.facts, on=on)
