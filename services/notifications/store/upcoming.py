"""What time will do next in this service: every deadline with its instants, ahead or still to be done.

One query, read by `due` on the command line: deadline, instant, id; `$1` is now. Letters go by real
time, which a shifted clock does not touch: their instants are told as seen from now. Words that are
forgotten after their term are no deadline for anybody, and are left out.
"""

from services.notifications.domain.delivery import NO_CARD_AFTER
from services.notifications.store.deliveries import HAS_AN_ADDRESS

SEEN = "(SELECT $1::timestamptz - clock_timestamp() AS shift) AS seen"
UPCOMING = f"""
    SELECT 'recover_letters' AS deadline, leased_until + shift AS at, delivery_id::text AS id
      FROM deliveries, {SEEN}
     WHERE status = 'sending'
    UNION ALL
    SELECT 'tell_overdue_receipts', overdue_at + shift, delivery_id::text
      FROM deliveries, {SEEN}
     WHERE overdue_at IS NOT NULL AND overdue_told_at IS NULL
       AND status IN ('queued', 'held', 'sending', 'failed', 'unknown')
    UNION ALL
    SELECT 'give_up_without_address',
           queued_at + interval '{NO_CARD_AFTER.total_seconds():.0f} seconds' + shift,
           delivery_id::text
      FROM deliveries, {SEEN}
     WHERE status = 'queued' AND NOT {HAS_AN_ADDRESS}
"""  # noqa: S608 - names of our own, no value
