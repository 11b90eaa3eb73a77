"""Clauses of eligibility over facts, one line a case."""

from datetime import date

import pytest

from schemas.rules import Eligibility
from services.applications.domain.eligibility import judge

TODAY = date(2019, 3, 20)
STUDENTS = Eligibility.model_validate(
    {
        "clauses": [
            {
                "verdict": "refuse",
                "code": "mba",
                "every": [{"about": "course", "is_one_of": ["mba", "emba"]}],
                "sentence": "MBA students cannot apply.",
                "signpost": "https://mba.example",
            },
            {
                "verdict": "allow",
                "code": "matriculated",
                "every": [
                    {"about": "affiliation", "is_one_of": ["student"]},
                    {"about": "is_matriculated", "is_true": True},
                    {"about": "level", "is_one_of": ["undergraduate", "postgraduate_taught"]},
                ],
                "sentence": "Matriculated students can apply.",
            },
        ],
        "otherwise": "Only matriculated students can apply.",
    }
)
STAFF = Eligibility.model_validate(
    {
        "clauses": [
            {
                "verdict": "allow",
                "code": "fixed_term",
                "every": [
                    {"about": "contract_kind", "is_one_of": ["fixed_term"]},
                    {"about": "contract_ends_on", "is_within_months": 12},
                ],
                "sentence": "Fixed-term research staff can apply.",
            }
        ],
        "otherwise": "Only fixed-term research staff can apply.",
    }
)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"affiliation": ["member", "student"], "level": "undergraduate", "matriculated": True}, "matriculated"),
        ({"affiliation": "student", "level": "postgraduate-taught", "is_matriculated": True}, "matriculated"),
        ({"affiliation": "student", "level": "undergraduate", "is_matriculated": False}, "not_eligible"),
        ({"affiliation": "student", "level": "undergraduate"}, "not_eligible"),
        ({"affiliation": "student", "course": "MBA", "is_matriculated": True, "level": "undergraduate"}, "mba"),
        ({}, "not_eligible"),
    ],
)  # fmt: skip
def test_student_may_apply(facts: dict, code: str):
    assert judge(STUDENTS, facts, on=TODAY).code == code


@pytest.mark.parametrize(
    ("ends_on", "is_allowed"),
    [
        ("2020-01-31", True),  # still running
        ("2018-03-21", True),  # twelve months ago less a day
        ("2018-03-20", True),
        ("2018-03-19", False),  # plus a day
        ("not a day", False),
        (None, False),
    ],
)
def test_contract_may_have_ended_twelve_months_ago(ends_on: str | None, is_allowed: bool):
    facts = {"contract_kind": "fixed_term", "contract_ends_on": ends_on}

    assert judge(STAFF, facts, on=TODAY).is_allowed is is_allowed
