"""Proposals for hosts: what waits, the guided form, and what became of each."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from starlette.responses import Response

from chassis import clock, instants, texts, web
from chassis.decision import NotFound, Refused
from chassis.door import Door
from chassis.forms import FormFaults, Sheet, parse, show
from schemas.rules import RuleSet
from services.proposals.commands import proposals as commands
from services.proposals.domain.content import Gap, list_gaps
from services.proposals.domain.proposal import (
    DraftProposal,
    EditProposal,
    SubmitProposal,
    WithdrawProposal,
)
from services.proposals.domain.submission import ProposalIsIncomplete
from services.proposals.views import hosts as host_views
from services.proposals.views import programmes as programme_views
from services.proposals.views import proposals as views
from services.proposals.web import advertised, story, writing
from services.proposals.web.advertised import Words
from services.proposals.web.front_desk import front_desk
from services.proposals.web.writing import STEPS

pages = web.pages("/proposals", audience=web.HOST)


class NoSuchStep(NotFound):
    """We cannot find this page."""


@pages.get("")
async def list_proposals(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """What waits for one, and how everything stands."""
    now = await clock.shown(door.database)
    found = await views.list_proposals(door.database, to=actor)
    shown = [each for each in found if each["host_id"] in actor.hosts]
    cycles = await programme_views.list_cycles_for_proposals(door.database, to=actor, now=now)
    hosts = await host_views.list_own_hosts(door.database, to=actor)
    return await door.page(
        "proposals.html",
        proposals=[
            each | {"tag": story.tag(each), "next": story.next_of(each, now=now)} for each in shown
        ],
        cycles=cycles,
        hosts=hosts,
    )


@pages.get("/new")
async def show_cycles(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """For which cycle, and for which organisation."""
    return await _choose(door, actor)


async def _choose(door: Door, actor: web.SignedIn, refused: Refused | None = None) -> Response:
    now = await clock.shown(door.database)
    cycles = await programme_views.list_cycles_for_proposals(door.database, to=actor, now=now)
    hosts = await host_views.list_hosts(door.database, to=actor)
    own = [each for each in hosts if each["host_id"] in actor.hosts]
    return await door.page(
        "proposal_new.html",
        status=refused.status if refused else 200,
        refused=refused,
        cycles=cycles,
        hosts=own,
        typed=door.typed,
    )


@pages.post("")
async def draft_proposal(door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Begin a draft and lead to its first step."""
    try:
        cycle_id, host_id = (UUID(str(door.typed.get(name))) for name in ("cycle", "host"))
    except ValueError:
        return await _choose(door, actor, NothingChosen())
    command = DraftProposal(cycle_id, host_id)
    try:
        made = await door.run(
            lambda tx: commands.draft_proposal(tx, command, actor=actor, now=clock.now)
        )
    except Refused as refused:
        return await _choose(door, actor, refused)
    return door.see_other(f"/proposals/{made['proposal_id']}/project")


class NothingChosen(Refused):
    """Choose the cycle, and the organisation you write for."""

    status = 422


@pages.get("/{proposal_id}")
async def show_proposal(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Follow it: answers, the office's remarks, what happened so far and what comes next."""
    return await door.page("proposal.html", **await _followed(door, proposal_id, actor))


async def _followed(door: Door, proposal_id: UUID, actor: web.SignedIn) -> dict[str, Any]:
    now = await clock.shown(door.database)
    proposal = await views.show_proposal(door.database, proposal_id, to=actor)
    revisions = await views.list_revisions(door.database, proposal_id)
    rules = await _rules_of(door, proposal)
    here: str = door.request.app.state.universities[door.university].zone
    return {
        "proposal": proposal,
        "tag": story.tag(proposal),
        "next_sentence": story.next_of(proposal, now=now),
        "timeline": story.timeline(proposal, revisions, rules, now=now),
        "facts": advertised.facts(proposal["content"], Words.of(rules), here=here),
        "reasons": {named.code: named.words for named in rules.telling.screening_reasons},
    }


async def _rules_of(door: Door, proposal: dict[str, Any]) -> RuleSet:
    return await programme_views.show_rules_of(
        door.database, proposal["programme_id"], proposal["rule_set_version"]
    )


@pages.post("/{proposal_id}/submit")
async def submit_proposal(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Send it; what is missing is said on the last step, with a link to where it is asked."""
    try:
        await door.run(
            lambda tx: commands.submit_proposal(
                tx,
                SubmitProposal(proposal_id),
                contacts=front_desk(door).contacts,
                actor=actor,
                now=clock.now,
            )
        )
    except ProposalIsIncomplete:
        return await _step_page(door, proposal_id, "check", actor, status=422)
    except Refused as refused:
        if refused.status == 404:
            raise
        return await door.refusal(
            "proposal.html", refused, **await _followed(door, proposal_id, actor)
        )
    return door.see_other(f"/proposals/{proposal_id}")


@pages.get("/{proposal_id}/submit")
async def show_last_step(proposal_id: UUID, door: web.TheDoor) -> Response:
    """Sending has no page of its own: whoever comes back here finds the step that sends."""
    return door.see_other(f"/proposals/{proposal_id}/check")


@pages.get("/{proposal_id}/withdraw")
async def ask_to_withdraw(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Before it ends: what that means."""
    return await door.page("proposal_withdraw.html", **await _followed(door, proposal_id, actor))


@pages.post("/{proposal_id}/withdraw")
async def withdraw_proposal(proposal_id: UUID, door: web.TheDoor, actor: web.SignedIn) -> Response:
    """Take it back before it becomes a vacancy."""
    command = WithdrawProposal(proposal_id)
    try:
        await door.run(
            lambda tx: commands.withdraw_proposal(tx, command, actor=actor, now=clock.now)
        )
    except Refused as refused:
        if refused.status == 404:
            raise
        return await door.refusal(
            "proposal.html", refused, **await _followed(door, proposal_id, actor)
        )
    return door.see_other(f"/proposals/{proposal_id}")


@pages.get("/{proposal_id}/{step}")
async def show_step(
    proposal_id: UUID, step: str, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """One theme of the form, as it was left."""
    _known(step)
    return await _step_page(door, proposal_id, step, actor)


@pages.post("/{proposal_id}/{step}")
async def save_step(
    proposal_id: UUID, step: str, door: web.TheDoor, actor: web.SignedIn
) -> Response:
    """Keep what was typed, whatever it is; go on where it can be taken as it stands."""
    _known(step)
    proposal = await views.show_proposal(door.database, proposal_id, to=actor)
    rules, dates = await _rules_of(door, proposal), proposal["cycle_dates"]
    choices = writing.choices_of(step, rules=rules, dates=dates)
    try:
        form = parse(writing.form_of(step, dates), door.typed_pairs, choices=choices)
        content = writing.content_of(step, form, proposal["content"], rules)
        command = EditProposal(proposal_id, content, {step: []})
        faults = None
    except FormFaults as faulty:
        command = EditProposal(proposal_id, {}, {step: [list(pair) for pair in door.typed_pairs]})
        faults = faulty.faults
    try:
        await door.run(lambda tx: commands.edit_proposal(tx, command, actor=actor, now=clock.now))
    except Refused as refused:  # sent meanwhile, or ended: what was sent is shown (row 42)
        if refused.status == 404:
            raise
        return await door.refusal(
            "proposal.html", refused, **await _followed(door, proposal_id, actor)
        )
    if faults:
        return await _step_page(door, proposal_id, step, actor, status=422)
    return door.see_other(f"/proposals/{proposal_id}/{writing.following(step)}")


def _known(step: str) -> None:
    if step not in STEPS:
        raise NoSuchStep


async def _step_page(
    door: Door, proposal_id: UUID, step: str, actor: web.SignedIn, *, status: int = 200
) -> Response:
    now = await clock.shown(door.database)
    proposal = await views.show_proposal(door.database, proposal_id, to=actor)
    if proposal["status"] not in ("draft", "changes_requested"):
        return door.see_other(f"/proposals/{proposal_id}")
    rules = await _rules_of(door, proposal)
    gaps = _gaps(proposal, rules)
    common = {
        "proposal": proposal,
        "step": step,
        "steps": _task_list(gaps, proposal),
        "next_sentence": story.next_of(proposal, now=now),
        "saved_at": _saved_at(proposal),
    }
    if step == "check":
        return await _check_page(door, rules, gaps, common, status=status)
    if kept := await door.kept_pairs():  # typed before the sign-in ended, and newer than the draft
        proposal = proposal | {"typed": {**proposal["typed"], step: kept}}
    sheet = _sheet(step, proposal, rules)
    return await door.page(
        "proposal_step.html",
        status=422 if sheet.errors and not kept else status,
        sheet=sheet,
        errors=sheet.errors,
        name=STEPS[step],
        is_last=writing.following(step) == "check",
        **common,
    )


async def _check_page(
    door: Door, rules: RuleSet, gaps: tuple[Gap, ...], common: dict[str, Any], *, status: int
) -> Response:
    proposal = common["proposal"]
    here: str = door.request.app.state.universities[door.university].zone
    missing = [
        {
            "text": f"{STEPS[writing.step_of(gap)]}: {gap.sentence}",
            "href": f"/proposals/{proposal['proposal_id']}/{writing.step_of(gap)}",
        }
        for gap in gaps
    ]
    return await door.page(
        "proposal_check.html",
        status=status,
        missing=missing,
        errors=missing if status == 422 else (),
        facts=advertised.facts(proposal["content"], Words.of(rules), here=here),
        **common,
    )


def _sheet(step: str, proposal: dict[str, Any], rules: RuleSet) -> Sheet:
    """A step from what was typed and could not be taken, else from the draft."""
    dates = proposal["cycle_dates"]
    form = writing.form_of(step, dates)
    choices = writing.choices_of(step, rules=rules, dates=dates)
    typed = [(name, value) for name, value in proposal["typed"].get(step, ())]
    if not typed:
        values = writing.values_of(step, proposal["content"])
        return _marked(show(form, values=values, choices=choices), rules)
    try:
        writing.content_of(step, parse(form, typed, choices=choices), proposal["content"], rules)
        faults = ()
    except FormFaults as faulty:
        faults = faulty.faults
    return _marked(show(form, typed=typed, faults=faults, choices=choices), rules)


def _marked(sheet: Sheet, rules: RuleSet) -> Sheet:
    """Only what may stay empty for good is called optional."""
    asked = {
        name: replace(each, is_optional=each.is_optional and not writing.is_asked(name, rules))
        for name, each in sheet.asked.items()
    }
    return replace(sheet, asked=asked)


def _gaps(proposal: dict[str, Any], rules: RuleSet) -> tuple[Gap, ...]:
    return list_gaps(
        proposal["content"],
        rules=rules,
        dates=proposal["cycle_dates"],
        count_words=texts.count_words,
    )


def _task_list(gaps: tuple[Gap, ...], proposal: dict[str, Any]) -> list[dict[str, Any]]:
    open_steps = {writing.step_of(gap) for gap in gaps} | set(proposal["typed"])
    return [
        {
            "name": step,
            "words": words,
            "is_done": step not in open_steps and step != "check",
            "href": f"/proposals/{proposal['proposal_id']}/{step}",
        }
        for step, words in STEPS.items()
    ]


def _saved_at(proposal: dict[str, Any]) -> str:
    return instants.words(proposal["saved_at"], proposal["send_by"].zone, year=False)
