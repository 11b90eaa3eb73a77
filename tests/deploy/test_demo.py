"""The demo's own parts: its papers, its patience, its book of what must follow."""

import io
from collections import Counter

import httpx2
import pikepdf
import pytest

from deploy.demo import cast, cv
from deploy.demo.count import Row
from deploy.demo.expected import OFFICE, Expected, Vacancy
from deploy.demo.patience import Caller, SaidNo
from deploy.demo.people import Host, House, Student
from deploy.local.identity import people

FRONT_DOOR = "http://localhost:8080"


def house(answer) -> House:
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return House(client, front_door=FRONT_DOOR, mail_page="http://localhost:8025")


def nobody(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(404)


@pytest.fixture
def students() -> list[Student]:
    return [Student(each, at=house(nobody)) for each in people() if each.get("level")]


def a_vacancy(expected: Expected, places: int = 1) -> Vacancy:
    host = Host(cast.ORGANISATIONS[0], at=house(nobody))
    project = cast.Project("A title of three words", 0, "data", "A scope.", places=places)
    return expected.passed(host, f"vacancy {len(expected.vacancies)}", project)


def told(expected: Expected, vacancy: Vacancy, ranked: list[Student], *others: Student) -> None:
    for student in (*ranked, *others):
        expected.applied(student, vacancy)
    expected.ranked(vacancy, ranked)


def test_cv_is_a_pdf_of_two_pages_and_no_two_are_the_same():
    one, two = cv.two_pages("Zoë (Z.) O\\Neill", "BA Music"), cv.two_pages("Ann", "BA Music")

    with pikepdf.open(io.BytesIO(one)) as pdf:
        assert len(pdf.pages) == 2
        assert pdf.check_pdf_syntax() == []
    assert one != two


def test_each_project_of_the_cast_has_a_title_and_days_of_its_own():
    everything = [*cast.VACANCIES, cast.REJECTED, cast.WITHDRAWN]

    assert len({project.title for project in everything}) == 14
    for project in everything:
        written = project.writing(cast.ORGANISATIONS[project.host])
        modes = {day["mode"] for day in written["days"]}
        assert (modes == {"in_person", "remote"}) == (written["mode"] == "hybrid")


async def test_command_is_sent_again_under_the_same_key_until_somebody_answers():
    keys: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/sign-in"):
            return httpx2.Response(200, json={"csrf_token": "token"})
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            raise httpx2.ReadError("gone in the middle of it")
        if len(keys) == 2:
            return httpx2.Response(502)
        if len(keys) == 3:
            return httpx2.Response(409, json={"type": "/problems/key-in-flight"})
        return httpx2.Response(200, json={"done": True})

    there = house(answer)

    assert await Caller(there.client, FRONT_DOOR).post("/api/x", {}) == {"done": True}
    assert len(keys) == 4
    assert len(set(keys)) == 1


async def test_no_is_an_answer():
    def answer(request: httpx2.Request) -> httpx2.Response:
        problem = {"type": "/problems/deadline-passed", "detail": "Too late."}
        return httpx2.Response(409, json=problem, request=request)

    with pytest.raises(SaidNo) as no:
        await Caller(house(answer).client, FRONT_DOOR).get("/api/x")

    assert (no.value.status, no.value.kind, no.value.sentence) == (
        409,
        "deadline-passed",
        "Too late.",
    )


def test_place_that_is_declined_goes_to_the_reserve_and_then_nobody_is_left(students):
    expected = Expected()
    vacancy = a_vacancy(expected)
    first, reserve, other = students[:3]
    told(expected, vacancy, [first, reserve], other)
    expected.told([vacancy])
    assert vacancy.offers == {first: "made"}

    expected.declined(first, vacancy)
    assert vacancy.offers == {first: "declined", reserve: "made"}
    assert expected.events["applications.ReserveExhausted"] == 0
    expected.declined(reserve, vacancy)

    assert expected.events["applications.ReserveExhausted"] == 1
    letters = Counter(letter for letter, _ in expected.mails.elements())
    assert (letters["offer"], letters["promoted"], letters["place_declined"]) == (1, 1, 2)
    assert expected.mails["reserves_exhausted", OFFICE] == 1
    assert expected.mails["unsuccessful", other.address] == 1


def test_place_that_is_taken_frees_the_other_one_and_fills_the_vacancy(students):
    expected = Expected()
    one, two = a_vacancy(expected), a_vacancy(expected)
    both, reserve = students[:2]
    told(expected, one, [both])
    told(expected, two, [both, reserve])
    expected.told([one, two])

    expected.accepted(both, one)

    assert two.offers == {both: "superseded", reserve: "made"}
    assert expected.offers_by_state == Counter(accepted=1, superseded=1, made=1)
    assert expected.events["proposals.VacancyFilled"] == 1
    assert expected.applications[two.vacancy_id, both.subject] == "superseded"


@pytest.mark.parametrize(
    ("found", "expected", "at_most", "is_right"),
    [
        (3, 3, None, True),
        (4, 3, None, False),
        (2, 3, None, False),
        (4, 3, 4, True),
        (5, 3, 4, False),
    ],
)
def test_number_is_right_only_when_it_is_the_expected_one(found, expected, at_most, is_right):
    assert Row("mails", "offer", found, expected, at_most).is_right is is_right
