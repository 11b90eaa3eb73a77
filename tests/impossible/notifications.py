"""Breaches of what must be so of mails."""

from services.notifications import impossible
from tests.impossible.planting import Plant, ago, ident, row


def mail(number: int, **more):
    """A letter; waiting to be sent unless said otherwise."""
    return row(
        "deliveries",
        **{
            "delivery_id": ident(f"mail {number}"),
            "number": number,
            "cause_id": ident(f"cause {number}"),
            "letter": "offer",
            "university": "oxford",
            "status": "queued",
            **more,
        },
    )


PLANTS = (
    Plant(
        "notifications",
        impossible.NEITHER_FINAL_NOR_SCHEDULED,
        rows=(
            mail(1, status="sending", leased_until=ago(minutes=6)),
            mail(2, status="sent"),
            mail(3, status="queued", ended_at=ago(hours=1)),
            mail(4, next_try_at=ago(hours=-3)),
        ),
        innocent=(
            mail(5),
            mail(6, status="sending", leased_until=ago(minutes=4)),
            mail(7, status="sent", ended_at=ago(hours=1)),
            mail(8, next_try_at=ago(hours=-1)),
            mail(9, status="held"),
        ),
        finds={f"delivery {ident(f'mail {n}')}" for n in (1, 2, 3, 4)},
    ),
    Plant(
        "notifications",
        impossible.TWO_FOR_ONE,
        loosen="ALTER TABLE deliveries DROP CONSTRAINT deliveries_cause_id_letter_person_ref_copy_key",
        rows=(mail(1, cause_id=ident("one")), mail(2, cause_id=ident("one"))),
        innocent=(mail(3, cause_id=ident("two")), mail(4, cause_id=ident("two"), copy=2)),
        finds={f"event {ident('one')}"},
    ),
    Plant(
        "notifications",
        impossible.INTRODUCED_TOO_EARLY,
        rows=(mail(1, letter="introduction", application_id=ident("free")),),
        innocent=(
            mail(2, letter="introduction_to_host", application_id=ident("placed")),
            row(
                "known_placements",
                placement_id=ident("placement"),
                application_id=ident("placed"),
                status="confirmed",
            ),
        ),
        finds={f"delivery {ident('mail 1')}"},
    ),
)
