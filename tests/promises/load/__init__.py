"""The load: many clients at once, each living a piece of the real life of the four services.

house = await prepare(addresses, history, seed=7, commands=500)   # no faults yet
done = await play(house, commands=500, clients=40)                # while things are broken
"""

from tests.promises.load.playing import Played, play
from tests.promises.load.preparing import prepare

__all__ = ["Played", "play", "prepare"]
