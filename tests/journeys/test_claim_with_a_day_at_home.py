"""A claim for two days, one of them at home: of that one nothing is repaid."""

from datetime import date

from deploy.demo.cast import VACANCIES
from tests.journeys.oxford import AFTER_NINTH_WEEK, Oxford

MONDAY, TUESDAY = date(2024, 3, 11), date(2024, 3, 12)
HYBRID = {"mode": "hybrid", "days": VACANCIES[0].days}  # Tuesday and Thursday at home


async def test_claim_is_repaid_but_for_the_day_at_home(oxford: Oxford):
    host, office, intern = await oxford.people("host", "office", "student")
    vacancy = await host.has_a_vacancy(**HYBRID)
    await oxford.has_applications(vacancy, intern)
    await host.ranks(vacancy, [intern])
    await office.tells_outcomes(vacancy)
    await oxford.offer_of(intern, vacancy)
    await intern.accepts(vacancy)
    await oxford.placements_are_over(intern)
    await intern.gets_mail("Send your claim by")

    claim = await intern.claims([(MONDAY, "local_travel", 460), (TUESDAY, "lunch", 725)])
    claim_id = claim["claim_id"]
    await host.gets_mail("Please decide by")
    await host.decides(claim_id)
    await intern.gets_mail("your claim was approved")
    await host.repays(claim_id, 460, AFTER_NINTH_WEEK.date())
    await intern.gets_mail("has repaid you")
    await intern.confirms()

    assert [line["reason_code"] for line in claim["lines"]] == [
        "local_travel_in_person",
        "remote_day",
    ]
    done = await intern.claim()
    assert (done["status"], done["total"], done["approved"], done["paid"]) == (
        "confirmed",
        "11.85",
        "4.60",
        "4.60",
    )
    await host.gets_mail("has arrived")
