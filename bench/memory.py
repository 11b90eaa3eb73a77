"""What the whole stack holds in memory after mails were sent at a steady rate."""

from bench import mail
from bench.figures import Figure, Result, Target
from bench.stage import Stage

ABOUT = "resident memory right after the run of mails, pages that are shared counted once"
TARGET = Target(of="largest", most=1600)
MB = 10**6


async def measure(stage: Stage) -> Result:
    """The readings taken at the end of each repetition of `mail`; it runs first where it has not."""
    if not stage.readings:
        await mail.measure(stage)
    whole = Figure("the whole stack", "MB", TARGET)
    kinds = {"Kafka": ("kafka",), "Postgres": ("postgres",)}
    parts = {
        name: Figure(name, "MB")
        for name in ("Kafka", "Postgres", "web", "relay", "worker", "everything else")
    }
    for reading in stage.readings:
        whole.begin_repetition()
        whole.add(reading["memory"] / MB)
        held = dict.fromkeys(parts, 0.0)
        for process in reading["processes"]:
            held[_part_of(process["name"], kinds)] += process["memory"] / MB
        for name, figure in parts.items():
            figure.begin_repetition()
            figure.add(held[name])
    last = {each["name"]: round(each["memory"] / MB) for each in stage.readings[-1]["processes"]}
    return Result("memory", ABOUT, [whole, *parts.values()], counts={"MB by process": last})


def _part_of(process: str, kinds: dict[str, tuple[str, ...]]) -> str:
    for name, processes in kinds.items():
        if process in processes:
            return name
    role = process.rpartition("-")[2]
    return role if role in ("web", "relay", "worker") else "everything else"
