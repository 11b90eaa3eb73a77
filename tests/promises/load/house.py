"""What the clients of a load know of the house: whom they may play, and what is there to act upon."""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from tests.promises.load.asking import Client, Door
from tests.promises.load.people import Person, student


@dataclass
class Host:
    """An organisation and whoever acts for it."""

    host_id: str
    contact: Person


@dataclass
class Vacancy:
    """An advert, its host, and who sent an application before the load began."""

    vacancy_id: str
    host: Host
    applicants: dict[str, Person] = field(default_factory=dict[str, Person])  # by application


@dataclass
class House:
    """Everything a load plays with. What one errand takes out, no other finds."""

    door: Door
    dsn: str
    seed: int
    officers: list[Person]
    hosts: list[Host] = field(default_factory=list[Host])
    cycles: dict[str, str] = field(default_factory=dict[str, str])
    open_vacancies: list[Vacancy] = field(default_factory=list[Vacancy])
    to_choose_from: deque[Vacancy] = field(default_factory=deque[Vacancy])
    to_claim_for: deque[tuple[Person, Host]] = field(default_factory=deque[tuple[Person, Host]])
    strangers: deque[Person] = field(default_factory=deque[Person])  # have not come in yet
    _clients: dict[str, Client] = field(default_factory=dict[str, Client])

    def client(self, name: str) -> Client:
        """One client, with luck of its own that depends on the seed alone."""
        if name not in self._clients:
            self._clients[name] = Client(name, self.door, Random(f"{self.seed} {name}"))
        return self._clients[name]

    def newcomer(self) -> Person:
        """A student who has done nothing yet."""
        return self.strangers.popleft()


def people_of(seed: int, count: int) -> list[Person]:
    """So many students; the same for the same seed."""
    source = Random(f"{seed} people")
    return [student(source, number) for number in range(1, count + 1)]
