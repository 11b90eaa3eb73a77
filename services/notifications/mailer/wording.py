"""The facts of a letter in words: what its subject, its text and its HTML are all filled from.

A value that people wrote (a title, a name) is only ever a value: no template is read out of it, and
control characters in it become spaces, so that it can start no header of its own (S15, S27).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from chassis import instants
from chassis.money import money
from chassis.pages import University
from schemas.deadline import Deadline
from schemas.envelope import Event
from services.notifications.domain.letter import Letter, To

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a letter is written to, opened for the time of writing."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Around:
    """Everything known of one letter's case when it is written."""

    letter: Letter
    event: Event | None
    university: University
    address: str  # of the pages
    to: Reader
    programme: Mapping[str, Any] | None = None
    cycle: Mapping[str, Any] | None = None
    vacancy: Mapping[str, Any] | None = None
    host: Mapping[str, Any] | None = None
    application: Mapping[str, Any] | None = None
    placement: Mapping[str, Any] | None = None
    intern: Reader | None = None  # only in an introduction
    hosts: tuple[Reader, ...] = ()
    secret: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def zone(self) -> str:
        """In which its instants are said."""
        return self.programme["zone"] if self.programme else self.university.zone

    @property
    def mailbox(self) -> str:
        """Where an answer goes: to people of the programme (R17)."""
        return self.programme["mailbox"] if self.programme else self.university.mailbox

    @property
    def sender(self) -> str:
        """Who writes."""
        if self.programme:
            return str(self.programme["programme_name"])
        return f"{self.university.name} {self.university.office}"


def one_line(text: str) -> str:
    """Without anything that could end a line."""
    return CONTROL.sub(" ", text).strip()


def words_of(around: Around) -> dict[str, Any]:
    """What the templates of a letter may say."""
    told, letter = around.event, around.letter
    by = _by(around)
    known: dict[str, Any] = {
        "university": around.university,
        "sender": one_line(around.sender),
        "mailbox": around.mailbox,
        "name": one_line(around.to.name),
        "zone": around.zone,
        "host": one_line(_host(around)),
        "title": one_line(_title(around)),
        "reference": _reference(around),
        "by": instants.instant(by.at, by.zone) if by else None,
        "told_by": _told_by(around),
        "second_round": _second_round(around),
        "link": _link(around),
        "facts": facts_of(around),
        "intern": around.intern,
        "hosts": around.hosts,
        "signature": around.programme["signature"] if around.programme else "",
        "preparation": around.programme["preparation"] if around.programme else [],
        "event": told,
        "applied_on": _applied_on(around),
        "session": one_line(str(getattr(told, "title", ""))),
        "starts": _starts(around),
        "why": _why(around),
        "has_calendar": letter.calendar is not None,
        "reasons": _reasons(around),
        **_amounts(around),
    }
    return known


def subject_of(around: Around, known: Mapping[str, Any]) -> str:
    """One line; the instant without its year, so that it fits."""
    by = _by(around)
    short = instants.words(by.at, by.zone, year=False) if by else ""
    return one_line(around.letter.subject.format_map({**known, "by": short}))


def _by(around: Around) -> Deadline | None:
    found = getattr(around.event, around.letter.by, None) if around.letter.by else None
    return found if isinstance(found, Deadline) else None


def _told_by(around: Around) -> instants.Said | None:
    """Until when everyone who applied in this round knows the outcome."""
    rounds = around.vacancy["rounds"] if around.vacancy else []
    mine = str(getattr(around.event, "round", ""))
    for dates in rounds:
        if dates["round"] == mine:
            by = Deadline.model_validate(dates["office_tells_by"])
            return instants.instant(by.at, by.zone)
    return None


def _second_round(around: Around) -> instants.Said | None:
    """When the cycle's second round opens, for somebody of the first."""
    rounds = around.cycle["dates"]["rounds"] if around.cycle else []
    if str(getattr(around.event, "round", "")) != "first":
        return None
    for dates in rounds:
        if dates["round"] == "second":
            at = Deadline.model_validate(dates["opens_at"])
            return instants.instant(at.at, at.zone)
    return None


def _advert(around: Around) -> Mapping[str, Any]:
    return around.vacancy["advert"] if around.vacancy else {}


def _title(around: Around) -> str:
    return str(getattr(around.event, "title", None) or _advert(around).get("title", ""))


def _host(around: Around) -> str:
    if around.host:
        return str(around.host["public_name"])
    facts = getattr(around.event, "facts", None)
    return str(getattr(facts, "public_name", None) or _advert(around).get("host_public_name", ""))


def _reference(around: Around) -> str:
    told = getattr(around.event, "reference", None)
    return str(told or (around.application["reference"] if around.application else ""))


def _applied_on(around: Around) -> str:
    if not around.application:
        return ""
    at: datetime = around.application["submitted_at"]
    return instants.day(at.astimezone(ZoneInfo(around.zone)).date(), weekday=False)


def _starts(around: Around) -> str:
    starts = getattr(around.event, "starts_at", None)
    if not isinstance(starts, Deadline):
        return ""
    return instants.words(starts.at, starts.zone, year=False)


def _link(around: Around) -> str:
    if "link" in around.secret:
        return str(around.secret["link"])
    ids = around.event.model_dump() if around.event else {}
    return around.address + around.letter.page.format_map(ids)


def _reasons(around: Around) -> list[str]:
    """The programme's words for the codes that the event carries; a code alone is never shown."""
    codes = getattr(around.event, "reason_codes", ())
    known = around.programme["reasons"] if around.programme else {}
    return [one_line(known[code]) for code in codes if code in known]


def _amounts(around: Around) -> dict[str, str]:
    currency = getattr(around.event, "currency", "GBP")
    found: dict[str, str] = {}
    for name, attribute in AMOUNTS.items():
        minor = getattr(around.event, attribute, None)
        if minor is not None:
            found[name] = money(minor, currency)
    return found


AMOUNTS = {
    "claimed": "total_pence",
    "allowed": "allowed_pence",
    "approved": "approved_pence",
    "paid": "paid_pence",
    "reported": "reported_pence",
}

# ---- the table of facts ----

Fact = Callable[[Around], str | None]


def _days(around: Around) -> list[Mapping[str, Any]]:
    told = getattr(around.event, "days", None)
    if told:
        return [day.model_dump(mode="json") for day in told]
    if around.placement and around.placement["days"]:
        return around.placement["days"]
    return _advert(around).get("days", [])


def _when(around: Around) -> str | None:
    on = sorted(date.fromisoformat(day["on"]) for day in _days(around))
    return instants.days(on[0], on[-1]) if on else None


def _hours(around: Around) -> str | None:
    """As the host's clock shows them, and in the programme's zone where the two differ."""
    days = _days(around)
    if not days:
        return None
    first = min(days, key=lambda day: str(day["on"]))
    there = _span(first, "", "")
    if any((day["starts"], day["ends"]) != (first["starts"], first["ends"]) for day in days):
        there += ", not the same every day"
    zone = str(_advert(around).get("zone") or around.zone)
    here = _span(first, zone, around.zone)
    if _span(first, "", "") == here:
        return there
    return f"{there} in {_city(zone)}: {here} in {_city(around.zone)}"


def _span(day: Mapping[str, Any], zone: str, seen_from: str) -> str:
    said: list[str] = []
    for name in ("starts", "ends"):
        wall = datetime.combine(date.fromisoformat(day["on"]), time.fromisoformat(day[name]))
        if zone:
            wall = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo(seen_from))
        said.append(instants.time_of_day(wall.time()))
    return " to ".join(said)


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


MODES = {"in_person": "In person", "remote": "Remote", "hybrid": "Partly in person, partly remote"}


def _where(around: Around) -> str | None:
    advert = _advert(around)
    mode = MODES.get(str(advert.get("mode")), "")
    return ", ".join(part for part in (mode, advert.get("city")) if part) or None


def _repaid(around: Around) -> str | None:
    advert = _advert(around)
    if advert.get("pay_model") == "paid":
        return "Nothing: the work is paid"
    if advert.get("pay_model") == "unpaid":
        return "Nothing: this programme repays no costs"
    if advert.get("mode") == "remote":
        return "Nothing: the work is done from home"
    return "Travel and lunch on days in person, as the programme's rules say"


def _named_deadline(name: str) -> Fact:
    def say(around: Around) -> str | None:
        dates = getattr(around.event, "dates", None)
        at = getattr(dates, name, None)
        return str(instants.instant(at.at, at.zone)) if at else None

    return say


def _count(name: str) -> Fact:
    def say(around: Around) -> str | None:
        found = getattr(around.event, name, None)
        return None if found is None else str(found)

    return say


def _amount(name: str) -> Fact:
    return lambda around: _amounts(around).get(name)


def _places(around: Around) -> str | None:
    places = _advert(around).get("places")
    return str(places) if places else None


def _paid_on(around: Around) -> str | None:
    on = getattr(around.event, "paid_on", None)
    return instants.day(on) if on else None


FACTS: dict[str, tuple[str, Fact]] = {
    "project": ("Project", lambda around: one_line(_title(around)) or None),
    "host": ("Host", lambda around: one_line(_host(around)) or None),
    "reference": ("Reference", lambda around: _reference(around) or None),
    "when": ("When", _when),
    "hours": ("Hours", _hours),
    "where": ("Where", _where),
    "repaid": ("Repaid", _repaid),
    "places": ("Places", _places),
    "places_free": ("Places free", _count("places_free")),
    "applications": ("Applications", _count("count")),
    "ranked": ("Chosen", _count("ranked")),
    "reserves": ("Reserves", _count("reserves")),
    "untold": ("Not told yet", _count("untold")),
    "revision": ("Revision", _count("revision")),
    "reasons": ("Reason", lambda around: "; ".join(_reasons(around)) or None),
    "opens": ("Opens", _named_deadline("opens_at")),
    "closes": ("Closes", _named_deadline("closes_at")),
    "claimed": ("Claimed", _amount("claimed")),
    "allowed": ("Allowed by the rules", _amount("allowed")),
    "approved": ("To be repaid", _amount("approved")),
    "paid": ("Paid", _amount("paid")),
    "paid_on": ("Paid on", _paid_on),
    "reported": ("Paid, says the host", _amount("reported")),
}


def facts_of(around: Around) -> list[tuple[str, str]]:
    """Label and words, in the letter's order; what is not known is left out."""
    rows: list[tuple[str, str]] = []
    for name in around.letter.facts:
        label, say = FACTS[name]
        if words := say(around):
            rows.append((label, words))
    return rows


def _why(around: Around) -> str:
    """Why this person gets this mail: the first sentence of the footer."""
    if around.letter.is_sealed:
        return "Sent because somebody asked for a link with your address."
    if around.letter.to is To.OFFICE:
        return "Sent to the programme's mailbox."
    if around.letter.to is To.PERSON:
        return _why_applicant(around)
    return f"Sent to you because you act for {one_line(_host(around))}."


def _why_applicant(around: Around) -> str:
    if around.application:
        return (
            f"Sent to you because you applied on {_applied_on(around)}, "
            f"reference {_reference(around)}."
        )
    if getattr(around.event, "facts", None):
        return f"Sent to you because you registered {one_line(_host(around))}."
    return f"Sent to you because you take part in {one_line(around.sender)}."
