"""One person in one cycle: the row that everything about them waits for."""

from uuid import UUID

from chassis.database import Transaction
from schemas.envelope import new_id
from services.applications.domain.applicant_cycle import ApplicantCycle


async def lock_applicant_cycle(tx: Transaction, applicant_cycle_id: UUID) -> ApplicantCycle:
    """Hold a person's row of a cycle until the transaction ends.

    The first lock of every command about one applicant, before that of the vacancy's round, the
    application, the offer: so cap and single acceptance are decided one after the other. Whatever
    else the command reads, it reads in a statement after this one.
    """
    return ApplicantCycle.from_row(
        await tx.get_row(
            "SELECT * FROM applicant_cycles WHERE applicant_cycle_id = $1 FOR UPDATE",
            applicant_cycle_id,
        )
    )


async def find_applicant_cycle_of(tx: Transaction, application_id: UUID) -> ApplicantCycle | None:
    """Hold the row of whoever an application belongs to; None where there is no such application."""
    row = await tx.find_row(
        """
        SELECT applicant_cycles.*
          FROM applicant_cycles
          JOIN applications USING (applicant_cycle_id)
         WHERE application_id = $1
           FOR UPDATE OF applicant_cycles
        """,
        application_id,
    )
    return ApplicantCycle.from_row(row) if row else None


async def lock_applicant_cycle_anew(
    tx: Transaction, *, person_ref: UUID, cycle_id: UUID, university: str
) -> ApplicantCycle:
    """Hold a person's row of a cycle, made here if this is the first that is heard of them in it."""
    # DO UPDATE rather than DO NOTHING: it locks the row that another transaction has just made.
    return ApplicantCycle.from_row(
        await tx.get_row(
            """
            INSERT INTO applicant_cycles (applicant_cycle_id, person_ref, cycle_id, university)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (person_ref, cycle_id) DO UPDATE SET university = excluded.university
            RETURNING *
            """,
            new_id(),
            person_ref,
            cycle_id,
            university,
        )
    )


async def save_applicant_cycle(tx: Transaction, cycle: ApplicantCycle) -> None:
    """Keep how many applications count, and what binds."""
    await tx.execute(
        """
        UPDATE applicant_cycles
           SET bound_by_offer_id = $2, live_first = $3, live_second = $4
         WHERE applicant_cycle_id = $1
        """,
        cycle.applicant_cycle_id,
        cycle.bound_by_offer_id,
        cycle.live_first,
        cycle.live_second,
    )
