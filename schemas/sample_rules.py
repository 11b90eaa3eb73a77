"""A whole rule set for the example of `RuleSetPublished`, kept short; real ones are in `programmes/`."""

from typing import Any

RULES: dict[str, Any] = {
    "kind": {
        "programme_name": "Micro-Internship Programme",
        "rhythm": "cycles",
        "mailbox": "micro-internships@example.ac.uk",
        "zone": "Europe/London",
        "currency": "GBP",
        "pay_model": "expenses_only",
    },
    "eligibility": {
        "clauses": [
            {
                "verdict": "refuse",
                "code": "visiting",
                "every": [{"about": "course", "is_one_of": ["visiting"]}],
                "sentence": "Visiting students cannot apply.",
            },
            {
                "verdict": "allow",
                "code": "matriculated",
                "every": [{"about": "is_matriculated", "is_true": True}],
                "sentence": "All matriculated students can apply.",
            },
        ],
        "otherwise": "Only matriculated students can apply.",
    },
    "proposal": {
        "required": [{"field": "scope", "least_words": 10}],
        "categories": [{"code": "cataloguing", "words": "Cataloguing"}],
        "sectors": [{"code": "heritage", "words": "Heritage"}],
        "skills": [{"code": "communication", "words": "Communication"}],
        "modes": ["in_person", "remote", "hybrid"],
        "days_least": 2,
        "days_most": 5,
        "hours_per_week_most": 37.5,
    },
    "calendar": {
        "weeks": "one_only",
        "bank_holiday_region": "england-and-wales",
        "bank_holidays": ["2024-03-29"],
    },
    "applying": {
        "caps": [{"round": "first", "most": 2}, {"round": "second", "most": 1}],
        "statement_words": 300,
        "cv_pages": 2,
        "cv_kinds": ["pdf", "docx"],
        "over_length": "trim",
        "declarations": [{"code": "available", "words": "I can take part on all days."}],
    },
    "offers": {
        "answer_time": 2,
        "answer_time_kind": "calendar_days",
        "one_acceptance_per_cycle": True,
        "reserve_offers_are_made_at_once": True,
    },
    "placement": {
        "checklist": [{"code": "journey", "words": "Plan the journey"}],
        "preparation_pack": ["Agree where and when you meet on the first day."],
        "conduct_agreement": "I will act as a good guest of my host.",
        "evaluation": [{"code": "learnt", "words": "What did you learn?", "asked_of": "intern"}],
    },
    "expenses": {
        "rows": [
            {
                "kind": "lunch",
                "mode": "in_person",
                "allowed": True,
                "reason_code": "lunch_in_person",
                "sentence": "Lunch on a day in person is repaid on receipt.",
            }
        ],
        "claim_window_days": 28,
    },
    "telling": {
        "outcomes_told_by": "office",
        "released_by": "office",
        "selection_reminder_days": [2, -1],
        "unsuccessful_reasons": [{"code": "closer_fit", "words": "Others were a closer fit"}],
        "decline_reasons": [{"code": "not_free", "words": "I am no longer free"}],
        "cancellation_reasons": [{"code": "illness", "words": "Illness"}],
        "screening_reasons": [{"code": "supervision_unclear", "words": "Supervision is unclear"}],
    },
    "wording": {
        "about": "Short projects with hosts, at the end of term.",
        "hosts": "Give a defined project and good supervision.",
        "signature": "The Internship Office",
    },
    "retention": [{"record": "applications", "months": 12}],
}
