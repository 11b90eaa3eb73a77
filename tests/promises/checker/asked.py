"""What was asked, against what is there: rows, kept answers, and the events of a command itself.

A command carries its key as correlation id, so that what it recorded can be told from everything else.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.promises.checker.evidence import Evidence
from tests.promises.checker.table import COMMANDS, is_as_often
from tests.promises.checker.words import Verdict

ENDINGS = ("ok", "fail", "unknown")


@dataclass
class Asked:
    """One command as its client saw it."""

    key: str
    name: str
    service: str
    subjects: list[str]
    ending: str = "unknown"  # of one whose client died
    answers: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


def judge(evidence: Evidence, history: Sequence[dict[str, Any]], verdict: Verdict) -> None:
    """Every command, and whatever was recorded without one."""
    commands = _read(history)
    kept = {
        service: Counter(row["key"] for row in rows) for service, rows in evidence.commands.items()
    }
    recorded = _recorded(evidence)
    there = {name: set(values) for name, values in evidence.columns.items()}
    done: Counter[tuple[str, str]] = Counter()
    for each in commands.values():
        verdict.counted(each.ending, 1)
        _compare_answers(each, verdict)
        if each.name not in COMMANDS or each.service not in kept:
            verdict.says("breaches", f"nobody wrote down what must follow from {each.name}")
            continue
        times, events = kept[each.service][each.key], recorded[each.service, each.key]
        if times:
            done[each.service, each.name] += 1
        if each.ending == "ok":
            _was_accepted(each, times, events, there, verdict)
        elif each.ending == "fail":
            _was_refused(each, times, events, verdict)
        else:
            _was_not_answered(each, times, events, verdict)
    _count_rows(evidence, done, verdict)
    _find_strangers(kept, commands, verdict)


def _was_accepted(
    each: Asked,
    times: int,
    events: Counter[str],
    there: Mapping[str, set[str]],
    verdict: Verdict,
) -> None:
    if times == 0:
        verdict.says("lost", f"{each}: accepted, and no answer was kept")
    if times > 1:
        verdict.says("duplicated", f"{each}: done {times} times")
    for word, what in _differences(each, events):
        verdict.says(word, f"{each}: {what}")
    row = COMMANDS[each.name].row
    if row and not there.get(".".join((each.service, *row)), set()) & set(each.subjects):
        verdict.says("lost", f"{each}: not in {row[0]}: {' '.join(each.subjects)}")


def _was_refused(each: Asked, times: int, events: Counter[str], verdict: Verdict) -> None:
    if times or events:
        verdict.says("phantom", f"{each}: refused, yet there is {times or dict(events)}")


def _was_not_answered(each: Asked, times: int, events: Counter[str], verdict: Verdict) -> None:
    if times > 1:
        verdict.says("duplicated", f"{each}: done {times} times")
    if times == 0 and events:
        verdict.says("half", f"{each}: no answer kept, yet {dict(events)}")
    if times and (differ := _differences(each, events)):
        verdict.says("half", f"{each}: {'; '.join(what for _, what in differ)}")


def _differences(each: Asked, events: Counter[str]) -> list[tuple[str, str]]:
    expected = COMMANDS[each.name].events
    found: list[tuple[str, str]] = []
    for kind in {*expected, *events}:
        off = is_as_often(expected.get(kind, 0), events[kind])
        if off:
            word = "lost" if off < 0 else "duplicated"
            found.append((word, f"{kind} recorded {events[kind]} times"))
    return found


def _compare_answers(each: Asked, verdict: Verdict) -> None:
    """Whoever is told yes once is told the same yes for ever (P2)."""
    yes = {answer for answer in each.answers if answer[0] < 400}
    if len(yes) > 1:
        verdict.says("breaches", f"{each}: one key, different answers: {sorted(yes)}")
    if len([1 for status, _ in each.answers if status < 400]) > 1:
        verdict.counted("answers given again", 1)


def _count_rows(evidence: Evidence, done: Counter[tuple[str, str]], verdict: Verdict) -> None:
    """A command that was done twice has left two rows, even where nobody was told of either."""
    for (service, name), times in done.items():
        leaves = COMMANDS[name]
        if leaves.adds is None or leaves.row is None:
            continue
        table, each = leaves.adds
        column = f"{service}.{table}.{leaves.row[1]}"
        rows = len(evidence.columns.get(column, []))
        if rows != times * each:
            word = "lost" if rows < times * each else "duplicated"
            verdict.says(word, f"{name}: done {times} times, and {table} has {rows} rows")


def _find_strangers(
    kept: Mapping[str, Counter[str]], commands: Mapping[str, Asked], verdict: Verdict
) -> None:
    for service, keys in kept.items():
        for key in keys:
            if key not in commands:
                verdict.says("phantom", f"{service} has done {key}, which nobody asked")


def _recorded(evidence: Evidence) -> defaultdict[tuple[str, str], Counter[str]]:
    """What each command itself has recorded: not what followed from its events elsewhere."""
    found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for service, rows in evidence.outbox.items():
        for row in rows:
            if not row["headers"].get("ce_causationid"):
                found[service, row["headers"]["ce_correlationid"]][row["name"]] += 1
    return found


def _read(history: Iterable[dict[str, Any]]) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for line in history:
        if line["line"] == "invoke":
            found[line["key"]] = Asked(
                line["key"], line["name"], line["service"], list(line["subjects"])
            )
        elif line["line"] == "answer":
            found[line["key"]].answers.append((line["status"], line["answer_hash"]))
        elif line["line"] in ENDINGS:
            found[line["key"]].ending = line["line"]
            found[line["key"]].subjects += line["subjects"]
    return found
