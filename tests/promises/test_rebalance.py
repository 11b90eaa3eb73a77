"""P28 in its smallest size."""

from pathlib import Path

from tests.promises.campaigns import rebalance
from tests.promises.gates import judged


async def test_p28_hand_overs_and_zombies_are_harmless(tmp_path: Path):
    figures = await rebalance.run("smoke", seed=1, folder=tmp_path)

    failed = [gate for gate in judged(figures, rebalance.gates("smoke")) if not gate.passed]
    assert not failed, figures
