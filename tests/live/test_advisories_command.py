"""`dbconsole advisories` on real servers of known versions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.advisories.known import open_advisories
from console.cli import main
from tests.support.pgbouncer import PgBouncers
from tests.support.servers import Database, LiveServer

pytestmark = pytest.mark.usefixtures("own_files")
OLD_16 = "16.0"
"""What some server was before: GIN, GiST and BRIN were spoilt by it."""


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["advisories", *words])
    said = capsys.readouterr()
    assert not said.err, said.err
    return status, said.out


def test_what_to_rebuild_is_named_and_the_statements_run(server16: LiveServer, capsys: pytest.CaptureFixture[str]
                                                         ) -> None:
    with server16.database() as database:
        with database.connect() as connection:
            connection.execute("""
                CREATE SCHEMA "Odd ""one";
                CREATE TABLE "Odd ""one".t (a int[], p point, i interval, n int, r numeric);
                CREATE INDEX "by a" ON "Odd ""one".t USING gin (a);
                CREATE INDEX by_p ON "Odd ""one".t USING gist (p);
                CREATE INDEX by_i ON "Odd ""one".t (i);
                CREATE INDEX by_n ON "Odd ""one".t (n);
                CREATE INDEX by_r ON "Odd ""one".t USING brin (r numeric_minmax_multi_ops)""")
        status, out = told(capsys, "-t", database.conninfo, "--upgraded-from", OLD_16, "--json")
        statements = {entry["sql"] for fault in json.loads(out)["advisories"] for entry in fault["rebuild"]}
        assert status == 1
        assert statements == {f'REINDEX INDEX CONCURRENTLY "Odd ""one".{name};'
                              for name in ('"by a"', "by_p", "by_i", "by_r")}
        with database.connect() as connection:
            for statement in statements:
                connection.execute(statement.encode())
        status, out = told(capsys, "-t", database.conninfo, "--upgraded-from", OLD_16)
        assert all(f"  {statement}  -- " in out for statement in statements)


def test_what_runs_is_told_by_its_version(any_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    version = any_database.server.version
    status, out = told(capsys, "-t", any_database.conninfo)
    number = len(open_advisories("PostgreSQL", version))
    assert status == int(number > 0) and f"PostgreSQL {version}" in out
    assert ("no known fault" in out) == (number == 0)
    assert main(["advisories", "-t", any_database.conninfo, "--upgraded-from", "99.1"]) == 3
    assert "not a version of PostgreSQL before" in capsys.readouterr().err


def test_a_poolers_version_counts(pgbouncers: PgBouncers, embedded: LiveServer, tmp_path: Path,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    pooler = pgbouncers.make(embedded)
    config = tmp_path / "config.toml"
    config.write_text(f"[targets.pooled]\ndsn = '{embedded.conninfo()}'\n"
                      f"pgbouncer = '{pooler.stats_conninfo}'\n")
    try:
        status, out = told(capsys, "--config", str(config), "-t", "pooled")
        assert status == 1 and "PgBouncer 1." in out and "CVE-2026-107350" in out, out
    finally:
        pooler.stop()
    status, out = told(capsys, "--config", str(config), "-t", "pooled")
    assert "PgBouncer's version is unknown: " in out and "CVE-2026-107350" not in out
