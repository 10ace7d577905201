"""Other frameworks' ledgers on real servers: recognised, read, never written to, and their runs noticed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from console.errors import ConsoleError, UsageError
from console.migrate.faults import MigrationError
from console.migrate.frameworks import commands, pending, runner
from console.migrate.frameworks.commands import CommandStarted, OutputLine
from console.migrate.frameworks.read import read_ledgers
from console.migrate.frameworks.records import ForeignLedger, ForeignReading
from console.migrate.frameworks.runs import FIXED_KEYS, keys
from console.migrate.frameworks.status import migrations
from console.migrate.records import RunRange
from console.migrate.run_plan import PlanChanged
from console.server import trips
from console.server.script import ScriptSession, script_session
from console.server.target import Target
from console.services import Service
from tests.migrate.histories import write_files
from tests.migrate.ledgers import LEDGERS
from tests.support.servers import Database
from tests.support.sql_files import QUERIES, name
from tests.support.waiting import until


@asynccontextmanager
async def session_of(conninfo: str) -> AsyncIterator[ScriptSession]:
    async with script_session(Target(name="", conninfo=conninfo)) as session:
        yield session


async def read(database: Database, user: str | None = None) -> ForeignReading:
    conninfo = make_conninfo(database.conninfo, user=user) if user else database.conninfo
    async with session_of(conninfo) as session:
        return await read_ledgers(session)


async def only(database: Database) -> ForeignLedger:
    (ledger,) = (await read(database)).ledgers
    return ledger


@pytest.mark.parametrize("label", LEDGERS)
async def test_a_ledger_is_recognised_and_read(label: str, database: Database) -> None:
    expected = LEDGERS[label]
    with database.connect() as connection:
        connection.execute(expected.ddl)
        before = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        ledger = await only(database)
        after = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert before is not None and after is not None and after[0] == before[0] + 1, "looking took a transaction id"
        assert (ledger.framework, ledger.schema, ledger.table) == (expected.framework or label, expected.schema,
                                                                   expected.table)
        assert ledger.unavailable is None and ledger.run is None
        assert (ledger.last_version, ledger.applied_count, ledger.is_dirty) == (expected.last, expected.count, False)
        if expected.dirty_dml:
            connection.execute(expected.dirty_dml)
            assert (await only(database)).is_dirty
        if expected.lock_dml:
            connection.execute(expected.lock_dml)
            run = (await only(database)).run
            assert run is not None and run.evidence == "lock table"


async def test_all_of_them_on_every_server(any_database: Database) -> None:
    with any_database.connect() as connection:
        for number, (label, ledger) in enumerate(LEDGERS.items()):
            schema = f'"tenant {number}""; DROP -- %s {label}"'
            connection.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}")
            connection.execute(ledger.ddl)
            connection.execute("RESET search_path")
    asked: set[str] = set()
    listen = lambda trip: asked.update(read.partition(" on ")[0] for read in trip.reads)  # noqa: E731
    trips.listeners.append(listen)
    try:
        reading = await read(any_database)
    finally:
        trips.listeners.remove(listen)
    files = {name(file) for file in QUERIES if file.parent.parent.name == "frameworks"}
    assert files <= asked, "a ledger's rows are the records of its file"
    assert sorted(foreign_ledger.framework for foreign_ledger in reading.ledgers) == sorted(
        ledger.framework or label for label, ledger in LEDGERS.items())
    assert [foreign_ledger.unavailable for foreign_ledger in reading.ledgers if foreign_ledger.unavailable] == []
    assert all(foreign_ledger.last_version for foreign_ledger in reading.ledgers)


async def test_an_empty_database_has_none(database: Database) -> None:
    assert await read(database) == ForeignReading((), ())


async def test_other_tables_are_no_ledgers(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("""
            CREATE TABLE version (version text, released date);
            CREATE TABLE product (name varchar, version varchar);
            CREATE TABLE migrations (id serial, name varchar, batch int, note text);
            CREATE TABLE person (id serial, name varchar, run_on timestamp, born date);
            CREATE TABLE label (name varchar);
            CREATE TABLE schema_migrations (version jsonb);
            CREATE VIEW alembic_version AS SELECT 'x'::varchar(32) AS version_num""")
    assert (await read(database)).ledgers == ()


async def test_the_branches_of_alembic_are_all_named(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(LEDGERS["alembic"].ddl)
        connection.execute("INSERT INTO alembic_version VALUES ('aaaa')")
    ledger = await only(database)
    assert ledger.last_version == "aaaa, b5a74e1f1053"
    assert [head.version for head in ledger.heads] == ["aaaa", "b5a74e1f1053"]


async def test_django_is_counted_by_app(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(LEDGERS["django"].ddl)
    assert [(head.line, head.version, head.applied_count) for head in (await only(database)).heads] == [
        ("auth", "0002_alter", 2), ("shop", "0001_initial", 1)]


async def test_an_empty_ledger(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(LEDGERS["goose"].ddl + "; DELETE FROM goose_db_version WHERE version_id > 0")
    ledger = await only(database)
    assert (ledger.last_version, ledger.applied_count, ledger.is_dirty) == (None, 0, False)


async def test_a_role_that_may_not_read_is_told_the_grant(database: Database) -> None:
    with database.connect() as connection, database.server.role() as role:
        connection.execute("CREATE SCHEMA \"my app\"; SET search_path = \"my app\"")
        connection.execute(LEDGERS["alembic"].ddl)
        (ledger,) = (await read(database, role)).ledgers
        assert ledger.framework == "alembic" and ledger.last_version is None and ledger.is_dirty is None
        grant = (f'GRANT USAGE ON SCHEMA "my app" TO {role}; GRANT SELECT ON "my app".alembic_version TO {role}')
        assert ledger.unavailable == f"this role may not read it: {grant}"
        connection.execute(grant)
        (ledger,) = (await read(database, role)).ledgers
        assert ledger.unavailable is None and ledger.last_version == "b5a74e1f1053"
        connection.execute(f"DROP OWNED BY {role}")


async def test_a_locked_ledger_means_a_migration_in_progress(database: Database) -> None:
    with database.connect() as connection, database.connect(application_name="ef") as migrating:
        connection.execute(LEDGERS["ef-core"].ddl)
        connection.execute(f"CREATE SCHEMA other; SET search_path = other; {LEDGERS['alembic'].ddl}")
        with migrating.transaction():
            migrating.execute('LOCK TABLE public."__EFMigrationsHistory" IN ACCESS EXCLUSIVE MODE')
            loop = asyncio.get_running_loop()
            started = loop.time()
            reading = await read(database)
            assert loop.time() - started < 20
        other, locked = reading.ledgers
        assert other.last_version == "b5a74e1f1053"
        assert "migration in progress" in (locked.unavailable or "")
        assert locked.run is not None and locked.run.evidence == "table lock"
        assert (locked.run.pid, locked.run.application) == (migrating.info.backend_pid, "ef")


async def test_a_ledger_that_is_written_to_means_a_run_too(database: Database) -> None:
    with database.connect() as connection, database.connect(application_name="al") as migrating:
        connection.execute(LEDGERS["alembic"].ddl)
        with migrating.transaction():
            migrating.execute("UPDATE alembic_version SET version_num = 'next'")
            ledger = await only(database)
        assert ledger.last_version == "b5a74e1f1053"
        assert ledger.run is not None and ledger.run.detail == "RowExclusiveLock on public.alembic_version"
    assert (await only(database)).run is None


@pytest.mark.parametrize("framework", ["goose", "golang-migrate", "flyway", "prisma", "sqlx", "rails", "atlas"])
async def test_a_run_is_seen_by_its_advisory_lock(framework: str, database: Database) -> None:
    with database.connect() as connection, database.connect(application_name="runner") as migrating:
        connection.execute(LEDGERS[framework].ddl)
        ledger = await only(database)
        (key, *_) = keys(framework, database.name, ledger.schema, ledger.table)
        migrating.execute(f"SELECT pg_advisory_lock({key})")
        run = (await only(database)).run
        assert run is not None
        assert (run.evidence, run.pid, run.application) == ("advisory lock", migrating.info.backend_pid, "runner")


async def test_a_first_run_has_no_ledger_yet(database: Database) -> None:
    key = next(key for key, name in FIXED_KEYS.items() if name == "tern")
    with database.connect() as migrating:
        migrating.execute(f"SELECT pg_advisory_lock({key})")
        (run,) = (await read(database)).runs
        assert (run.framework, run.pid) == ("tern", migrating.info.backend_pid)


async def test_many_ledgers_take_few_locks_at_a_time(database: Database) -> None:
    with database.connect() as connection:
        for number in range(120):
            connection.execute(f"CREATE SCHEMA t{number}; SET search_path = t{number}; {LEDGERS['ecto'].ddl}")
    assert len((await read(database)).ledgers) == 120


# Commands of other frameworks

def service(folder: Path | None = None, **words: str) -> Service:
    return Service(name="app", schemas=("app", "public"), folder=folder, **words)


def target_of(database: Database) -> Target:
    return Target(name="t", conninfo=database.conninfo, environment="development")


def set_password(database: Database, role: str, password: str) -> None:
    with database.connect() as connection:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))


def python(code: str) -> commands.Program:
    return commands.Program("a program", (sys.executable, "-c", textwrap.dedent(code)))


async def test_a_command_runs_under_the_lock_and_its_ledger_is_read_back(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(LEDGERS["ecto"].ddl)
    events: list[object] = []
    program = python("""
        import os, psycopg
        print("hello")
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            held = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
            print("locks", held[0])
            connection.execute("INSERT INTO schema_migrations VALUES (20250101000000, now())")
        with psycopg.connect("") as connection:
            print(connection.info.dbname)
        """)
    report = await commands.run(target_of(database), service(framework="ecto"), program, lock_wait_s=5,
                                on_event=events.append)
    assert [ledger.last_version for ledger in (*report.before, *report.after)] == ["20240202000000", "20250101000000"]
    assert report.is_changed
    assert [event.text for event in events if isinstance(event, OutputLine)] == ["hello", "locks 1", database.name]


async def test_a_command_is_not_led_elsewhere_by_our_environment(
        database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_files({"services.conf": "[elsewhere]\nhost=/nonexistent\nport=1\ndbname=nowhere\n"}, tmp_path)
    monkeypatch.setenv("PGSERVICEFILE", str(file / "services.conf"))
    monkeypatch.setenv("PGSERVICE", "elsewhere")
    monkeypatch.setenv("PGPASSWORD", "not for them")
    program = python(f"import psycopg; assert psycopg.connect('').info.dbname == {database.name!r}")
    await commands.run(target_of(database), service(), program, lock_wait_s=5, on_event=lambda event: None)


async def test_a_command_that_fails_says_its_last_lines(database: Database) -> None:
    program = python("import sys; print('boom', file=sys.stderr, flush=True); print('line\\n' * 50); sys.exit(1)")
    with pytest.raises(MigrationError, match="a program ended with status 1") as caught:
        await commands.run(target_of(database), service(), program, lock_wait_s=5, on_event=lambda event: None)
    detail = caught.value.detail or ""
    assert "boom" in detail and len(detail.splitlines()) <= 20


async def test_no_password_is_shown(database: Database) -> None:
    with database.server.role() as role:
        set_password(database, role, "hush hush")
        target = Target(name="t", conninfo=make_conninfo(database.conninfo, user=role, password="hush hush"))
        lines: list[str] = []

        def keep(event: object) -> None:
            if isinstance(event, OutputLine):
                lines.append(event.text)

        program = commands.configured(service(up="sh -c 'echo $PGPASSWORD; env'"), "up")
        await commands.run(target, service(up="x"), program, lock_wait_s=5, on_event=keep)
        assert lines and not any("hush" in line for line in lines)


async def test_a_run_in_progress_is_not_joined(database: Database) -> None:
    with database.connect() as connection, database.connect(application_name="elsewhere") as migrating:
        connection.execute(LEDGERS["alembic"].ddl)
        with migrating.transaction(), pytest.raises(MigrationError, match=r"run of Alembic is in progress.*elsewhere"):
            migrating.execute("DELETE FROM alembic_version")
            await commands.run(target_of(database), service(framework="alembic"), python("print(1)"), lock_wait_s=5,
                               on_event=lambda event: None)


async def test_two_runs_do_not_overlap(database: Database, tmp_path: Path) -> None:
    started: list[str] = []
    over = tmp_path / "over"
    program = python(f"import pathlib, time\nwhile not pathlib.Path({str(over)!r}).exists(): time.sleep(0.05)")

    def note(event: object) -> None:
        if isinstance(event, CommandStarted):
            started.append(event.shown)

    first = asyncio.create_task(commands.run(target_of(database), service(), program, lock_wait_s=5, on_event=note))
    await until(lambda: started)
    with pytest.raises(MigrationError, match="another run has held"):
        await commands.run(target_of(database), service(), python(""), lock_wait_s=0.2, on_event=note)
    over.touch()
    await first
    assert len(started) == 1


async def test_cancelling_ends_the_program_and_its_children(database: Database, tmp_path: Path) -> None:
    pids: list[int] = []

    def note(event: object) -> None:
        if isinstance(event, CommandStarted):
            pids.append(event.pid)

    late = tmp_path / "late"
    program = commands.configured(service(up=f"sh -c '(sleep 1; touch {late}) & sleep 60; true'"), "up")
    running = asyncio.create_task(commands.run(target_of(database), service(), program, lock_wait_s=5, on_event=note))
    await until(lambda: pids)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(1.5)
    assert not late.exists()


async def test_a_lost_lock_ends_the_program(database: Database) -> None:
    started: list[object] = []
    program = python("import time; time.sleep(60)")
    running = asyncio.create_task(commands.run(target_of(database), service(), program, lock_wait_s=5,
                                               on_event=started.append))
    await until(lambda: started)
    with database.connect() as connection:
        assert connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted").fetchall()
    with pytest.raises(ConsoleError, match="lock was lost"):
        await asyncio.wait_for(running, 30)


def test_commands_are_words_and_no_shell_reads_them() -> None:
    assert commands.configured(service(up="mix ecto.migrate --quiet"), "up").words == ("mix", "ecto.migrate", "--quiet")
    with pytest.raises(UsageError, match="&& is a shell's"):
        commands.configured(service(down="cd app && make down"), "down")
    with pytest.raises(MigrationError, match="no command is configured for down"):
        commands.configured(service(up="x"), "down")
    with pytest.raises(UsageError, match="No closing quotation"):
        commands.configured(service(up="echo 'x"), "up")


async def test_a_program_that_is_not_there(database: Database) -> None:
    with pytest.raises(MigrationError, match="no-such-program can't be run") as caught:
        await commands.run(target_of(database), service(), commands.Program("x", ("no-such-program",)), lock_wait_s=5,
                           on_event=lambda event: None)
    assert "PATH" in (caught.value.hint or "")


# The command line

def dbconsole(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console", "migrate", *arguments, "--config", str(folder / "dbconsole.toml")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def configured(database: Database, folder: Path) -> Path:
    """A service of Ecto's with two files and an up command, beside one of dbconsole's own."""
    write_files({
        "dbconsole.toml": f"""
default_target = "t"
[targets.t]
dsn = "{database.conninfo}"
environment = "development"
[services.own]
migrations = "own"
[services.shop]
schemas = ["public"]
framework = "ecto"
migrations = "shop"
up = "{sys.executable} {folder}/up.py"
""",
        "own/1_first.up.sql": "CREATE SCHEMA own;\n", "own/1_first.down.sql": "DROP SCHEMA own;\n",
        "shop/20240101000000_a.exs": "", "shop/20250101000000_b.exs": "",
        "up.py": """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("INSERT INTO schema_migrations VALUES (20250101000000, now())")
print("migrated")
"""}, folder)
    return folder


def test_status_shows_all_frameworks_in_one_table(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        connection.execute(LEDGERS["ecto"].ddl)
        connection.execute("DELETE FROM schema_migrations WHERE version > 20240101000000; CREATE SCHEMA stray")
        connection.execute(f"SET search_path = stray; {LEDGERS['knex'].ddl}")
    folder = configured(database, tmp_path)
    shown = dbconsole(folder, "status", "--json")
    services = {service["service"]: service for service in json.loads(shown.stdout)["services"]}
    assert {name: (service["framework"], service["state"], service["applied"], service["pending"]) for name,
            service in services.items()} \
        == {"own": ("dbconsole", "pending", 0, 1), "shop": ("ecto", "pending", 1, 1),
            "stray": ("knex", "applied", 1, None)}
    assert [(migration["version"], migration["state"]) for migration in services["shop"]["migrations"]] == [
        ("20240101000000", "applied"), ("20250101000000", "pending")]
    text = dbconsole(folder, "status").stdout
    assert "20240101_a.cjs (Knex)" in text and "shop/20250101000000 b: pending" in text


def test_up_runs_the_frameworks_own_command(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        connection.execute(LEDGERS["ecto"].ddl)
    folder = configured(database, tmp_path)
    assert "up.py" in dbconsole(folder, "up", "--dry-run").stdout
    done = dbconsole(folder, "up", "--json")
    assert done.returncode == 0, done.stderr
    assert [(item["service"], item["version"]) for item in json.loads(done.stdout)["done"]] == [
        ("own", "1"), ("shop", "20250101000000")]
    assert "  migrated" in done.stderr
    refused = dbconsole(folder, "down", "--service", "shop")
    assert refused.returncode == 2 and "no command is configured for down" in refused.stderr
    (folder / "dbconsole.toml").write_text((folder / "dbconsole.toml").read_text() + f'down = "{sys.executable} -V"\n')
    several = dbconsole(folder, "down", "--yes")
    assert "Python" not in several.stderr, "a bare down took another framework's service along"
    alone = dbconsole(folder, "down", "--service", "shop")
    assert alone.returncode == 0 and "  Python" in alone.stderr
    failed = dbconsole(folder, "up", "--service", "shop")
    assert failed.returncode == 2 and "duplicate key" in failed.stderr


def test_a_service_that_nothing_can_run_is_refused_and_never_passed_over(database: Database, tmp_path: Path) -> None:
    folder = configured(database, tmp_path)
    configuration = (folder / "dbconsole.toml").read_text()
    (folder / "dbconsole.toml").write_text("\n".join(
        line for line in configuration.splitlines() if not line.startswith(("up =", "framework ="))))
    for words in (("up",), ("up", "--dry-run"), ("plan",), ("up", "--service", "shop"), ("down", "--service", "shop"),
                  ("new", "--service", "shop", "more")):
        done = dbconsole(folder, *words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert "service shop is migrated by Ecto" in done.stderr
    for words, said in (("lint", "not looked at"), ("verify", "not proved"), ("drift", "not compared")):
        done = dbconsole(folder, words, "--service", "shop", *(("-t", "t") if words == "lint" else ()))
        assert (done.returncode, done.stdout) == (2, "") and f"shop is migrated by Ecto: {said}" in done.stderr
    with database.connect() as connection:
        assert connection.execute("SELECT to_regnamespace('own')").fetchone() == (None,), "the rest was run"
        connection.execute(LEDGERS["ecto"].ddl)
        connection.execute("INSERT INTO schema_migrations VALUES (20250101000000, now()) ON CONFLICT DO NOTHING")
        connection.execute("DELETE FROM schema_migrations WHERE version NOT IN (20240101000000, 20250101000000)")
    assert dbconsole(folder, "status", "--exit-code", "--service", "shop").returncode == 0
    done = dbconsole(folder, "up", "--json")
    assert done.returncode == 0, "files and ledger agree that there is nothing to do"
    assert [item["service"] for item in json.loads(done.stdout)["done"]] == ["own"]


def test_alembic_is_recognised_and_driven(database: Database, tmp_path: Path) -> None:
    folder = alembic_project(tmp_path / "users")
    (tmp_path / "dbconsole.toml").write_text("")
    where = ("-t", database.conninfo, "--migrations", str(folder / "scripts"))
    planned = dbconsole(tmp_path, "plan", *where)
    assert planned.returncode == 0 and "by Alembic" in planned.stdout and "CREATE TABLE r3" in planned.stdout
    assert dbconsole(tmp_path, "status", *where, "--exit-code").returncode == 1
    done = dbconsole(tmp_path, "up", *where, "--yes", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["done"][0]["version"] == "r3"
    assert dbconsole(tmp_path, "status", *where, "--exit-code").returncode == 0
    assert dbconsole(tmp_path, "new", *where, "x").returncode == 2


# Alembic itself

ENV = """
from alembic import context
from sqlalchemy import create_engine

config = context.config
url = config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = """'''{message}'''
from alembic import op
revision = {revision!r}
down_revision = {down!r}
def upgrade():
    op.execute("CREATE TABLE {revision} (id int)")
def downgrade():
    op.execute("DROP TABLE {revision}")
"""


def alembic_project(folder: Path, env: str = ENV) -> Path:
    files = {"alembic.ini": "[alembic]\nscript_location = %(here)s/scripts\nsqlalchemy.url = driver://nowhere/x\n",
             "scripts/env.py": env, "scripts/script.py.mako": ""}
    for revision, down in (("r1", None), ("r2", "r1"), ("r3", "r2")):
        text = REVISION.format(message=f"the {revision}", revision=revision, down=down)
        files[f"scripts/versions/{revision}_x.py"] = text
    return write_files(files, folder)


async def upgrade(target: Target, app: Service, to: str | None = None) -> commands.CommandReport:
    return await runner.run(target, await runner.read(target, app, RunRange(to=to)), lambda event: None)


async def test_alembic_goes_up_and_down(database: Database, tmp_path: Path) -> None:
    pytest.importorskip("alembic")
    target, app = target_of(database), service(alembic_project(tmp_path), framework="alembic")

    async def migrate(direction: str, **words: object) -> ForeignLedger:
        asked = RunRange(direction=direction, **words)  # type: ignore[arg-type]
        report = await runner.run(target, await runner.read(target, app, asked), lambda event: None)
        return report.after[0]

    async def sql(direction: str, **words: object) -> str:
        asked = RunRange(direction=direction, **words)  # type: ignore[arg-type]
        return "\n".join(await runner.shown(target, await runner.read(target, app, asked)))

    assert "CREATE TABLE r3" in await sql("up")
    assert (await read(database)).ledgers == (), "a plan made the ledger"
    ledger = await migrate("up", steps=1)
    assert (ledger.last_version, ledger.applied_count) == ("r1", 1)
    assert [migration.version for migration in ledger.pending or ()] == ["r2", "r3"]
    plan = await sql("up", to="r2")
    assert "CREATE TABLE r2" in plan and "r3" not in plan and "CREATE TABLE r1" not in plan
    ledger = await migrate("up")
    assert (ledger.last_version, ledger.applied_count, ledger.pending) == ("r3", 3, ())
    assert "DROP TABLE r3" in await sql("down")
    assert (await migrate("down")).last_version == "r2"
    assert (await migrate("down", steps=1)).last_version == "r1"
    assert (await migrate("down", to="0")).last_version is None


async def test_alembic_runs_what_was_shown_or_nothing(database: Database, tmp_path: Path) -> None:
    pytest.importorskip("alembic")
    target, app = target_of(database), service(alembic_project(tmp_path), framework="alembic")

    async def refused(plan: runner.ExternalPlan) -> list[str]:
        with pytest.raises(PlanChanged) as caught:
            await runner.run(target, plan, lambda event: None)
        return [change.sentence for change in caught.value.changes]

    up = await runner.read(target, app, RunRange())
    await upgrade(target, app, to="r1")
    assert await refused(up) == ["app/r1_the r1 is applied already"]
    up = await runner.read(target, app, RunRange(to="r2"))
    versions = tmp_path / "scripts" / "versions"
    text = (versions / "r2_x.py").read_text("utf-8")
    (versions / "r2_x.py").write_text(text.replace("(id int)", "(id bigint)"), encoding="utf-8")
    assert await refused(up) == ["app/r2_the r2: its file has changed"]
    (versions / "r3_x.py").rename(tmp_path / "r3_x.py")
    up = await runner.read(target, app, RunRange())
    assert [step.version for step in up.pending] == ["r2"]
    (tmp_path / "r3_x.py").rename(versions / "r3_x.py")
    assert await refused(up) == ["app/r3_the r3 is new: pending"]
    await upgrade(target, app, to="r2")
    down = await runner.read(target, app, RunRange(direction="down"))
    await upgrade(target, app)
    assert await refused(down) == ["the ledger public.alembic_version was at r2, is at r3",
                                   "app/r3_the r3 was pending, is applied now"]
    down = await runner.read(target, app, RunRange(direction="down"))
    (versions / "r3_x.py").write_text((versions / "r3_x.py").read_text("utf-8") + "# edited\n", encoding="utf-8")
    assert await refused(down) == ["app/r3_the r3: its file has changed"]
    assert (await only(database)).last_version == "r3"


@pytest.mark.parametrize(("framework", "files", "down"), [
    ("golang-migrate", {"1_a.up.sql": "up", "1_a.down.sql": "down"}, "1_a.down.sql"),
    ("diesel", {"2024-01-01-000000_a/up.sql": "up", "2024-01-01-000000_a/down.sql": "down"},
     "2024-01-01-000000_a/down.sql"),
    ("sqitch", {"sqitch.plan": "%project=p\na 2024-01-01T00:00:00Z x <x@y>\n", "deploy/a.sql": "up",
                "revert/a.sql": "down"}, "revert/a.sql"),
    ("goose", {"1_a.sql": "both"}, "1_a.sql")])
def test_the_file_that_undoes_a_migration(framework: str, files: dict[str, str], down: str, tmp_path: Path) -> None:
    folder = write_files(files, tmp_path)
    ledger = ForeignLedger(framework, "public", "t", applied_count=0, is_dirty=False)
    (found,) = migrations(pending.compare([ledger], folder)[0])
    assert pending.scripts(ledger, folder, "down")(found) == folder / down
    up = pending.scripts(ledger, folder, "up")(found)
    assert up is not None and up.is_file() and (up == folder / down) is (framework == "goose")


async def test_alembic_that_went_elsewhere_is_found_out(database: Database, tmp_path: Path) -> None:
    pytest.importorskip("alembic")
    app = service(alembic_project(tmp_path, "print('nothing to see')\n"), framework="alembic")
    with pytest.raises(ConsoleError, match="says the same as before"):
        await upgrade(target_of(database), app)


async def test_alembics_own_error_is_shown(database: Database, tmp_path: Path) -> None:
    pytest.importorskip("alembic")
    app = service(alembic_project(tmp_path), framework="alembic")
    with pytest.raises(MigrationError, match="alembic upgrade nowhere ended with status") as caught:
        await upgrade(target_of(database), app, to="nowhere")
    assert "Can't locate revision" in (caught.value.detail or "")


async def test_a_hostile_password_reaches_alembic(database: Database, tmp_path: Path) -> None:
    pytest.importorskip("alembic")
    password = "p%40 %s/:@'"
    with database.server.role("LOGIN SUPERUSER") as role:
        set_password(database, role, password)
        target = Target(name="t", conninfo=make_conninfo(database.conninfo, user=role, password=password))
        app = service(alembic_project(tmp_path), framework="alembic")
        report = await upgrade(target, app)
        assert report.after[0].last_version == "r3"
        with database.connect() as connection:
            connection.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
