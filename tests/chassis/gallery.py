"""Each template of the chassis with sample values: looked at as HTML, and in a real browser."""

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

from chassis import instants
from chassis.actor import Role
from chassis.addresses import Address
from chassis.faults import FormFaults
from chassis.fields import Day, Email, File, Local, Money, Text, WallTime, Whole, Words
from chassis.forms import Form, Sheet, asks, parse, show
from chassis.navigation import bar
from chassis.pages import Frame, Pages, Person, University

NOON = datetime(2024, 2, 28, 12, tzinfo=UTC)
NOW = datetime(2024, 2, 27, 9, 30, tzinfo=UTC)
HOUSE = Pages(folders=[Path(__file__).parent / "templates"])
NORTHFIELD = University(
    "northfield", "Northfield University", "micro-internships@northfield.example"
)


class Mode(StrEnum):
    IN_PERSON = "in-person"
    REMOTE = "remote"


class Sample(Form):
    """One field of each kind."""

    statement: Annotated[str, Words(most=300)] = asks(
        "Your statement", hint="Why this placement, and what you bring to it. Up to 300 words."
    )
    cv: Annotated[None, File(".pdf,.docx")] = asks("Replace your CV", default=None)
    weeks: tuple[str, ...] = asks(
        "Weeks in which you are free",
        hint="Free for the whole placement, not part of it",
        choices={"1": "Monday 3 to Friday 7 June 2019", "2": "Monday 10 to Friday 14 June 2019"},
        missing="Choose at least one week.",
    )
    name: Annotated[str, Text(most=120)] = asks("Your name", missing="Write your name.")
    email: Annotated[Address, Email()] = asks("Your e-mail address")
    mode: Mode = asks(
        "Where you would work", choices={Mode.IN_PERSON: "In person", Mode.REMOTE: "Remote"}
    )
    country: str = asks(
        "Country", choices={"GB": "United Kingdom", "IE": "Ireland"}, control="select"
    )
    fare: Annotated[int, Money()] = asks("Bus fare", hint="Like 12.50")
    days: Annotated[int, Whole(1, 5)] = asks("How many days")
    first_day: Annotated[date, Day()] = asks("First day", hint="Like 27 3 2027")
    talk_at: Annotated[Local, WallTime()] | None = asks("When to talk", hint="London time")
    note: Annotated[str, Text(least=0, most=500, lines=True)] = asks("Anything else")
    agreed: bool = asks("I agree to the conduct agreement")


POSTED = [
    ("csrf", "t"),
    ("statement", "I study how proteins fold. " * 40),
    ("weeks", "1"),
    ("name", "Skłodowska-Curie"),
    ("email", "marie@example.org"),
    ("mode", "remote"),
    ("country", "IE"),
    ("fare", "12.50"),
    ("days", "3"),
    ("first_day-day", "3"),
    ("first_day-month", "6"),
    ("first_day-year", "2019"),
    ("talk_at-day", ""),
    ("note", ""),
    ("agreed", "yes"),
]
SLIPS = [
    ("csrf", "t"),
    ("statement", "word " * 301),
    ("name", "<script>alert(1)</script>\u202e"),
    ("email", "a@b"),
    ("country", ""),
    ("fare", "12,50"),
    ("days", "many"),
    ("first_day-day", "29"),
    ("first_day-month", "2"),
    ("first_day-year", "2027"),
    ("talk_at-day", "31"),
    ("talk_at-month", "10"),
    ("talk_at-year", "2027"),
    ("talk_at-time", "1:30am"),
]


def frame(*roles: Role, **more: object) -> dict[str, object]:
    """What the door would give."""
    person = Person("Applicant 12") if roles else None
    return {
        **Frame(
            NORTHFIELD, bar(roles), person=person, csrf_token="t", command_key="k", nonce="n0nce"
        ).values(),
        **more,
    }


def with_form(sheet: Sheet, **more: object) -> dict[str, object]:
    """What the sample of a form needs."""
    closing = instants.instant(NOON, "Europe/London", now=NOW)
    return {**frame(Role.APPLICANT), "closing": closing, "sheet": sheet, **more}


def slips() -> FormFaults:
    """The faults of a form in which nearly everything is wrong."""
    try:
        parse(Sample, SLIPS, zone="Europe/London")
    except FormFaults as faults:
        return faults
    raise AssertionError("the slips were taken")


def pages() -> dict[str, str]:
    """Name to HTML."""
    closing = instants.instant(NOON, "Europe/London", now=NOW)
    near = instants.instant(NOON, "Europe/London", now=datetime(2024, 2, 28, 11, 13, tzinfo=UTC))
    wrong = show(Sample, typed=SLIPS, faults=slips().faults)
    office, applicant = frame(Role.OFFICER), frame(Role.APPLICANT)
    samples = {
        "form": ("sample_form.html", with_form(show(Sample, typed=POSTED))),
        "slips": ("sample_form.html", with_form(wrong, closing=near, errors=wrong.errors)),
        "house": (
            "sample_house.html",
            {**office, "answer": near, "closing": closing, "notice": "40 offers were made."},
        ),
        "refused": (
            "sample_house.html",
            {
                **applicant,
                "answer": near,
                "closing": closing,
                "refused": SimpleNamespace(sentence="The time to answer this offer has passed."),
            },
        ),
        "typed": (
            "csrf_form_with_typed_text.html",
            {
                **frame(),
                "action": "/applications/new",
                "typed": [("csrf", "old"), ("statement", "Two\nlines & <b>"), ("name", "Ada")],
                "labels": {"statement": "Your statement"},
            },
        ),
    }
    for status in (400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 428, 429, 500, 503):
        context = {**frame(), "status": status, "detail": "", "again": 30, "reference": "NU-4F7K"}
        samples[f"error-{status}"] = ("error.html", context)
    return {name: HOUSE.render(template, context) for name, (template, context) in samples.items()}
