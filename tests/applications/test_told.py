"""What an applicant is told: one line a state, and never more than they may know."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.applications.domain.application import Status
from services.applications.domain.told import OFFERS, TABLE, Seen, Stage, told
from services.applications.web.wording import next_step

CLOSES = datetime(2024, 2, 12, 12, tzinfo=UTC)
BEFORE = datetime(2024, 2, 10, 9, tzinfo=UTC)
LATER = datetime(2024, 2, 27, 10, tzinfo=UTC)
SENT = Seen(
    status=Status.SUBMITTED,
    host="Lantern Reading Project",
    zone="Europe/London",
    closes_at=CLOSES,
    host_selects_by=datetime(2024, 2, 21, 17, tzinfo=UTC),
    office_tells_by=datetime(2024, 3, 1, 17, tzinfo=UTC),
    first_on=date(2024, 3, 18),
    answer_time="two days",
    refill_days=3,
)
RELEASED = replace(SENT, is_released=True)
CHOSEN = replace(RELEASED, has_been_chosen_from=True)
OFFERED = replace(CHOSEN, offer_status="made", respond_by_at=datetime(2024, 2, 28, 12, tzinfo=UTC))

STATES = [
    (replace(SENT, status=Status.DRAFT), BEFORE, "Draft",
     "Submit by 12 noon on Monday 12 February 2024, London time (GMT), or it does not count."),
    (SENT, BEFORE, "Received",
     "The host reads it after 12 noon on Monday 12 February 2024, London time (GMT). We tell you the "
     "outcome by Friday 1 March 2024. You can change it until 12 noon on Monday 12 February 2024, "
     "London time (GMT)."),
    (SENT, CLOSES, "Received",
     "The host gets it next. We tell you the outcome by Friday 1 March 2024."),
    (RELEASED, LATER, "Sent to the host",
     "Lantern Reading Project chooses by Wednesday 21 February 2024. We tell you the outcome by "
     "Friday 1 March 2024."),
    (CHOSEN, LATER, "With the office",
     "We tell you the outcome by Friday 1 March 2024. You need do nothing."),
    (replace(CHOSEN, offer_status="prepared"), LATER, "With the office",
     "We tell you the outcome by Friday 1 March 2024. You need do nothing."),
    (OFFERED, LATER, "Answer needed",
     "Answer by 12 noon on Wednesday 28 February 2024, London time (GMT): 1 day 2 hours left. If you "
     "do not answer, the offer runs out and the place goes to a reserve."),
    (replace(OFFERED, offer_status="expired"), LATER, "Ran out",
     "This offer ran out at 12 noon on Wednesday 28 February 2024, London time (GMT)."),
    (replace(CHOSEN, outcome="reserve"), LATER, "Reserve",
     "If a place comes free by Friday 15 March 2024, you get an offer with two days to answer."),
    (replace(CHOSEN, outcome="unsuccessful", reason="Others were a closer fit"), LATER,
     "Not successful", "Others were a closer fit."),
    (replace(CHOSEN, outcome="unsuccessful", reason="Others were a closer fit",
             next_round_at=datetime(2024, 2, 29, 9, tzinfo=UTC)), LATER,
     "Not successful", "Others were a closer fit. Round two opens on Thursday 29 February 2024."),
    (replace(SENT, status=Status.VACANCY_WITHDRAWN, ended_at=BEFORE), BEFORE, "Vacancy withdrawn",
     "Your slot is free again: you can apply for another until 12 noon on Monday 12 February 2024, "
     "London time (GMT)."),
    (replace(SENT, status=Status.NOT_SUBMITTED, ended_at=CLOSES), LATER, "Not submitted",
     "The draft was not submitted by 12 noon on Monday 12 February 2024, London time (GMT)."),
    (replace(SENT, status=Status.WITHDRAWN, ended_at=BEFORE, ended_by="applicant"), LATER,
     "Withdrawn", "You withdrew on Saturday 10 February 2024."),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "now", "tag", "sentence"), STATES)
def test_applicant_is_told(seen: Seen, now: datetime, tag: str, sentence: str):
    said = told(seen, now=now)

    assert (said.tag, next_step(said, zone=seen.zone, now=now)) == (tag, sentence)


def test_every_state_of_an_offer_that_is_told_has_its_sentence():
    """A prepared offer is nobody's to know of: it has none."""
    assert "prepared" not in OFFERS
    assert set(OFFERS.values()) <= set(TABLE)
    assert set(TABLE) == set(Stage)
