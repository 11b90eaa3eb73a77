"""What was told is held to what the code says: in the outbox, on the broker, in the files."""

import json
from pathlib import Path

import pytest
import yaml

from chassis import outbox
from schemas import generate
from schemas.proposals import HostApproved, HostSuspended
from tests.chassis.delivery import CLOCK, Trial, wire
from tests.command_line import CommandLine


@pytest.fixture
def proposals(database_url: str, trial: Trial) -> CommandLine:
    return CommandLine("proposals", database_url, trial.bootstrap, trial.prefix)


async def test_nothing_told_yet_is_no_fault(proposals: CommandLine):
    said = await proposals("contract", "check", "--topics")

    assert (said.code, said.out.splitlines()[-1]) == (0, "0 events read, 0 wrong; 0 files differ")


async def test_what_was_recorded_is_as_the_code_says(proposals: CommandLine, trial: Trial):
    approved = HostApproved.model_validate(HostApproved.examples[0])
    suspended = HostSuspended.model_validate(HostSuspended.examples[0])
    async with trial.databases["proposals"].transaction() as tx:
        await outbox.record(tx, [approved, suspended], actor=CLOCK)
    await trial.send(**wire(approved, sequence=1))

    said = await proposals("contract", "check", "--topics")

    assert said.code == 0, said
    assert said.out.splitlines() == ["Nothing.", "3 events read, 0 wrong; 0 files differ"]


async def test_what_breaks_the_contract_is_told_by_type_and_id(
    proposals: CommandLine, trial: Trial
):
    database = trial.databases["proposals"]
    approved = HostApproved.model_validate(HostApproved.examples[0])
    async with database.transaction() as tx:
        await outbox.record(tx, [approved], actor=CLOCK)
        event_id = await tx.value("UPDATE outbox SET value = '{}' RETURNING event_id")
    spoilt = wire(approved, sequence=1)
    spoilt["headers"]["ce_type"] = b"micro-internships.proposals.HostForgotten.v1"
    await trial.send(**spoilt)

    said = await proposals("contract", "check", "--topics", "--json")
    recorded, on_broker = json.loads(said.out)

    assert said.code == 65
    assert (recorded["where"], recorded["event_id"]) == ("outbox", str(event_id))
    assert recorded["type"] == HostApproved.type_name()
    assert recorded["fault"].startswith("schema: /university: missing")
    assert (on_broker["where"], on_broker["fault"]) == ("broker", "no such event")


async def test_document_is_printed_as_it_is_committed(proposals: CommandLine):
    said = await proposals("contract", "asyncapi")

    assert said.out == (Path(generate.HERE) / "asyncapi/proposals.yaml").read_text()
    assert yaml.safe_load(said.out)["asyncapi"] == "3.0.0"
