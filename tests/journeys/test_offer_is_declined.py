"""Somebody says no, and the next in the host's order hears within a second."""

from datetime import datetime, timedelta

from tests.journeys.oxford import Oxford

# The promise is a second on a machine that does nothing else; tests share theirs with others.
SOON = timedelta(seconds=5)


async def test_declined_place_is_offered_to_the_reserve_at_once(oxford: Oxford):
    host, office, chosen, reserve = await oxford.people("host", "office", "student", "student")
    vacancy = await host.has_a_vacancy(places=1)
    await oxford.has_applications(vacancy, chosen, reserve)
    await host.ranks(vacancy, [chosen], reserves=[reserve])
    await office.tells_outcomes(vacancy)
    await oxford.offer_of(chosen, vacancy)

    await chosen.declines(vacancy)

    next_offer = await oxford.offer_of(reserve, vacancy)
    declined = (await chosen.offer(vacancy))["answered_at"]
    assert instant(next_offer["made_at"]) - instant(declined) < SOON
    await reserve.gets_mail("a place came free for you")
    await host.gets_mail("Declined: a place in")
    await reserve.accepts(vacancy)
    await reserve.gets_mail("your introduction")
    await host.gets_mail("Meet your intern")


def instant(at: str) -> datetime:
    return datetime.fromisoformat(at)
