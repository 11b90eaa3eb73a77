"""The answers that a host chooses from, in the words people read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from babel import Locale
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from chassis.faults import custom
from chassis.languages import gettext as _
from schemas.advert import HostKind, PlacementKind, ProjectKind
from schemas.rules import Mode, Named, PayModel, ProfitStatus

Size = Literal["1_to_9", "10_to_49", "50_to_249", "250_or_more"]
Region = Literal[
    "oxfordshire",
    "london",
    "south_east",
    "south_west",
    "east_of_england",
    "midlands",
    "north_of_england",
    "wales",
    "scotland",
    "northern_ireland",
    "outside_uk",
]
COUNTRIES = {
    code: name for code, name in Locale("en", "GB").territories.items() if len(code) == 2
} | {"GB": "United Kingdom"}
NOT_COUNTRIES = ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO")


@dataclass(frozen=True, slots=True)
class Country:
    """A country by its code of two letters."""

    def read(self, text: str) -> str:
        """The code."""
        if text not in COUNTRIES or text in NOT_COUNTRIES:
            raise custom("unknown-value")
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        text = core_schema.str_schema(strict=True)
        return core_schema.no_info_after_validator_function(self.read, text)


def countries() -> list[tuple[str, str]]:
    """For a select: the United Kingdom first, then by name."""
    known = [(c, n) for c, n in COUNTRIES.items() if c not in NOT_COUNTRIES and c.isalpha()]
    return sorted(known, key=lambda each: (each[0] != "GB", each[1]))


def modes() -> dict[str, str]:
    """Where the work is done."""
    return {
        Mode.IN_PERSON: _("In person"),
        Mode.HYBRID: _("Hybrid"),
        Mode.REMOTE: _("Remote"),
    }


def host_kinds() -> dict[str, str]:
    """What sort of organisation it is."""
    return {
        HostKind.COMPANY: _("Company"),
        HostKind.START_UP: _("Start-up"),
        HostKind.CHARITY: _("Charity"),
        HostKind.PUBLIC: _("Public body"),
        HostKind.UNIVERSITY: _("University"),
    }


def profit_statuses() -> dict[str, str]:
    """Whether it works for profit."""
    return {
        ProfitStatus.FOR_PROFIT: _("For profit"),
        ProfitStatus.NOT_FOR_PROFIT: _("Not for profit"),
    }


def project_kinds() -> dict[str, str]:
    """Whether the project stands by itself."""
    return {
        ProjectKind.STAND_ALONE: _("It stands by itself"),
        ProjectKind.PART_OF_LARGER: _("It is part of a larger project"),
    }


def placement_kinds() -> dict[str, str]:
    """What the work is like."""
    return {
        PlacementKind.RESEARCH_BASED: _("Research-based"),
        PlacementKind.PROFESSIONAL: _("Professional"),
    }


def pay_models() -> dict[str, str]:
    """What an intern gets."""
    return {
        PayModel.UNPAID: _("Unpaid"),
        PayModel.EXPENSES_ONLY: _("Unpaid; the host repays costs"),
        PayModel.PAID: _("Paid"),
    }


def sizes() -> dict[str, str]:
    """Bands of size."""
    return {
        "1_to_9": _("1 to 9 people"),
        "10_to_49": _("10 to 49 people"),
        "50_to_249": _("50 to 249 people"),
        "250_or_more": _("250 people or more"),
    }


def regions() -> dict[str, str]:
    """Where in the country."""
    return {
        "oxfordshire": _("Oxfordshire"),
        "london": _("London"),
        "south_east": _("South East of England"),
        "south_west": _("South West of England"),
        "east_of_england": _("East of England"),
        "midlands": _("Midlands"),
        "north_of_england": _("North of England"),
        "wales": _("Wales"),
        "scotland": _("Scotland"),
        "northern_ireland": _("Northern Ireland"),
        "outside_uk": _("Outside the United Kingdom"),
    }


def words_of(named: Iterable[Named]) -> dict[str, str]:
    """A programme's own list."""
    return {each.code: each.words for each in named}
