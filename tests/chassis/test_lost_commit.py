"""P2: no answer is no knowledge. A commit whose answer is lost is a 503, and the same key finds out.

The link to Postgres breaks at the very word COMMIT: once it has passed, with its answer on the way, or
before it has. Neither the service nor its caller can tell which; both end with one row.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from chassis import clock
from chassis.database import Database
from deploy.local.postgres import as_login
from tests.chassis.things import rename
from tests.promises.link import Link

COMMIT = b"COMMIT"
ROWS = "SELECT count(*) FROM commands"
DONE = "SELECT coalesce(sum(last), 0) FROM sequences"


@pytest.fixture
async def link(database_url: str) -> AsyncIterator[Link]:
    """What lies between the service and Postgres."""
    address = urlsplit(database_url)
    link = await Link.open(address.hostname or "", address.port or 5432)
    yield link
    await link.close()


@pytest.fixture
async def database(database_url: str, link: Link) -> AsyncIterator[Database]:
    parts = urlsplit(as_login(database_url, "proposals"))
    through = parts._replace(netloc=f"{parts.username}@127.0.0.1:{link.port}")
    if parts.password:
        through = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{link.port}")
    pool = await Database.open(
        urlunsplit(through), service="proposals", now_sql=clock.sql(production=False)
    )
    yield pool
    await pool.close()


async def again(send):
    """As a client does: 409 says that the first is still running, so ask a little later."""
    for _ in range(50):
        answer = await send()
        if answer.status_code != 409:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("the key was never let go")


@pytest.mark.parametrize("was_committed", [True, False])
async def test_command_finds_out_by_its_key(student, database, link, database_of, was_committed):
    straight = await database_of("proposals")
    link.set(cut_on=COMMIT, cut_passes=was_committed, times=1)

    lost = await rename(student, {"title": "a"}, key="k1")
    assert lost.status_code == 503
    assert lost.headers["content-type"] == "application/problem+json"
    assert int(lost.headers["retry-after"]) > 0
    assert await straight.value(ROWS) == was_committed
    found = await again(lambda: rename(student, {"title": "a"}, key="k1"))
    once_more = await rename(student, {"title": "a"}, key="k1")
    other = await rename(student, {"title": "b"}, key="k1")

    assert (found.status_code, found.json()) == (201, {"title": "a", "number": 1})
    assert once_more.content == found.content
    assert other.status_code == 422
    assert await straight.value(DONE) == 1
    counted = "answers_lost" if was_committed else "questions_lost"
    assert link.counts[counted] == 1


@pytest.mark.parametrize("was_committed", [True, False])
async def test_form_finds_out_by_its_hidden_key(student, link, database_of, was_committed):
    straight = await database_of("proposals")
    fields = {"csrf": student.headers["x-csrf-token"], "command_key": "form-1"}

    async def post():
        return await student.post("/things", data=fields, headers={"accept": "text/html"})

    link.set(cut_on=COMMIT, cut_passes=was_committed, times=1)
    lost = await post()
    found = await again(post)
    once_more = await post()

    assert lost.status_code == 503
    assert found.status_code == once_more.status_code == 303
    assert found.headers["location"] == once_more.headers["location"]
    assert await straight.value(DONE) == 1


async def test_key_of_a_command_that_broke_before_its_commit_is_free(student, link, database_of):
    straight = await database_of("proposals")
    link.set(cut_on=b"INSERT INTO sequences", times=1)

    broken = await rename(student, {"title": "a"}, key="k1")
    assert broken.status_code == 503
    found = await again(lambda: rename(student, {"title": "a"}, key="k1"))

    assert found.json()["number"] == 1
    assert json.loads(await straight.value("SELECT response FROM commands"))["number"] == 1


async def test_sessions_that_nobody_answers_any_more_cost_one_request_some_seconds(
    student, database, link
):
    """As after a fail-over of the network: half-open, and nobody was told."""
    await asyncio.gather(*(rename(student, {"title": "a"}) for _ in range(5)))
    stranded = link.strand("client")
    loop = asyncio.get_running_loop()
    began = loop.time()

    answers = [await rename(student, {"title": "a"}) for _ in range(stranded + 1)]

    assert stranded > 1
    assert {answer.status_code for answer in answers} == {201}
    assert loop.time() - began < 12
    link.strand("client")
    assert await database.value("SELECT 1") == 1
    assert loop.time() - began < 30
