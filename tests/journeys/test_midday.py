"""The stroke of twelve: one second before it is in time, twelve o'clock is not."""

from datetime import timedelta

import pytest

from deploy.demo.patience import SaidNo
from deploy.demo.people import APPLICATIONS
from tests.journeys.oxford import MIDDAY, Oxford


async def test_a_second_before_midday_is_in_time_and_midday_is_not(oxford: Oxford):
    host, in_time, too_late = await oxford.people("host", "student", "student")
    vacancy = await host.has_a_vacancy()
    await oxford.opens()
    ready = await in_time.begins(vacancy)
    written = await too_late.begins(vacancy)

    receipt = None
    while receipt is None:  # on a busy machine a request may itself take longer than the second
        await oxford.goes_to(MIDDAY - timedelta(seconds=1))
        receipt = await sent_in_time(in_time, ready)
    await oxford.goes_to(MIDDAY)
    with pytest.raises(SaidNo) as refused:
        await too_late.submits(written)

    assert receipt["submitted_at"] < "2024-02-12T12:00:00"
    assert (refused.value.status, refused.value.kind) == (409, "deadline-passed")
    await in_time.gets_mail(receipt["reference"])
    await oxford.closes(vacancy)
    late = await oxford.office.caller.get(f"{APPLICATIONS}/applications/{written}")
    assert late["status"] == "not_submitted"
    assert not [each for each in await too_late.mails() if "Received" in each["subject"]]


async def sent_in_time(student, application_id):
    try:
        return await student.submits(application_id)
    except SaidNo as no:
        if no.kind == "deadline-passed":
            return None
        raise
