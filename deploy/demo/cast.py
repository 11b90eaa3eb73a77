"""Who plays, and what the hosts propose. Everybody is invented."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

NINTH_WEEK = date(2024, 3, 11)
TENTH_WEEK = date(2024, 3, 18)


@dataclass(frozen=True, slots=True)
class Organisation:
    """A host before it is one: what it says of itself, who acts for it, who looks after interns."""

    public_name: str
    kind: str
    profit_status: str
    size: str
    sector: str
    region: str
    city: str
    contact: tuple[str, str]  # name and address
    supervisor: tuple[str, str]
    about: str = ""


ORGANISATIONS = (
    Organisation(
        "Cherwell Meadows Trust",
        "charity",
        "not_for_profit",
        "10_to_49",
        "heritage",
        "oxfordshire",
        "Oxford",
        ("Maren Tolliver", "maren.tolliver@cherwell-meadows.example"),
        ("Osian Fenn", "osian.fenn@cherwell-meadows.example"),
        "We keep three water meadows and an archive of two hundred years of floods.",
    ),
    Organisation(
        "Lantern Street Press",
        "company",
        "for_profit",
        "1_to_9",
        "media",
        "london",
        "London",
        ("Ravi Senthil", "ravi.senthil@lantern-street.example"),
        ("Joan Arkwright", "joan.arkwright@lantern-street.example"),
        "A small publisher of poetry and of atlases.",
    ),
    Organisation(
        "Tideway Instruments",
        "start_up",
        "for_profit",
        "10_to_49",
        "technology",
        "south_east",
        "Reading",
        ("Ines Calloway", "ines.calloway@tideway.example"),
        ("Piotr Halversen", "piotr.halversen@tideway.example"),
        "We build gauges that tell rivers' levels by radio.",
    ),
)


@dataclass(frozen=True, slots=True)
class Project:
    """What a host proposes; the rest of the form follows from the house."""

    title: str
    host: int
    category: str
    scope: str
    places: int = 1
    starts_on: date = NINTH_WEEK
    remote_days: tuple[int, ...] = ()  # counted from 0
    skills: tuple[str, ...] = ("self_management", "communication")

    @property
    def is_hybrid(self) -> bool:
        """Some days at home, some not."""
        return bool(self.remote_days)

    @property
    def days(self) -> list[dict[str, Any]]:
        """Five days from Monday, with the hours of the week's cap."""
        return [
            {
                "on": str(self.starts_on + timedelta(days=n)),
                "mode": "remote" if n in self.remote_days else "in_person",
                "starts": "09:00",
                "ends": "17:30",
                "break_minutes": 60,
            }
            for n in range(5)
        ]

    def writing(self, organisation: Organisation, **changes: Any) -> dict[str, Any]:
        """The whole form, as it is written."""
        name, address = organisation.supervisor  # beside the advert, never in its public words
        whole = {
            "title": self.title,
            "projects": [
                {
                    "title": self.title,
                    "scope": f"{self.scope} We have begun with the first part of it; what is asked "
                    "for here is the second part, from beginning to end.",
                    "tasks": "Read what is there, agree a plan with us on the first morning, do the "
                    "work by that plan, and show each afternoon what came of it.",
                    "deliverables": "The finished piece of work and a page on how it was made.",
                    "learning": "How a small organisation decides what to do next, and why.",
                }
            ],
            "project_kind": "part_of_larger",
            "placement_kind": "professional",
            "strategic_focus": "Reaching people who have not heard of us.",
            "supervision": "An editor or warden sits at the next desk and talks the day through each morning.",
            "supervisor": {"name": name, "email": address},
            "has_work_shadowing": True,
            "skills": list(self.skills),
            "sector": organisation.sector,
            "category": self.category,
            "city": organisation.city,
            "mode": "hybrid" if self.is_hybrid else "in_person",
            "days": self.days,
            "places": self.places,
        }
        return whole | changes


VACANCIES = (
    Project(
        "Catalogue two centuries of flood diaries",
        0,
        "cataloguing",
        "Bring three hundred handwritten diaries of millers and vicars into one catalogue that "
        "anybody can search, so that they are read again at last.",
        places=2,
        remote_days=(1, 3),
    ),
    Project(
        "Draw the season's poetry window",
        1,
        "marketing",
        "Plan what our shop window and our pages show in spring, when nine new books of poetry "
        "come out within one month and compete for the same readers.",
        starts_on=TENTH_WEEK,
    ),
    Project(
        "Compare river gauges with the eye",
        2,
        "data",
        "Set our gauges' readings beside those that wardens take by eye, find where they differ, "
        "and say whether the gauge, the river or the warden moved.",
    ),
    Project(
        "Ask the meadow's neighbours for support",
        0,
        "fundraising",
        "Write to the households along the towpath in a way that they like to read, and find out "
        "which of three letters brings them to our open day.",
        starts_on=TENTH_WEEK,
    ),
    Project(
        "Check an atlas of lost stations",
        1,
        "educational_writing",
        "Hold four hundred entries of an atlas of closed railway stations against the timetables "
        "of their day, and write the notes that a school class needs.",
    ),
    Project(
        "Write a page that explains a flood",
        2,
        "educational_writing",
        "Turn what our instruments know of one flood into a page that somebody of twelve "
        "understands, with pictures that are drawn from the readings.",
        places=2,
        starts_on=TENTH_WEEK,
    ),
    Project(
        "Audit the meadows' footpaths",
        0,
        "audits",
        "Walk every path with a wheelchair and with a pushchair, note where each has to turn "
        "back, and put what was found on one map with a price beside it.",
    ),
    Project(
        "Digitise a publisher's card index",
        1,
        "data",
        "Bring eleven drawers of cards about authors, rights and reprints into tables, so that "
        "nobody has to walk to the cellar to answer a letter.",
        starts_on=TENTH_WEEK,
    ),
    Project(
        "Program a quiet alarm for anglers",
        2,
        "software",
        "Build a small program that tells anglers, an hour ahead, that the water will rise, from "
        "readings that come every ten minutes and sometimes not at all.",
    ),
    Project(
        "Plan a shop for the mill",
        0,
        "business_models",
        "Work out whether a shop in the old mill would pay for itself, from what visitors say, "
        "what neighbouring shops sell, and what a volunteer's hour is worth.",
        starts_on=TENTH_WEEK,
    ),
    Project(
        "Find readers for a book of maps",
        1,
        "marketing",
        "Find out who bought our last book of maps and where they heard of it, and propose three "
        "things to do before the next one comes out.",
    ),
    Project(
        "Test a gauge that farmers mend",
        2,
        "product_development",
        "Give a gauge in parts to people who have never seen one, watch them put it together, "
        "and rewrite the leaflet until it needs no telephone call.",
        starts_on=TENTH_WEEK,
    ),
)
REJECTED = Project(
    "Stand at the till all week",
    1,
    "business_models",
    "Sell books at our till from Monday to Friday while the person who usually does it is away, "
    "and put the new stock on the shelves in the evening.",
)
WITHDRAWN = Project(
    "Paint the boats before Easter",
    0,
    "audits",
    "Look over our eleven boats, list what each needs before the season, and paint those that "
    "only need paint, together with our boatman.",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a host takes, by their places in the list of students; the first are offered a place."""

    vacancy: int
    ranked: tuple[int, ...] = field(default=())


STATEMENT = (
    "I would like to do this because I have read about it for two terms and have never seen it done. "
    "I am used to working by myself, I ask when I do not know, and I finish what I begin."
)
