"""JSON as the API takes it: what the standard library lets through and we do not (S30).

`check(body)` raises `NotOurJson` with the code, the sentence and, where there is one, the pointer of
`bad-input.md` rows 1 to 8.
"""

import json
import math
import re
from typing import Any

DEEPEST = 32
LONGEST_NUMBER = 100  # digits; no field of ours needs more than 16

_SURROGATE = re.compile("[\ud800-\udfff]")
_IN_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?')


class NotOurJson(ValueError):
    """The body is not JSON as we take it."""

    def __init__(self, code: str, sentence: str, pointer: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.pointer = pointer


def check(body: bytes) -> Any:
    """Parse a body. Raises `NotOurJson` for all that the standard library is too kind about."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotOurJson("malformed-json", f"Not UTF-8 at byte {error.start}.") from error
    _refuse_depth(body)
    try:
        parsed = json.loads(
            text,
            object_pairs_hook=_no_key_twice,
            parse_constant=_no_constant,
            parse_int=_short_integer,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        at = len(text[: error.pos].encode(errors="surrogatepass"))
        raise NotOurJson("malformed-json", f"Not JSON at byte {at}.") from error
    except RecursionError as error:
        raise _too_deep() from error
    _refuse_surrogates(parsed, "#")
    return parsed


def _too_deep() -> NotOurJson:
    return NotOurJson("json-depth", f"Nested deeper than {DEEPEST} levels.")


def _refuse_depth(body: bytes) -> None:
    """Before parsing: count brackets outside strings."""
    depth = 0
    for byte in _IN_STRINGS.sub(b"", body):
        if byte in b"[{":
            depth += 1
            if depth > DEEPEST:
                raise _too_deep()
        elif byte in b"]}":
            depth -= 1


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise NotOurJson("json-duplicate-key", "The same key stands twice.", f"#/{key}")
        made[key] = value
    return made


def _no_constant(name: str) -> Any:
    raise NotOurJson("json-number", f"{name} is not a number in JSON.")


def _short_integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise NotOurJson("json-number", f"A number of {len(digits)} digits is too long.")
    return int(digits)


def _finite(digits: str) -> float:
    if len(digits) > LONGEST_NUMBER or not math.isfinite(number := float(digits)):
        raise NotOurJson("json-number", "A number is out of range.")
    return number


def _refuse_surrogates(value: Any, pointer: str) -> None:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise NotOurJson("json-surrogate", "Half a character: a lone surrogate.", pointer)
    elif isinstance(value, list):
        for i, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            _refuse_surrogates(item, f"{pointer}/{i}")
    elif isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            _refuse_surrogates(key, pointer)
            _refuse_surrogates(item, f"{pointer}/{key}")
