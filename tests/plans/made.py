"""Plans made up for what no server would say: odd, damaged or too large ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def node(kind: str, *, ms: float = 1.0, rows: float = 1.0, plan_rows: float = 1.0, loops: int = 1,
         plans: Sequence[dict[str, Any]] = (), **properties: Any) -> dict[str, Any]:
    """A node of an analyzed plan."""
    return {"Node Type": kind, "Startup Cost": 0.0, "Total Cost": 10.0, "Plan Rows": plan_rows, "Plan Width": 4,
            "Actual Startup Time": 0.0, "Actual Total Time": ms, "Actual Rows": rows, "Actual Loops": loops,
            **properties, **({"Plans": list(plans)} if plans else {})}


def document(root: dict[str, Any], **top: Any) -> dict[str, Any]:
    """One element of EXPLAIN's JSON."""
    return {"Plan": root, "Planning Time": 0.1, "Triggers": [],
            "Execution Time": root.get("Actual Total Time", 0.0) + 0.1, **top}


def chain(kind: str, depth: int) -> str:
    """JSON of nodes each below the one before; json.dumps could not write it."""
    opening = ('{"Node Type": "%s", "Total Cost": 10, "Plan Rows": 1, "Actual Rows": 1, "Actual Loops": 1, '
               '"Actual Total Time": %.3f, "Plans": [')
    nodes = "".join(opening % (kind, (depth - number) / 1000) for number in range(depth - 1))
    return ('[{"Plan": ' + nodes + '{"Node Type": "Result", "Actual Rows": 1, "Actual Loops": 1, "Plan Rows": 1, '
            '"Total Cost": 1, "Actual Total Time": 0.001}' + "]}" * (depth - 1) + ', "Execution Time": 6.0}]')
