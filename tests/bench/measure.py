"""What every benchmark needs: medians of alternating runs, and a row of the table."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from tests.support.servers import Servers


class Figure(Struct, frozen=True):
    """One line of the table: `ours` and `peer` in `unit`; `limit` is the most for the ratio, or for `ours` alone."""

    name: str
    ours: float
    peer: float | None
    unit: str
    limit: float
    against: str = ""

    @property
    def measured(self) -> float:
        return self.ours if self.peer is None else self.ours / self.peer

    def row(self) -> str:
        peer = "" if self.peer is None else f"{self.peer:10.2f}"
        verdict = "ok" if self.measured <= self.limit else "MISSED"
        figure = f"{self.measured:8.2f}" + ("  " if self.peer is None else " x")
        return (f"{self.name:44} {self.ours:10.2f} {peer:>10} {self.unit:4} {figure} {self.limit:8.2f}  {verdict:6}"
                f"  {self.against}")


HEADER = f"{'figure':44} {'ours':>10} {'peer':>10} {'unit':4} {'ratio':>8}   {'limit':>8}  {'':6}  against"

Benchmark = Callable[[Servers], Sequence[Figure]]


def alternating(runs: int, *measures: Callable[[], float]) -> list[float]:
    """The median of each measure over `runs` rounds in which all take turns, after one round to warm up."""
    results: list[list[float]] = [[] for _ in measures]
    for number in range(runs + 1):
        for measure, values in zip(measures, results, strict=True):
            value = measure()
            if number:
                values.append(value)
    return [statistics.median(values) for values in results]


def environment() -> dict[str, str]:
    """This process's, with compiled modules kept: nobody runs Python without them."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def seconds_of(command: Sequence[str], expect: Sequence[int] = (0,), **words: str) -> float:
    """Wall time of a whole process."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, env=environment() | words)
    elapsed = time.perf_counter() - started
    if done.returncode not in expect:
        raise RuntimeError(f"{command}: exit {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}")
    return elapsed


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]
