"""Breaches of what must be so of claims, lines and receipts."""

import hashlib

from services.expenses import impossible
from tests.impossible.planting import Plant, acted, ago, ident, row

INTERN, HOST = ident("intern"), ident("host")


def claim(name: str, **more):
    return row(
        "claims",
        **{
            "claim_id": ident(name),
            "placement_id": ident(f"placement of {name}"),
            "reference": name,
            "university": "oxford",
            "person_ref": INTERN,
            "status": "draft",
            "currency": "GBP",
            **more,
        },
    )


def line(name: str, of: str, pence: int, **more):
    return row(
        "lines",
        **{
            "line_id": ident(name),
            "claim_id": ident(of),
            "place": 1,
            "kind": "lunch",
            "amount_pence": pence,
            "mode": "in_person",
            "verdict": "allowed",
            "allowed_pence": pence,
            **more,
        },
    )


def acted_by_host(number: int, act: str, name: str, **more):
    return acted(number, act, name, **({"role": "host-contact", "actor": HOST} | more))


def receipt(name: str, copy: bytes, **more):
    return row(
        "receipts",
        **{
            "receipt_id": ident(name),
            "media_type": "image/png",
            "copy": copy,
            "copy_hash": hashlib.sha256(copy).digest(),
            "added_at": ago(hours=2),
            **more,
        },
    )


def without_check(table: str, words: str) -> str:
    """DDL that drops the CHECK in which these words stand."""
    return f"""
        DO $$ DECLARE found text; BEGIN
            SELECT conname INTO STRICT found FROM pg_constraint
             WHERE conrelid = '{table}'::regclass AND contype = 'c'
               AND pg_get_constraintdef(oid) LIKE '%{words}%';
            EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', found);
        END $$
    """


REPAID = {"status": "confirmed", "repay_by_at": ago(), "paid_on": ago().date(), "total_pence": 900}

PLANTS = (
    Plant(
        "expenses",
        impossible.EDITED_BY_A_STRANGER,
        rows=(
            acted_by_host(1, "ClaimSubmitted", "a", role="applicant", actor=HOST),
            acted_by_host(2, "ReimbursementConfirmed", "a", role="officer"),
        ),
        innocent=(
            claim("a"),
            acted_by_host(3, "ClaimSubmitted", "a", role="applicant", actor=INTERN),
            acted_by_host(4, "ReimbursementConfirmed", "a", role="officer", reason="Both say so"),
            acted_by_host(5, "ClaimSubmitted", "a", role="applicant", actor=HOST, outcome="refused"),
        ),
        finds={"audit row 1", "audit row 2"},
    ),
    Plant(
        "expenses",
        impossible.SUMS_DIFFER,
        rows=(
            claim("wrong", total_pence=900),
            line("lunch", "wrong", 740),
            claim("generous", total_pence=740, approved_pence=740),
            line("dinner", "generous", 740, approved_pence=500, decision_reason="too much"),
        ),
        innocent=(claim("right", total_pence=740), line("soup", "right", 740), claim("empty")),
        finds={f"claim {ident('wrong')}", f"claim {ident('generous')}"},
    ),
    Plant(
        "expenses",
        impossible.LINE_AGAINST_THE_RULES,
        loosen=without_check("lines", "receipt_needed"),
        rows=(
            line("bare", "a", 740, receipt_needed=True, submission=1),
            claim("a", total_pence=740),
        ),
        innocent=(
            claim("b", total_pence=740),
            line("draft", "b", 740, receipt_needed=True),
            line("proven", "b", 5, place=2, receipt_needed=True, submission=1, receipt_id=HOST),
        ),
        finds={f"line {ident('bare')}"},
    ),
    Plant(
        "expenses",
        impossible.LINE_AGAINST_THE_RULES,
        loosen=without_check("lines", "remote%approved_pence"),
        rows=(
            line(
                "home", "a", 740, mode="remote", allowed_pence=0, approved_pence=740,
                decision_reason="kind",
            ),
            claim("a", total_pence=740, approved_pence=740),
        ),
        finds={f"line {ident('home')}"},
    ),
    Plant(
        "expenses",
        impossible.APPROVED_ONESELF,
        rows=(acted_by_host(1, "ClaimApproved", "own", actor=INTERN),),
        innocent=(
            claim("own"),
            claim("sound"),
            acted_by_host(2, "ClaimApproved", "sound"),
            acted_by_host(3, "ClaimApproved", "sound", actor=INTERN, outcome="refused"),
        ),
        finds={f"claim {ident('own')}"},
    ),
    Plant(
        "expenses",
        impossible.REPAID_WRONGLY,
        rows=(
            claim("more", approved_pence=700, paid_pence=800, **REPAID),
            claim("twice", approved_pence=700, paid_pence=700, **REPAID),
            acted_by_host(1, "ReimbursementConfirmed", "twice"),
            acted_by_host(2, "ReimbursementConfirmed", "twice"),
        ),
        innocent=(
            claim("once", approved_pence=700, paid_pence=700, **REPAID),
            acted_by_host(3, "ReimbursementConfirmed", "once"),
        ),
        finds={f"claim {ident('more')}", f"claim {ident('twice')}"},
    ),
    Plant(
        "expenses",
        impossible.FILE_DIFFERS,
        rows=(
            claim("a", total_pence=740),
            receipt("changed", b"other bytes", copy_hash=hashlib.sha256(b"bytes").digest()),
            line("lunch", "a", 740, receipt_id=ident("changed")),
            receipt("orphan", b"bytes"),
        ),
        innocent=(
            receipt("sound", b"more bytes"),
            line("soup", "a", 740, place=2, receipt_id=ident("sound")),
            receipt("fresh", b"fresh bytes", added_at=ago(minutes=30)),
        ),
        finds={f"receipt {ident('changed')}", f"receipt {ident('orphan')}"},
    ),
    Plant(
        "expenses",
        impossible.OPEN_AGAIN,
        rows=(claim("again"), acted_by_host(1, "ClaimWithdrawn", "again")),
        innocent=(
            claim("ended", status="withdrawn"),
            acted_by_host(2, "ClaimWithdrawn", "ended"),
            claim("returned", status="changes_requested"),
            acted_by_host(3, "ClaimReturned", "returned"),
        ),
        finds={f"claim {ident('again')}"},
    ),
)  # fmt: skip
