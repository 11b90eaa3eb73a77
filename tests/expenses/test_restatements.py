"""This service tells its claims anew, wherever they stand."""

from collections.abc import Awaitable, Callable

import pytest

from tests.databases import DatabaseOf
from tests.doors import Doors
from tests.expenses.claiming import API, Museum, a_museum
from tests.retelling import copies_come_back

LUNCH = {"date": "2024-03-11"}
ENDS = {
    "submitted": (),
    "returned": (("host", "return", {"reason_code": "receipt_unreadable", "reason": "Cut off"}),),
    "rejected": (("host", "reject", {"reason_code": "not_covered", "reason": "None of it."}),),
    "withdrawn": (("intern", "withdraw", {}),),
    "approved": (("host", "decide", {}),),
}
PAID = ("host", "report-reimbursement", {"paid": "7.00", "paid_on": "2024-03-18"})
WRONG = ("intern", "dispute", {"reason_code": "wrong_amount", "words": "It is 40p less"})
OWED = ("office", "settle", {"outcome": "owed", "reason": "The host agrees"})
ENDS |= {
    "reported": (*ENDS["approved"], PAID),
    "confirmed": (*ENDS["approved"], PAID, ("intern", "confirm", {})),
    "disputed": (*ENDS["approved"], PAID, WRONG),
    "settled": (*ENDS["approved"], PAID, WRONG, OWED),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_claim_comes_back(
    doors_of: Callable[..., Awaitable[Doors]],
    database_of: DatabaseOf,
    database_url: str,
    end: str,
):
    museum: Museum = await a_museum(await doors_of("expenses"), database_url)
    claim_id = await museum.sent_claim(LUNCH)
    for who, act, said in ENDS[end]:
        answer = await getattr(museum, who).post(f"{API}/claims/{claim_id}/{act}", said)
        assert answer.status_code == 200, answer.text

    await copies_come_back(database_of, "expenses", "claims")
