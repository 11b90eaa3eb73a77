"""States that must never be between services (P33), judged under the auditor's login.

No service may read another's rows. One read-only login, used by none of them, sees the views named
`check_…`: ids, states, sequences and instants. Everything is read in one database, so that each
question sees the four at the same moment.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from pydantic import SecretStr

from chassis.impossible import Rule
from chassis.retention import COMMANDS_KEPT
from chassis.settings import Dsn, Settings
from schemas.envelope import Service

SERVICES: tuple[Service, ...] = get_args(Service)
BODIES_KEPT = timedelta(days=30)
SLACK = timedelta(days=1)  # retention works a little at a time


class AuditorSettings(Settings):
    """What `check --across` is told: its own login, and none of a service's secrets."""

    auditor_database_url: Dsn  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride] - here it is needed
    database_url: Dsn | None = None  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride] - here it is not
    cookie_secret: SecretStr = SecretStr("no cookie is ever sealed by this job")
    signing_public_key: str = ""

    @property
    def dsn(self) -> str:
        """The auditor's login."""
        return str(self.auditor_database_url)


@dataclass(frozen=True, slots=True)
class Copy:
    """What one service holds of another's, and when the two differ."""

    noun: str
    owner: Service
    own: str  # a view of the owner's
    reader: Service
    known: str  # the reader's view of the same
    by: str  # what joins the two
    key: str  # of the case, in `own`
    differs: str
    must_be_known: bool = False  # whether a copy that is missing is a breach too

    @property
    def query(self) -> str:
        """Asked only of cases that the reader has heard to their end, and holds nothing back of."""
        return f"""
            SELECT '{self.noun} ' || own.{self.by.split(",")[0]} || ' in {self.reader}' AS subject,
                   '{self.noun} differs from the owner''s at number ' || told.last AS state,
                   '' AS university
              FROM {self.owner}.{self.own} AS own
              {"LEFT" if self.must_be_known else ""} JOIN {self.reader}.{self.known} AS known
                   USING ({self.by})
              JOIN {self.owner}.check_sequences AS told
                ON told.topic = '{self.owner}.events' AND told.key = own.{self.key}::text
              JOIN {self.reader}.check_heard AS heard
                ON heard.topic = told.topic AND heard.key = told.key
               AND heard.last_sequence = told.last
             WHERE ({self.differs}{" OR known.status IS NULL" if self.must_be_known else ""})
               AND NOT EXISTS (
                   SELECT FROM {self.reader}.check_held AS held
                    WHERE held.topic = told.topic AND held.key = told.key
                      AND held.status IN ('parked', 'blocked', 'waiting'))
        """  # noqa: S608 - names of our own, no value


ROUNDS = "own.opens_at <> known.opens_at OR own.closes_at <> known.closes_at"
IS_WITHDRAWN = "(own.status = 'withdrawn') <> (known.status = 'withdrawn')"
SAME_VACANCY = """
    (own.status = 'withdrawn') <> (known.status = 'withdrawn')
    OR own.places <> known.places OR own.rule_set_version <> known.rule_set_version
"""
PLACED = """
    CASE WHEN own.status IN ('confirmed', 'introduced', 'in_progress') THEN 'confirmed'
         WHEN own.status LIKE 'cancelled%' THEN 'cancelled' ELSE 'over' END
"""
OVER = "CASE WHEN known.status IN ('completed', 'not_completed') THEN 'over' ELSE known.status END"
SAME_OFFER = """
    own.status <> 'prepared'
    AND (known.status <> CASE own.status WHEN 'vacated' THEN 'accepted' ELSE own.status END
         OR (own.status = 'made' AND own.respond_by_at <> known.respond_by_at))
"""
SAME_CLAIM = """
    own.status <> 'draft'
    AND known.status <> CASE own.status WHEN 'changes_requested' THEN 'returned'
        WHEN 'partly_approved' THEN 'approved' WHEN 'reimbursement_reported' THEN 'reported'
        ELSE own.status END
"""
SAME_HOST = "own.status <> known.status"

COPIES = (
    Copy(
        "vacancy", "proposals", "check_vacancies", "applications", "check_known_vacancies",
        by="vacancy_id", key="vacancy_id", differs=SAME_VACANCY, must_be_known=True,
    ),
    Copy(
        "round of vacancy", "proposals", "check_rounds", "applications", "check_known_rounds",
        by="vacancy_id, round", key="vacancy_id", differs=ROUNDS,
    ),
    Copy(
        "vacancy", "proposals", "check_vacancies", "notifications", "check_known_vacancies",
        by="vacancy_id", key="vacancy_id", differs=IS_WITHDRAWN, must_be_known=True,
    ),
    Copy(
        "placement", "applications", "check_placements", "proposals", "check_known_placements",
        by="placement_id", key="application_id", differs=f"{PLACED} <> known.status",
    ),
    Copy(
        "placement", "applications", "check_placements", "expenses", "check_known_placements",
        by="placement_id", key="application_id", differs=f"{PLACED} <> known.status",
    ),
    Copy(
        "placement", "applications", "check_placements", "notifications", "check_known_placements",
        by="placement_id", key="application_id", differs=f"{PLACED} <> {OVER}",
    ),
    Copy(
        "offer", "applications", "check_offers", "notifications", "check_known_offers",
        by="offer_id", key="application_id", differs=SAME_OFFER,
    ),
    Copy(
        "claim", "expenses", "check_claims", "notifications", "check_known_claims",
        by="claim_id", key="claim_id", differs=SAME_CLAIM,
    ),
    *(
        Copy(
            "host", "proposals", "check_own_hosts", reader, "check_hosts",
            by="host_id", key="host_id", differs=SAME_HOST, must_be_known=True,
        )
        for reader in SERVICES if reader != "proposals"
    ),
)  # fmt: skip


def _unheard(owner: str, reader: str) -> str:
    """Events of one service that a consumer of another listens to and has nothing of."""
    return f"""
        SELECT 'event ' || event.event_id || ' for ' || listened.consumer AS subject,
               event.type || ' published at ' || event.published_at AS state, '' AS university
          FROM {owner}.check_outbox AS event
          JOIN {reader}.check_listened AS listened ON listened.type = event.type
         WHERE event.published_at < clock_timestamp() - interval '5 minutes'
           AND event.published_at > greatest(listened.since, clock_timestamp() - interval '1 day')
           AND NOT EXISTS (
               SELECT FROM {reader}.check_inbox AS inbox
                WHERE inbox.consumer = listened.consumer AND inbox.source = event.source
                  AND inbox.event_id = event.event_id)
           AND NOT EXISTS (
               SELECT FROM {reader}.check_held AS held
                WHERE held.consumer = listened.consumer
                  AND held.event_id = event.event_id::text)
    """  # noqa: S608 - names of our own, no value


WITHOUT_RECEIPT = """
    SELECT 'application ' || event.key AS subject,
           'submitted at ' || event.recorded_at || ', receipt not handed over' AS state,
           '' AS university
      FROM applications.check_outbox AS event
     WHERE event.type LIKE '%.applications.ApplicationSubmitted.v1'
       AND NOT event.is_restated
       AND (event.published_at IS NULL OR event.published_at > clock_timestamp() - interval '1 day')
       AND event.recorded_at < clock_timestamp() - interval '30 minutes'
       AND NOT EXISTS (
           SELECT FROM notifications.check_deliveries AS mail
            WHERE mail.application_id = event.key::uuid AND mail.letter = 'received'
              AND mail.status IN ('sent', 'delivered', 'bounced'))
"""


def _kept_too_long(settings: Settings) -> str:
    """Rows that retention should have dropped a day ago."""
    terms = {
        "outbox": settings.outbox_retention,
        "inbox": settings.inbox_retention,
        "commands": COMMANDS_KEPT,
    }
    ages = [
        f"SELECT '{service} ' || kind AS what, kind, oldest_at FROM {service}.check_ages"  # noqa: S608 - names of our own
        for service in SERVICES
    ]
    ages.append(
        "SELECT 'notifications bodies', 'bodies', oldest_at FROM notifications.check_bodies"
    )
    terms["bodies"] = BODIES_KEPT
    values = ", ".join(
        f"('{kind}', interval '{(term + SLACK).total_seconds()} seconds')"
        for kind, term in terms.items()
    )
    return f"""
        SELECT 'rows of ' || what AS subject, 'the oldest of ' || oldest_at AS state,
               '' AS university
          FROM ({" UNION ALL ".join(ages)}) AS ages
          JOIN (VALUES {values}) AS terms (kind, term) USING (kind)
         WHERE oldest_at < clock_timestamp() - term
    """  # noqa: S608 - names and numbers of our own


def rules(settings: Settings) -> tuple[Rule, ...]:
    """The four rules that no service can judge alone."""
    pairs = [(owner, reader) for owner in SERVICES for reader in SERVICES if owner != reader]
    return (
        Rule(
            "I18",
            "An event was published five minutes ago, and a service that needs it has nothing of it.",
            "See `lag` of the reader; then `replay --from` over the hour in which it was published.",
            " UNION ALL ".join(_unheard(*pair) for pair in pairs),
        ),
        Rule(
            "I21",
            "A copy differs from what its owner holds, though the reader has heard everything.",
            "`rebuild COPY` in the reader.",
            " UNION ALL ".join(copy.query for copy in COPIES),
        ),
        Rule(
            "I24",
            "An application was sent half an hour ago, and its receipt was not handed over (R83).",
            "Open the letter under Mail and send it again.",
            WITHOUT_RECEIPT,
        ),
        Rule(
            "I31",
            "Rows are kept past their term.",
            "Start the relay, whose loop drops them; see `retention.failed` in its log.",
            _kept_too_long(settings),
        ),
    )
