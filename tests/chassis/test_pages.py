"""The templates as HTML: what holds on every page, whoever reads it."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from chassis.pages import Pages, asset
from tests.chassis import gallery

PAGES = gallery.pages()
UNLABELLED = {"hidden", "submit", "button"}


class Reading(HTMLParser):
    """What a page is made of, as far as these tests ask."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.title = ""
        self._in_title = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_title += tag == "title" and not self.title

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = 0

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def having(self, attribute: str) -> list[str]:
        """Every value of an attribute, in order."""
        return [str(attrs[attribute]) for _, attrs in self.tags if attribute in attrs]


@pytest.fixture(params=PAGES)
def page(request) -> Reading:
    return Reading(PAGES[request.param])


def test_ids_are_unique(page):
    twice = [each for each, times in Counter(page.having("id")).items() if times > 1]

    assert twice == []


def test_every_control_has_its_label(page):
    labelled = set(page.having("for"))
    controls = [
        attrs
        for tag, attrs in page.tags
        if tag in ("input", "select", "textarea") and attrs.get("type") not in UNLABELLED
    ]

    assert [each["name"] for each in controls if each.get("id") not in labelled] == []


def test_every_reference_leads_somewhere(page):
    ids = set(page.having("id"))
    named = [id_ for value in ("aria-labelledby", "aria-describedby") for id_ in page.having(value)]
    links = [href[1:] for href in page.having("href") if href.startswith("#")]

    missing = [each for value in named + links for each in value.split() if each not in ids]

    assert missing == []


def test_nothing_is_styled_or_scripted_inline(page):
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]

    assert page.having("style") == []
    assert [name for _, attrs in page.tags for name in attrs if name.startswith("on")] == []
    assert [each.get("nonce") for each in scripts if "src" not in each] == ["n0nce"]


def test_everything_comes_from_the_house(page):
    addresses = [*page.having("src"), *(a["href"] or "" for t, a in page.tags if t == "link")]

    assert [each for each in addresses if not each.startswith("/static/")] == []


def test_there_is_one_main_heading(page):
    assert [tag for tag, _ in page.tags].count("h1") == 1


def test_every_posted_form_proves_that_it_is_ours(page):
    tags = iter(page.tags)
    forms = [
        next(attrs for inner, attrs in tags if inner == "input")
        for tag, form in tags
        if tag == "form" and form.get("method") == "post"
    ]

    assert [(each["name"], each["value"]) for each in forms] == [("csrf", "t")] * len(forms)


def test_no_value_is_printed_as_none(page):
    assert [value for _, attrs in page.tags for value in attrs.values() if value == "None"] == []


@pytest.mark.parametrize("name", ["slips", "refused"])
def test_a_page_that_says_no_says_so_in_its_title(name):
    assert Reading(PAGES[name]).title.startswith("Error: ")


def test_a_page_that_says_nothing_of_the_kind_does_not():
    assert Reading(PAGES["form"]).title == (
        "Apply: Plan the evaluation of a science festival – Micro-internships – Northfield University"
    )


def test_what_was_typed_is_inert():
    assert "<script>alert(1)" not in PAGES["slips"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in PAGES["slips"]


def test_a_form_refused_for_its_token_keeps_the_text():
    assert 'name="statement" value="Two\nlines &amp; &lt;b&gt;"' in PAGES["typed"]
    assert 'value="old"' not in PAGES["typed"]


def test_every_status_says_what_to_do():
    headings = {name: Reading(html).title for name, html in PAGES.items() if "error-" in name}

    assert len(headings) == 16
    assert headings["error-503"].startswith("We are still preparing this page")
    assert "</a>. Say that it was about NU-4F7K." in PAGES["error-500"]


def test_a_misspelt_name_is_an_error_and_no_empty_space(tmp_path):
    (tmp_path / "page.html").write_text("<p>{{ vacancy.titel }}</p>")

    with pytest.raises(UndefinedError):
        Pages(folders=[tmp_path]).render("page.html", {"vacancy": {"title": "Glass"}})


def test_a_services_own_template_goes_before_the_houses(tmp_path):
    (tmp_path / "error.html").write_text("ours: {{ status }}")

    assert Pages(folders=[tmp_path]).render("error.html", {"status": 404}) == "ours: 404"


def test_a_files_address_changes_with_the_file():
    address = asset("house.css")

    assert re.fullmatch(r"/static/house\.css\?[0-9a-f]{8}", address)
