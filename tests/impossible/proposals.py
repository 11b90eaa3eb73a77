"""Breaches of what must be so of cycles, proposals and vacancies."""

from copy import deepcopy

from schemas.proposals import CyclePublished
from services.proposals import impossible
from tests.impossible.planting import Plant, acted, ago, ident, row

AUTHOR, OFFICER = ident("author"), ident("officer")


def vacancy(name: str, **more):
    return row(
        "vacancies",
        **{
            "vacancy_id": ident(name),
            "university": "oxford",
            "status": "open",
            "round": "first",
            "opens_at": ago(days=1),
            "closes_at": ago(days=-1),
            "words": "",
            **more,
        },
    )


def proposal(name: str):
    return row(
        "proposals",
        proposal_id=ident(name),
        university="oxford",
        author_ref=AUTHOR,
        status="approved",
    )


def screened(name: str, *, by=OFFICER, outcome: str = "passed"):
    return row("screenings", proposal_id=ident(name), screened_by=by, outcome=outcome)


def cycle(name: str, dates, **more):
    instants = {
        "proposals_open_at": dates["proposals_open_at"]["at"],
        "proposals_close_at": dates["proposals_close_at"]["at"],
        "starts_on": dates["starts_on"],
        "ends_on": dates["ends_on"],
    }
    whole = CyclePublished.model_validate({**CyclePublished.examples[0], "dates": dates}).dates
    return row(
        "cycles",
        **{
            "cycle_id": ident(name),
            "programme_id": ident("programme"),
            "university": "oxford",
            "slug": name,
            "status": "published",
            "rule_set_version": 1,
            "dates": whole.model_dump(mode="json"),
            **{
                key: getattr(whole, key).at if key.endswith("_at") else getattr(whole, key)
                for key in instants
            },
            **more,
        },
    )


DATES = CyclePublished.examples[0]["dates"]
RULES = row(
    "rule_sets",
    programme_id=ident("programme"),
    version=1,
    rules={"kind": {"rhythm": "cycles"}},
)


def closed_before_it_opened():
    """The first round's instants, the wrong way round."""
    dates = deepcopy(CyclePublished.model_validate(CyclePublished.examples[0]).dates).model_dump(
        mode="json"
    )
    first = dates["rounds"][0]
    first["opens_at"], first["closes_at"] = first["closes_at"], first["opens_at"]
    return dates


def starting_before_the_choice():
    dates = CyclePublished.model_validate(CyclePublished.examples[0]).dates.model_dump(mode="json")
    dates["starts_on"] = dates["rounds"][0]["host_selects_by"]["wall"][:10]
    return dates


SOUND = (proposal("sound"), screened("sound"), vacancy("sound"))

PLANTS = (
    Plant(
        "proposals",
        impossible.UNSCREENED,
        rows=(
            proposal("unscreened"),
            vacancy("unscreened"),
            proposal("asked"),
            screened("asked", outcome="changes_requested"),
            vacancy("asked", status="scheduled", opens_at=ago(days=-1), closes_at=ago(days=-2)),
            proposal("own"),
            screened("own", by=AUTHOR),
            vacancy("own"),
        ),
        innocent=(*SOUND, proposal("gone"), vacancy("gone", status="withdrawn")),
        finds={f"vacancy {ident(name)}" for name in ("unscreened", "asked", "own")},
    ),
    Plant(
        "proposals",
        impossible.DATES_OUT_OF_ORDER,
        rows=(
            cycle("reversed", closed_before_it_opened()),
            cycle("early", starting_before_the_choice()),
        ),
        innocent=(
            RULES,
            cycle("sound", DATES),
            cycle("draft", closed_before_it_opened(), status="draft"),
        ),
        finds={f"cycle {ident('reversed')}", f"cycle {ident('early')}"},
    ),
    Plant(
        "proposals",
        impossible.STATE_AGAINST_INSTANT,
        rows=(
            vacancy("late to open", status="scheduled", opens_at=ago(minutes=3)),
            vacancy("late to close", closes_at=ago(minutes=3)),
            vacancy("too early", opens_at=ago(minutes=-10)),
        ),
        innocent=(
            vacancy("just due", status="scheduled", opens_at=ago(minutes=1)),
            vacancy("just over", closes_at=ago(minutes=1)),
            vacancy("sound"),
        ),
        finds={f"vacancy {ident(name)}" for name in ("late to open", "late to close", "too early")},
    ),
    Plant(
        "proposals",
        impossible.EDITED_WITHOUT_REASON,
        rows=(acted(1, "VacancyWithdrawn", "a", role="officer", reason=""),),
        innocent=(
            acted(2, "VacancyWithdrawn", "b", role="officer", reason="The host has moved"),
            acted(3, "VacancyWithdrawn", "c", role="host-contact"),
            acted(4, "VacancyWithdrawn", "d", role="officer", outcome="refused"),
        ),
        finds={"audit row 1"},
    ),
    Plant(
        "proposals",
        impossible.SCREENED_ONESELF,
        rows=(proposal("own"), screened("own", by=AUTHOR, outcome="rejected")),
        innocent=SOUND,
        finds={f"proposal {ident('own')}"},
    ),
    Plant(
        "proposals",
        impossible.OPEN_AGAIN,
        rows=(
            vacancy("again"),
            acted(1, "VacancyOpened", "again"),
            acted(2, "VacancyClosed", "again"),
        ),
        innocent=(
            vacancy("anew"),
            acted(3, "VacancyClosed", "anew"),
            acted(4, "VacancyReadvertised", "anew"),
            acted(5, "VacancyOpened", "anew"),
        ),
        finds={f"vacancy {ident('again')}"},
    ),
)
