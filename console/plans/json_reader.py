"""JSON that may be nested thousands deep: a plan of 1,000 joins is, and the standard library's reader recurses."""

from __future__ import annotations

import json
import re
from json import JSONDecoder
from typing import Any, NoReturn

from console.text import format as fmt

MAX_DEPTH = 200_000

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?|true|false|null")
_STRING = JSONDecoder().raw_decode  # of a text alone, which can't recurse
_WORDS = {"true": True, "false": False, "null": None}


class TooDeep(ValueError):
    """Nested deeper than MAX_DEPTH."""


def loads(text: str) -> Any:
    """The value that `text` writes. Raises ValueError; never RecursionError."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        return _iterated(text)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def _iterated(text: str) -> Any:
    """The same by a stack of our own; about thirty times slower."""
    stack: list[tuple[Any, str | None]] = []  # the containers around, each with the key that waits for its value
    container: Any = None
    key: str | None = None
    place = 0
    while True:
        place = _skip(text, place)
        character = text[place:place + 1]
        if character in ("{", "["):
            if len(stack) > MAX_DEPTH:
                raise TooDeep(f"nested more than {fmt.count(MAX_DEPTH)} deep")
            stack.append((container, key))
            container, key, place, is_empty = _opened(text, place)
            if not is_empty:
                continue
            value = container
            container, key = stack.pop()
        else:
            value, place = _STRING(text, place) if character == '"' else _scalar(text, place)
        while True:  # a value is complete: put it into its container, which may be complete as well
            if container is None:
                if _skip(text, place) != len(text):
                    raise ValueError(f"something follows the value at character {place}")
                return value
            _put(container, key, value)
            place = _skip(text, place)
            character = text[place:place + 1]
            place += 1
            if character == ",":
                if isinstance(container, dict):
                    key, place = _key(text, _skip(text, place))
                break
            if character != ("}" if isinstance(container, dict) else "]"):
                raise ValueError(f"a comma or a bracket is missing at character {place - 1}")
            value = container
            container, key = stack.pop()


def _opened(text: str, place: int) -> tuple[Any, str | None, int, bool]:
    """The container that begins here, the key of its first value, the place of that, and whether there is none."""
    container: Any = {} if text[place] == "{" else []
    place = _skip(text, place + 1)
    if text[place:place + 1] == ("}" if isinstance(container, dict) else "]"):
        return container, None, place + 1, True
    key = None
    if isinstance(container, dict):
        key, place = _key(text, place)
    return container, key, place, False


def _put(container: Any, key: str | None, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)


def _key(text: str, place: int) -> tuple[str, int]:
    if text[place:place + 1] != '"':
        raise ValueError(f"a key is missing at character {place}")
    key, place = _STRING(text, place)
    place = _skip(text, place)
    if text[place:place + 1] != ":":
        raise ValueError(f"a colon is missing at character {place}")
    return key, place + 1


def _scalar(text: str, place: int) -> tuple[Any, int]:
    found = _SCALAR.match(text, place)
    if not found:
        raise ValueError(f"a value is missing at character {place}")
    word = found[0]
    if word in _WORDS:
        return _WORDS[word], found.end()
    return (float(word) if found[2] or found[3] else int(word)), found.end()


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
