"""`dbconsole ddl` as a process: the script on stdout, narration on stderr, and every exit status."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.catalog.ddl_script import DdlScript, write
from console.server import trips
from console.server.single import single_session
from console.server.target import Target
from tests.support import dumps
from tests.support.servers import Database, LiveServer

SHOP = """
    CREATE SCHEMA shop; CREATE TYPE public.hue AS ENUM ('red');
    CREATE TABLE shop."Order Lines" (id int PRIMARY KEY, hue public.hue);
    CREATE FUNCTION shop.twice(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2';
    CREATE FOREIGN DATA WRAPPER none; CREATE SERVER far FOREIGN DATA WRAPPER none;
    CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'S3cr3t-of-far');
"""


@pytest.fixture(scope="module")
def database(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database() as found:
        with found.connect() as connection:
            connection.execute(SHOP)
        yield found


def ddl(where: str, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    services = ["--migrations", str(folder)] if folder else []
    return subprocess.run([sys.executable, "-m", "console", "ddl", "-t", where, *arguments, *services],
                          capture_output=True, text=True, timeout=60, env=os.environ | {"DBCONSOLE_CONFIG": ""})


def test_the_script_runs_in_an_empty_database(database: Database) -> None:
    done = ddl(database.conninfo)
    assert done.returncode == 0 and "*** stands where a secret is" in done.stderr
    assert "S3cr3t" not in done.stdout + done.stderr
    with database.server.database() as second:
        dumps.run(second, done.stdout)
        before = dumps.dump(database).replace("S3cr3t-of-far", "***")
        assert dumps.lost(before, dumps.dump(second)) == []


def test_it_takes_as_long_as_it_is_given_not_as_the_consoles_reads_may(database: Database, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[targets.hurried]\ndsn = {json.dumps(database.conninfo)}\nstatement_timeout = '1ms'\n")
    done = ddl("hurried", "--config", str(config))
    assert done.returncode == 0 and "shop.twice" in done.stdout, done.stderr


def test_a_document(database: Database) -> None:
    done = ddl(database.conninfo, "--json", 'shop."Order Lines"')
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found.keys() == {"target", "objects", "sql", "needs", "unwritten"}
    assert found["objects"] == 1 and found["needs"] == ["type public.hue"] and found["unwritten"] == []
    assert "-- It needs the type public.hue.\n" in found["sql"] and "twice" not in found["sql"]


def test_a_service(database: Database, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "0001_a.up.sql").write_text("SELECT 1;")
    done = ddl(database.conninfo, "--service", "shop", folder=tmp_path)
    assert done.returncode == 0 and "CREATE SCHEMA shop" in done.stdout and "CREATE SERVER" not in done.stdout
    assert ddl(database.conninfo, "--service", "shops", folder=tmp_path).returncode == 3


@pytest.mark.parametrize(("name", "status", "words"), [
    ("shop.none", 2, "there is no shop"), ("a.b.c", 3, "is not the name"), ("twice(int)", 3, "is not the name"),
    ("Shop", 0, "")])
def test_names(database: Database, name: str, status: int, words: str) -> None:
    done = ddl(database.conninfo, name)
    assert done.returncode == status and words in done.stderr


def test_who_may_not_read_a_part_hears_it(database: Database) -> None:
    with database.server.role() as role:
        done = ddl(f"{database.conninfo} user={role}")
    assert done.returncode == 1 and "not written: subscriptions: needs a superuser" in done.stderr
    assert "-- Not written: subscriptions" in done.stdout


def test_a_thousand_functions_are_read_in_few_statements(embedded: LiveServer) -> None:
    """What would be planned anew for each object takes minutes on a busy server."""
    asked: list[str] = []

    def listen(trip: trips.RoundTrip) -> None:
        asked.extend(trip.reads)

    with embedded.database() as database:
        with database.connect() as connection:
            for number in range(1000):
                connection.execute(f"CREATE FUNCTION f{number}(a int) RETURNS int LANGUAGE sql AS 'SELECT a'".encode())
        trips.listeners.append(listen)
        try:
            found = asyncio.run(written(database))
        finally:
            trips.listeners.remove(listen)
    assert found.objects == 1001 and found.text.count("CREATE OR REPLACE FUNCTION") == 1000
    assert len(asked) < 60, asked


async def written(database: Database) -> DdlScript:
    async with single_session(Target(name="", conninfo=database.conninfo)) as session:
        return await write(session)
