"""CVs from strangers: judged in a process of its own, copied clean, or refused in plain words."""

import io

import pikepdf
import pytest

from chassis.decision import Refused
from schemas.proposals import RuleSetPublished
from schemas.rules import ApplyingRules, OverLength
from services.applications.documents.judge import Judge, shown_name
from tests.applications.files import PNG, a_pdf, bomb, encrypted, with_script

RULES = ApplyingRules.model_validate(RuleSetPublished.examples[0]["rules"]["applying"])
REFUSING = RULES.model_copy(update={"over_length": OverLength.REFUSE})


async def judged(content: bytes, *, name: str = "cv.pdf", rules: ApplyingRules = RULES):
    return await Judge(1).cv(content, name=name, rules=rules)


def words_in(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return b"".join(page.Contents.read_bytes() for page in opened.pages)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "cv.pdf", "empty"),
        (PNG, "cv.pdf", "type-mismatch"),
        (a_pdf(), "cv.doc", "unsupported"),
        (a_pdf(), "cv.docm", "macros"),
        (a_pdf(), "cv.docx", "unsupported"),
        (encrypted(), "cv.pdf", "encrypted"),
        (a_pdf()[:-200], "cv.pdf", "unreadable"),
        (a_pdf() + b"PK\x03\x04" + b"\0" * 30, "cv.pdf", "trailing-data"),
        (b"junk" + a_pdf(), "cv.pdf", "type-mismatch"),
        (bomb(), "cv.pdf", "too-complex"),
        (b"%PDF-1.7\n" + b"x" * (5 * 1024 * 1024), "cv.pdf", "too-large"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_file_is_refused(content: bytes, name: str, code: str):
    with pytest.raises(Refused) as refused:
        await judged(content, name=name)

    assert refused.value.slug() == code
    assert refused.value.field == "cv"


async def test_trimming_programme_shows_the_host_the_first_pages():
    found = await judged(a_pdf(3))

    assert (found.pages, found.host_pages) == (3, 2)
    assert b"page 2" in words_in(found.host_copy)
    assert b"page 3" not in words_in(found.host_copy)


async def test_refusing_programme_says_how_many_pages_there_are():
    with pytest.raises(Refused) as refused:
        await judged(a_pdf(3), rules=REFUSING)

    assert refused.value.slug() == "too-many-pages"
    assert "3 pages" in refused.value.sentence


async def test_what_acts_or_hides_stays_behind():
    original = with_script()
    assert b"calc.exe" in original

    found = await judged(original)

    assert found.notes == ("attachments", "scripts")
    for trace in (b"JavaScript", b"OpenAction", b"calc.exe", b"EmbeddedFile", b"app.alert"):
        with pikepdf.open(io.BytesIO(found.host_copy)) as copy:
            whole = io.BytesIO()
            copy.save(whole, object_stream_mode=pikepdf.ObjectStreamMode.disable)
        assert trace not in whole.getvalue()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../x", "x"),
        ("C:\\Users\\me\\cv.pdf", "cv.pdf"),
        ("a\r\nX: y.pdf", "aX y.pdf"),
        ("", "cv.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_name_of_a_file_is_cleaned(given: str, shown: str):
    assert shown_name(given) == shown
