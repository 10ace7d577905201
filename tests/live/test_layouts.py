"""The histories of other tools go up, down and up again through the engine, exactly as written."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.migrate.apply import plan_and_run
from console.migrate.records import RunRange
from console.server.target import Target
from console.services import Service
from tests.migrate.histories import HISTORIES, write
from tests.support.servers import Database


def objects(database: Database) -> set[str]:
    """What the history makes, by name: columns of app.item, the function, the index and whether it is valid."""
    with database.connect() as connection:
        rows = connection.execute("""
            SELECT 'column ' || a.attname FROM pg_attribute a
            WHERE a.attrelid = to_regclass('app.item') AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL SELECT 'function ' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'app'
            UNION ALL SELECT 'index ' || c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass('app.item')
            UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = 'app'
            """).fetchall()
    return {name for (name,) in rows}


WHOLE = {"column id", "column name", "column remark", "function touch", "index item_pkey", "index item_name_idx",
         "schema app"}


@pytest.mark.parametrize("layout", HISTORIES)
async def test_up_down_and_up(layout: str, database: Database, tmp_path: Path) -> None:
    target = Target(name="", conninfo=database.conninfo, environment="development")
    service = Service(name="app", schemas=("app",), folder=write(layout, tmp_path), layout=layout)
    report = await plan_and_run(target, [service], RunRange())
    assert len(report.done) == 5 and objects(database) == WHOLE
    await plan_and_run(target, [service], RunRange(direction="down", steps=2))
    assert objects(database) == WHOLE - {"column remark", "index item_name_idx"} | {"column note"}
    report = await plan_and_run(target, [service], RunRange(direction="down", to="0"))
    assert len(report.done) == 3 and objects(database) == set()
    await plan_and_run(target, [service], RunRange())
    assert objects(database) == WHOLE
