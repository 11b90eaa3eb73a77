"""What the domain decides, told as given, when, then; no database, no clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis import texts
from chassis.actor import Actor, Role, the_clock
from chassis.decision import Decision
from schemas.advert import Day, Project
from schemas.programme import PROGRAMMES, read
from schemas.proposals import (
    HostFacts,
    ProposalLapsed,
    ProposalScreened,
    ProposalSubmitted,
    ScreeningOutcome,
    VacancyPublished,
)
from services.proposals.domain import cycle as cycles
from services.proposals.domain import host as hosts
from services.proposals.domain import proposal as proposals
from services.proposals.domain import screening as screenings
from services.proposals.domain import submission as submissions
from services.proposals.domain import vacancy as vacancies
from services.proposals.domain.content import Content, Supervisor, list_gaps, list_hints
from services.proposals.domain.cycle import Cycle
from services.proposals.domain.host import Host
from services.proposals.domain.proposal import Proposal
from services.proposals.domain.screening import Check, ScreenProposal
from services.proposals.domain.vacancy import Vacancy

FILE = read(PROGRAMMES / "oxford-students.toml")
RULES = FILE.rules
HILARY = next(each for each in FILE.cycles if each.slug == "hilary-2024")
DATES = FILE.dates_of(HILARY)
AUTUMN = datetime(2023, 11, 20, 9, tzinfo=UTC)
CLOSING = DATES.proposals_close_at.at
LAST_MOMENT = CLOSING - timedelta(microseconds=1)
CONTACT = Actor(uuid4(), "oxford", frozenset({Role.HOST_CONTACT}))
OFFICER = Actor(uuid4(), "oxford", frozenset({Role.OFFICER}))
ELSEWHERE = Actor(uuid4(), "northfield", frozenset({Role.OFFICER}))

CYCLE = Cycle(
    cycle_id=uuid4(),
    university="oxford",
    programme_id=uuid4(),
    slug="hilary-2024",
    status=cycles.Status.PUBLISHED,
    rule_set_version=1,
    dates=DATES,
)
HOST = Host(
    host_id=uuid4(),
    university="oxford",
    status=hosts.Status.APPROVED,
    facts=HostFacts(
        public_name="Museum of the History of Weather",
        profit_status="not_for_profit",
        kind="charity",
        size="10_to_49",
        sector="heritage",
        region="oxfordshire",
        country="GB",
        zone="Europe/London",
        valid_from_on=date(2023, 11, 1),
    ),
    about="",
    registered_by=uuid4(),
    registered_at=AUTUMN,
)


def days(*on: str, mode: str = "in_person", ends: str = "17:30", rest: int = 60) -> tuple[Day, ...]:
    return tuple(
        Day(
            on=date.fromisoformat(each),
            mode=mode,
            starts=time(9),
            ends=time.fromisoformat(ends),
            break_minutes=rest,
        )
        for each in on
    )


WEEK = days("2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14", "2024-03-15")
WHOLE = Content(
    title="Catalogue two centuries of weather diaries",
    projects=(
        Project(
            title="Catalogue two centuries of weather diaries",
            scope=" ".join(["word"] * 20),
            tasks=" ".join(["word"] * 15),
            deliverables=" ".join(["word"] * 8),
            learning="How an archive describes what it holds.",
        ),
    ),
    project_kind="part_of_larger",
    placement_kind="research_based",
    strategic_focus="Opening the whole collection to everybody.",
    supervision="A curator sits at the next desk and helps.",
    supervisor=Supervisor("Agnes Holm", "agnes@weather.example"),
    skills=("communication",),
    sector="heritage",
    category="cataloguing",
    country="GB",
    region="oxfordshire",
    city="Oxford",
    mode="in_person",
    days=WEEK,
    zone="Europe/London",
)
DRAFT = Proposal(
    proposal_id=uuid4(),
    university="oxford",
    programme_id=CYCLE.programme_id,
    cycle_id=CYCLE.cycle_id,
    host_id=HOST.host_id,
    author_ref=CONTACT.person_ref or uuid4(),
    status=proposals.Status.DRAFT,
    revision=0,
    content=WHOLE,
    typed={},
    rule_set_version=1,
    send_by=DATES.proposals_close_at,
    created_at=AUTUMN,
    saved_at=AUTUMN,
)
SENT = replace(DRAFT, status=proposals.Status.SUBMITTED, revision=1, submitted_at=AUTUMN)


def submit(proposal: Proposal = DRAFT, **given: Any) -> Decision[Proposal]:
    plain: dict[str, Any] = {
        "cycle": CYCLE,
        "host": HOST,
        "is_contact": True,
        "actor": CONTACT,
        "now": AUTUMN,
        "rules": RULES,
        "count_words": texts.count_words,
    }
    return submissions.submit(proposal, **(plain | given))


def test_sending_makes_the_first_revision():
    decision = submit(now=LAST_MOMENT)

    assert (decision.state.status, decision.state.revision) == (proposals.Status.SUBMITTED, 1)
    assert decision.events == (
        ProposalSubmitted(
            university="oxford",
            occurred_at=LAST_MOMENT,
            programme_id=CYCLE.programme_id,
            rule_set_version=1,
            cycle_id=CYCLE.cycle_id,
            vacancy_id=DRAFT.proposal_id,
            host_id=HOST.host_id,
            title=WHOLE.title,
            revision=1,
            person_ref=DRAFT.author_ref,
        ),
    )


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({"now": CLOSING}, submissions.ProposalsHaveClosed),  # the first refused instant (R9)
        ({"now": DATES.proposals_open_at.at - timedelta(1)}, submissions.ProposalsAreNotOpenYet),
        ({"is_contact": False}, proposals.ProposalIsNotYours),
        (
            {"host": replace(HOST, status=hosts.Status.REGISTERED)},
            submissions.OrganisationIsNotApproved,  # R16
        ),
        (
            {"host": replace(HOST, status=hosts.Status.SUSPENDED)},
            proposals.OrganisationIsSuspended,
        ),
        ({"proposal": SENT}, proposals.ProposalIsSent),
        ({"proposal": DRAFT.moved("withdraw")}, proposals.ProposalHasEnded),
        (
            {"proposal": replace(DRAFT, content=replace(WHOLE, supervisor=None))},
            submissions.ProposalIsIncomplete,  # R51
        ),
    ],
)
def test_proposal_cannot_be_sent(given: dict[str, Any], then: type[Exception]):
    with pytest.raises(then):
        submit(given.pop("proposal", DRAFT), **given)


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({}, []),
        ({"days": days("2024-03-11")}, ["days"]),  # R28: one day is too few
        ({"days": WEEK + days("2024-03-18")}, ["days"]),  # six are too many
        ({"days": days("2024-03-14", "2024-03-15", "2024-03-18")}, ["days"]),  # R35: two weeks
        ({"days": days("2024-03-25", "2024-03-26")}, ["days"]),  # outside both
        ({"days": days(*(str(day.on) for day in WEEK), rest=0)}, ["hours"]),  # R39: 42.5 hours
        ({"mode": "hybrid"}, ["days"]),  # R36: which days are in person?
        ({"city": ""}, ["city"]),
        (
            {"mode": "remote", "city": "", "days": days("2024-03-11", "2024-03-12", mode="remote")},
            [],
        ),
        ({"category": "juggling"}, ["category"]),
        ({"places": 11}, ["places"]),
        ({"title": ""}, ["title"]),
        ({"supervision": "– – – 🙂"}, ["supervision"]),  # no word in it (row 47)
    ],
)
def test_gaps_name_what_keeps_a_proposal_from_being_sent(
    changed: dict[str, Any], fields: list[str]
):
    gaps = list_gaps(
        replace(WHOLE, **changed), rules=RULES, dates=DATES, count_words=texts.count_words
    )

    assert [gap.field for gap in gaps] == fields


def test_hints_flag_bank_holidays_and_never_decide():
    friday = replace(WHOLE, days=days("2024-03-28", "2024-03-29"))

    assert list_hints(friday, rules=RULES) == ("Friday 29 March 2024 is a bank holiday.",)


def screen(outcome: ScreeningOutcome = ScreeningOutcome.PASSED, **given: Any) -> Any:
    is_pass = outcome is ScreeningOutcome.PASSED
    command = ScreenProposal(
        SENT.proposal_id,
        revision=given.pop("revision", 1),
        outcome=outcome,
        checks=given.pop("checks", dict.fromkeys(Check, is_pass)),
        reason_codes=given.pop("reason_codes", () if is_pass else ("scope_unclear",)),
        reason=given.pop("reason", "" if is_pass else "Say more."),
    )
    plain: dict[str, Any] = {
        "cycle": CYCLE,
        "host": HOST,
        "actor": OFFICER,
        "now": AUTUMN,
        "rules": RULES,
    }
    return screenings.screen(given.pop("proposal", SENT), command, **(plain | given))


def test_a_passing_screening_makes_the_vacancy_with_every_instant():
    decision = screen()

    assert decision.state.proposal.status is proposals.Status.APPROVED
    screened, published = decision.events
    assert isinstance(screened, ProposalScreened)
    assert isinstance(published, VacancyPublished)
    assert published.rounds == (DATES.rounds[0],)
    assert published.advert.days == WEEK
    assert published.advert.host_public_name == "Museum of the History of Weather"


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({"actor": replace(OFFICER, person_ref=DRAFT.author_ref)}, screenings.AuthorCannotScreen),
        (
            {"actor": replace(OFFICER, hosts=frozenset({HOST.host_id}))},
            screenings.AuthorCannotScreen,
        ),
        ({"actor": ELSEWHERE}, screenings.ProposalIsNotHere),
        ({"actor": CONTACT}, screenings.ProposalIsNotHere),
        ({"proposal": DRAFT}, screenings.ProposalIsNotToBeScreened),
        ({"revision": 2}, screenings.RevisionIsAnother),
        ({"checks": {Check.SCOPE: True}}, screenings.CheckIsMissing),
        (
            {"checks": dict.fromkeys(Check, True) | {Check.LEARNING: False}},
            screenings.CheckIsNotPassed,
        ),
        (
            {"outcome": ScreeningOutcome.REJECTED, "reason_codes": ("no_such_reason",)},
            screenings.ReasonIsUnknown,
        ),
        ({"outcome": ScreeningOutcome.REJECTED, "reason": "  "}, screenings.ReasonIsMissing),
        ({"now": DATES.rounds[-1].closes_at.at}, screenings.CycleTakesNoMoreVacancies),
    ],
)
def test_proposal_cannot_be_screened_so(given: dict[str, Any], then: type[Exception]):
    with pytest.raises(then):
        screen(**given)


def test_changes_can_be_sent_for_three_days_after_the_window():
    decision = screen(ScreeningOutcome.CHANGES_REQUESTED, now=LAST_MOMENT)

    returned = decision.state.proposal
    assert returned.send_by.wall == "2024-01-22 17:00"
    assert submit(returned, now=CLOSING).state.revision == 2
    with pytest.raises(submissions.ProposalsHaveClosed):
        submit(returned, now=returned.send_by.at)


def test_a_draft_lapses_at_the_closing_instant_and_not_before():
    with pytest.raises(proposals.ProposalIsNotDue):
        proposals.lapse(DRAFT, actor=the_clock(), now=LAST_MOMENT)

    decision = proposals.lapse(DRAFT, actor=the_clock(), now=CLOSING)

    assert decision.state.status is proposals.Status.LAPSED
    assert [type(event) for event in decision.events] == [ProposalLapsed]


VACANCY: Vacancy = screen().state.vacancy
FIRST = DATES.rounds[0]


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (FIRST.opens_at.at - timedelta(microseconds=1), False),
        (FIRST.opens_at.at, True),
        (FIRST.closes_at.at - timedelta(microseconds=1), True),
        (FIRST.closes_at.at, False),  # midday itself is too late
    ],
)
def test_a_vacancy_is_open_by_its_instants(now: datetime, is_open: bool):
    assert VACANCY.is_open_at(now) is is_open


def test_a_late_loop_tells_the_instants_themselves():
    late = FIRST.closes_at.at + timedelta(hours=3)

    opened = vacancies.open_round(VACANCY, now=late)
    closed = vacancies.close_round(opened.state, now=late)

    assert [event.occurred_at for event in (*opened.events, *closed.events)] == [
        FIRST.opens_at.at,
        FIRST.closes_at.at,
    ]


def test_opening_twice_changes_nothing():
    opened = vacancies.open_round(VACANCY, now=FIRST.opens_at.at).state

    with pytest.raises(vacancies.VacancyIsNotDue):
        vacancies.open_round(opened, now=FIRST.opens_at.at)


def test_places_taken_fill_a_vacancy_and_one_cancelled_frees_it():
    closed = replace(VACANCY, status=vacancies.Status.CLOSED)

    filled = vacancies.count_places(closed, taken=1, over=0, now=AUTUMN)
    freed = vacancies.count_places(filled.state, taken=0, over=0, now=AUTUMN)

    assert filled.state.status is vacancies.Status.FILLED
    assert freed.state.status is vacancies.Status.CLOSED
    assert (len(filled.events), len(freed.events)) == (1, 0)


def disordered(**changed: Any) -> Cycle:
    draft = replace(CYCLE, status=cycles.Status.DRAFT)
    return replace(draft, dates=DATES.model_copy(update=changed))


@pytest.mark.parametrize(
    ("given", "then"),
    [
        (CYCLE, cycles.CycleIsPublished),
        (
            disordered(proposals_open_at=DATES.proposals_close_at),
            cycles.ProposalsCloseBeforeTheyOpen,
        ),
        (
            disordered(proposals_close_at=DATES.rounds[0].host_selects_by),
            cycles.SelectionComesTooEarly,
        ),
        (disordered(starts_on=date(2024, 3, 6)), cycles.PlacementsStartTooEarly),
        (disordered(ends_on=date(2024, 3, 10)), cycles.CycleEndsBeforeItStarts),
        (
            disordered(
                rounds=(FIRST.model_copy(update={"closes_at": FIRST.opens_at}), DATES.rounds[1])
            ),
            cycles.RoundIsOutOfOrder,
        ),
    ],
)
def test_a_cycle_out_of_order_is_not_published(given: Cycle, then: type[Exception]):  # R11
    with pytest.raises(then):
        cycles.publish(given, actor=OFFICER, now=AUTUMN, rules=RULES)


def test_a_cycle_in_order_is_published():
    draft = replace(CYCLE, status=cycles.Status.DRAFT)

    assert cycles.publish(draft, actor=OFFICER, now=AUTUMN, rules=RULES).state == CYCLE
