"""What scratch databases get and meet: setup SQL, extensions that are missing, Apache AGE preloaded, poolers, and
pg_stat_statements, in which nothing of them is to be found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict

from console.errors import ConfigError
from console.local_postgres.ephemeral import choose, throwaway_cluster
from console.migrate.apply import plan_and_run
from console.migrate.drift import drift
from console.migrate.faults import MigrationError
from console.migrate.selection import Selection
from console.migrate.verify import VerifyScope, verify
from console.server.target import Target
from console.services.ownership import from_files
from tests.live.test_migrate_headless import migrate
from tests.live.test_verify import left, shop, target
from tests.support import debian
from tests.support.pgbouncer import PgBouncer, PgBouncers
from tests.support.servers import Database, LiveServer, Servers, missing

PAIR = ("CREATE TABLE public.b (id bigint REFERENCES public.there)", "DROP TABLE public.b")
SETUP = "CREATE TABLE public.there (id bigint PRIMARY KEY);"


def statuses(verdict: Any) -> list[str]:
    return [proof.status for proof in verdict.proofs]


async def test_setup_comes_before_the_files_and_is_nothing_that_they_leave(server: LiveServer, tmp_path: Path) -> None:
    service = shop(tmp_path, PAIR, ("CREATE TABLE public.c ()", "SELECT 1"), PAIR[::-1])
    assert statuses(await verify(target(server), [service]))[0] == "failed"
    verdict = await verify(target(server), [replace(service, verify_setup=SETUP)])
    assert statuses(verdict) == ["proved", "differs", "proved"]  # also in the database that is built anew between
    assert left(server) == []


async def test_drift_builds_on_the_setup_too(server: LiveServer, tmp_path: Path) -> None:
    service = replace(shop(tmp_path, PAIR), verify_setup=SETUP)
    with server.database() as database:
        with database.connect() as connection:
            connection.execute(SETUP)
        there = Target(name="live", conninfo=database.conninfo, environment="development")
        await plan_and_run(there, [service])
        assert (await drift(there, [service], {"shop"})).count == 0
        with pytest.raises(MigrationError, match="can't be run in an empty database"):
            await drift(there, [replace(service, verify_setup="")], {"shop"})


@pytest.mark.parametrize(("setup", "words"), [
    ("SELECT nosuch", "verify_setup of the service shop: column \"nosuch\" does not exist"),
    ("CREATE ROLE verify_x", "which the whole cluster shares"),
    ("DO $$ BEGIN EXECUTE 'CREATE ' || 'ROLE verify_x'; END $$", "which the whole cluster shares"),
    ("SELECT 'x", "verify_setup of the service shop"),
])
async def test_a_setup_that_fails_or_reaches_out_is_refused(server: LiveServer, tmp_path: Path, setup: str,
                                                            words: str) -> None:
    with pytest.raises(MigrationError, match=words):
        await verify(target(server), [replace(shop(tmp_path, PAIR), verify_setup=setup)])
    with server.connect() as connection:
        assert connection.execute("SELECT FROM pg_roles WHERE rolname = 'verify_x'").fetchall() == []
    assert left(server) == []


def test_service_toml_says_so(tmp_path: Path) -> None:
    (tmp_path / "service.toml").write_text(f'verify_setup = "{SETUP}"\nrequire_down = true')
    service = from_files(tmp_path)
    assert (service.verify_setup, service.require_down) == (SETUP, True)
    (tmp_path / "service.toml").write_text('require_down = "yes"')
    with pytest.raises(ConfigError, match="require_down: must be true or false"):
        from_files(tmp_path)


async def test_a_way_down_may_be_required(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, ("CREATE TABLE a ()", None),
                   ("-- dbconsole: irreversible: for good\nCREATE TABLE b ()", None))
    there = target(database.server)
    assert statuses(await verify(there, [service])) == ["skipped", "skipped"]
    verdict = await verify(there, [replace(service, require_down=True)])
    assert statuses(verdict) == ["failed", "skipped"] and verdict.has_faults
    assert "require_down = true" in verdict.proofs[0].differences[0]
    assert service.folder is not None
    assert "missing-down" not in migrate(None, service.folder, "lint")[1]
    (service.folder / "service.toml").write_text("require_down = true")
    status, out, _ = migrate(None, service.folder, "lint", "--severity", "error")
    assert status == 1 and out.count("missing-down") == 1 and "1_m.up.sql" in out
    assert migrate(database, service.folder, "verify", "--allow-skipped")[0] == 1


async def test_all_extensions_that_are_missing_are_named_at_once(server: LiveServer, tmp_path: Path) -> None:
    service = shop(tmp_path, ("CREATE EXTENSION nosuch_one", "DROP EXTENSION nosuch_one"),
                   ("-- dbconsole: requires-extension=nosuch_two\nSELECT 1", "SELECT 1"))
    verdict = await verify(target(server), [replace(service, extensions=("nosuch_three", "plpgsql"))])
    (note,) = verdict.notes
    assert "has no nosuch_one, nosuch_three, nosuch_two: what needs those extensions can't be proved there" in note
    binaries = choose(server.major)
    assert binaries is not None
    verdict = await verify(target(server), [service], own_cluster=lambda: throwaway_cluster(binaries),
                           only_own_cluster=True)
    assert any("has no nosuch_one, nosuch_two" in note for note in verdict.notes)


@pytest.fixture(scope="module", params=["shared_preload_libraries", "session_preload_libraries"])
def with_age(request: pytest.FixtureRequest, servers: Servers) -> Iterator[LiveServer]:
    if debian.find("debian13") is None:
        missing("debian13", f"its folder isn't made; {debian.HOW}")
    yield servers.make("postgres17", {request.param: "age"})


async def test_where_age_is_preloaded_it_comes_first(with_age: LiveServer, tmp_path: Path) -> None:
    statements = ("CREATE EXTENSION pg_stat_statements", "DROP EXTENSION pg_stat_statements")
    graph = ("-- dbconsole: requires-extension=age\nSELECT ag_catalog.create_graph('roads')",
             "SELECT ag_catalog.drop_graph('roads', true)")
    verdict = await verify(target(with_age), [shop(tmp_path, statements, graph)])
    assert statuses(verdict) == ["proved", "proved"], verdict.proofs
    age = ("CREATE EXTENSION age", "DROP EXTENSION age; DROP SCHEMA IF EXISTS ag_catalog")
    own = shop(tmp_path, age, statements, name="own")
    assert statuses(await verify(target(with_age), [own])) == ["proved", "proved"]
    with with_age.database() as database:
        there = Target(name="live", conninfo=database.conninfo, environment="development")
        plain = shop(tmp_path, ("CREATE TABLE public.a ()", "DROP TABLE public.a"), name="plain")
        await plan_and_run(there, [plain])
        assert (await drift(there, [plain], {"plain"})).count == 0
    with with_age.database() as database:
        with database.connect() as connection:
            connection.execute("CREATE EXTENSION age")
        there = Target(name="live", conninfo=database.conninfo, environment="development")
        service = shop(tmp_path, statements, name="stats")
        await plan_and_run(there, [service])
        assert (await drift(there, [service], {"stats"})).count == 0


async def test_through_a_pooler_in_transaction_mode(embedded: LiveServer, pgbouncer: PgBouncer,
                                                    tmp_path: Path) -> None:
    pairs = [("CREATE TABLE public.a (n int)", "DROP TABLE public.a"),
             ("-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY a_n ON public.a (n)",
              "-- dbconsole: no-transaction\nDROP INDEX CONCURRENTLY public.a_n"),
             ("ALTER TABLE public.a ADD m int", "SELECT 1")]
    services = [shop(tmp_path, *pairs),
                shop(tmp_path, ("CREATE TABLE public.c ()", "DROP TABLE public.c"), name="cart", depends_on=("shop",))]
    with embedded.database() as database:
        pooled = Target(name="pooled", conninfo=pgbouncer.conninfo(database.name), environment="development")
        verdict = await verify(pooled, services)
        assert sorted(statuses(verdict)) == ["differs", "proved", "proved", "proved"], verdict.proofs
        await plan_and_run(pooled, services)
        assert (await drift(pooled, services, {"shop", "cart"})).count == 0
        with database.connect() as connection:
            connection.execute("ALTER TABLE public.a ADD by_hand int")
        assert (await drift(pooled, services, {"shop", "cart"})).count == 1
        chosen = VerifyScope(None, None, Selection(pending={"cart": frozenset({services_key(services[1])})}))
        for _ in range(2):
            assert statuses(await verify(pooled, services, chosen)) == ["proved"]
        await verify(pooled, services, chosen, fresh=True)
    assert left(embedded) == []


def services_key(service: Any) -> Any:
    from console.migrate.files import read_service

    return read_service(service).migrations[0].key


async def test_a_pooler_that_leads_to_no_scratch_database_names_direct_dsn(
        embedded: LiveServer, pgbouncers: PgBouncers, tmp_path: Path) -> None:
    with embedded.database() as database:
        words = conninfo_to_dict(embedded.dsn)
        pooler = pgbouncers.make(embedded, databases={database.name: f"host={words['host']} port={words['port']}"},
                                 every_database=False)
        pooled = Target(name="pooled", conninfo=pooler.conninfo(database.name), environment="development")
        service = shop(tmp_path, ("CREATE TABLE public.a ()", "DROP TABLE public.a"))
        with pytest.raises(MigrationError, match="goes through a pooler, which leads to no scratch database") as raised:
            await verify(pooled, [service])
        assert raised.value.hint is not None and "direct_dsn" in raised.value.hint
        verdict = await verify(replace(pooled, direct_conninfo=database.conninfo), [service])
        assert statuses(verdict) == ["proved"]
    assert left(embedded) == []


async def test_pg_stat_statements_holds_nothing_of_it(embedded: LiveServer, tmp_path: Path) -> None:
    mark = "verify_leaves_no_trace"
    service = shop(tmp_path, (f"CREATE TABLE public.{mark} (); INSERT INTO public.{mark} DEFAULT VALUES",
                              f"DROP TABLE public.{mark}"))
    with embedded.database() as database, database.connect() as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        connection.execute("SELECT pg_stat_statements_reset()")
        there = Target(name="live", conninfo=database.conninfo, environment="development")
        assert statuses(await verify(there, [service])) == ["proved"]
        assert traces(connection, mark) == [] and traces(connection, "dbconsole_scratch_") == []
        await plan_and_run(there, [service])
        assert traces(connection, mark)  # what the server does itself is there
        connection.execute("SELECT pg_stat_statements_reset()")
        await drift(there, [service], {"shop"})
        assert traces(connection, mark) == []


def traces(connection: psycopg.Connection[Any], word: str) -> list[str]:
    rows = connection.execute("SELECT query FROM pg_stat_statements WHERE strpos(query, %s) > 0", (word,)).fetchall()
    return [row[0] for row in rows]
