"""Every letter with example data: one story, that of `schemas/sample.py`, at an invented university."""

from datetime import UTC, datetime
from typing import Any

from chassis.pages import University
from schemas import sample
from schemas.envelope import Event
from services.notifications.domain.letter import Letter, To
from services.notifications.mailer.wording import Around, Reader

NORTHFIELD = University(
    slug="northfield",
    name="Northfield University",
    mailbox="micro-internships@northfield.example",
)
ADDRESS = "https://northfield.example"
INTERN = Reader("Priya Raman", "priya.raman@northfield.example")
HOST = Reader("Tomos Price", "tomos.price@weather.example")
SUPERVISOR = Reader("Aisha Bello", "aisha.bello@weather.example")
LINK = "https://northfield.example/sign-in/link?token=example"
REASONS = {
    "closer_fit": "Other applications fitted the project more closely",
    "supervision_unclear": "It is not clear who looks after the intern",
}
PROGRAMME: dict[str, Any] = {
    "programme_name": "Northfield Micro-Internships",
    "mailbox": NORTHFIELD.mailbox,
    "zone": "Europe/London",
    "currency": "GBP",
    "reasons": REASONS,
    "signature": "Northfield Internship Office",
    "preparation": ["Write to your host and agree when and where you start."],
}


def example_of(letter: Letter) -> Around:
    """Everything known around a letter's example."""
    return Around(
        letter=letter,
        event=None if letter.is_sealed else event_of(letter),
        university=NORTHFIELD,
        address=ADDRESS,
        to=_reader(letter),
        programme=PROGRAMME if "programme" in letter.needs else None,
        cycle={"dates": {"rounds": [sample.FIRST_ROUND, sample.SECOND_ROUND]}},
        vacancy=_vacancy() if "vacancy" in letter.needs else None,
        host={"public_name": sample.HOST_FACTS["public_name"]},
        application=_application()
        if letter.to is To.PERSON and "vacancy" in letter.needs
        else None,
        placement={"days": sample.WEEK, "zone": "Europe/London", "supervisor_ref": None},
        intern=INTERN,
        hosts=(SUPERVISOR, HOST),
        secret={"link": LINK} if letter.is_sealed else {},
    )


def event_of(letter: Letter) -> Event:
    """The first example of its event that the letter follows, or one made to fit."""
    kind = letter.follows
    told = [kind.model_validate(example) for example in kind.examples]
    for event in told:
        if letter.is_due(event):
            return event
    asked = {
        name: sorted(test)[0] if isinstance(test, frozenset) else test
        for name, test in letter.where.items()
    }
    codes = {"reason_codes": ("closer_fit",)} if letter.name == "proposal_rejected" else {}
    return kind.model_validate(kind.examples[0] | asked | codes)


def _reader(letter: Letter) -> Reader:
    if letter.to is To.OFFICE:
        return Reader(NORTHFIELD.office, NORTHFIELD.mailbox)
    if letter.to is To.PERSON and not letter.is_sealed and "host" not in letter.name:
        return INTERN
    return HOST


def _vacancy() -> dict[str, Any]:
    return {"advert": sample.ADVERT, "rounds": [sample.FIRST_ROUND, sample.SECOND_ROUND]}


def _application() -> dict[str, Any]:
    return {"reference": "NU-4F7K", "submitted_at": datetime(2024, 2, 9, 16, 12, tzinfo=UTC)}
