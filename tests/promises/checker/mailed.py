"""Which letters had to follow, how far each got, and what the mail catcher holds of it."""

import re
from collections import Counter, defaultdict
from typing import Any

from tests.promises.checker.evidence import Evidence
from tests.promises.checker.table import LETTERS, UNTOLD, Letter
from tests.promises.checker.words import Verdict

DELIVERY = re.compile(r"^<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.")
HANDED_OVER = ("sent", "delivered")


def judge(evidence: Evidence, verdict: Verdict) -> None:
    """Every letter that an event calls for, and every mail."""
    if "notifications" not in evidence.outbox:
        return
    _called_for(evidence, verdict)
    _handed_over(evidence, verdict)
    _told(evidence, verdict)


def _called_for(evidence: Evidence, verdict: Verdict) -> None:
    contacts = Counter(evidence.contacts)
    there: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in evidence.deliveries:
        there[row["cause_id"], row["letter"]].append(row["person_ref"] or "")
    kept = {row["event_id"] for row in evidence.held.get("notifications", [])}
    for owner, events in evidence.outbox.items():
        for event in events:
            if event["event_id"] in kept:
                continue
            for letter in LETTERS.get(event["name"], ()):
                if letter.where and event["told"].get(letter.where[0]) != letter.where[1]:
                    continue
                verdict.counted("letters", 1)
                found = there[event["event_id"], letter.name]
                what = f"{owner}: {event['name']} {event['event_id']}: {len(found)} {letter.name}"
                least, most = _copies(letter, event, contacts)
                if len(found) < least:
                    verdict.says("lost", what)
                if len(found) > most or len(set(found)) < len(found):
                    verdict.says("duplicated", what)


def _copies(letter: Letter, event: dict[str, Any], contacts: Counter[str]) -> tuple[int, int]:
    if letter.to in ("person", "office"):
        return 1, 1
    several = max(1, contacts[str(event["told"].get("host_id"))])
    return several, several + (letter.to == "both")


def _handed_over(evidence: Evidence, verdict: Verdict) -> None:
    """One mail for each delivery that was sent; one more only for each counted doubt (P19)."""
    mails: Counter[str] = Counter()
    for mail in evidence.mails:
        found = DELIVERY.match(mail["message_id"])
        mails[found[1] if found else mail["message_id"]] += 1
    verdict.counted("mails", len(evidence.mails))
    ours = {row["delivery_id"] for row in evidence.deliveries}
    for stranger in set(mails) - ours:
        verdict.says("phantom", f"mail of {stranger}, which no delivery stands for")
    for row in evidence.deliveries:
        count, what = mails[row["delivery_id"]], f"{row['letter']} {row['delivery_id']}"
        if row["status"] in HANDED_OVER and count == 0:
            verdict.says("lost", f"{what} is {row['status']}, and was not caught")
        if count > (row["status"] in HANDED_OVER) + row["doubts"]:
            verdict.says("duplicated", f"{what} is {row['status']}, and was caught {count} times")
        if row["is_late"]:
            verdict.says("stuck", f"{what} is {row['status']}, and nobody takes it up")


def _told(evidence: Evidence, verdict: Verdict) -> None:
    """Of each mail that went out, it was said once that it did."""
    said = Counter(
        row["key"] for row in evidence.outbox["notifications"] if row["name"] == "MessageSent"
    )
    for row in evidence.deliveries:
        expected = int(row["status"] in HANDED_OVER and row["letter"] not in UNTOLD)
        count = said.pop(row["delivery_id"], 0)
        if count != expected:
            word = "lost" if count < expected else "duplicated"
            verdict.says(word, f"{row['letter']} {row['delivery_id']}: {count} times told as sent")
    for stranger in said:
        verdict.says("phantom", f"told as sent: {stranger}, which no delivery stands for")
