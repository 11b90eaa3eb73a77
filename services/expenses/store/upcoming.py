"""What time will do next in this service: every deadline with its instants, ahead or still to be done.

One query, read by `due` on the command line: deadline, instant, id; `$1` is now. The conditions are
those of the lists that the deadlines work off.
"""

from services.expenses.domain.lapsing import (
    CONFIRMATION_IS_DUE_IN_DAYS,
    DECISION_IS_DUE_IN_DAYS,
    WINDOW_CLOSES_IN_DAYS,
)

UPCOMING = f"""
    SELECT 'lapse_claims' AS deadline, send_by_at AS at, claim_id::text AS id
      FROM claims
     WHERE status IN ('draft', 'changes_requested')
    UNION ALL
    SELECT 'remind_of_claims', waits.at, claim_id::text
      FROM claims
     CROSS JOIN LATERAL (
           SELECT send_by_at - make_interval(days => {WINDOW_CLOSES_IN_DAYS}) AS at
            WHERE status IN ('draft', 'changes_requested') AND send_by_at > $1
              AND NOT 'window_closing' = ANY (reminded)
           UNION ALL
           SELECT decide_by_at - make_interval(days => {DECISION_IS_DUE_IN_DAYS})
            WHERE status = 'submitted' AND decide_by_at > $1 AND NOT 'decide' = ANY (reminded)
           UNION ALL
           SELECT decide_by_at
            WHERE status = 'submitted' AND NOT 'decide_overdue' = ANY (reminded)
           UNION ALL
           SELECT repay_by_at
            WHERE status IN ('approved', 'partly_approved') AND NOT 'repay' = ANY (reminded)
           UNION ALL
           SELECT confirm_by_at - make_interval(days => {CONFIRMATION_IS_DUE_IN_DAYS})
            WHERE status = 'reimbursement_reported' AND confirm_by_at > $1
              AND NOT 'confirm' = ANY (reminded)) AS waits
"""  # noqa: S608 - numbers of our own
