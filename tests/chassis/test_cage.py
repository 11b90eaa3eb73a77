"""A stranger's file is looked into where nothing can be taken and little can be broken."""

import pytest

from chassis import cage
from chassis.cage import Cage, CageIsBroken, Fault
from tests.chassis.inmate import MEMORY


@pytest.fixture
def inmate() -> Cage:
    return Cage("tests.chassis.inmate", at_once=1)


async def test_a_cage_holds_no_secret_and_has_its_limits(inmate, monkeypatch):
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")

    found, copy = await inmate.examine(b"a\nfile", "one", "two")

    assert found.pop("environment").keys() <= {"LC_CTYPE"}  # which Python itself sets
    assert found == {
        "words": ["one", "two"],
        "here": "/",
        "memory": [MEMORY, MEMORY],
        "open files": [16, 16],
    }
    assert copy == b"elif\na"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"take memory", "too-complex"),
        (b"take time", "too-complex"),
        (b"die", "too-complex"),
        (b"write", "unreadable"),
        (b"say no", "said-no"),
        (b"stumble", "unreadable"),
    ],
)
async def test_what_goes_wrong_inside_is_a_fault_outside(inmate, monkeypatch, file, code):
    monkeypatch.setattr(cage, "LONGEST", 3)

    with pytest.raises(Fault, match=f"^{code}$"):
        await inmate.examine(file)


async def test_a_cage_that_cannot_begin_is_our_fault_not_the_files():
    with pytest.raises(CageIsBroken, match=r"nobody ended with 1"):
        await Cage("tests.chassis.nobody", at_once=1).examine(b"a file")
