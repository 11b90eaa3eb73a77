"""What a form takes, what it refuses, and that nothing typed is lost."""

from datetime import UTC, date, datetime
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chassis.addresses import Address
from chassis.faults import FormFaults, faults_of
from chassis.fields import Day, Email, Local, Moment, Money, Text, Whole, Words, Zone
from chassis.forms import Form, asks, check, parse, show
from chassis.web import Body
from tests.chassis import gallery
from tests.chassis.gallery import POSTED, SLIPS, Mode, Sample

LONDON = "Europe/London"
NOON_ON_THE_FIRST = datetime(2027, 7, 1, 12)  # noqa: DTZ001  # a wall time has no zone


def without(*names: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in POSTED if name not in names]


def faults_in(posted) -> list[tuple[str, str]]:
    with pytest.raises(FormFaults) as raised:
        parse(Sample, posted, zone=LONDON)
    return [(fault.field, fault.code) for fault in raised.value.faults]


def code_of(kind, value) -> str:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(kind).validate_python(value)
    return faults_of(raised.value)[0].code


def test_a_form_is_read_into_its_kinds():
    read = parse(Sample, POSTED, zone=LONDON)

    assert read.model_dump(exclude={"statement"}) == {
        "cv": None,
        "weeks": ("1",),
        "name": "Skłodowska-Curie",
        "email": {"stored": "marie@example.org", "shown": "marie@example.org"},
        "mode": Mode.REMOTE,
        "country": "IE",
        "fare": 1250,
        "days": 3,
        "first_day": date(2019, 6, 3),
        "talk_at": None,
        "note": "",
        "agreed": True,
    }


def test_all_faults_come_at_once_in_the_order_of_the_page():
    assert faults_in(SLIPS) == [
        ("statement", "too-long"),
        ("weeks", "required"),
        ("name", "invalid-character"),
        ("email", "invalid-email"),
        ("mode", "required"),
        ("country", "required"),
        ("fare", "format"),
        ("days", "whole-number"),
        ("first_day", "invalid-date"),
        ("talk_at", "ambiguous-local-time"),
    ]


def test_a_fault_reads_alike_on_page_and_api():
    fault = gallery.slips().faults[0]

    assert fault.as_problem() == {
        "pointer": "#/statement",
        "code": "too-long",
        "detail": "Write at most 300 words; this has 301.",
    }


def test_a_field_that_nobody_asked_for_is_refused():
    assert faults_in([*POSTED, ("status", "approved")]) == [("status", "unknown-field")]


def test_a_field_sent_twice_is_refused():
    assert faults_in([*POSTED, ("name", "Ada")]) == [("name", "repeated-parameter")]


def test_an_answer_that_was_not_offered_is_refused():
    posted = [*without("weeks", "mode"), ("weeks", "3"), ("mode", "orbit")]

    assert faults_in(posted) == [("weeks", "unknown-value"), ("mode", "unknown-value")]


def test_choices_known_only_now_are_the_ones_that_hold():
    posted = [*without("weeks"), ("weeks", "9"), ("weeks", "8")]
    choices = {"weeks": [("8", "Week 8"), ("9", "Week 9")]}

    assert parse(Sample, posted, choices=choices, zone=LONDON).weeks == ("9", "8")


def test_a_field_says_in_its_own_words_that_it_is_missing():
    with pytest.raises(FormFaults) as raised:
        parse(Sample, without("weeks", "name"), zone=LONDON)

    assert [fault.sentence for fault in raised.value.faults] == [
        "Choose at least one week.",
        "Write your name.",
    ]


def test_a_box_that_is_not_ticked_is_no():
    assert parse(Sample, without("agreed"), zone=LONDON).agreed is False


def test_a_wall_time_is_read_in_the_forms_zone():
    typed = [("talk_at-day", "1"), ("talk_at-month", "7"), ("talk_at-year", "2027")]
    posted = [*without("talk_at-day"), *typed, ("talk_at-time", "12 noon")]

    talk = parse(Sample, posted, zone=LONDON).talk_at

    assert talk == Local(datetime(2027, 7, 1, 11, tzinfo=UTC), LONDON, NOON_ON_THE_FIRST)


@pytest.mark.parametrize(
    ("typed", "wall"),
    [
        ("5:15pm", "17:15"),
        ("5.15 PM", "17:15"),
        ("5pm", "17:00"),
        ("12am", "00:00"),
        ("noon", "12:00"),
        ("17:15", "17:15"),
        ("9:05", "09:05"),
    ],
)
def test_a_time_is_read_as_people_write_it(typed, wall):
    on = [("talk_at-day", "1"), ("talk_at-month", "7"), ("talk_at-year", "2027")]

    read = parse(Sample, [*without("talk_at-day"), *on, ("talk_at-time", typed)], zone=LONDON)

    assert f"{read.talk_at.wall:%H:%M}" == wall


@pytest.mark.parametrize("typed", ["13pm", "25:00", "5", "half past", "", "5:5"])
def test_a_time_that_cannot_be_read_is_refused(typed):
    on = [("talk_at-day", "1"), ("talk_at-month", "7"), ("talk_at-year", "2027")]

    faults = faults_in([*without("talk_at-day"), *on, ("talk_at-time", typed)])

    assert faults == [("talk_at", "invalid-time")]


def test_everything_typed_is_shown_again():
    sheet = show(Sample, typed=SLIPS, faults=gallery.slips().faults)

    assert sheet["name"].value == "<script>alert(1)</script>\u202e"
    assert sheet["fare"].value == "12,50"
    assert sheet["first_day"].parts == {"day": "29", "month": "2", "year": "2027"}
    assert sheet["statement"].words == 301


def test_the_summary_leads_to_the_first_thing_to_put_right():
    errors = show(Sample, typed=SLIPS, faults=gallery.slips().faults).errors

    assert [error["href"] for error in errors] == [
        "#statement",
        "#weeks",
        "#name",
        "#email",
        "#mode",
        "#country",
        "#fare",
        "#days",
        "#first_day-day",
        "#talk_at-day",
    ]


def test_the_summary_names_the_field_unless_its_own_sentence_does():
    errors = show(Sample, typed=SLIPS, faults=gallery.slips().faults).errors

    assert [error["text"] for error in errors[1:5]] == [
        "Choose at least one week.",
        "Your name: This holds a character that cannot be shown. Type it again.",
        "Your e-mail address: Write one e-mail address, like name@example.org",
        "Where you would work: Choose an answer.",
    ]


def test_stored_values_fill_a_form_as_they_would_be_typed():
    read = parse(Sample, POSTED, zone=LONDON)

    sheet = show(Sample, values={name: getattr(read, name) for name in Sample.model_fields})

    assert {asked.name: asked.value for asked in sheet if asked.name != "statement"} == {
        "cv": "",
        "weeks": "1",
        "name": "Skłodowska-Curie",
        "email": "marie@example.org",
        "mode": "remote",
        "country": "IE",
        "fare": "12.50",
        "days": "3",
        "first_day": "",
        "talk_at": "",
        "note": "",
        "agreed": "yes",
    }
    assert sheet["first_day"].parts == {"day": "3", "month": "6", "year": "2019"}


def test_a_number_of_words_known_only_now_is_judged_alike():
    with pytest.raises(FormFaults) as raised:
        check("statement", Words(most=2), "one two three")

    assert [fault.as_problem() for fault in raised.value.faults] == [
        {
            "pointer": "#/statement",
            "code": "too-long",
            "detail": "Write at most 2 words; this has 3.",
        }
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("word " * 301, "too-long"),
        ("x" * 4001, "too-long"),
        ("\u200b".join(["wordwordwordwords"] * 300), "too-long"),
        ("   ", "too-short"),
        ("\U0001f642 \U0001f642", "too-short"),
        ("– —", "too-short"),
    ],
)
def test_a_statement_is_counted_fairly(text, code):
    assert code_of(Annotated[str, Words(most=300)], text) == code


def test_three_hundred_words_pass():
    text = " ".join(["word"] * 300)

    assert TypeAdapter(Annotated[str, Words(most=300)]).validate_python(text) == text


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("a@b", "invalid-email"),
        ("a..b@example.org", "invalid-email"),
        ('"q"@example.org', "invalid-email"),
        ("a@[10.0.0.1]", "invalid-email"),
        ("Name <a@example.org>", "invalid-email"),
        ("a@example.org,b@example.org", "invalid-email"),
        ("İ@example.org", "non-ascii-local"),
        ("a" * 309 + "@example.org", "too-long"),
        ("a@example.org\r\nBcc: b@example.org", "invalid-email"),
        ("a@xn---bad.com", "invalid-email"),
        ("", "blank"),
    ],
)
def test_an_address_we_could_not_send_to_is_refused(typed, code):
    assert code_of(Annotated[Address, Email()], typed) == code


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("\u200b\tada@example.org", Address("ada@example.org", "ada@example.org")),
        ("user@例え.テスト", Address("user@xn--r8jz45g.xn--zckzah", "user@例え.テスト")),
        ("ada@northfield.example", Address("ada@northfield.example", "ada@northfield.example")),
        ("ada@mailinator.com", Address("ada@mailinator.com", "ada@mailinator.com")),
    ],
)
def test_an_address_is_stored_for_mail_and_shown_as_typed(typed, address):
    assert TypeAdapter(Annotated[Address, Email()]).validate_python(typed) == address


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (Annotated[date, Day()], "2027-02-29", "invalid-date"),
        (Annotated[date, Day()], "0001-01-01", "range"),
        (Annotated[date, Day()], "9999-12-31", "range"),
        (Annotated[date, Day()], "29/2/2028", "invalid-date"),
        (Annotated[datetime, Moment()], "2027-06-30T23:59:60Z", "invalid-time"),
        (Annotated[datetime, Moment()], "2027-06-30T12:00:00", "offset-required"),
        (Annotated[datetime, Moment()], "2027-06-30T12:00:00+25:00", "invalid-offset"),
        (Annotated[datetime, Moment()], "2027-02-29T12:00:00Z", "invalid-date"),
        (Annotated[datetime, Moment()], "9999-12-31T23:59:59-14:00", "range"),
        (Annotated[str, Zone()], "Europe/Londom", "unknown-zone"),
        (Annotated[str, Zone()], "../x", "unknown-zone"),
        (Annotated[str, Text(most=200)], "x" * 5000, "too-long"),
        (Annotated[str, Text()], "\u3164", "blank"),
        (Annotated[str, Text()], 5, "type"),
        (Annotated[int, Money()], 5, "type"),
        (Annotated[int, Money(most=1000)], "10.01", "above-limit"),
        (Annotated[int, Whole(1, 5)], "3", "type"),
        (Annotated[int, Whole(1, 5)], 1.0, "type"),
        (Annotated[int, Whole(1, 5)], 6, "range"),
    ],
)
def test_a_value_of_a_body_is_never_coerced(kind, value, code):
    assert code_of(kind, value) == code


def test_an_instant_with_its_offset_is_kept_in_utc():
    read = TypeAdapter(Annotated[datetime, Moment()]).validate_python("2027-06-30T12:00:00+01:00")

    assert read == datetime(2027, 6, 30, 11, tzinfo=UTC)


class Line(Body):
    amount: Annotated[int, Money()]


class Claim(Body):
    lines: tuple[Line, ...]
    is_last: bool
    note: Annotated[str, Text(least=0)] = ""


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('{"lines": [{"amount": "12.345"}], "is_last": true}', ("lines/0/amount", "scale")),
        ('{"lines": [], "is_last": "true"}', ("is_last", "type")),
        ('{"lines": [], "is_last": null}', ("is_last", "type")),
        ('{"lines": []}', ("is_last", "required")),
        ('{"lines": [], "is_last": true, "status": "paid"}', ("status", "unknown-field")),
        ('{"lines": {}, "is_last": true}', ("lines", "type")),
        ("[]", ("", "type")),
    ],
)
def test_a_body_is_read_strictly(body, fault):
    with pytest.raises(ValidationError) as raised:
        Claim.model_validate_json(body)

    assert [(f.field, f.code) for f in faults_of(raised.value)] == [fault]


def test_no_sentence_repeats_what_was_typed():
    for fault in gallery.slips().faults:
        assert not [typed for typed in ("script", "12,50") if typed in fault.sentence]


class Plain(Form):
    nickname: Annotated[str, Text(most=20)] | None = asks("Nickname")
    size: Mode | None = asks("Size", default=None)


def test_an_empty_optional_field_is_nothing():
    assert parse(Plain, [("nickname", " "), ("size", "")]) == Plain(nickname=None, size=None)


ANYTHING = st.text(max_size=40) | st.sampled_from(
    [
        "",
        "0",
        "9" * 30,
        "\ud800",
        "\x00",
        "\u202e",
        "12.50",
        "1e9",
        "29",
        "2",
        "2027",
        "1:30am",
        "None",
    ]
)
FIELDS = sorted({name for asked in show(Sample) for name in asked.names})


@settings(deadline=None)  # the first page compiles its templates
@given(st.lists(st.tuples(st.sampled_from(FIELDS), ANYTHING), max_size=20))
def test_whatever_is_sent_is_taken_or_answered_with_faults(posted):
    found = ()
    try:
        parse(Sample, posted, zone=LONDON)
    except FormFaults as faults:
        found = faults.faults
    sheet = show(Sample, typed=posted, faults=found)

    page = gallery.HOUSE.render("sample_form.html", gallery.with_form(sheet))

    page.encode()  # nothing is shown again that no page can carry
    assert [fault for fault in found if not fault.sentence] == []
    assert found or {name for name, _ in posted} >= {"statement", "name", "email", "mode"}
