"""Breaches of what must be so of rounds, applications, offers and placements."""

from schemas.proposals import RuleSetPublished
from services.applications import impossible
from tests.impossible.expenses import without_check
from tests.impossible.planting import Plant, acted, ago, ident, row

ADA, BEN = ident("ada"), ident("ben")
VACANCY, CYCLE_OF_ADA, CYCLE_OF_BEN = ident("vacancy"), ident("ada's"), ident("ben's")
PROGRAMME = ident("programme")


def rules(**groups):
    whole = RuleSetPublished.model_validate(RuleSetPublished.examples[0]).rules.model_dump(
        mode="json"
    )
    changed = {name: {**whole[name], **values} for name, values in groups.items()}
    return row(
        "known_rule_sets",
        programme_id=PROGRAMME,
        version=1,
        university="oxford",
        rules={**whole, **changed},
    )


def vacancy(places: int = 1):
    return row(
        "known_vacancies",
        vacancy_id=VACANCY,
        university="oxford",
        programme_id=PROGRAMME,
        rule_set_version=1,
        places=places,
    )


def a_round(**more):
    """Closed two hours ago, sealed and released since, unless said otherwise."""
    return row(
        "known_rounds",
        **{
            "vacancy_id": VACANCY,
            "round": "first",
            "opens_at": ago(days=7),
            "closes_at": ago(hours=2),
            "sealed_at": ago(hours=2),
            "released_at": ago(hours=1),
            "released_count": 1,
            **more,
        },
    )


def application(name: str, **more):
    return row(
        "applications",
        **{
            "application_id": ident(name),
            "reference": name,
            "university": "oxford",
            "programme_id": PROGRAMME,
            "vacancy_id": VACANCY,
            "round": "first",
            "applicant_cycle_id": CYCLE_OF_ADA,
            "person_ref": ADA,
            "rule_set_version": 1,
            "status": "submitted",
            "takes_a_slot": True,
            "submitted_at": ago(days=1),
            "revision": 1,
            "name": "Ada",
            "facts": {},
            "host_statement": "",
            **more,
        },
    )


def offer(name: str, status: str, **more):
    return row(
        "offers",
        **{
            "offer_id": ident(name),
            "application_id": ident(f"application of {name}"),
            "applicant_cycle_id": CYCLE_OF_ADA,
            "person_ref": ADA,
            "university": "oxford",
            "vacancy_id": VACANCY,
            "round": "first",
            "status": status,
            "one_per_cycle": True,
            **more,
        },
    )


def made(name: str, status: str = "made", **more):
    """An offer that its applicant has been told of, with a day left to answer it."""
    times = {
        "made_at": ago(minutes=50),
        "respond_by_at": ago(days=-1),
        "respond_by_zone": "Europe/London",
        "respond_by_wall": "",
    }
    return offer(name, status, **{**times, **more})


def accepted(name: str, **more):
    return made(name, "accepted", **{"answered_at": ago(minutes=40), **more})


def placement(name: str, status: str = "confirmed", **more):
    return row(
        "placements",
        **{
            "placement_id": ident(f"placement {name}"),
            "offer_id": ident(name),
            "university": "oxford",
            "status": status,
            "starts_at": ago(days=-7),
            "ends_at": ago(days=-12),
            **more,
        },
    )


def word(**more):
    """The office's word that outcomes are to be told."""
    return row(
        "outcome_releases",
        **{
            "outcome_release_id": ident("word"),
            "vacancy_id": VACANCY,
            "round": "first",
            "asked_at": ago(minutes=55),
            **more,
        },
    )


def choice(name: str, **more):
    return row(
        "choices",
        application_id=ident(name),
        vacancy_id=VACANCY,
        round="first",
        reason_code="closer_fit",
        **more,
    )


CAP_OF_TWO = rules(applying={"caps": [{"round": "first", "most": 2}]})
UNDERGRADUATES = rules(
    eligibility={
        "clauses": [
            {
                "verdict": "refuse",
                "code": "visiting",
                "every": [{"about": "is_visiting", "is_true": True, "is_one_of": []}],
            },
            {
                "verdict": "allow",
                "code": "student",
                "every": [
                    {"about": "level", "is_one_of": ["undergraduate", "postgraduate_taught"]},
                    {"about": "affiliation", "is_one_of": ["student"]},
                ],
            },
            {
                "verdict": "allow",
                "code": "leaver",
                "every": [{"about": "course_ended_on", "is_one_of": [], "is_within_months": 6}],
            },
        ]
    }
)
STUDENT = {"level": "Undergraduate", "affiliation": ["member", "student"]}
VERDICTS = {  # facts, and whether an application of such a person is a breach
    "student": (STUDENT, False),
    "taught": ({**STUDENT, "level": "postgraduate-taught"}, False),
    "leaver": ({"course_ended_on": ago(days=100).date().isoformat()}, False),
    "visiting": ({**STUDENT, "visiting": True}, True),
    "staff": ({"affiliation": ["staff"]}, True),
    "long gone": ({"course_ended_on": ago(days=400).date().isoformat()}, True),
    "odd": ({"course_ended_on": "in June"}, True),
    "nobody": ({}, True),
}

PLANTS = (
    Plant(
        "applications",
        impossible.MORE_OFFERS_THAN_PLACES,
        rows=(vacancy(places=2), made("a"), made("b"), accepted("c", applicant_cycle_id=BEN)),
        innocent=(made("d", "declined"), offer("e", "withdrawn")),
        finds={f"vacancy {VACANCY}"},
    ),
    Plant(
        "applications",
        impossible.TWO_ACCEPTED,
        loosen="DROP INDEX one_acceptance_per_person_and_cycle",
        rows=(accepted("a"), accepted("b")),
        innocent=(
            *(accepted(n, applicant_cycle_id=BEN, one_per_cycle=False) for n in ("c", "d")),
            made("e", "declined"),
        ),
        finds={f"person in cycle {CYCLE_OF_ADA}"},
    ),
    Plant(
        "applications",
        impossible.ABOVE_THE_CAP,
        loosen="DROP INDEX one_live_application",
        rows=(CAP_OF_TWO, *(application(name) for name in "abc")),
        innocent=(
            *(application(name, applicant_cycle_id=CYCLE_OF_BEN) for name in "de"),
            application("f", applicant_cycle_id=CYCLE_OF_BEN, takes_a_slot=False),
        ),
        finds={f"person in cycle {CYCLE_OF_ADA}"},
    ),
    Plant(
        "applications",
        impossible.SENT_TOO_LATE,
        rows=(
            application("late", submitted_at=ago(hours=1.5)),
            application("changed", person_ref=BEN, revised_at=ago(minutes=5)),
        ),
        innocent=(a_round(), application("sound", person_ref=CYCLE_OF_BEN)),
        finds={f"application {ident('late')}", f"application {ident('changed')}"},
    ),
    Plant(
        "applications",
        impossible.SENT_TOO_LATE,
        rows=(application("stroke", submitted_at=ago(hours=2).replace(microsecond=0)),),
        innocent=(a_round(closes_at=ago(hours=2).replace(microsecond=0)),),
        finds={f"application {ident('stroke')}"},
    ),
    Plant(
        "applications",
        impossible.ANSWERED_OUT_OF_TIME,
        loosen=without_check("offers", "answered_at < respond_by_at"),
        rows=(accepted("late", respond_by_at=ago(hours=3)),),
        innocent=(accepted("sound", applicant_cycle_id=BEN),),
        finds={f"offer {ident('late')}"},
    ),
    Plant(
        "applications",
        impossible.ANSWERED_OUT_OF_TIME,
        loosen=without_check("offers", "answered_at >= respond_by_at"),
        rows=(made("early", "expired", answered_at=ago(hours=1)),),
        innocent=(made("over", "expired", answered_at=ago(), respond_by_at=ago(hours=1)),),
        finds={f"offer {ident('early')}"},
    ),
    Plant(
        "applications",
        impossible.OPEN_PAST_ITS_TIME,
        rows=(made("forgotten", respond_by_at=ago(minutes=6)),),
        innocent=(made("just over", respond_by_at=ago(minutes=4)), made("sound")),
        finds={f"offer {ident('forgotten')}"},
    ),
    Plant(
        "applications",
        impossible.SEEN_BEFORE_RELEASE,
        rows=(
            a_round(released_at=None, released_count=None),
            application("seen"),
            row("application_reads", application_id=ident("seen"), person_ref=BEN, read_at=ago()),
            application("opened", person_ref=BEN),
            acted(1, "CvViewed", "opened", role="host-contact"),
        ),
        innocent=(
            application("sound", person_ref=CYCLE_OF_BEN),
            acted(2, "CvViewed", "sound", role="applicant"),
        ),
        finds={f"application {ident('seen')}", f"application {ident('opened')}"},
    ),
    Plant(
        "applications",
        impossible.SEEN_BEFORE_RELEASE,
        rows=(vacancy(), a_round(released_at=ago(hours=3))),
        finds={f"round {VACANCY}/first"},
    ),
    Plant(
        "applications",
        impossible.SEEN_BEFORE_RELEASE,
        loosen=without_check("known_rounds", "released_at IS NULL%sealed_at IS NOT NULL"),
        rows=(vacancy(), a_round(sealed_at=None)),
        finds={f"round {VACANCY}/first"},
    ),
    Plant(
        "applications",
        impossible.SIBLING_OPEN,
        rows=(accepted("taken"), made("open"), offer("prepared", "prepared")),
        innocent=(
            made("over", "superseded"),
            accepted("free", applicant_cycle_id=BEN, one_per_cycle=False),
            made("beside", applicant_cycle_id=BEN, one_per_cycle=False),
        ),
        finds={f"offer {ident('open')}", f"offer {ident('prepared')}"},
    ),
    Plant(
        "applications",
        impossible.PLACED_WITHOUT_OFFER,
        rows=(made("declined", "declined"), placement("declined")),
        innocent=(
            accepted("taken"),
            placement("taken"),
            made("vacated", "vacated"),
            placement("vacated", "cancelled_by_host"),
        ),
        finds={f"placement {ident('placement declined')}"},
    ),
    Plant(
        "applications",
        impossible.PLACED_WITHOUT_OFFER,
        loosen="ALTER TABLE placements DROP CONSTRAINT placements_offer_id_key",
        rows=(
            accepted("taken"),
            placement("taken"),
            placement("taken", placement_id=ident("another")),
        ),
        finds={f"offer {ident('taken')}"},
    ),
    Plant(
        "applications",
        impossible.TOLD_TOO_EARLY,
        rows=(
            application("told"),
            choice("told", told="unsuccessful", told_at=ago(hours=1)),
            made("offered", made_at=ago(minutes=56)),
        ),
        innocent=(
            word(),
            application("later", person_ref=BEN),
            choice("later", told="unsuccessful", told_at=ago(minutes=50)),
            application("ended", person_ref=CYCLE_OF_BEN),
            choice("ended", told="nothing", told_at=ago(hours=1)),
            made("sound"),
        ),
        finds={f"application {ident('told')}", f"offer {ident('offered')}"},
    ),
    Plant(
        "applications",
        impossible.TOLD_TOO_EARLY,
        rows=(made("offered"),),  # no word at all
        innocent=(offer("prepared", "prepared"),),
        finds={f"offer {ident('offered')}"},
    ),
    Plant(
        "applications",
        impossible.EDITED_BY_A_STRANGER,
        rows=(
            acted(1, "ApplicationWithdrawn", "a", role="applicant", actor=BEN),
            acted(2, "OfferAccepted", "o", role="applicant", actor=BEN),
            acted(3, "OfferWithdrawn", "o", role="officer", actor=BEN),
        ),
        innocent=(
            application("a"),
            made("o"),
            acted(4, "ApplicationWithdrawn", "a", role="applicant", actor=ADA),
            acted(5, "OfferAccepted", "o", role="applicant", actor=ADA),
            acted(6, "OfferWithdrawn", "o", role="officer", reason="Asked by the host"),
            acted(7, "OfferAccepted", "o", role="applicant", actor=BEN, outcome="refused"),
            acted(8, "OfferWithdrawn", "o", role="time"),
        ),
        finds={"audit row 1", "audit row 2", "audit row 3"},
    ),
    Plant(
        "applications",
        impossible.SENT_THOUGH_INELIGIBLE,
        rows=tuple(
            application(name, person_ref=ident(f"person {name}"), facts=facts)
            for name, (facts, is_breach) in VERDICTS.items()
            if is_breach
        ),
        innocent=(
            UNDERGRADUATES,
            *(
                application(name, person_ref=ident(f"person {name}"), facts=facts)
                for name, (facts, is_breach) in VERDICTS.items()
                if not is_breach
            ),
            application("ruled out", person_ref=BEN, status="ineligible"),
        ),
        finds={
            f"application {ident(name)}" for name, (_, is_breach) in VERDICTS.items() if is_breach
        },
    ),
    Plant(
        "applications",
        impossible.INTRODUCED_TOO_EARLY,
        rows=(
            made("declined", "declined"),
            placement("declined", "introduced", introduced_at=ago()),
            accepted("hasty"),
            placement("hasty", "introduced", introduced_at=ago(hours=1)),
        ),
        innocent=(
            accepted("sound", applicant_cycle_id=BEN),
            placement("sound", "introduced", introduced_at=ago()),
        ),
        finds={f"placement {ident(f'placement {name}')}" for name in ("declined", "hasty")},
    ),
    Plant(
        "applications",
        impossible.FILE_DIFFERS,
        rows=(
            row(
                "documents", document_id=ident("cv"), university="oxford", kind="cv",
                media_type="application/pdf", original=b"other bytes", sha256=b"of these",
                verdict="pending",
            ),
        ),
        finds={f"document {ident('cv')}"},
    ),
    Plant(
        "applications",
        impossible.OPEN_AGAIN,
        rows=(
            made("again"),
            acted(1, "OfferExpired", "again"),
            application("ended", ended_at=ago()),
            vacancy(),
            a_round(sealed_at=None, released_at=None, released_count=None),
            acted(2, "ApplicationsClosed", "vacancy"),
        ),
        innocent=(
            made("reversed"),
            acted(3, "OfferDeclined", "reversed"),
            acted(4, "DecisionReversed", "application of reversed"),
            made("over", "expired", answered_at=ago(), respond_by_at=ago(hours=1)),
            acted(5, "OfferExpired", "over"),
        ),
        finds={
            f"offer {ident('again')}",
            f"application {ident('ended')}",
            f"vacancy {VACANCY}",
        },
    ),
)  # fmt: skip
