"""What the harness itself has spoilt is nobody's lie; whatever else bears no id is."""

from tests.promises.checker.evidence import Evidence
from tests.promises.checker.judging import judge

SPOILT = {"topic": "proposals.events", "partition": 0, "offset": 0, "headers": {}, "value": None}
PLANTED = {"line": "planted", "key": "poison-1"}


def test_record_without_an_id_is_a_phantom_unless_it_was_planted():
    evidence = Evidence(records=[SPOILT | {"key": "poison-1"}, SPOILT | {"key": "poison-2"}])

    words = judge(evidence, [PLANTED]).as_json()
    awake = judge(evidence).as_json()

    assert (words["phantom"], awake["phantom"]) == (1, 2)
