"""A plain consumer that is not ours reads what happened, in order, and learns nobody's name."""

import asyncio
import json

from deploy.demo import courier
from deploy.demo.cast import STATEMENT
from schemas.envelope import SPEC_VERSION
from schemas.topics import CONTACTS
from tests.journeys.oxford import Oxford

HEADERS = {"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject"}
OF_THE_CHOSEN = [
    "ApplicationSubmitted",
    "OfferMade",
    "OfferAccepted",
    "PlacementConfirmed",
    "PlacementIntroduced",
]
OF_THE_OTHER = ["ApplicationSubmitted", "OutcomeTold"]


async def test_a_stranger_reads_a_case_in_order_and_nobodys_name(oxford: Oxford):
    host, office, chosen, other = await oxford.people("host", "office", "student", "student")
    vacancy = await host.has_a_vacancy(places=1)
    await oxford.has_applications(vacancy, chosen, other)
    await host.ranks(vacancy, [chosen])
    await office.tells_outcomes(vacancy)
    await oxford.offer_of(chosen, vacancy)
    await chosen.accepts(vacancy)
    await oxford.clock.settles()

    records = await asyncio.to_thread(courier.read_all, oxford.addresses["kafka"])

    case = (await oxford.application_of(chosen, vacancy))["application_id"]
    rest = (await oxford.application_of(other, vacancy))["application_id"]
    assert told_of(records, case) == OF_THE_CHOSEN
    assert told_of(records, rest) == OF_THE_OTHER
    public = [each for each in records if each.value and not each.topic.endswith(CONTACTS.name)]
    for each in public:
        assert each.headers.keys() >= HEADERS, each
        assert each.headers["ce_specversion"] == SPEC_VERSION
        assert json.loads(each.value)
    # The contacts topic carries both, sealed: there the bytes must not show them either.
    everything = b"\n".join(each.value for each in records if each.value)
    canaries = [
        host.name, host.address, *host.organisation.supervisor,
        chosen.name, chosen.address, other.name, other.address,
        oxford.office.name, oxford.office.address, STATEMENT[:40],
    ]  # fmt: skip
    assert [each for each in canaries if each.encode() in everything] == []
    # What is looked for could be there: the vacancy's own words are.
    assert b"Cherwell Meadows Trust" in everything


def told_of(records: list[courier.Seen], application_id: str) -> list[str]:
    """What one application's topic says of it, in order; a repeated record counts once."""
    of_case = {
        each.id: courier.short(each.type).partition(".")[2]
        for each in records
        if each.topic.endswith("applications.events") and each.key == application_id
    }
    return list(of_case.values())
