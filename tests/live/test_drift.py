"""migrate drift on real servers: nothing where nothing was done by hand, and in words what was."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.local_postgres.ephemeral import choose, throwaway_cluster
from console.migrate.apply import plan_and_run
from console.migrate.drift import DATABASE, Drift, drift
from console.migrate.faults import MigrationError
from console.migrate.records import RunRange
from console.resources import shipped
from console.server.target import Target
from console.services import Service
from console.services.ownership import from_folder
from tests.support.servers import Database, LiveServer

FILES = {
    "1_a.up.sql": "CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigserial PRIMARY KEY, "
                  "code text NOT NULL DEFAULT 'x', total int CHECK (total > 0)); "
                  "CREATE INDEX orders_code ON shop.orders (code);",
    "1_a.down.sql": "DROP SCHEMA shop CASCADE;",
    "2_b.up.sql": "CREATE TABLE shop.carts (id int PRIMARY KEY, CONSTRAINT big CHECK (id > 9));"
                  "CREATE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "2_b.down.sql": "DROP TABLE shop.carts; DROP FUNCTION shop.one();",
}


def target(database: Database) -> Target:
    return Target(name="test", conninfo=database.conninfo, environment="development")


def shop(folder: Path) -> Service:
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return Service(name="shop", schemas=("shop",), folder=folder)


def own_cluster() -> AbstractAsyncContextManager[Target]:
    binaries = choose(18)
    assert binaries is not None
    return throwaway_cluster(binaries)


async def drifted(database: Database, service: Service, by_hand: str) -> Drift:
    await plan_and_run(target(database), [service])
    with database.connect() as connection:
        connection.execute(by_hand)  # type: ignore[arg-type]
    return await drift(target(database), [service], {service.name})


async def test_an_extension_that_somebody_created_is_there_for_the_comparison_too(database: Database, tmp_path: Path
                                                                                  ) -> None:
    service = shop(tmp_path)
    (tmp_path / "3_c.up.sql").write_text("-- dbconsole: requires-extension=hstore\nCREATE TABLE shop.c (h hstore);")
    with database.connect() as connection:
        connection.execute("CREATE EXTENSION hstore")
    found = await drifted(database, service, "ALTER TABLE shop.c ADD extra hstore")
    assert found.differences == (
        ("shop", ("column shop.c.extra (public.hstore) is in the live database, but no applied file makes it",)),
        (DATABASE, ()))


async def test_the_shipped_services_have_not_drifted(any_database: Database) -> None:
    services = from_folder(shipped("migrations"))
    await plan_and_run(target(any_database), services)
    found = await drift(target(any_database), services, {service.name for service in services})
    assert [pair for pair in found.differences if pair[1]] == []
    assert found.count == 0 and found.where.startswith("a scratch database")


async def test_what_was_done_by_hand_is_told(any_database: Database, tmp_path: Path) -> None:
    found = await drifted(any_database, shop(tmp_path), """
        ALTER TABLE shop.orders ALTER code DROP DEFAULT, ALTER total TYPE bigint;
        DROP INDEX shop.orders_code;
        ALTER TABLE shop.carts RENAME CONSTRAINT big TO large;
        CREATE INDEX by_total ON shop.orders (total);
        CREATE OR REPLACE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 2';
        GRANT SELECT ON shop.orders TO PUBLIC;
        COMMENT ON TABLE shop.orders IS 'no drift';
        CREATE TABLE public.somebody_elses ();
    """)
    assert dict(found.differences)["shop"] == (
        "check constraint big on shop.carts is called large",
        "index shop.orders_code (CREATE INDEX ON shop.orders USING btree (code)) is missing in the live database",
        "index shop.by_total (CREATE INDEX ON shop.orders USING btree (total)) is in the live database, but no applied "
        "file makes it",
        "table shop.orders: grants to PUBLIC changed from none to SELECT",
        "column shop.orders.code lost its default 'x'::text",
        "column shop.orders.total: type changed from integer to bigint",
        "function shop.one(): the body changed in line 1 from SELECT 1 to SELECT 2")
    assert dict(found.differences)[DATABASE] == ()


async def test_only_what_is_applied_counts(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path)
    await plan_and_run(target(database), [service], RunRange(to="1"))
    assert (await drift(target(database), [service], {"shop"})).count == 0
    await plan_and_run(target(database), [service])
    (tmp_path / "2_b.up.sql").write_text(FILES["2_b.up.sql"].replace("int PRIMARY KEY", "bigint PRIMARY KEY"))
    found = await drift(target(database), [service], {"shop"})
    assert dict(found.differences)["shop"] == ("column shop.carts.id: type changed from bigint to integer",)
    assert found.notes == ("shop/2_b was changed after it was applied: compared is what the file says now",)
    for name in ("2_b.up.sql", "2_b.down.sql"):
        (tmp_path / name).unlink()
    found = await drift(target(database), [service], {"shop"})
    assert "table shop.carts is in the live database, but no applied file makes it" in dict(found.differences)["shop"]
    assert "its files are missing" in found.notes[0]


async def test_production_is_compared_with_a_cluster_of_our_own(embedded: LiveServer, tmp_path: Path) -> None:
    service = shop(tmp_path)
    with embedded.database() as database:
        await against_a_cluster(database, service)


async def against_a_cluster(database: Database, service: Service) -> None:
    await plan_and_run(target(database), [service])
    production = replace(target(database), environment="production")
    with pytest.raises(MigrationError, match="is production: no scratch database is made there"):
        await drift(production, [service], {"shop"})
    found = await drift(production, [service], {"shop"}, own_cluster=own_cluster)
    assert found.count == 0 and found.where.startswith("a throwaway cluster of PostgreSQL 18")
    with database.connect() as connection:
        connection.execute("DROP FUNCTION shop.one()")
        found = await drift(production, [service], {"shop"}, own_cluster=own_cluster)
        assert dict(found.differences)["shop"] == ("function shop.one() is missing in the live database",)
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'dbconsole%'").fetchall()
    assert names == []
