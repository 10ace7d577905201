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


@pytest.mark.oldest_and_newest
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


IN_PUBLIC = """
CREATE TABLE public.p (id int PRIMARY KEY);
CREATE TABLE public.a (id int PRIMARY KEY, p int REFERENCES public.p);
CREATE INDEX i ON public.a (p);
CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE TRIGGER t BEFORE INSERT ON public.a FOR EACH ROW EXECUTE FUNCTION public.tf();
CREATE RULE r AS ON UPDATE TO public.p DO ALSO SELECT 1;
CREATE TABLE public.pt (id int) PARTITION BY RANGE (id);
CREATE TABLE public.pt1 PARTITION OF public.pt FOR VALUES FROM (0) TO (10);
CREATE TRIGGER pt_t BEFORE INSERT ON public.pt FOR EACH ROW EXECUTE FUNCTION public.tf();
"""
NOBODYS = "is in the live database, but no applied file makes it"
BY_HAND = {
    "SELECT 1": (),
    "CREATE INDEX by_hand ON public.p (id)": (
        f"index public.by_hand (CREATE INDEX ON public.p USING btree (id)) {NOBODYS}",),
    "CREATE TABLE public.x (); CREATE VIEW public.v AS SELECT 1 AS n": (
        f"table public.x {NOBODYS}", f"view public.v {NOBODYS}"),
    "ALTER TABLE public.a DISABLE TRIGGER ALL": (
        "foreign key a_p_fkey on public.a: enforcement changed from enabled to disabled",
        "trigger t on public.a: firing changed from enabled to disabled"),
    "ALTER TABLE public.p DISABLE RULE r": ("rule r on public.p: firing changed from enabled to disabled",),
    "ALTER TABLE public.a DROP CONSTRAINT a_p_fkey, ADD FOREIGN KEY (p) REFERENCES public.p NOT VALID": (
        "foreign key a_p_fkey on public.a: definition changed from FOREIGN KEY (p) REFERENCES public.p(id) to "
        "FOREIGN KEY (p) REFERENCES public.p(id) NOT VALID",),
    "UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = 'public.i'::regclass": (
        "index public.i: validity changed from valid to invalid",),
    "ALTER TABLE public.pt1 DISABLE TRIGGER pt_t": (
        "trigger pt_t on public.pt got the firing in partitions public.pt1: disabled",),
    "ALTER TABLE public.a SET (fillfactor = 50)": ("table public.a got the options fillfactor=50",),
    "ALTER TABLE public.a OWNER TO {role}": ("table public.a: owner changed from postgres to {role}",),
    "ALTER SCHEMA public OWNER TO {role}": ("schema public: owner changed from pg_database_owner to {role}",),
    "GRANT CREATE ON SCHEMA public TO {role}; GRANT SELECT ON public.a TO {role}": (
        "schema public: grants to {role} changed from none to CREATE",
        "table public.a: grants to {role} changed from none to SELECT"),
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}": (
        f"default privileges of postgres for tables in schema public {NOBODYS}",),
    "CREATE TABLE public.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)": (),
    "REASSIGN OWNED BY CURRENT_USER TO {role}": (),
}


@pytest.mark.parametrize("by_hand", BY_HAND)
async def test_what_is_done_by_hand_where_the_files_work_is_told_without_naming_a_schema(
        by_hand: str, database: Database, tmp_path: Path) -> None:
    (tmp_path / "1_a.up.sql").write_text(IN_PUBLIC)
    with database.server.role() as role:
        if "REASSIGN" in by_hand:
            (tmp_path / "1_a.up.sql").write_text("CREATE TABLE public.p (id int); CREATE TABLE public.q (id int);")
            commands = "ALTER TABLE public.p OWNER TO {role}; ALTER TABLE public.q OWNER TO {role}"
        else:
            commands = by_hand
        service = Service(name="app", schemas=("app",), folder=tmp_path)
        found = await drifted(database, service, commands.format(role=role))
        assert dict(found.differences) == {
            "app": (), DATABASE: tuple(words.format(role=role) for words in BY_HAND[by_hand])}
        with database.connect() as connection:
            connection.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}")  # type: ignore[call-overload]


@pytest.mark.parametrize("forgets", ["DEALLOCATE ALL", "DISCARD TEMP", "RESET ALL", "SET search_path = shop"])
async def test_files_that_are_sent_ahead_of_one_another_stay_apart(database: Database, tmp_path: Path, forgets: str
                                                                   ) -> None:
    service = shop(tmp_path)
    (tmp_path / "3_c.up.sql").write_text(f"{forgets};\nCREATE TABLE shop.c (n int);")
    for number in range(4, 8):
        (tmp_path / f"{number}_x.up.sql").write_text(f"CREATE TABLE shop.t{number} (n int);")
    found = await drifted(database, service, "DROP TABLE shop.t6")
    assert found.differences == (("shop", ("table shop.t6 is missing in the live database",)), (DATABASE, ()))


async def test_of_files_that_are_sent_ahead_the_one_that_fails_is_named(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path)
    await plan_and_run(target(database), [service])
    for number in (3, 4, 5):
        (tmp_path / f"{number}_x.up.sql").write_text(f"CREATE TABLE shop.t{number} (n int);")
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t (n int)")
    (tmp_path / "4_x.up.sql").write_text("CREATE TABLE shop.t4 AS SELECT * FROM elsewhere.t;")
    await plan_and_run(target(database), [service])
    with pytest.raises(MigrationError, match=r"shop/4_x is applied, but can't be run .*elsewhere"):
        await drift(target(database), [service], {"shop"})
