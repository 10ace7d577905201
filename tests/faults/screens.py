"""Every screen is opened for the first time while the server is gone, and fills when it is back."""

from __future__ import annotations

import re
import signal
import time
from contextlib import ExitStack

from tests.faults.fault import LIVE, Outcome, Scene, appears, expect, leave, see, trial
from tests.faults.pooler import needs_pgbouncer
from tests.faults.server import GONE

FILLED = {
    "2": r"extension members", "3": r"no service has migrations here", "4": r"held-open", "5": r"statements take",
    "6": r"public.items|items \d", "7": r"no client waits", "8": r"answered 42",
}
"""By the key of a screen: what is on it when the server, or its pooler, has answered."""

STATEMENT = "SELECT 'answered ' || 6 * 7"
RUN, QUIT = "\x12", "\x11"


@trial(needs=needs_pgbouncer)
def screens_opened_meanwhile(scene: Scene) -> Outcome:
    """The server and its PgBouncer are stopped; each screen is opened for the first time, and both started again."""
    outcome = Outcome()
    pooler = scene.poolers.make(scene.server)
    scene.configure(pgbouncer=pooler.stats_conninfo)
    scene.sql("CREATE EXTENSION pg_stat_statements", "CREATE EXTENSION vector",
              "CREATE TABLE items (id int PRIMARY KEY, v vector(3))", "INSERT INTO items VALUES (1, '[1,2,3]')")
    cluster = scene.server.cluster
    assert cluster is not None
    with ExitStack() as stack:
        screens = {key: stack.enter_context(scene.console()) for key in FILLED}
        for screen in screens.values():
            screen.wait(LIVE, 60)
        pooler.stop(signal.SIGKILL)
        cluster.stop("fast")
        for key, screen in screens.items():
            outcome.seen = see(screen, GONE, outcome)
            screen.send(key)
        for key, screen in screens.items():
            screen.still(seconds=5) if key == "8" else screen.idle(1)
        query = screens["8"]
        query.send(STATEMENT + RUN)
        first = stack.enter_context(scene.console())
        see(first, GONE, outcome)
        expect(outcome, FILLED["8"] not in query.text, "there was nobody to answer")
        cluster.start()
        pooler.start()
        with scene.server.connect(application_name="held-open") as held:
            held.execute("BEGIN; SELECT 1")
            began = time.perf_counter()
            appears(query, re.escape(LIVE), 60)
            query.send(RUN)
            for key, screen in [*screens.items(), ("1", first)]:
                expect(outcome, appears(screen, FILLED.get(key, " well"), 60) is not None,
                       f"screen {key} has not filled:\n{screen.text}")
            outcome.recovers_s = time.perf_counter() - began
            outcome.leaves_s = max(leave(screen, outcome, QUIT) for screen in (*screens.values(), first))
    scene.left(outcome)
    return outcome
