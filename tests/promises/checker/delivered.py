"""From the outbox by the log to every inbox that must have it, and what was made of it there."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from tests.promises.checker.evidence import Evidence
from tests.promises.checker.table import EFFECTS, HEARERS
from tests.promises.checker.words import Verdict

STATE = ("proposals.vacancies", "contacts")
"""Topics that tell a state: old records may be gone, and a null value is no loss."""


def judge(evidence: Evidence, verdict: Verdict, *, planted: Collection[str] = ()) -> None:
    """Every event, wherever it should be. `planted`: keys of what the harness itself has spoilt."""
    log: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in evidence.records:
        log[record["headers"].get("ce_id") or ""].append(record)
    verdict.counted("records", len(evidence.records))
    for service, rows in evidence.outbox.items():
        verdict.counted("events", len(rows))
        _own_order(service, rows, evidence.sequences[service], verdict)
        for row in rows:
            _published(service, row, log.get(row["event_id"], []), verdict)
    _order_of_the_log(evidence.records, verdict)
    _find_strangers(evidence, verdict, planted)
    _heard(evidence, log, verdict)
    _made(evidence, verdict)
    _kept(evidence, verdict)


def _own_order(
    service: str, rows: list[dict[str, Any]], given: list[dict[str, Any]], verdict: Verdict
) -> None:
    """In the order of ids, each key counts 1, 2, 3 to the last number that was given out."""
    last: dict[tuple[str, str], int] = defaultdict(int)
    for row in sorted(rows, key=lambda row: row["id"]):
        case = row["topic"], row["key"]
        if row["sequence"] > last[case] + 1:
            verdict.says(
                "lost", f"{service}: {row['name']} of {row['key']} skips to {row['sequence']}"
            )
        elif row["sequence"] <= last[case]:
            verdict.says(
                "reordered", f"{service}: {row['key']} number {row['sequence']} comes late"
            )
        last[case] = max(last[case], row["sequence"])
    for row in given:
        if row["last"] != last[row["topic"], row["key"]]:
            verdict.says("lost", f"{service}: {row['key']} was counted to {row['last']}")


def _published(
    service: str, row: dict[str, Any], records: list[dict[str, Any]], verdict: Verdict
) -> None:
    what = f"{service}: {row['name']} {row['event_id']}"
    if not row["is_published"]:
        verdict.says("stuck", f"{what} is not published")
    elif not records and row["topic"] not in STATE:
        verdict.says("lost", f"{what} is marked as published, and in no partition")
    for record in records:
        is_same = record["topic"] == row["topic"] and record["key"] == row["key"]
        says_same = row["topic"] in STATE or record["value"] == row["value"]
        heads = {name: value for name, value in record["headers"].items() if name in row["headers"]}
        if not (is_same and says_same and heads == row["headers"]):
            verdict.says("breaches", f"{what} is published otherwise than it was recorded")


def _order_of_the_log(records: Iterable[dict[str, Any]], verdict: Verdict) -> None:
    """The first time that each number of a key comes, it comes after the one before it."""
    last: dict[tuple[str, str], int] = {}
    seen: set[str] = set()
    for record in sorted(records, key=lambda r: (r["topic"], r["partition"], r["offset"])):
        event_id, number = (record["headers"].get(name) or "" for name in ("ce_id", "ce_sequence"))
        if event_id in seen or not number.isdigit():
            continue
        seen.add(event_id)
        case = record["topic"], record["key"]
        before = last.get(case, 0)
        is_next = int(number) == before + 1 or (record["topic"] in STATE and int(number) > before)
        if not is_next:
            verdict.says(
                "reordered", f"{record['topic']}: {record['key']} number {number} after {before}"
            )
        last[case] = max(before, int(number))


def _find_strangers(evidence: Evidence, verdict: Verdict, planted: Collection[str]) -> None:
    """A record that no outbox holds is nobody's word, but for what was planted: that bears no id."""
    ours = {row["event_id"] for rows in evidence.outbox.values() for row in rows}
    strangers = {
        (event_id, record["key"] if event_id is None else "")
        for record in evidence.records
        if (event_id := record["headers"].get("ce_id")) not in ours
    }
    for event_id, key in strangers:
        if event_id is not None or key not in planted:
            verdict.says("phantom", f"record {event_id or f'of {key}'} was recorded by nobody")
    for service, rows in evidence.inbox.items():
        for row in rows:
            if row["event_id"] not in ours:
                verdict.says("phantom", f"{service} has heard {row['event_id']}, told by nobody")


def _heard(evidence: Evidence, log: dict[str, list[dict[str, Any]]], verdict: Verdict) -> None:
    """Whoever must hear of an event has it in the inbox, or keeps it: parked, blocked, waiting."""
    for hearer, (consumer, names) in HEARERS.items():
        if hearer not in evidence.inbox:
            continue
        has = Counter(
            row["event_id"] for row in evidence.inbox[hearer] if row["consumer"] == consumer
        )
        keeps = {row["event_id"] for row in evidence.held[hearer] if row["consumer"] == consumer}
        for owner, rows in evidence.outbox.items():
            for row in rows:
                if row["name"] not in names or owner == hearer:
                    continue
                verdict.counted("hearings", 1)
                what = f"{owner}: {row['name']} {row['event_id']} by {consumer}"
                if has[row["event_id"]] > 1:
                    verdict.says("duplicated", f"{what}: taken in {has[row['event_id']]} times")
                if has[row["event_id"]] or row["event_id"] in keeps:
                    continue
                verdict.says("unseen" if row["event_id"] in log else "lost", f"{what}: not heard")


def _made(evidence: Evidence, verdict: Verdict) -> None:
    """Each fact that was heard stands exactly once where it should."""
    rows = {name: Counter(values) for name, values in evidence.columns.items()}
    kept = {row["event_id"] for held in evidence.held.values() for row in held}
    for owner, events in evidence.outbox.items():
        for event in events:
            if event["event_id"] in kept:
                continue
            for effect in EFFECTS.get(event["name"], ()):
                if effect.service not in evidence.inbox or effect.service == owner:
                    continue
                verdict.counted("effects", 1)
                value = event["told"].get(effect.told_as)
                value = event["key"] if value is None else value
                column = f"{effect.service}.{effect.table}.{effect.column}"
                count = rows.get(column, Counter())[str(value)]
                what = f"{event['name']} {event['event_id']}: {count} rows in {column}"
                if count != 1:
                    verdict.says("lost" if count == 0 else "duplicated", what)


def _kept(evidence: Evidence, verdict: Verdict) -> None:
    """What is kept is kept for a reason: a blocked event stands behind a parked one."""
    for service, held in evidence.held.items():
        parked = {
            (row["consumer"], row["topic"], row["key"]) for row in held if row["status"] == "parked"
        }
        for row in held:
            verdict.counted(row["status"], 1)
            case = row["consumer"], row["topic"], row["key"]
            if row["status"] == "blocked" and case not in parked:
                verdict.says("stuck", f"{service}: {row['key']} is blocked by nothing")
