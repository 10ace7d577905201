"""`dbconsole record` on real servers, and the console on what it wrote when the server is gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.activity.read import PROGRESS, SESSIONS
from console.config import Config
from console.errors import ConsoleError
from console.metrics.reads.counters import DATABASE_COUNTERS, REPLICATION_SLOTS
from console.metrics.reads.replication import WAL_SENDERS
from console.pooler.actions import PoolerCommand
from console.recorder.reads import ALONG
from console.recorder.recording import Recording
from console.recorder.replay import answers
from console.recorder.replay.pooler import has_pooler
from console.statements import read as statements
from console.ui.connection import ConnectionState
from console.ui.replay_app import ReplayApp
from console.ui.replaying import replay_sources
from console.ui.screens import ENTRIES
from tests.support.pgbouncer import PgBouncer
from tests.support.screen_text import screen_text
from tests.support.servers import Database, LiveServer, Servers
from tests.support.waiting import until, wait_for


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@contextmanager
def recording(path: Path, conninfo: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`dbconsole record`, running."""
    command = [sys.executable, "-m", "console", "record", str(path), "-t", conninfo, "--every", "0.2", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def recorded(path: Path, right: Callable[[Recording, int], Any]) -> bool:
    """Whether the last sample in the file is right, or any before it."""
    try:
        with Recording(path) as found:
            return any(right(found, number) for number in range(len(found)))
    except ConsoleError:
        return False


def waiters(found: Recording, number: int) -> list[int]:
    with suppress(Exception):
        return [session.pid for session in found.sample(number).rows(SESSIONS) if session.blocked_by]
    return []


@contextmanager
def blocked(database: Database) -> Iterator[tuple[int, int]]:
    """A session that holds a row and one that waits for it: their pids."""
    with database.connect() as first, database.connect() as second:
        first.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int); INSERT INTO accounts VALUES (1, 0)")
        first.execute("BEGIN; UPDATE accounts SET balance = 1")

        def wait() -> None:
            with suppress(psycopg.Error):
                second.execute("UPDATE accounts SET balance = 2")

        thread = threading.Thread(target=wait)
        thread.start()
        try:
            yield first.info.backend_pid, second.info.backend_pid
        finally:
            with suppress(psycopg.Error):
                first.execute("ROLLBACK")
            thread.join(30)


@pytest.mark.parametrize("label", ["embedded", "postgres15"])
def test_an_incident_is_looked_at_when_the_server_is_gone(servers: Servers, tmp_path: Path, label: str) -> None:
    path = tmp_path / "incident.dbrec"
    server = servers.make(label)
    assert server.cluster is not None
    with server.database() as database:
        with blocked(database) as (holder, waiter), recording(path, database.conninfo) as process:
            wait_for(lambda: recorded(path, lambda found, number: waiter in waiters(found, number)))
            process.send_signal(signal.SIGINT)
            output, words = process.communicate(timeout=30)
        assert process.returncode == 0, words
        assert output == "" and "recorded to" in words and "Traceback" not in words
    server.cluster.stop("immediate")
    asyncio.run(_look_back(path, holder, waiter))
    server.cluster.remove()


async def _look_back(path: Path, holder: int, waiter: int) -> None:
    with Recording(path) as found:
        number = next(number for number in range(len(found)) if waiter in waiters(found, number))
        sources = replay_sources(found, Config(), begin_at=found.at(number))
        app = ReplayApp(sources.names()[0], sources, entries=tuple(
            entry for entry in ENTRIES if entry.name in ("overview", "activity")),
            environment={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
        app.connection.paused = True
        try:
            async with app.run_test(size=(120, 36)) as pilot:
                app.connection.paused = False
                await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)
                await pilot.press("4", "b")
                await until(lambda: f"▾ {holder}" in screen_text(app) and f"└ {waiter}" in screen_text(app), pilot)
                text = screen_text(app)
                assert "RECORDING" in text and "1 root blocker blocks 1 session" in text
                assert app.connection.playback is not None
                app.connection.playback.step(-1)
                await until(lambda: app.connection.playback is not None
                            and app.connection.playback.number == max(0, number - 1), pilot)
        finally:
            await app.connection.close()


def test_everything_that_is_asked_is_recorded_on_every_version(any_database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a"
    with recording(path, any_database.conninfo, "--for", "2.5") as process:
        _, words = process.communicate(timeout=60)
    assert process.returncode == 0, words
    with Recording(path) as found:
        assert len(found) >= 2 and found.lost_bytes == 0
        last = found.sample(len(found) - 1)
        assert last.error is None and last.origin is not None
        assert last.origin.info.database == any_database.name
        info = last.origin.info
        missing = {read.query for paced in ALONG for read in paced.reads(info, {}) if read.query.name not in last.reads}
        assert all(query.obstacle(info) for query in missing), {query.name for query in missing}
        assert last.rows(SESSIONS) and last.rows(DATABASE_COUNTERS)[0].commits >= 0
        for query in (*PROGRESS, WAL_SENDERS, REPLICATION_SLOTS):
            assert last.rows(query) == []
        assert last.series()["connections"]


def test_statements_are_recorded_with_the_texts_of_those_that_took_most(server18: LiveServer, tmp_path: Path) -> None:
    with server18.database() as database:
        with database.connect() as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            connection.execute("SELECT pg_sleep(0.3) AS remarkably_slow")
        with recording(tmp_path / "a", database.conninfo, "--for", "4") as process:
            _, words = process.communicate(timeout=60)
        assert process.returncode == 0, words
    with Recording(tmp_path / "a") as found:
        number = len(found) - 1
        last = found.sample(number)
        assert last.origin is not None
        entries = last.rows(statements.counters(last.origin.info))
        assert entries and last.rows(statements.STANDING)
        asked = statements.texts([entry.key for entry in entries], 1000)
        texts = answers.statement_texts(last, asked.query, asked.params or {})
        assert any("remarkably_slow" in (text.text or "") for text in texts)
        assert {text.key for text in texts} <= {entry.key for entry in entries}
        assert last.rows(statements.NAMES)


async def test_the_pooler_of_then_is_shown(pgbouncer: PgBouncer, database: Database, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[targets.pooled]\ndsn = {json.dumps(pgbouncer.conninfo(database.name))}\n"
                      f"pgbouncer = {json.dumps(pgbouncer.stats_conninfo)}\n")
    with recording(tmp_path / "a", "pooled", "--for", "3", "--config", str(config)) as process:
        _, words = process.communicate(timeout=60)
    assert process.returncode == 0, words
    with Recording(tmp_path / "a") as found:
        assert has_pooler(found)
        sources = replay_sources(found, Config(), begin_at=found.at(len(found) - 1))
        app = ReplayApp("pooled", sources, entries=tuple(
            entry for entry in ENTRIES if entry.name in ("overview", "pgbouncer")),
            environment={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
        app.connection.paused = True
        try:
            async with app.run_test(size=(120, 36)) as pilot:
                app.connection.paused = False
                await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)
                await pilot.press("7")
                await until(lambda: app.connection.pooler and app.connection.pooler.sample, pilot)
                await until(lambda: database.name in screen_text(app), pilot)
                assert app.connection.pooler is not None and app.connection.pooler.info is not None
                assert pgbouncer.version in app.connection.pooler.info.version
                with pytest.raises(ConsoleError, match="is a recording"):
                    await app.connection.pooler.command(PoolerCommand("RELOAD"))
        finally:
            await app.connection.close()


def test_nothing_is_lost_when_it_is_killed(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a"
    with recording(path, database.conninfo) as process:
        wait_for(lambda: recorded(path, lambda found, number: number >= 3))
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    with Recording(path) as found:
        assert len(found) >= 4
        assert all(found.sample(number).rows(SESSIONS) is not None for number in range(len(found)))


def test_a_role_without_privileges_records_what_it_sees(database: Database, tmp_path: Path) -> None:
    with (database.server.role() as role,
          recording(tmp_path / "a", f"{database.conninfo} user={role}", "--for", "1.5") as process):
        _, words = process.communicate(timeout=60)
        assert process.returncode == 0, words
    with Recording(tmp_path / "a") as found:
        last = found.sample(len(found) - 1)
        assert last.rows(SESSIONS) and last.origin is not None and last.origin.info.user == role


def test_a_server_that_is_not_there_leaves_no_file(tmp_path: Path) -> None:
    with recording(tmp_path / "a", f"host={tmp_path} dbname=none") as process:
        _, words = process.communicate(timeout=60)
    assert process.returncode == 2 and "Traceback" not in words and words.startswith("dbconsole: ")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("options", [("--every", "0"), ("--every", "soon"), ("--for", "-1"), ("--every", "2h")])
def test_nonsense_is_a_usage_error(tmp_path: Path, options: tuple[str, ...]) -> None:
    with recording(tmp_path / "a", "host=none", *options) as process:
        _, words = process.communicate(timeout=60)
    assert process.returncode == 3 and options[0] in words


def test_a_file_that_cannot_be_written_is_all_that_is_complained_of(tmp_path: Path) -> None:
    with recording(tmp_path / "absent" / "a", "host=/nowhere dbname=x") as process:
        _, words = process.communicate(timeout=30)
    assert process.returncode == 2 and "No such file or directory" in words and "Warning" not in words, words
