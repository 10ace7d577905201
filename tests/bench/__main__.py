"""Runs the benchmarks named on the command line, or all, and prints one table."""

from __future__ import annotations

import importlib
import pkgutil
import platform
import sys

import tests.bench
from tests.bench.measure import HEADER
from tests.support.servers import Servers

NOT_BENCHMARKS = {"__main__", "measure"}


def main(wanted: list[str]) -> int:
    names = [module.name for module in pkgutil.iter_modules(tests.bench.__path__)
             if not module.ispkg and module.name not in NOT_BENCHMARKS]
    if unknown := set(wanted) - set(names):
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names)}", file=sys.stderr)
        return 3
    servers = Servers()
    missed = 0
    print(f"Python {platform.python_version()} on {platform.machine()}\n{HEADER}")
    try:
        for name in wanted or names:
            for figure in importlib.import_module(f"tests.bench.{name}").run(servers):
                print(figure.row(), flush=True)
                missed += figure.measured > figure.limit
    finally:
        servers.stop()
    print(f"{missed} missed" if missed else "all within their limits")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
