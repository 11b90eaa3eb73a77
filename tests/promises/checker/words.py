"""What the checker says, and how it says it."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

WORDS = {
    "lost": "accepted, but the row or one of its effects is missing",
    "duplicated": "one command or event, two rows, effects or mails",
    "phantom": "an effect of a command that failed, or of none",
    "reordered": "first occurrences of one key out of sequence",
    "unseen": "published, yet in a required inbox neither applied nor kept, at rest",
    "stuck": "a row unpublished, a mail neither final nor scheduled, a key blocked by nothing",
    "breaches": "a state that must never be, or two answers to one command",
    "half": "an unanswered command neither wholly done nor wholly undone",
}
EXAMPLES = 10


@dataclass
class Verdict:
    """Every word with what it was found for; empty is good."""

    found: dict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    recovery: dict[str, float] = field(default_factory=dict[str, float])

    def says(self, word: str, what: str) -> None:
        """One case of a word."""
        assert word in WORDS, word
        self.found[word].append(what)

    def counted(self, what: str, count: int) -> None:
        """How much was looked at: a checker that saw nothing says nothing wrong either."""
        self.counts[what] += count

    @property
    def numbers(self) -> dict[str, int]:
        """Each word's number."""
        return {word: len(self.found.get(word, ())) for word in WORDS}

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not any(self.numbers.values())

    def as_json(self) -> dict[str, Any]:
        """For a report."""
        examples = {word: cases[:EXAMPLES] for word, cases in self.found.items() if cases}
        return {
            **self.numbers,
            "recovery": self.recovery,
            "looked_at": dict(self.counts),
            "examples": examples,
        }

    def __str__(self) -> str:
        lines = [f"{word:<11}{number:>7}   {WORDS[word]}" for word, number in self.numbers.items()]
        for word, cases in self.found.items():
            lines += [f"  {word}: {case}" for case in cases[:EXAMPLES]]
        lines += [f"recovery   {name} {value:.1f} s" for name, value in self.recovery.items()]
        lines.append("looked at: " + ", ".join(f"{n} {what}" for what, n in self.counts.items()))
        return "\n".join(lines)
