"""`migrate verify --since` of one new file after 342 others: against the verify of all of them, and with the database
that an earlier one has kept. Whole processes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Figure, seconds_of
from tests.bench.peers import runners
from tests.support.git import git
from tests.support.servers import Database, Servers

BEFORE = 342


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.make("embedded", {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"})
    with tempfile.TemporaryDirectory(prefix="dbconsole-bench-") as scratch, server.database() as database:
        folder = Path(scratch) / "shop"
        history = runners.history(BEFORE + 1)
        runners.write_ours(folder, history[:-1])
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first")):
            git(folder, *words)
        runners.write_ours(Path(scratch) / "new", history[-1:])
        for path in (Path(scratch) / "new").iterdir():
            path.rename(folder / path.name)
        whole = seconds_of(_verify(folder, database))
        first = seconds_of(_verify(folder, database, "--since", "HEAD"))
        again = min(seconds_of(_verify(folder, database, "--since", "HEAD")) for _ in range(3))
        subprocess.run(_verify(folder, database, "--since", "HEAD", "--fresh"), check=True, capture_output=True)
    what = f"verify --since, 1 file after {BEFORE}"
    return [Figure(f"{what}, the first time", first, whole, "s", 1.0, "verify of all"),
            Figure(f"{what}, then", again, whole, "s", 0.2, "verify of all")]


def _verify(folder: Path, database: Database, *words: str) -> list[str]:
    return [sys.executable, "-m", "console", "migrate", "verify", "-t", database.conninfo, "--migrations", str(folder),
            *words]
