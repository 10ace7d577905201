"""Tries the faults named on the command line, or all, and prints the table; `--write` puts it into the manual."""

from __future__ import annotations

import sys
import time
import traceback

from tests.faults.fault import attempt
from tests.faults.table import FAULTS, cells, written
from tests.support.servers import Servers


def main(wanted: list[str]) -> int:
    writes = "--write" in wanted
    names = [name for name in wanted if name != "--write"] or list(FAULTS)
    if unknown := set(names) - FAULTS.keys():
        print(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}", file=sys.stderr)
        return 3
    servers = Servers()
    wrong = 0
    try:
        for name in names:
            fault = FAULTS[name]
            if reason := fault.needs():
                print(f"{name}: not tried: {reason}", flush=True)
                continue
            began = time.monotonic()
            try:
                outcome = attempt(fault, servers)
            except Exception as error:  # the others are tried all the same
                traceback.print_exception(error)
                print(f"{name}: WRONG", flush=True)
                wrong += 1
                continue
            print(" | ".join(cells(fault, outcome)), f"({time.monotonic() - began:.0f} s)", flush=True)
            for line in outcome.wrong:
                print(f"  WRONG: {line}", flush=True)
            wrong += bool(outcome.wrong)
            if writes and not outcome.wrong:
                written(fault, outcome)
    finally:
        servers.stop()
    print(f"{wrong} of {len(names)} not as it should be" if wrong else "all as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
