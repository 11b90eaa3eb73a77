"""The bar is made from the roles, and never from two at once."""

import pytest

from chassis.actor import Role
from chassis.navigation import Audience, Item, act_as, audiences, bar, home

TABLE = [
    ((), "/", ["/vacancies", "/programmes", "/hosts"]),
    (
        (Role.APPLICANT,),
        "/applications",
        ["/vacancies", "/applications", "/placements", "/expenses"],
    ),
    (
        (Role.HOST_CONTACT,),
        "/proposals",
        ["/proposals", "/selections", "/placements", "/expenses", "/hosts/mine"],
    ),
    ((Role.SUPERVISOR,), "/placements", ["/placements", "/expenses"]),
    *(
        (
            (role,),
            "/office/applications",
            [
                "/office/proposals",
                "/office/applications",
                "/office/notifications",
                "/office/expenses",
            ],
        )
        for role in (Role.OFFICER, Role.PROGRAMME_MANAGER, Role.SUPPORT, Role.AUDITOR)
    ),
]


@pytest.mark.parametrize(("roles", "lands_on", "leads_to"), TABLE)
def test_each_audience_has_its_bar_and_its_home(roles, lands_on, leads_to):
    assert home(roles) == lands_on
    assert [item.href for item in bar(roles)] == leads_to


def test_expenses_come_with_acceptance():
    items = bar([Role.APPLICANT], has_accepted=False)

    assert "/expenses" not in [item.href for item in items]


def test_two_roles_never_mix():
    both = (Role.APPLICANT, Role.OFFICER)

    assert bar(both) == bar([Role.OFFICER])
    assert bar(both, audience=Audience.APPLICANT) == bar([Role.APPLICANT])
    assert act_as(both, audience=Audience.APPLICANT) == (
        Item("Act as the office", "/office/applications"),
    )


def test_a_page_for_others_shows_ones_own_bar():
    assert bar([Role.APPLICANT], audience=Audience.OFFICE) == bar([Role.APPLICANT])


def test_one_role_has_nothing_to_switch_to():
    assert act_as([Role.APPLICANT]) == ()


def test_a_host_contact_who_supervises_is_a_host():
    assert audiences([Role.SUPERVISOR, Role.HOST_CONTACT]) == (Audience.HOST,)
