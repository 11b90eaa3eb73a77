"""Proposals in the office: the queue, oldest first, and the screening of one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, web
from chassis.decision import Refused
from chassis.door import Door
from chassis.fields import Text, Whole
from chassis.forms import Form, FormFaults, Sheet, asks, parse, show
from chassis.languages import gettext as _
from schemas.proposals import ScreeningOutcome
from schemas.rules import RuleSet
from services.proposals.commands import proposals as commands
from services.proposals.domain.content import Content, list_hints
from services.proposals.domain.cycle import Cycle, Status
from services.proposals.domain.screening import (
    AuthorCannotScreen,
    Check,
    ScreenProposal,
    TakeUpProposal,
    answer_by,
    changes_by,
)
from services.proposals.views import programmes as programme_views
from services.proposals.views import proposals as views
from services.proposals.web import advertised, story
from services.proposals.web.advertised import Words
from services.proposals.web.choices import words_of
from services.proposals.web.differences import Pieces, pieces

pages = web.pages("/office/proposals", audience=web.OFFICE)

CHECKS = {
    Check.SCOPE: "Scope: fits the days and hours",
    Check.TASKS: "Tasks: clear and varied",
    Check.DELIVERABLES: "Deliverables: concrete, usable",
    Check.SUPERVISION: "Supervision: named, reachable",
    Check.LEARNING: "Learning: more than lending a hand",
    Check.SUITABILITY: "Suitability: safe, fair, lawful",
}
ANSWERS = {"yes": "Yes", "not_yet": "Not yet"}


class VerdictForm(Form):
    """The six checks, the verdict, and why."""

    revision: Annotated[int, Whole(least=1)] = asks("Revision")
    scope: str = asks(CHECKS[Check.SCOPE], choices=ANSWERS, control="radios")
    tasks: str = asks(CHECKS[Check.TASKS], choices=ANSWERS, control="radios")
    deliverables: str = asks(CHECKS[Check.DELIVERABLES], choices=ANSWERS, control="radios")
    supervision: str = asks(CHECKS[Check.SUPERVISION], choices=ANSWERS, control="radios")
    learning: str = asks(CHECKS[Check.LEARNING], choices=ANSWERS, control="radios")
    suitability: str = asks(CHECKS[Check.SUITABILITY], choices=ANSWERS, control="radios")
    outcome: ScreeningOutcome = asks("Verdict", control="radios", missing="Choose a verdict.")
    reason_codes: tuple[str, ...] = asks("Reasons", control="checkboxes", default=())
    reason: Annotated[str, Text(least=0, most=4000, lines=True)] = asks(
        "Reason, as the host will read it", default=""
    )


@pages.get("")
async def list_proposals_to_screen(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What waits for a verdict, oldest first."""
    now = await clock.shown(door.database)
    found = await views.list_proposals_to_screen(door.database, to=actor)
    return await door.page(
        "office_proposals.html", proposals=[_in_queue(each, now) for each in found]
    )


def _in_queue(proposal: dict[str, Any], now: datetime) -> dict[str, Any]:
    zone = proposal["send_by"].zone
    promised = answer_by(proposal["submitted_at"], zone)
    return proposal | {
        "tag": "Overdue" if now >= promised.at else "To screen",
        "sent": instants.moment(proposal["submitted_at"], zone, year=True),
        "promised": instants.short(promised.at, zone),
        "age": (now - proposal["submitted_at"]).days,
    }


@pages.post("/{proposal_id}/take-up", audience=web.OFFICER)
async def take_up_proposal(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Say that one is screening it, so that no two do."""
    command = TakeUpProposal(proposal_id)
    await door.run(lambda tx: commands.take_up_proposal(tx, command, actor=actor))
    return door.see_other(f"/office/proposals/{proposal_id}/screening")


@pages.get("/{proposal_id}/screening")
async def show_screening(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """The proposal with what changed, hints, and the form of the verdict. Its author gets 403."""
    shown = await _shown(door, proposal_id, actor)
    if shown["is_author"]:
        return await _not_for_its_author(door)
    sheet = show(
        VerdictForm,
        typed=await door.kept_pairs(),
        values={"revision": shown["proposal"]["revision"]},
        choices=_choices(shown["proposal"], shown["rules"], shown["now"]),
    )
    return await _page(door, shown, sheet)


@pages.post("/{proposal_id}/screening", audience=web.OFFICER)
async def screen_proposal(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Record the verdict, tell the host, and go on with the queue."""
    shown = await _shown(door, proposal_id, actor)
    choices = _choices(shown["proposal"], shown["rules"], shown["now"])
    try:
        form = parse(VerdictForm, door.typed_pairs, choices=choices)
    except FormFaults as faulty:
        sheet = show(VerdictForm, typed=door.typed_pairs, faults=faulty.faults, choices=choices)
        return await _page(door, shown, sheet, status=422)
    command = _command(proposal_id, form)
    try:
        await door.run(lambda tx: commands.screen_proposal(tx, command, actor=actor, now=clock.now))
    except AuthorCannotScreen:
        return await _not_for_its_author(door)
    except Refused as refused:
        if refused.status == 404:
            raise
        sheet = show(VerdictForm, typed=door.typed_pairs, choices=choices)
        return await _page(door, shown, sheet, refused=refused, status=refused.status)
    return door.see_other("/office/proposals")


async def _not_for_its_author(door: Door) -> Response:
    said = AuthorCannotScreen().sentence
    return await door.page("office_author.html", status=403, said=said)


def _command(proposal_id: UUID, form: VerdictForm) -> ScreenProposal:
    return ScreenProposal(
        proposal_id,
        revision=form.revision,
        outcome=form.outcome,
        checks={check: getattr(form, check) == "yes" for check in Check},
        reason_codes=form.reason_codes,
        reason=form.reason,
    )


async def _shown(door: Door, proposal_id: UUID, actor: web.SignedIn) -> dict[str, Any]:
    now = await clock.shown(door.database)
    proposal = await views.show_proposal_to_screen(door.database, proposal_id, to=actor)
    rules = await programme_views.show_rules_of(
        door.database, proposal["programme_id"], proposal["rule_set_version"]
    )
    sent_by = {each["submitted_by"] for each in proposal["revisions"]}
    is_author = actor.person_ref in {proposal["author_ref"], *sent_by}
    return {"proposal": proposal, "rules": rules, "now": now, "is_author": is_author}


def _choices(
    proposal: dict[str, Any], rules: RuleSet, now: datetime
) -> dict[str, list[tuple[str, str]]]:
    reasons = words_of(rules.telling.screening_reasons)
    return {"outcome": _outcomes(proposal, now), "reason_codes": list(reasons.items())}


def _outcomes(proposal: dict[str, Any], now: datetime) -> list[tuple[str, str]]:
    dates = proposal["cycle_dates"]
    ahead = [each for each in dates.rounds if now < each.closes_at.at]
    opens = instants.instant(ahead[0].opens_at.at, dates.zone) if ahead else None
    until = _changes_by(proposal, now)
    approve = _("Approve: it opens at %(at)s") % {"at": opens.words} if opens else _("Approve")
    return [
        (ScreeningOutcome.PASSED, approve),
        (
            ScreeningOutcome.CHANGES_REQUESTED,
            _("Ask for changes: back to the host until %(at)s") % {"at": until},
        ),
        (ScreeningOutcome.REJECTED, _("Reject: it ends here")),
    ]


def _changes_by(proposal: dict[str, Any], now: datetime) -> str:
    cycle = Cycle(
        cycle_id=proposal["cycle_id"],
        university="",
        programme_id=proposal["programme_id"],
        slug="",
        status=Status.RUNNING,
        rule_set_version=proposal["rule_set_version"],
        dates=proposal["cycle_dates"],
    )
    by = changes_by(cycle, now=now)
    return instants.instant(by.at, by.zone).words


async def _page(
    door: Door,
    shown: dict[str, Any],
    sheet: Sheet,
    *,
    refused: Refused | None = None,
    status: int = 200,
) -> Response:
    proposal, rules = shown["proposal"], shown["rules"]
    revisions = proposal["revisions"]
    now = shown["now"]
    compare = door.request.query_params.get("compare") != "none"
    before = revisions[-2]["content"] if compare and len(revisions) > 1 else None
    zone = proposal["send_by"].zone
    promised = answer_by(proposal["submitted_at"], zone)
    here: str = door.request.app.state.universities[door.university].zone
    return await door.page(
        "office_screening.html",
        status=status,
        proposal=proposal,
        tag="To screen"
        if proposal["status"] in ("submitted", "in_screening")
        else story.tag(proposal),
        sheet=sheet,
        errors=sheet.errors,
        refused=refused,
        checks=[sheet[check] for check in CHECKS],
        hints=list_hints(revisions[-1]["content"], rules=rules),
        said=_said(before, revisions[-1]["content"], Words.of(rules), here=here),
        is_compared=before is not None,
        timeline=story.timeline(proposal, revisions, rules, now=now),
        sent=instants.instant(proposal["submitted_at"], zone).words,
        promised=instants.instant(promised.at, zone).words,
        waits=proposal["status"] in ("submitted", "in_screening"),
    )


def _said(
    before: Content | None, after: Content, words: Words, *, here: str
) -> list[tuple[str, Pieces]]:
    """Every answer with what changed since the revision before."""
    old = _answers(before, words, here=here) if before else None
    return [
        (name, pieces(old.get(name, "") if old is not None else None, text))
        for name, text in _answers(after, words, here=here).items()
    ]


def _answers(content: Content, words: Words, *, here: str) -> Mapping[str, str]:
    said: dict[str, str] = {_("Title"): content.title}
    for number, project in enumerate(content.projects, 1):
        mark = f" {number}" if len(content.projects) > 1 else ""
        said |= {
            _("Real need") + mark: project.scope,
            _("Tasks") + mark: project.tasks,
            _("At the end") + mark: project.deliverables,
            _("Learning") + mark: project.learning,
        }
    supervisor = content.supervisor.name if content.supervisor else ""
    said[_("Supervisor")] = advertised.joined([supervisor, content.supervision], ": ")
    said[_("Working towards")] = content.strategic_focus
    said |= dict(advertised.facts(content, words, here=here))
    return {name: text for name, text in said.items() if text}
