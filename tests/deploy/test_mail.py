"""The mail catcher takes every mail, shows it, and can refuse like a real server."""

import asyncio
from email.message import EmailMessage

import aiosmtplib
import pytest
from starlette.testclient import TestClient

from deploy.local.mail import Mailbox, pages, smtp


@pytest.fixture
def mailbox(tmp_path):
    return Mailbox(tmp_path / "mail")


@pytest.fixture
async def port(mailbox):
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: smtp(mailbox), "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def a_mail(to="amara@students.example"):
    message = EmailMessage()
    message["From"] = "internships@university.example"
    message["To"] = to
    message["Subject"] = "Cynnig i Siân Ŵyn"
    message["Message-ID"] = "<offer-1@university.example>"
    message.set_content("You have an offer.")
    message.add_alternative("<p>You have an <b>offer</b>.</p>", subtype="html")
    message.add_attachment(
        b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="a.ics"
    )
    return message


async def test_mail_is_told_with_all_its_parts(mailbox, port):
    await aiosmtplib.send(a_mail(), hostname="127.0.0.1", port=port)

    [told] = TestClient(pages(mailbox), base_url="http://localhost").get("/messages.json").json()
    headers = dict(told.pop("headers"))
    told.pop("received_at")
    assert headers["Message-ID"] == "<offer-1@university.example>"
    assert told == {
        "number": 1,
        "from": "internships@university.example",
        "to": ["amara@students.example"],
        "subject": "Cynnig i Siân Ŵyn",
        "message_id": "<offer-1@university.example>",
        "text": "You have an offer.\n",
        "html": "<p>You have an <b>offer</b>.</p>\n",
        "attachments": ["a.ics"],
    }


@pytest.mark.parametrize(
    ("local_part", "code"), [("bounce", 550), ("bounce+1", 550), ("defer", 451), ("Defer+x", 451)]
)
async def test_chosen_addresses_are_refused_for_good_or_for_now(mailbox, port, local_part, code):
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await aiosmtplib.send(a_mail(f"{local_part}@x.example"), hostname="127.0.0.1", port=port)

    assert [recipient.code for recipient in refused.value.recipients] == [code]
    assert mailbox.mails == []


async def test_catcher_that_was_started_again_still_has_its_mails(mailbox, port):
    await aiosmtplib.send(a_mail(), hostname="127.0.0.1", port=port)

    again = Mailbox(mailbox.folder)

    assert [mail.described() for mail in again.mails] == [mailbox.mails[0].described()]
    assert again.add("a@x.example", ["b@x.example"], b"\r\n").number == 2


def test_page_shows_a_mails_own_markup_in_a_frame_without_rights(mailbox):
    message = a_mail()
    message.replace_header("Subject", "<script>alert(1)</script>")
    mailbox.add("a@x.example", ["b@x.example"], message.as_bytes())
    client = TestClient(pages(mailbox), base_url="http://localhost")

    shown = client.get("/messages/1")

    assert "<script>" not in shown.text
    assert '<iframe sandbox srcdoc="&lt;p&gt;You have' in shown.text
    assert "a.ics" in shown.text
    assert "<script>" not in client.get("/").text


def test_mails_can_be_asked_by_address_and_forgotten(mailbox):
    mailbox.add("a@x.example", ["b@x.example"], b"Subject: one\r\n\r\n1")
    mailbox.add("a@x.example", ["c@x.example"], b"Subject: two\r\n\r\n2")
    client = TestClient(pages(mailbox), base_url="http://localhost")

    found = client.get("/messages.json", params={"to": "c@x.example"}).json()
    assert [mail["subject"] for mail in found] == ["two"]

    def asked(**params: str) -> list[str]:
        answer = client.get("/messages.json", params=params)
        return [mail["subject"] for mail in answer.json()]

    assert (asked(limit="1"), asked(after="1"), asked(after="2")) == (["one"], ["two"], [])
    assert client.get("/messages.json", params={"after": "x"}).status_code == 400

    assert client.delete("/messages.json").status_code == 204
    assert client.get("/messages.json").json() == []


def test_page_answers_no_other_host_name(mailbox):
    client = TestClient(pages(mailbox), base_url="http://evil.example")

    assert client.get("/messages.json").status_code == 400
