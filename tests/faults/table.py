"""All faults, and the table of what came of them in the manual's page."""

from __future__ import annotations

from pathlib import Path

from tests.faults import load, machine, network, pooler, rights, screens, server, standby, terminals  # noqa: F401
from tests.faults.fault import FAULTS, HEADS, Fault, Outcome, cells

PAGE = Path(__file__).parents[2] / "console/manual/pages/faults.md"

__all__ = ["FAULTS", "cells", "rows", "written"]


def rows() -> dict[str, list[str]]:
    """The rows of the page's table, by the fault's name, each cell as it stands there."""
    found = {}
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("| ") and not line.startswith((f"| {HEADS[0]} ", "| --- ")):
            parts = [part.strip() for part in line.strip("| ").replace("\\|", "\0").split("|")]
            found[parts[0]] = [part.replace("\0", "|") for part in parts]
    return found


def written(fault: Fault, outcome: Outcome) -> None:
    """Puts the row into the page; the others stay, unless their fault is no more."""
    known = rows() | {fault.name: cells(fault, outcome)}
    lines = [HEADS, ["---"] * len(HEADS), *(known[name] for name in FAULTS if name in known)]
    table = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    text = PAGE.read_text("utf-8").splitlines()
    first = next(number for number, line in enumerate(text) if line.startswith("| "))
    after = next(number for number in range(first, len(text) + 1) if not text[number:number + 1]
                 or not text[number].startswith("| "))
    PAGE.write_text("\n".join([*text[:first], *table, *text[after:]]) + "\n", "utf-8")
