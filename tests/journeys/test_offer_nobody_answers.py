"""Two days pass, nobody answers, and the place goes on."""

from tests.journeys.oxford import Oxford


async def test_offer_nobody_answers_goes_to_the_reserve(oxford: Oxford):
    host, office, chosen, reserve = await oxford.people("host", "office", "student", "student")
    vacancy = await host.has_a_vacancy(places=1)
    await oxford.has_applications(vacancy, chosen, reserve)
    await host.ranks(vacancy, [chosen], reserves=[reserve])
    await office.tells_outcomes(vacancy)
    await chosen.gets_mail("Please answer by 12 noon on Wednesday 28 February")

    await oxford.days_pass(2)

    await reserve.gets_mail("Please answer by 12 noon on Friday 1 March")
    await chosen.gets_mail("has run out")
    assert [each["state"] for each in await chosen.offers(vacancy)] == ["expired"]
    await chosen.sees("ran out")
