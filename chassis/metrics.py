"""What is counted, for Prometheus: each name once, here."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "http_request_seconds",
    "Time from a request's first byte to its answer's last, by route",
    ["service", "method", "route", "status"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)

# Delivery: from the outbox to the broker.
RELAY_IS_ACTIVE = Gauge(
    "relay_is_active", "1 in the one relay of a service that publishes", ["service"]
)
OLDEST_UNPUBLISHED = Gauge(
    "outbox_oldest_unpublished_seconds", "Age of the oldest row not yet published", ["service"]
)
RELAY_BATCH = Histogram(
    "relay_batch_rows",
    "Rows published together",
    ["service"],
    buckets=(1, 2, 5, 10, 50, 100, 500, 1000),
)
RELAY_SENT = Counter("relay_sent", "Events the broker has acknowledged", ["service"])
RELAY_STAGE = Histogram(
    "relay_stage_seconds",
    "Time of each stage of a batch: send, mark",
    ["service", "stage"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30),
)
RELAY_HELD_BACK = Gauge(
    "relay_held_back_keys", "Keys that wait because the broker refuses a row of theirs", ["service"]
)
RELAY_FAILURES = Counter("relay_failures", "Batches that were not acknowledged whole", ["service"])
RETENTION_FAILURES = Counter(
    "retention_failures", "Times that old rows could not be deleted", ["service"]
)
DEADLINE_FAILURES = Counter("deadline_failures", "Deadlines that raised", ["service", "deadline"])

# Delivery: from the broker to the reactions.
EVENTS_HANDLED = Counter(
    "events_handled", "Events by what came of them", ["consumer", "type", "outcome"]
)
EVENTS_PARKED = Counter("events_parked", "Events put aside", ["consumer", "reason"])
PARKED_NOW = Gauge("parked_events", "Events parked or blocked now", ["consumer"])
OLDEST_PARKED = Gauge("parked_oldest_seconds", "Age of the oldest parked event", ["consumer"])
WAITING_NOW = Gauge("waiting_events", "Events that wait for what they need", ["consumer"])
OLDEST_WAITING = Gauge("waiting_oldest_seconds", "Age of the oldest waiting event", ["consumer"])
CONSUMER_LAG = Gauge(
    "consumer_lag",
    "Records between the position and the log's end",
    ["consumer", "topic", "partition"],
)
PARTITION_PAUSES = Counter("partition_pauses", "Pauses, by cause", ["consumer", "cause"])
RECORDS_REFUSED = Counter(
    "records_refused",
    "Records of partitions that another worker had moved meanwhile: a zombie's, each of them",
    ["consumer"],
)
PROGRESS_AT = Gauge("worker_progress_timestamp", "When this worker last moved", ["consumer"])
QUEUE_ROWS = Counter(
    "queue_rows", "Rows a queue has taken, by outcome", ["service", "queue", "outcome"]
)

# States that must never be (P33).
IMPOSSIBLE_STATES = Gauge(
    "impossible_states", "Things in a state that must never be, by rule", ["service", "rule"]
)
CHECK_FAILURES = Counter(
    "check_failures", "Rules that could not be judged in their time", ["service", "rule"]
)
