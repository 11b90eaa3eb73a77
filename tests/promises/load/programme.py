"""A programme with two cycles around one instant: one whose answers are due, one that is open.

It is Oxford's for students with its own dates, few files to upload, and a cap that lets a few people
make a load; everything else, from words to reminders, is as there.
"""

from datetime import date, datetime, timedelta

from schemas.programme import PROGRAMMES

MODEL = PROGRAMMES / "oxford-students.toml"
SLUG = "load"
CAP = 3

AUTUMN = datetime(2024, 1, 8, 9, 0)  # noqa: DTZ001  a wall time, as the file has it
OPENING = datetime(2024, 1, 15, 9, 0)  # noqa: DTZ001
CLOSING = datetime(2024, 1, 22, 12, 0)  # noqa: DTZ001
NOW = datetime(2024, 2, 26, 10, 0)  # noqa: DTZ001  when the load begins
EARLY_WEEK = date(2024, 2, 12)  # placements that are over by then: their claims are due
LATE_WEEK = date(2024, 4, 15)
NEXT_WEEK = date(2024, 6, 17)

CHANGED = {
    'slug = "students"': f'slug = "{SLUG}"',
    'programme_name = "Micro-Internship Programme"': 'programme_name = "Micro-Internships under Load"',
    '{ round = "first", most = 2 }': f'{{ round = "first", most = {CAP} }}',
    "places_most = 10": "places_most = 6000",
    "cv_pages = 2": "cv_is_required = false\ncv_pages = 2",
    "receipt_needed = true": "receipt_needed = false",
}


def file() -> str:
    """The programme's file, as an officer loads it."""
    text = MODEL.read_text("utf-8").partition("[[cycles]]")[0]
    for old, new in CHANGED.items():
        assert old in text, old
        text = text.replace(old, new)
    return text + "\n".join(
        [
            _cycle("over", "Over by now", OPENING, CLOSING, CLOSING + timedelta(days=4), EARLY_WEEK),
            _cycle("due", "Answers are due", OPENING, CLOSING, NOW + timedelta(days=20), LATE_WEEK),
            _cycle("open", "Open now", OPENING, NOW + timedelta(days=40), NOW + timedelta(days=50), NEXT_WEEK),
        ]
    )  # fmt: skip


def _cycle(
    slug: str, name: str, opens_at: datetime, closes_at: datetime, selects_by: datetime, week: date
) -> str:
    proposals_close_at = min(selects_by, closes_at + timedelta(days=1)) - timedelta(hours=1)
    return f"""
[[cycles]]
name = "{name}"
slug = "{slug}"
proposals_open_at = {(AUTUMN - timedelta(days=1)).isoformat()}
proposals_close_at = {proposals_close_at.isoformat()}
weeks = [{{ name = "a week", first_on = {week}, last_on = {week + timedelta(days=4)} }}]

[[cycles.rounds]]
round = "first"
opens_at = {opens_at.isoformat()}
closes_at = {closes_at.isoformat()}
host_selects_by = {selects_by.isoformat()}
office_tells_by = {(selects_by + timedelta(days=2)).isoformat()}
"""
