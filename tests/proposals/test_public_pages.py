"""What everybody can read, signed in or not."""

import pytest

from tests.doors import travel
from tests.proposals.oxford import MIDDAY, OPENING, Oxford

PUBLIC = ("/", "/vacancies", "/programmes", "/programmes/students", "/programmes/students/rules/1",
          "/privacy", "/accessibility", "/problems/bad-cursor")  # fmt: skip


@pytest.mark.parametrize("path", PUBLIC)
async def test_public_page_needs_no_sign_in(oxford: Oxford, path: str):
    page = await oxford.doors.visitor().get(path)

    assert page.status_code == 200, page.text


async def test_advert_is_404_before_its_opening_and_says_its_state_afterwards(oxford: Oxford):
    vacancy_id = await oxford.has_a_vacancy()
    public = oxford.doors.visitor()
    assert (await public.get(f"/vacancies/{vacancy_id}")).status_code == 404

    await travel(oxford.admin, OPENING)
    page = await public.get(f"/vacancies/{vacancy_id}")
    assert "Apply by" in page.text
    assert "12 noon on Monday 12 February 2024" in page.text

    await travel(oxford.admin, MIDDAY)
    page = await public.get(f"/vacancies/{vacancy_id}")
    assert "Applications closed at" in page.text
    assert f"/applications/new?vacancy={vacancy_id}" not in page.text


async def test_search_shows_filters_with_counts_and_leaves_out_unknown_ones(oxford: Oxford):
    await oxford.has_a_vacancy()
    await travel(oxford.admin, OPENING)
    public = oxford.doors.visitor()

    page = await public.get("/vacancies?mode=in_person&mode=nowhere")
    assert "1 vacancy" in page.text
    assert "One of the filters is not known here." in page.text

    page = await public.get("/vacancies?mode=remote")
    assert "No vacancy fits these filters." in page.text
    assert "Without “Remote”" in page.text

    page = await public.get("/vacancies?view=table&words=diaries")
    assert "Catalogue two centuries of weather diaries" in page.text
