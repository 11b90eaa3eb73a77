"""One rule for words, in Python and in the page's script."""

import json
from pathlib import Path

import pytest

from chassis import texts

GOLDEN = json.loads((Path(__file__).parent / "words.json").read_text())


@pytest.mark.parametrize("case", GOLDEN, ids=[case["why"] for case in GOLDEN])
def test_words_are_counted_as_the_page_counts_them(case):
    assert texts.count_words(case["text"]) == case["words"]


def test_stored_text_counts_like_the_typed_one():
    for case in GOLDEN:
        assert texts.count_words(texts.normalise(case["text"], lines=True)) == case["words"]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Sukarno", "Sukarno"),
        ("O’Casey", "O’Casey"),
        ("Skłodowska-Curie", "Skłodowska-Curie"),
        ("屠呦呦", "屠呦呦"),
        ("الخوارزمي", "الخوارزمي"),
        ("O\u0308", "Ö"),
        ("  Ada \u200b", "Ada"),
        ("می\u200cروم", "می\u200cروم"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("{{7*7}}", "{{7*7}}"),
        ("'); DROP TABLE claims;--", "'); DROP TABLE claims;--"),
    ],
)
def test_a_name_is_stored_as_it_was_meant(typed, stored):
    assert texts.normalise(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("A\x00da", "invalid-character"),
        ("A\x1bda", "invalid-character"),
        ("A\x85da", "invalid-character"),
        ("A\nda", "invalid-character"),
        ("A\tda", "invalid-character"),
        ("Ada\u202eecalevoL", "invalid-character"),
        ("Ada\u2066x", "invalid-character"),
        ("\ud800", "invalid-character"),
        ("a" + "\u0301" * 300, "too-many-marks"),
    ],
)
def test_a_text_that_could_deceive_is_refused(typed, code):
    with pytest.raises(texts.TextFault) as fault:
        texts.normalise(typed)

    assert fault.value.code == code


def test_several_lines_keep_tabs_and_line_feeds():
    assert texts.normalise("one\r\n\ttwo\rthree", lines=True) == "one\n\ttwo\nthree"


@pytest.mark.parametrize("filler", ["", " \n", "\u3164", "\u115f\u1160", "\u200b\u2800", "\ufeff"])
def test_fillers_are_blank(filler):
    assert texts.is_blank(filler)


def test_a_letter_is_not_blank():
    assert not texts.is_blank(" Ö ")


def test_the_hosts_copy_ends_after_the_last_allowed_word():
    assert texts.trim_words("one – two – three four", 2) == "one – two"


def test_a_text_within_the_limit_is_not_trimmed():
    assert texts.trim_words("one two –", 2) == "one two –"
    assert texts.trim_words("one two", 3) == "one two"
