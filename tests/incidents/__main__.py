"""Stages the incidents named on the command line, or all, and prints what was said of each."""

from __future__ import annotations

import sys
import traceback

from tests.incidents.incident import LABEL, SETTINGS, attempt
from tests.incidents.table import INCIDENTS
from tests.support.servers import Servers


def main(wanted: list[str]) -> int:
    names = wanted or list(INCIDENTS)
    if unknown := set(names) - INCIDENTS.keys():
        print(f"no such incident: {', '.join(sorted(unknown))}; there are {', '.join(INCIDENTS)}", file=sys.stderr)
        return 3
    servers = Servers()
    right: dict[bool, list[bool]] = {True: [], False: []}
    try:
        shared = servers.make(LABEL, SETTINGS)
        for name in names:
            tried = INCIDENTS[name]
            if reason := tried.needs():
                print(f"{name}: not tried: {reason}", flush=True)
                continue
            try:
                outcome = attempt(tried, servers, shared)
            except Exception as error:  # the others are tried all the same
                traceback.print_exception(error)
                print(f"{name}: could not be staged", flush=True)
                right[bool(tried.kinds)].append(False)
                continue
            right[bool(tried.kinds)].append(not outcome.wrong)
            said = outcome.findings[0].summary if outcome.findings else "nothing found"
            print(f"{'WRONG' if outcome.wrong else 'right'} | {name} | {outcome.wrong or said} "
                  f"({len(outcome.findings)}, {outcome.seconds:.0f} s)", flush=True)
    finally:
        servers.stop()
    incidents, loads = right[True], right[False]
    print(f"{sum(incidents)} of {len(incidents)} incidents have their true cause first; "
          f"nothing is said of {sum(loads)} of {len(loads)} healthy loads")
    return 0 if all(incidents) and all(loads) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
