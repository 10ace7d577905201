"""`migrate status`, whole process: of 5,000 applied files against a bare start of psycopg with one query, and of 281
against dbmate's, where it is installed.

dbmate is a compiled program: what Python with psycopg needs before it has asked anything stands beside it.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.measure import Figure, alternating, environment, python, seconds_of
from tests.bench.peers import runners
from tests.support.servers import LiveServer, Servers

FILES = 5000
FEW = 281
RUNS = 15
BARE = "python -c, psycopg, one query"


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    with server.database() as database, tempfile.TemporaryDirectory(prefix="dbconsole-bench-") as scratch:
        folder = Path(scratch) / "history"
        history = runners.history(FILES)
        runners.write_ours(folder, history)
        options = ["-t", database.conninfo, "--migrations", str(folder), "--service", "history"]
        migrate = [sys.executable, "-m", "console", "migrate"]
        subprocess.run([*migrate, "baseline", "--to", history[-1].identity, *options, "--yes"], check=True,
                       capture_output=True, env=environment())
        status = [*migrate, "status", "--exit-code", *options]
        bare = python(f"import psycopg; psycopg.connect({database.conninfo!r}).execute('SELECT 1').fetchall()")
        ours, floor = alternating(RUNS, lambda: seconds_of(status), lambda: seconds_of(bare))
    return [Figure(f"migrate status, {FILES:,} files and rows", ours * 1000, floor * 1000, "ms", 2.0, BARE),
            *_beside_dbmate(server)]


def _beside_dbmate(server: LiveServer) -> Iterator[Figure]:
    with (server.database() as mine, server.database() as theirs,
          tempfile.TemporaryDirectory(prefix="dbconsole-bench-") as scratch):
        history = runners.history(FEW)
        ours, peer = runners.ours(Path(scratch) / "ours", history), runners.dbmate(Path(scratch) / "dbmate", history)
        if peer is None:
            print("dbmate is not installed: left out", file=sys.stderr)
            return
        for runner, database in ((ours, mine), (peer, theirs)):
            subprocess.run(runner.up(database), check=True, capture_output=True, env=environment())
        status = [sys.executable, "-m", "console", "migrate", "status", "-t", mine.conninfo,
                  "--migrations", str(Path(scratch) / "ours")]
        bare = python(f"import psycopg; psycopg.connect({mine.conninfo!r}).execute('SELECT 1').fetchall()")
        its = [*peer.up(theirs)[:-1], "status"]
        taken, floor, peers = (seconds * 1000 for seconds in alternating(
            RUNS, lambda: seconds_of(status), lambda: seconds_of(bare), lambda: seconds_of(its)))
    yield Figure(f"migrate status, {FEW} files and rows", taken, peers, "ms", 1.5, "dbmate")
    yield Figure("  the least that Python can do", floor, peers, "ms", math.inf, f"dbmate; {BARE}")
