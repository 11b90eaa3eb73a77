"""One story, told by the examples: a place at a museum in the spring cycle, Hilary 2024."""

from datetime import datetime
from typing import Any

from schemas.deadline import Deadline

UNIVERSITY = "oxford"
PROGRAMME = "018d2f00-0000-7000-8000-000000000001"
CYCLE = "018d2f00-0000-7000-8000-000000000002"
HOST = "018d2f00-0000-7000-8000-000000000003"
VACANCY = "018d2f00-0000-7000-8000-000000000004"
APPLICATION = "018d2f00-0000-7000-8000-000000000005"
OFFER = "018d2f00-0000-7000-8000-000000000006"
OTHER_OFFER = "018d2f00-0000-7000-8000-000000000007"
PLACEMENT = "018d2f00-0000-7000-8000-000000000008"
CLAIM = "018d2f00-0000-7000-8000-000000000009"
LINE = "018d2f00-0000-7000-8000-00000000000a"
DELIVERY = "018d2f00-0000-7000-8000-00000000000b"
SESSION = "018d2f00-0000-7000-8000-00000000000c"
EVENT = "018d2f00-0000-7000-8000-00000000000d"
STUDENT = "018d2f00-0000-7000-8000-0000000000a1"
CONTACT = "018d2f00-0000-7000-8000-0000000000a2"
SUPERVISOR = "018d2f00-0000-7000-8000-0000000000a3"


def at(instant: str) -> dict[str, Any]:
    """What every example begins with."""
    return {"university": UNIVERSITY, "occurred_at": instant}


def of_programme(instant: str) -> dict[str, Any]:
    """The case of a rule set."""
    return {**at(instant), "programme_id": PROGRAMME, "rule_set_version": 1}


def of_cycle(instant: str) -> dict[str, Any]:
    """The case of a cycle."""
    return {**of_programme(instant), "cycle_id": CYCLE}


def of_vacancy(instant: str) -> dict[str, Any]:
    """The case of a proposal or vacancy."""
    return {**of_cycle(instant), "vacancy_id": VACANCY, "host_id": HOST}


def of_round(instant: str) -> dict[str, Any]:
    """The case of a vacancy's first round."""
    return {**of_vacancy(instant), "round": "first"}


def of_application(instant: str) -> dict[str, Any]:
    """The case of an application."""
    return {**of_round(instant), "application_id": APPLICATION, "person_ref": STUDENT}


def of_offer(instant: str) -> dict[str, Any]:
    """The case of an offer."""
    return {**of_application(instant), "offer_id": OFFER}


def of_placement(instant: str) -> dict[str, Any]:
    """The case of a placement."""
    return {**of_offer(instant), "placement_id": PLACEMENT}


def of_claim(instant: str) -> dict[str, Any]:
    """The case of a claim."""
    return {
        **of_vacancy(instant),
        "claim_id": CLAIM,
        "placement_id": PLACEMENT,
        "application_id": APPLICATION,
        "person_ref": STUDENT,
    }


def of_host(instant: str) -> dict[str, Any]:
    """The case of a host."""
    return {**at(instant), "host_id": HOST}


def of_person(instant: str) -> dict[str, Any]:
    """The case of a person."""
    return {**at(instant), "person_ref": STUDENT}


def deadline(wall: str) -> dict[str, Any]:
    """What people in London agreed on; in summer their clocks are an hour ahead of UTC."""
    agreed = Deadline.at_wall(datetime.fromisoformat(wall), "Europe/London")
    return agreed.model_dump(mode="json")


def days(*on: str) -> list[dict[str, Any]]:
    """Days in person at the museum."""
    return [
        {"on": day, "mode": "in_person", "starts": "09:00", "ends": "17:30", "break_minutes": 60}
        for day in on
    ]


WEEK = days("2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14", "2024-03-15")

FIRST_ROUND: dict[str, Any] = {
    "round": "first",
    "opens_at": deadline("2024-01-29 09:00"),
    "closes_at": deadline("2024-02-12 12:00"),
    "host_selects_by": deadline("2024-02-21 17:00"),
    "office_tells_by": deadline("2024-03-01 17:00"),
}
SECOND_ROUND: dict[str, Any] = {
    "round": "second",
    "opens_at": deadline("2024-02-27 09:00"),
    "closes_at": deadline("2024-03-04 12:00"),
    "host_selects_by": deadline("2024-03-06 12:00"),
    "office_tells_by": deadline("2024-03-06 17:00"),
}
HOST_FACTS: dict[str, Any] = {
    "public_name": "Museum of the History of Weather",
    "profit_status": "not_for_profit",
    "kind": "charity",
    "size": "10_to_49",
    "sector": "heritage",
    "region": "oxfordshire",
    "country": "GB",
    "zone": "Europe/London",
    "has_alumni_link": True,
    "valid_from_on": "2023-11-01",
}
ADVERT: dict[str, Any] = {
    "title": "Catalogue two centuries of weather diaries",
    "projects": [
        {
            "title": "Catalogue two centuries of weather diaries",
            "scope": "Bring 300 handwritten diaries into a searchable catalogue.",
            "tasks": "Describe each diary; photograph its title page; check names of places.",
            "deliverables": "A catalogue of 300 entries, and a page on how it was made.",
            "learning": "How an archive describes what it holds.",
        }
    ],
    "project_kind": "part_of_larger",
    "placement_kind": "research_based",
    "strategic_focus": "Opening the collection to the public.",
    "supervision": "A curator sits at the next desk and meets the intern each morning.",
    "supervisor_ref": SUPERVISOR,
    "has_work_shadowing": True,
    "skills": ["self_management", "communication"],
    "sector": "heritage",
    "category": "cataloguing",
    "disciplines": [],
    "host_public_name": HOST_FACTS["public_name"],
    "host_kind": "charity",
    "host_profit_status": "not_for_profit",
    "host_region": "oxfordshire",
    "country": "GB",
    "region": "oxfordshire",
    "city": "Oxford",
    "mode": "in_person",
    "days": WEEK,
    "hours_are_flexible": False,
    "places": 2,
    "pay_model": "expenses_only",
    "programme_name": "Micro-Internship Programme",
    "cycle_name": "Hilary 2024",
    "zone": "Europe/London",
}
