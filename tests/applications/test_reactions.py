"""What is heard from others: each message twice, and the copy is the same as after the first."""

from datetime import timedelta

from chassis import clock
from schemas import sample
from schemas.notifications import MessageSent
from schemas.proposals import (
    CyclePublished,
    RuleSetPublished,
    VacancyAmended,
    VacancyPublished,
    VacancyReadvertised,
    VacancyWithdrawn,
)
from services.applications.deadlines.rounds import (
    close_rounds,
    end_applications_of_withdrawn_vacancies,
)
from services.applications.reactions import REACTIONS
from tests.applications.known import AFTER, CLOSES, hear, told
from tests.applications.test_applying import API, doors, submitted
from tests.doors import Doors, events_recorded, travel

__all__ = ["doors"]  # a fixture of that file's


def of_vacancy(vacancy_id: object, **more: object) -> dict:
    return {**sample.of_vacancy("2024-02-06T09:00:00Z"), "vacancy_id": vacancy_id, **more}


async def test_copies_are_the_same_after_the_second_message(doors: Doors):
    vacancy_id = await told(doors.database)
    before = await doors.database.list_rows("SELECT * FROM known_rounds, known_vacancies")
    moved = {**sample.FIRST_ROUND, "closes_at": sample.deadline("2024-02-13 12:00")}
    amended = VacancyAmended.model_validate(
        {
            **VacancyAmended.examples[0],
            **of_vacancy(vacancy_id),
            "advert": sample.ADVERT,
            "rounds": [moved],
        }
    )

    await hear(doors.database, amended)
    once = await doors.database.list_rows("SELECT * FROM known_rounds, known_vacancies")
    await hear(doors.database, amended)
    twice = await doors.database.list_rows("SELECT * FROM known_rounds, known_vacancies")

    assert once == twice
    assert once[0]["closes_at"] == before[0]["closes_at"] + timedelta(days=1)


async def test_sealed_round_stays_sealed_when_its_instants_move(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    await travel(database_url, AFTER)
    await close_rounds(doors.database, now=clock.now)
    moved = {**sample.FIRST_ROUND, "closes_at": sample.deadline("2024-02-20 12:00")}
    amended = VacancyAmended.model_validate(
        {**VacancyAmended.examples[0], **of_vacancy(vacancy_id), "rounds": [moved]}
    )

    await hear(doors.database, amended)
    begun = await doors.student().post(f"{API}/applications", {"vacancy_id": vacancy_id})

    assert begun.status_code == 409


async def test_withdrawn_vacancy_gives_the_slot_back(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    application_id = await submitted(student, vacancy_id)
    withdrawn = VacancyWithdrawn.model_validate(
        {**VacancyWithdrawn.examples[0], **of_vacancy(vacancy_id)}
    )

    await hear(doors.database, withdrawn, withdrawn)
    await end_applications_of_withdrawn_vacancies(doors.database, now=clock.now)
    await end_applications_of_withdrawn_vacancies(doors.database, now=clock.now)

    shown = (await student.get(f"{API}/applications/{application_id}")).json()
    assert shown["status"] == "vacancy_withdrawn"
    assert shown["tag"] == "Vacancy withdrawn"
    live = await doors.database.value("SELECT live_first FROM applicant_cycles")
    assert live == 0
    assert await events_recorded(doors.database) == ["ApplicationSubmitted"]


async def test_second_round_takes_applications_of_its_own(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    again = VacancyReadvertised.model_validate(
        {
            **VacancyReadvertised.examples[0],
            **of_vacancy(vacancy_id),
            "round": "second",
            "dates": sample.SECOND_ROUND,
        }
    )
    await hear(doors.database, again, again)
    await travel(database_url, CLOSES + timedelta(days=16))

    begun = await doors.student().post(f"{API}/applications", {"vacancy_id": vacancy_id})

    assert begun.status_code == 201
    assert begun.json()["round"] == "second"


async def test_receipt_that_went_out_is_noted_once(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    application_id = await submitted(student, vacancy_id)
    sent = MessageSent.model_validate(
        {
            **MessageSent.examples[0],
            "letter": "received",
            "about_kind": "application",
            "about_id": application_id,
        }
    )

    await hear(doors.database, sent)
    first = (await student.get(f"{API}/applications/{application_id}")).json()["receipt_sent_at"]
    await hear(doors.database, sent.model_copy(update={"occurred_at": CLOSES}))
    second = (await student.get(f"{API}/applications/{application_id}")).json()["receipt_sent_at"]

    assert first is not None
    assert first == second


async def test_every_copy_takes_its_own_example_twice(doors: Doors):
    """In the order of the story: rules, cycle and advert come before what changes them."""
    first = [RuleSetPublished, CyclePublished, VacancyPublished]
    kinds = [*first, *(kind for kind in REACTIONS if kind not in first)]

    for kind in kinds:
        for example in kind.examples:
            event = kind.model_validate(example)
            await hear(doors.database, event)
            await hear(doors.database, event)

    counted = await doors.database.get_row(
        """
        SELECT (SELECT count(*) FROM known_rule_sets) AS rule_sets,
               (SELECT count(*) FROM known_cycles) AS cycles,
               (SELECT count(*) FROM known_vacancies) AS vacancies,
               (SELECT count(*) FROM known_rounds) AS rounds,
               (SELECT count(*) FROM known_hosts) AS hosts
        """
    )
    assert counted == {"rule_sets": 1, "cycles": 1, "vacancies": 1, "rounds": 2, "hosts": 1}
