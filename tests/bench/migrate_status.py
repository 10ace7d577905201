"""`migrate status` of 5,000 applied files, whole process, against a bare start of psycopg with one query."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Figure, alternating, environment, python, seconds_of
from tests.bench.peers import runners
from tests.support.servers import Servers

FILES = 5000
RUNS = 15


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    with server.database() as database, tempfile.TemporaryDirectory(prefix="dbconsole-bench-") as scratch:
        folder = Path(scratch) / "history"
        history = runners.history(FILES)
        runners.write_ours(folder, history)
        options = ["-t", database.conninfo, "--migrations", str(folder)]
        migrate = [sys.executable, "-m", "console", "migrate"]
        subprocess.run([*migrate, "baseline", "--to", history[-1].identity, *options, "--yes"], check=True,
                       capture_output=True, env=environment())
        status = [*migrate, "status", "--exit-code", *options]
        bare = python(f"import psycopg; psycopg.connect({database.conninfo!r}).execute('SELECT 1').fetchall()")
        ours, floor = alternating(RUNS, lambda: seconds_of(status), lambda: seconds_of(bare))
    return [Figure(f"migrate status, {FILES:,} files and rows", ours * 1000, floor * 1000, "ms", 2.0,
                   "python -c, psycopg, one query")]
