"""Many at once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from console.activity.summary.read import SESSION_COUNTS
from console.config import Duration, PoolConfig
from console.server.pool import Pool
from console.server.query import Read
from console.server.target import Target
from tests.faults.fault import LIVE, Outcome, Scene, expect, leave, see, trial
from tests.faults.pooler import needs_pgbouncer, pooled
from tests.support.terminal import default_signals

CHECKS, SCRAPERS, SLOW = 100, 50, 20


@trial(needs=needs_pgbouncer)
def checks_at_once(scene: Scene) -> Outcome:
    """100 `--check` at once through one PgBouncer of 5 server connections."""
    outcome = Outcome()
    pooled(scene, max_client_conn="500")
    command = scene.command("--check", "--timeout", "120", scene.conninfo)
    began = time.perf_counter()
    running = [subprocess.Popen(
        command, cwd=scene.folder, env=os.environ | scene.environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True) for _ in range(CHECKS)]
    said = [process.communicate(timeout=300)[1] for process in running]
    outcome.seen_s = time.perf_counter() - began
    outcome.check = max(process.returncode for process in running)
    outcome.seen = f"{sum(process.returncode == 0 for process in running)} answered"
    expect(outcome, outcome.check == 0, "\n".join(set(said))[:2000])
    scene.left(outcome)
    return outcome


@trial()
def sessions_500(scene: Scene) -> Outcome:
    """500 others have sessions, and Activity is looked at."""
    outcome = Outcome()
    scene.server = scene.servers.make("embedded", {"max_connections": "600"})
    with ThreadPoolExecutor(8) as pool, scene.console() as screen:
        held = list(pool.map(lambda _: scene.server.connect(), range(500)))
        screen.wait(LIVE, 40)
        screen.send("4")
        outcome.seen = see(screen, r"500 sessions", outcome)
        outcome.check = scene.check().returncode
        expect(outcome, outcome.check in (0, 1), "--check must answer")
        outcome.leaves_s = leave(screen, outcome)
        for connection in held:
            connection.close()
    scene.left(outcome)
    return outcome


@trial()
def pool_of_100(scene: Scene) -> Outcome:
    """1,000 reads at once share a pool of 100 connections."""
    outcome = Outcome()
    scene.server = scene.servers.make("embedded", {"max_connections": "120"})
    began = time.perf_counter()
    answers = asyncio.run(read_at_once(scene.conninfo, 1000))
    outcome.seen_s = time.perf_counter() - began
    outcome.seen = f"{sum(isinstance(answer, int) for answer in answers)} answered"
    expect(outcome, outcome.seen == "1000 answered", str({str(answer) for answer in answers}))
    scene.left(outcome)
    return outcome


async def read_at_once(conninfo: str, times: int) -> list[int | BaseException]:
    """How many round trips each answer took the console's own pool, or why there is none."""
    pool = Pool(Target(name="load", conninfo=conninfo, pool=PoolConfig(max_size=100, timeout=Duration(60))))

    async def read() -> int:
        async with pool.session() as session:
            return len((await session.refresh(Read(SESSION_COUNTS))).rows(SESSION_COUNTS) or ())

    try:
        return await asyncio.gather(*(read() for _ in range(times)), return_exceptions=True)
    finally:
        await pool.close()


@contextmanager
def listening(scene: Scene) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """`--check --listen`, its host and port."""
    process = subprocess.Popen(
        scene.command("--check", "--listen", "127.0.0.1:0", "--interval", "1", scene.conninfo), cwd=scene.folder,
        text=True, env=os.environ | scene.environment, stderr=subprocess.PIPE, preexec_fn=default_signals)
    assert process.stderr is not None
    try:
        match = re.search(r"http://([^:]+):(\d+)", process.stderr.readline())
        assert match is not None
        yield process, match[1], int(match[2])
    finally:
        process.kill()
        process.communicate()


@trial()
def scrapers_and_slow_clients(scene: Scene) -> Outcome:
    """`--check --listen` is asked by 50 scrapers, while 20 clients send a byte a second."""
    outcome = Outcome()
    with listening(scene) as (process, host, port), ThreadPoolExecutor(SCRAPERS) as pool:
        slow = [socket.create_connection((host, port)) for _ in range(SLOW)]
        began = time.perf_counter()

        def scrape(_: int) -> bool:
            with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=30) as answer:
                return b"dbconsole_check" in answer.read()

        answered = 0
        for _ in range(5):
            for client in slow:
                with suppress(OSError):
                    client.send(b"G")
            answered += sum(pool.map(scrape, range(SCRAPERS)))
            time.sleep(1)
        outcome.seen_s = (time.perf_counter() - began - 5) / 5
        outcome.seen = f"{answered} of {5 * SCRAPERS} scrapes answered"
        expect(outcome, answered == 5 * SCRAPERS, outcome.seen)
        process.send_signal(signal.SIGTERM)
        began = time.perf_counter()
        process.wait(10)
        outcome.leaves_s = time.perf_counter() - began
        for client in slow:
            client.close()
    scene.left(outcome)
    return outcome
