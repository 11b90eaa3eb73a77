"""How a statement measures under one programme's rules: words are counted where texts are known."""

from dataclasses import replace

from chassis import texts
from chassis.faults import Fault, FormFaults, sentence
from chassis.languages import gettext
from schemas.rules import ApplyingRules
from services.applications.domain.content import Content, Slip, Statement


def measured(text: str, rules: ApplyingRules) -> Statement:
    """A text, its words, and the part of it that the programme lets a host read."""
    beginning = texts.trim_words(text, rules.statement_words)
    return Statement(text, texts.count_words(text), beginning)


def with_count(content: Content, rules: ApplyingRules) -> Content:
    """What was typed, or read from its row, with its statement measured under these rules."""
    return replace(content, statement=measured(content.statement.text, rules))


def refuse_slips(slips: tuple[Slip, ...]) -> None:
    """Say everything that is to be put right, all at once. Raises `FormFaults` where there is any."""
    if slips:
        raise FormFaults([Fault(slip.field, slip.code, said(slip)) for slip in slips])


def said(slip: Slip) -> str:
    """A slip in plain words."""
    match slip.field, slip.code:
        case "cv", "required":
            return gettext("Add your CV: without one the application cannot be sent.")
        case "declarations", "required":
            return gettext("Confirm each of these before you submit.")
        case "statement", "too-short":
            return gettext("Write your statement: this has no words yet.")
        case _:
            return sentence(slip.code, slip.facts)
