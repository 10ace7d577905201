"""Two databases' schemas against each other: told, and as scripts that make one of the other and back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.live.test_adopt import run
from tests.live.test_drift_pair import BASE, CHANGES, changed
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
