"""The commands that read a whole history, over 5,000 files of three statements, all pending or all applied.

Whole processes. `drift` also runs all of them in a scratch database.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Figure, alternating, environment, seconds_of
from tests.bench.peers import runners
from tests.support.servers import Servers

FILES = 5000
RUNS = 3


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    with (server.database() as fresh, server.database() as applied,
          tempfile.TemporaryDirectory(prefix="dbconsole-bench-") as scratch):
        folder = Path(scratch) / "history"
        history = runners.history(FILES)
        runners.write_ours(folder, history)
        migrate = [sys.executable, "-m", "console", "migrate"]
        files = ["--migrations", str(folder), "--service", "history"]
        subprocess.run([*migrate, "up", "-t", applied.conninfo, *files, "--yes"], check=True, capture_output=True,
                       env=environment())
        plan, lint, drift = alternating(
            RUNS,
            lambda: seconds_of([*migrate, "plan", "-t", fresh.conninfo, *files], (0, 1)),
            lambda: seconds_of([*migrate, "lint", *files], (0, 1)),
            lambda: seconds_of([*migrate, "drift", "-t", applied.conninfo, *files]))
    what = f"{FILES:,} files"
    return [Figure(f"migrate plan, {what} pending", plan, None, "s", 10.0),
            Figure(f"migrate lint, {what}", lint, None, "s", 5.0),
            Figure(f"migrate drift, {what} applied", drift, None, "s", 15.0)]
