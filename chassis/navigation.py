"""The one bar above every page, made from the roles in the sign-in: the same on all four services."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from chassis.actor import OFFICE, Role
from chassis.languages import gettext


class Audience(StrEnum):
    """For whom a page is. A person with two roles never sees two roles' items at once."""

    PUBLIC = "public"
    APPLICANT = "applicant"
    HOST = "host"
    SUPERVISOR = "supervisor"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Item:
    """One link of the bar."""

    text: str
    href: str


HOMES = {
    Audience.PUBLIC: "/",
    Audience.APPLICANT: "/applications",
    Audience.HOST: "/proposals",
    Audience.SUPERVISOR: "/placements",
    Audience.OFFICE: "/office/applications",
}


def audiences(roles: Iterable[Role]) -> tuple[Audience, ...]:
    """What someone may act as, the likeliest first; someone without a role is the public."""
    held = frozenset(roles)
    acts = (
        (Audience.OFFICE, not held.isdisjoint(OFFICE)),
        (Audience.HOST, Role.HOST_CONTACT in held),
        (Audience.SUPERVISOR, Role.SUPERVISOR in held and Role.HOST_CONTACT not in held),
        (Audience.APPLICANT, Role.APPLICANT in held),
    )
    return tuple(audience for audience, may in acts if may) or (Audience.PUBLIC,)


def home(roles: Iterable[Role]) -> str:
    """Where someone lands after signing in."""
    return HOMES[audiences(roles)[0]]


def bar(
    roles: Iterable[Role], *, audience: Audience | None = None, has_accepted: bool = True
) -> tuple[Item, ...]:
    """The items for someone, on a page for one audience.

    A page for everyone shows the items of the likeliest role. `has_accepted` is whether an applicant
    has taken a place: before that there is nothing to claim.
    """
    held = audiences(roles)
    items = _items(audience if audience and audience in held else held[0])
    if has_accepted:
        return items
    return tuple(item for item in items if item.href != "/expenses")


def act_as(roles: Iterable[Role], *, audience: Audience | None = None) -> tuple[Item, ...]:
    """ "Act as …" for someone with two roles: a link to the home of each other one."""
    held = audiences(roles)
    now = audience if audience in held else held[0]
    return tuple(Item(_as_words(each), HOMES[each]) for each in held if each is not now)


def _items(audience: Audience) -> tuple[Item, ...]:
    match audience:
        case Audience.PUBLIC:
            return (
                Item(gettext("Vacancies"), "/vacancies"),
                Item(gettext("Programmes"), "/programmes"),
                Item(gettext("For hosts"), "/hosts"),
            )
        case Audience.APPLICANT:
            return (
                Item(gettext("Vacancies"), "/vacancies"),
                Item(gettext("My applications"), "/applications"),
                Item(gettext("Placement"), "/placements"),
                Item(gettext("Expenses"), "/expenses"),
            )
        case Audience.HOST:
            return (
                Item(gettext("Proposals"), "/proposals"),
                Item(gettext("Applications"), "/selections"),
                Item(gettext("Placements"), "/placements"),
                Item(gettext("Claims"), "/expenses"),
                Item(gettext("Organisation"), "/hosts/mine"),
            )
        case Audience.SUPERVISOR:
            return (
                Item(gettext("Placements"), "/placements"),
                Item(gettext("Claims"), "/expenses"),
            )
        case Audience.OFFICE:
            return (
                Item(gettext("Proposals"), "/office/proposals"),
                Item(gettext("Applications"), "/office/applications"),
                Item(gettext("Mail"), "/office/notifications"),
                Item(gettext("Expenses"), "/office/expenses"),
            )


def _as_words(audience: Audience) -> str:
    return {
        Audience.PUBLIC: gettext("Act as a visitor"),
        Audience.APPLICANT: gettext("Act as an applicant"),
        Audience.HOST: gettext("Act as a host"),
        Audience.SUPERVISOR: gettext("Act as a supervisor"),
        Audience.OFFICE: gettext("Act as the office"),
    }[audience]
