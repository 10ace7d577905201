"""Two databases' schemas against each other: told, and as scripts that make one of the other and back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.test_adopt import migrate, run
from tests.live.test_drift_pair import BASE, CHANGES, changed
from tests.migrate.histories import named, write_files
from tests.support.servers import Database, LiveServer


def diff(*words: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-m", "console", "migrate", "diff", *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", CHANGES)
def test_a_script_makes_one_of_the_other_and_back(name: str, server: LiveServer) -> None:
    with server.database() as first, server.database() as second:
        for database in (first, second):
            run(database, BASE)
        assert diff(first.conninfo, second.conninfo)[0] == 0
        run(second, changed(name))
        status, told, _ = diff(first.conninfo, second.conninfo)
        assert status == 1 and told.strip()
        status, out, err = diff(first.conninfo, second.conninfo, "--sql", "--schema", "shop")
        assert status == 1 and "tried in a scratch database" in err, err
        run(first, out)
        assert diff(first.conninfo, second.conninfo)[0] == 0
        back = out.partition("-- And back:\n")[2].replace("-- ", "")
        run(second, back)
        status, out, _ = diff(first.conninfo, second.conninfo)
        assert status == 1 and len(out.splitlines()) == len(told.splitlines()), "the other way round"


WHOLE = """
    CREATE FUNCTION shop.number(shop.size) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE CAST (shop.size AS int) WITH FUNCTION shop.number(shop.size) AS ASSIGNMENT;
    CREATE FOREIGN DATA WRAPPER blank; CREATE SERVER far FOREIGN DATA WRAPPER blank OPTIONS (host 'x');
    CREATE FOREIGN TABLE shop.distant (a int) SERVER far;
    CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
    CREATE TABLE shop.piled (a int) USING pile;
    CREATE PUBLICATION some_of_it FOR TABLE shop.item, shop.piled"""


def test_what_is_in_no_schema_is_made_and_dropped(server: LiveServer) -> None:
    with server.database() as first, server.database() as second:
        for database in (first, second):
            run(database, BASE)
        run(second, WHOLE)
        status, out, err = diff(first.conninfo, second.conninfo, "--sql")
        assert status == 1 and "tried in a scratch database" in err, err
        run(first, out)
        assert diff(first.conninfo, second.conninfo)[0] == 0
        run(second, out.partition("-- And back:\n")[2].replace("-- ", ""))
        assert "is missing in" in diff(first.conninfo, second.conninfo)[1]


def test_what_is_not_asked_for_is_not_compared(database: Database, server: LiveServer) -> None:
    with server.database() as other:
        run(database, "CREATE TABLE here (id int)", "CREATE SCHEMA beside")
        run(other, "CREATE SCHEMA beside")
        assert diff(database.conninfo, other.conninfo, "--schema", "beside")[0] == 0
        status, out, err = diff(database.conninfo, other.conninfo, "--schema", "beside", "--schema", "besides")
        assert status == 3 and "there is no schema besides in" in err and out == ""
        status, out, _ = diff(database.conninfo, other.conninfo)
        assert status == 1 and "table public.here is missing in" in out


def test_files_against_a_database(database: Database, server: LiveServer, tmp_path: Path) -> None:
    folder = named(write_files({"0001_base.up.sql": BASE, "0001_base.down.sql": "DROP SCHEMA shop CASCADE;"},
                               tmp_path / "shop"))
    words = ("--migrations", str(folder), "-t", database.conninfo)
    run(database, BASE, "CREATE TABLE public.somebody_elses (id int)")
    for sides in ((database.conninfo, "files"), ("files", database.conninfo)):
        status, out, err = diff(*sides, *words)
        assert (status, out) == (0, "") and "no differences" in err, out + err
    run(database, changed("tables"))
    status, out, err = diff(database.conninfo, "files", *words)
    assert status == 1 and "table shop.new is missing in files" in out, out + err
    for wrong in ((database.conninfo, "files", "--write"), ("files", "files")):
        status, out, err = diff(*wrong, *words)
        assert status == 3, out + err
    status, out, err = diff("files", database.conninfo, "--write", *words)
    assert status == 1 and [Path(line).name for line in out.splitlines()] == ["0002_diff.up.sql", "0002_diff.down.sql"]
    status, out, err = diff("files", database.conninfo, *words)
    assert (status, out) == (0, ""), out + err
    with server.database() as other:
        status, out, err = migrate(other, folder, "up", "--yes")
        assert status == 0, out + err
        assert diff(other.conninfo, database.conninfo, "--schema", "shop")[0] == 0
        status, out, err = migrate(other, folder, "verify")
        assert status == 0 and "2 proved" in out, out + err


def test_where_age_is_loaded_into_every_session(debian13: LiveServer) -> None:
    """Nothing can be created there before the extension is."""
    graph = "SELECT ag_catalog.create_graph('net')"
    with debian13.database() as first, debian13.database() as second:
        for database in (first, second):
            name = database.name
            run(database, "CREATE EXTENSION age", f"ALTER DATABASE {name} SET session_preload_libraries = 'age'")
            run(database, BASE)
        assert diff(first.conninfo, second.conninfo)[0] == 0
        run(second, changed("tables"), changed("views and functions"))
        status, out, err = diff(first.conninfo, second.conninfo, "--sql")
        assert status == 1 and "tried in a scratch database" in err, out + err
        run(first, out)
        assert diff(first.conninfo, second.conninfo)[0] == 0
        run(second, graph)
        status, out, err = diff(first.conninfo, second.conninfo)
        assert status == 1 and "schema net" in out, out + err
        run(first, graph)
        assert diff(first.conninfo, second.conninfo)[0] == 0
        run(second, "CREATE TABLE shop.last (id int PRIMARY KEY)")
        status, out, err = diff(first.conninfo, second.conninfo, "--sql")
        assert status == 1, out + err
        run(first, out)
        assert diff(first.conninfo, second.conninfo)[0] == 0
