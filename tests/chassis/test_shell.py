"""What FastStream would decide by itself is decided by us, for every subscriber."""

from faststream import AckPolicy

from chassis import worker
from chassis.engine import Engine
from chassis.parts import project
from tests.chassis.delivery import Trial, TrialBegun, TrialJudged, effect


async def test_every_subscriber_has_policy_group_and_reset_of_ours(trial: Trial):
    consumer = trial.consumer({TrialBegun: project(effect), TrialJudged: project(effect)})
    database = trial.databases["applications"]
    engine = Engine(consumer, prefix=trial.prefix, database=database)

    broker = worker._shell(engine, trial.settings("applications"))

    assert len(broker.subscribers) == 1  # two in one group would split the events
    for subscriber in broker.subscribers:
        told = subscriber._connection_args
        assert subscriber.ack_policy is AckPolicy.MANUAL
        assert subscriber.group_id == f"{trial.prefix}.applications.trials"
        assert told["auto_offset_reset"] == "earliest"
        assert told["enable_auto_commit"] is False
        assert told["isolation_level"] == "read_committed"
        assert set(subscriber.topic_names) == {
            f"{trial.prefix}.proposals.events",
            f"{trial.prefix}.applications.events",
        }
