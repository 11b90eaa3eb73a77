"""Prints what the services tell, in order within each case: `python docs/readers/reader.py [KEY]`.

Needs confluent-kafka alone. KAFKA_BOOTSTRAP says where the broker is, GROUP under which name to read:
a name that is new starts from the oldest event, a known one goes on where it stopped.
"""

import os
import re
import sys

from confluent_kafka import Consumer, KafkaException

PREFIX = os.environ.get("TOPIC_PREFIX", "micro-internships")
wanted = sys.argv[1] if len(sys.argv) > 1 else None
seen: set[tuple[str, str]] = set()  # yours belongs beside your effects, in one transaction

consumer = Consumer(
    {
        "bootstrap.servers": os.environ.get("KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        "group.id": os.environ.get("GROUP", "my-reader"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
)
consumer.subscribe([f"^{re.escape(PREFIX)}\\.[a-z]+\\.events$"])
try:
    while True:
        record = consumer.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        headers = {name: value.decode() for name, value in record.headers() or [] if value}
        event = headers.get("ce_source", ""), headers.get("ce_id", "")
        key = (record.key() or b"").decode()
        if event not in seen and wanted in (None, key):  # any event may come twice
            kind, number = headers.get("ce_type"), headers.get("ce_sequence")
            value = (record.value() or b"").decode()
            print(headers.get("ce_time"), kind, key, number, value, flush=True)
        seen.add(event)
        consumer.commit(record, asynchronous=True)
finally:
    consumer.close()
