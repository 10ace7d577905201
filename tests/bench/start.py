"""First paint with data, and memory, against pg_activity on the same server; what goes down the wire meanwhile."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from tests.bench import peers as peer_programs
from tests.bench.measure import Figure, alternating, environment
from tests.support.servers import Servers
from tests.support.terminal import terminal

RUNS = 15


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    peer = shutil.which("pg_activity", path=str(Path(sys.executable).parent)) or shutil.which("pg_activity")
    if peer is None:
        raise SystemExit("pip install pg_activity: the peer of this benchmark")
    parts = conninfo_to_dict(server.dsn)
    theirs = [peer, "-h", str(parts["host"]), "-p", str(parts.get("port", 5432)), "-U", "postgres", "-d", "postgres"]
    ours = [sys.executable, "-m", "console", server.dsn]
    memory: dict[str, list[float]] = {"ours": [], "theirs": [], "floor": []}
    kilobytes: dict[str, list[float]] = {"ours": [], "theirs": [], "floor": []}

    def paint(command: list[str], words: str, whose: str) -> float:
        """Seconds until a check's name and value, or pg_activity's first numbers, stand on the screen."""
        with terminal(command, environment=environment()) as screen:
            elapsed = screen.wait(words, 30)
            screen.idle(2.5)
            memory[whose].append(screen.rss_mib)
            kilobytes[whose].append(screen.bytes_out / 1000)
            screen.send("q")
            screen.idle(0.5)
            return elapsed

    bare = [sys.executable, str(Path(peer_programs.__file__).with_name("bare_textual.py")), server.dsn]
    mine, peers, floor = alternating(RUNS, lambda: paint(ours, " well", "ours"),
                                     lambda: paint(theirs, "RUNNING", "theirs"),
                                     lambda: paint(bare, "sessions", "floor"))
    rss = {whose: sorted(values)[len(values) // 2] for whose, values in memory.items()}
    return [
        Figure("first paint with data", mine * 1000, peers * 1000, "ms", 1.3, "pg_activity"),
        Figure("first paint of a bare Textual application", floor * 1000, peers * 1000, "ms", 2.0,
               "pg_activity: no application with Textual and psycopg is faster"),
        Figure("resident memory after 2.5 s", rss["ours"], rss["theirs"], "MiB", 1.3, "pg_activity"),
        Figure("written to the terminal by then", statistics.median(kilobytes["ours"]), None, "kB", 23,
               "half of a screen painted three times"),
    ]
