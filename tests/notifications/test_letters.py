"""Every letter has a golden text, and its HTML says the same in the same order.

`UPDATE_GOLDEN=1 pytest tests/notifications/test_letters.py` writes the golden texts anew; the change is
then read in the diff.
"""

import html
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from schemas import sample
from services.notifications.domain import table
from services.notifications.domain.letter import To
from services.notifications.mailer.examples import example_of
from services.notifications.mailer.message import (
    AddressCannotBeWrittenTo,
    mail_of,
    recipient_of,
)
from services.notifications.mailer.wording import FACTS, Reader
from services.notifications.mailer.writing import LETTERS, write

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2024, 2, 26, 12, 1, tzinfo=UTC)
NAMES = [letter.name for letter in table.LETTERS]


def mailed(around, correlation_id="story"):
    return mail_of(
        around,
        delivery_id=UUID(sample.DELIVERY),
        correlation_id=correlation_id,
        domain="university.example",
        at=AT,
    ).message


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w£@.:/-]+", text)


@pytest.mark.parametrize("name", NAMES)
def test_letter_reads_as_its_golden_text(name):
    written = write(example_of(table.named(name)))
    text = f"{written.subject}\n\n{written.text}"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_html_says_the_same_in_the_same_order(name):
    around = example_of(table.named(name))
    written = write(around)
    body = re.sub(r"(?s)^.*?<main>", "", written.html)
    body = re.sub(r'<a class="button"[^>]*href="([^"]*)"[^>]*>(.*?)</a>', r"\2: \1", body)
    in_html = words_of(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace(",", " "))
    in_text = words_of(written.text.replace("--\n", "").replace(",", " "))

    def plain(words: list[str]) -> list[str]:
        return [word.strip(".:") for word in words if word.strip(".:-")]

    assert plain(in_html) == plain(in_text)


def test_no_golden_text_and_no_template_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(NAMES)
    for ending in ("txt", "html"):
        assert {path.stem for path in LETTERS.glob(f"*.{ending}")} - {"base"} == set(NAMES)


@pytest.mark.parametrize("letter", table.LETTERS, ids=NAMES)
def test_row_of_the_table_is_whole(letter):
    around = example_of(letter)

    assert letter.is_sealed or letter.is_due(around.event)
    assert letter.is_sealed or letter.about_id(around.event)
    assert set(letter.facts) <= set(FACTS)
    assert letter.is_sealed or (letter.about is not None and letter.page)


def test_a_receipt_says_received_and_an_offer_never_does():
    subjects = {
        letter.name: write(example_of(letter)).subject
        for letter in table.LETTERS
        if letter.to is To.PERSON
    }

    assert subjects["received"].startswith("Received:")
    for name in ("offer", "promoted", "offer_half_way", "offer_last_hours"):
        assert "eceived" not in subjects[name]
        assert "by 12 noon on Wednesday 28 February" in subjects[name]


@pytest.mark.parametrize("name", NAMES)
def test_letter_shows_no_address_but_the_programmes_before_the_introduction(name):
    around = example_of(table.named(name))
    written = write(around)
    addresses = set(re.findall(r"[\w.-]+@[\w-]+(?:\.[\w-]+)+", written.text + written.html))

    shown = {around.mailbox}
    if name in ("introduction", "introduction_to_host"):
        shown |= {reader.address for reader in (around.intern, *around.hosts)}
    assert addresses == shown


def test_mail_carries_what_a_mail_server_and_a_reader_need():
    mail = mailed(example_of(table.named("offer")))

    assert mail["From"] == "Northfield Micro-Internships <micro-internships@northfield.example>"
    assert mail["Reply-To"] == mail["From"]
    assert mail["Message-ID"] == f"<{sample.DELIVERY}.story@university.example>"
    assert mail["X-Correlation-ID"] == "story"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    assert b"\n" not in mail.as_bytes().replace(b"\r\n", b"")


def test_introduction_brings_every_day_of_the_placement():
    mail = mailed(example_of(table.named("introduction")))
    (attached,) = list(mail.iter_attachments())
    calendar = attached.get_content()

    assert calendar.count("BEGIN:VEVENT") == len(sample.WEEK)
    assert "DTSTART;TZID=Europe/London:20240311T090000" in calendar
    assert "BEGIN:VTIMEZONE" in calendar


FORGED = (
    "Weather\r\nBcc: everyone@example.org",
    "Weather\nBcc: everyone@example.org",
    "Weather\rBcc: everyone@example.org",
    "Weather\x0bBcc: everyone@example.org",
    "Weather\x0cBcc: everyone@example.org",
    "Weather\x85Bcc: everyone@example.org",
    "Weather\u2028Bcc: everyone@example.org",
    "Weather\u2029Bcc: everyone@example.org",
    "Weather\r\n\r\n<p>A new body",
    "Weather\x00",
)


@pytest.mark.parametrize("forged", FORGED)
def test_s27_no_name_or_title_makes_a_header_or_a_recipient(forged):
    around = example_of(table.named("received"))
    around = replace(around, host={"public_name": forged}, to=Reader(forged, around.to.address))

    mail = mailed(around, correlation_id=forged)

    assert "Bcc" not in mail
    assert recipient_of(mail) == around.to.address
    raw = mail.as_bytes().split(b"\r\n\r\n")[0]
    assert not re.search(rb"(?im)^bcc:", raw)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org,b@example.org",
        "a b@example.org",
        "ä@example.org",
        "@",
        "a@example.org\r\nRCPT TO:<b@example.org>",
    ],
)
def test_s27_address_that_is_none_is_written_to_by_nobody(address):
    around = replace(example_of(table.named("received")), to=Reader("Somebody", address))

    with pytest.raises(AddressCannotBeWrittenTo):
        mailed(around)


@pytest.mark.parametrize(
    "typed", ["{{7*7}}", "${x}", "%s", "{0.__class__}", "{host}", "<script>alert(1)</script>"]
)
def test_s15_what_people_wrote_arrives_as_they_wrote_it(typed):
    around = replace(example_of(table.named("received")), host={"public_name": typed})
    written = write(around)

    assert typed in written.subject
    assert typed in written.text
    assert html.escape(typed) in written.html.replace("&#34;", "&quot;")
    assert "<script>" not in written.html


def test_hours_of_a_host_abroad_are_shown_in_both_zones():
    around = example_of(table.named("offer"))
    days = [{**day, "mode": "remote"} for day in sample.WEEK]
    advert = {**sample.ADVERT, "zone": "America/New_York", "mode": "remote", "days": days}
    around = replace(around, vacancy={"advert": advert, "rounds": []}, placement=None)

    # In that week New York's clocks have changed and London's have not.
    assert "Hours: 9am to 5:30pm in New York: 1pm to 9:30pm in London" in write(around).text
    assert "Repaid: Nothing: the work is done from home" in write(around).text
