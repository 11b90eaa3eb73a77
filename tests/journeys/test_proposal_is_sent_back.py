"""The office asks for changes; the host makes them, and the vacancy opens at its instant."""

from deploy.demo.people import PROPOSALS
from tests.journeys.oxford import Oxford

CHANGED = "The archivist sits at the next desk, and the warden while the archivist travels."


async def test_a_proposal_that_was_sent_back_is_changed_and_becomes_a_vacancy(oxford: Oxford):
    host, office, student = await oxford.people("host", "office", "student")
    proposal = await host.has_proposed()
    await host.gets_mail("Received: your proposal")

    await office.screens(
        proposal,
        "changes_requested",
        reason_codes=["supervision_unclear"],
        reason="Say who is there while the supervisor travels.",
    )
    await host.gets_mail("Please change your proposal by")
    again = await host.sends_again(proposal, supervision=CHANGED)
    await office.screens(proposal)

    assert (again["status"], again["revision"]) == ("submitted", 2)
    await host.gets_mail("Approved: your proposal")
    shown = (await host.caller.get(f"{PROPOSALS}/proposals/{proposal}"))["content"]
    assert shown["supervision"] == CHANGED
    assert not [v for v in await student.searches(shown["title"]) if v["vacancy_id"] == proposal]
    await oxford.opens()
    assert [v for v in await student.searches(shown["title"]) if v["vacancy_id"] == proposal]
    await host.gets_mail("Your vacancy is open until")
