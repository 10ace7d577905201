"""Values of records as JSON and back: what JSON has stands as it is, everything else is an object of one tagged key.

    {"$float": "nan"}  {"$decimal": "1.50"}  {"$datetime": "2026-03-01T12:00:00+00:00"}  {"$date": ...}  {"$time": ...}
    {"$timedelta": [days, seconds, microseconds]}  {"$uuid": ...}  {"$bytes": base64}  {"$inet": "10.0.0.1/8"}
    {"$network": "10.0.0.0/8"}  {"$tuple": [...]}  {"$set": [...]}  {"$map": [[key, value], ...]}
    {"$text": ...}: of a type that none of these is; it comes back as text.

An address without a prefix length is an address, with one an interface, as psycopg has them.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import math
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

_PLAIN = frozenset({int, str, bool, type(None)})


def encode(value: Any) -> Any:
    """`value` as what `json.dumps` writes in strict JSON."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": str(value)}
    if kind is list:
        return [encode(item) for item in value]
    found = _ENCODERS.get(kind)
    if found is None:
        return {"$text": str(value)}
    tag, write = found
    return {tag: write(value)}


def decode(value: Any) -> Any:
    """What `encode` was given. Raises ValueError for a tag or a value that nobody writes."""
    if type(value) is list:
        return [decode(item) for item in value]
    if type(value) is not dict:
        return value
    try:
        ((tag, inside),) = value.items()
        return _DECODERS[tag](inside)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"no value of a recording: {str(value)[:80]}") from error


def encode_column(column: Sequence[Any]) -> list[Any]:
    """One field of all rows. Most columns are of types that JSON has, and go as they are."""
    kinds = set(map(type, column))
    if kinds <= _PLAIN:
        return list(column)
    if kinds <= _PLAIN | {float} and all(math.isfinite(value) for value in column if type(value) is float):
        return list(column)
    return [encode(item) for item in column]


def decode_column(column: list[Any]) -> list[Any]:
    kinds = set(map(type, column))
    return [decode(item) for item in column] if dict in kinds or list in kinds else column


def _inet(text: str) -> Any:
    return ipaddress.ip_interface(text) if "/" in text else ipaddress.ip_address(text)


_ENCODERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("$decimal", str),
    dt.datetime: ("$datetime", dt.datetime.isoformat),
    dt.date: ("$date", dt.date.isoformat),
    dt.time: ("$time", dt.time.isoformat),
    dt.timedelta: ("$timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    uuid.UUID: ("$uuid", str),
    **{kind: ("$bytes", lambda value: base64.b64encode(bytes(value)).decode())
       for kind in (bytes, bytearray, memoryview)},
    ipaddress.IPv4Address: ("$inet", str),
    ipaddress.IPv6Address: ("$inet", str),
    ipaddress.IPv4Interface: ("$inet", str),
    ipaddress.IPv6Interface: ("$inet", str),
    ipaddress.IPv4Network: ("$network", str),
    ipaddress.IPv6Network: ("$network", str),
    tuple: ("$tuple", lambda value: [encode(item) for item in value]),
    **{kind: ("$set", lambda value: [encode(item) for item in value]) for kind in (set, frozenset)},
    dict: ("$map", lambda value: [[encode(key), encode(item)] for key, item in value.items()]),
}

_DECODERS: dict[str, Callable[[Any], Any]] = {
    "$float": float,
    "$decimal": Decimal,
    "$datetime": dt.datetime.fromisoformat,
    "$date": dt.date.fromisoformat,
    "$time": dt.time.fromisoformat,
    "$timedelta": lambda parts: dt.timedelta(*parts),
    "$uuid": uuid.UUID,
    "$bytes": lambda text: base64.b64decode(text, validate=True),
    "$inet": _inet,
    "$network": ipaddress.ip_network,
    "$tuple": lambda items: tuple(decode(item) for item in items),
    "$set": lambda items: frozenset(decode(item) for item in items),
    "$map": lambda pairs: {decode(key): decode(item) for key, item in pairs},
    "$text": str,
}
