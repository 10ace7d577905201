"""Numbers out of EXPLAIN's JSON, checked: a plan file may hold anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from console.errors import ConsoleError
from console.plans.records import Buffers

LARGEST = 1e300


class PlanError(ConsoleError):
    """What was given as a plan is none, or is damaged."""


def number(properties: Mapping[str, Any], key: str, where: str) -> float | None:
    """A finite number from 0 on, None where the key is missing. Raises PlanError."""
    value = properties.get(key)
    if value is None:
        return None
    if type(value) is float or type(value) is int:
        if 0 <= value <= LARGEST:
            return float(value)
        if -1e-3 < value < 0:  # clocks may go backwards by a tick
            return 0.0
    raise PlanError(f'{where}: "{key}" must be a number from 0 on, not {_shown(value)}')


def whole(properties: Mapping[str, Any], key: str, where: str) -> int | None:
    """A whole number from 0 on. Raises PlanError."""
    value = number(properties, key, where)
    return None if value is None else round(value)


def buffers(properties: Mapping[str, Any], where: str) -> Buffers | None:
    """The blocks of a node, of planning or of serialization; None where EXPLAIN wasn't asked for BUFFERS."""
    if "Shared Hit Blocks" not in properties:
        return None
    values = [whole(properties, key, where) or 0 for key in (
        "Shared Hit Blocks", "Local Hit Blocks", "Shared Read Blocks", "Local Read Blocks", "Shared Dirtied Blocks",
        "Local Dirtied Blocks", "Shared Written Blocks", "Local Written Blocks", "Temp Read Blocks",
        "Temp Written Blocks")]
    return Buffers(hit=values[0] + values[1], read=values[2] + values[3], dirtied=values[4] + values[5],
                   written=values[6] + values[7], temp_read=values[8], temp_written=values[9])


def _shown(value: Any) -> str:
    text = "not a number" if isinstance(value, float) and math.isnan(value) else repr(value)
    return text if len(text) <= 40 else text[:40] + "..."
