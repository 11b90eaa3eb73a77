"""A rule set as people read it: a list of sections, each a list of sentences."""

from collections.abc import Iterator
from typing import Any

from chassis.languages import gettext as _
from chassis.languages import ngettext
from chassis.money import money
from schemas.rules import AnswerTimeKind, ClauseVerdict, OverLength, RuleSet, WeekChoice

Section = tuple[str, list[str]]


def sections_of(rules: RuleSet) -> list[Section]:
    """Everything that applicants and hosts go by, in the order in which it meets them."""
    return [
        (_("Who can apply"), list(_eligibility(rules))),
        (_("Applying"), list(_applying(rules))),
        (_("Offers"), list(_offers(rules))),
        (_("Days and hours"), list(_days(rules))),
        (_("What the host repays"), list(_expenses(rules))),
        (_("What hosts are asked for"), list(_hosts(rules))),
    ]


def _eligibility(rules: RuleSet) -> Iterator[str]:
    order = (ClauseVerdict.ALLOW, ClauseVerdict.REFUSE)
    for verdict in order:
        yield from (c.sentence for c in rules.eligibility.clauses if c.verdict == verdict)
    yield rules.eligibility.otherwise


def _applying(rules: RuleSet) -> Iterator[str]:
    asked = rules.applying
    for cap in asked.caps:
        which = _("first round") if cap.round == "first" else _("second round")
        n = cap.most
        told = ngettext(
            "In the %(which)s you can apply for one vacancy.",
            "In the %(which)s you can apply for up to %(n)s vacancies.",
            n,
        )
        yield told % {"which": which, "n": n}
    if asked.withdrawing_frees_a_slot:
        yield _("Withdrawing an application makes room for another.")
    else:
        yield _("An application that you withdraw still counts.")
    facts = {"words": asked.statement_words, "pages": asked.cv_pages}
    yield (
        _(
            "You write a statement of at most %(words)s words and add a CV of at most %(pages)s pages."
        )
        % facts
    )
    if asked.over_length == OverLength.TRIM:
        yield _(
            "What is longer is cut for the host, who sees the beginning; you keep the original."
        )
    else:
        yield _("What is longer is not accepted.")
    if asked.editing_until_close:
        yield _("You can change an application until the round closes.")
    yield _("“By” a time means that the time itself is too late.")


def _offers(rules: RuleSet) -> Iterator[str]:
    asked = rules.offers
    units = {
        AnswerTimeKind.CALENDAR_DAYS: _("days, to the same time of day"),
        AnswerTimeKind.ELAPSED_HOURS: _("hours"),
        AnswerTimeKind.WORKING_DAYS: _("working days"),
    }
    facts = {"n": asked.answer_time, "unit": units[asked.answer_time_kind]}
    yield _("An offer is answered within %(n)s %(unit)s. Then it goes to a reserve.") % facts
    if asked.one_acceptance_per_cycle:
        yield _("You can accept one offer in a cycle; your other applications end then.")
    if not rules.calendar.bank_holidays_are_working_days:
        yield _("Bank holidays are no working days.")


def _days(rules: RuleSet) -> Iterator[str]:
    asked = rules.proposal
    if asked.days_least and asked.days_most:
        facts = {"least": asked.days_least, "most": asked.days_most}
        yield _("A placement lasts %(least)s to %(most)s days.") % facts
    if asked.hours_total:
        yield _("A placement comes to at most %(n)s hours in all.") % {
            "n": f"{asked.hours_total:g}"
        }
    most = f"{asked.hours_per_week_most:g}"
    yield _("It takes at most %(n)s hours a week, unpaid breaks deducted.") % {"n": most}
    if rules.calendar.weeks == WeekChoice.ONE_ONLY:
        yield _("It lies in one week of the cycle.")


def _expenses(rules: RuleSet) -> Iterator[str]:
    shown: list[str] = []
    for row in rules.expenses.rows:
        cap = row.cap_pence or row.soft_cap_pence
        amount = f" ({money(cap, rules.kind.currency)})" if cap else ""
        sentence = f"{row.sentence}{amount}"
        if sentence not in shown:
            shown.append(sentence)
    yield from shown
    yield rules.expenses.otherwise
    yield _("A claim is sent within %(n)s days after the last day.") % {
        "n": rules.expenses.claim_window_days
    }


def _hosts(rules: RuleSet) -> Iterator[str]:
    yield rules.wording.hosts
    if rules.proposal.supervisor_is_required:
        yield _("A supervisor is named for every placement.")
    yield _("Every proposal is read by somebody in the office before anybody else sees it.")


def differences(before: RuleSet, after: RuleSet) -> list[tuple[str, str, str]]:
    """What a version says otherwise than the one before: the rule's name, then and now."""
    old, new = _flat(before.model_dump(mode="json")), _flat(after.model_dump(mode="json"))
    names = sorted(old.keys() | new.keys())
    return [
        (name, old.get(name, "–"), new.get(name, "–"))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _flat(value: Any, name: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType] - JSON
            found |= _flat(inner, f"{name}.{key}" if name else str(key))  # pyright: ignore[reportUnknownArgumentType]
        return found
    if isinstance(value, list):
        found = {}
        for number, inner in enumerate(value, 1):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            found |= _flat(inner, f"{name} {number}")
        return found
    return {name: str(value)}
