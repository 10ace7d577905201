"""One history of migrations as each runner wants it, and the command lines that take it up and down.

Every file is one transaction of three statements. `psql` is the floor: the same statements between BEGIN and COMMIT,
one `-f` for each file, and no ledger at all.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

from tests.support.servers import Database, LiveServer

Command = Callable[[Database], Sequence[str]]


class Runner(Struct, frozen=True):
    """`up` and `down` are for the whole history; with `down_steps` one call of `down` undoes no more than one file."""

    name: str
    up: Command
    down: Command
    down_steps: bool = False


class Migration(Struct, frozen=True):
    """The statements of one file's two directions, in order."""

    number: int
    up: tuple[str, ...]
    down: tuple[str, ...]

    @property
    def identity(self) -> str:
        return f"{self.number:05}"


def history(count: int) -> list[Migration]:
    """Tables with an index and two rows, and their way back."""
    return [Migration(n, (f"CREATE TABLE t{n} (id int PRIMARY KEY, name text NOT NULL)",
                          f"CREATE INDEX t{n}_name ON t{n} (name)",
                          f"INSERT INTO t{n} VALUES (1, 'one'), (2, 'two')"),
                      (f"DELETE FROM t{n}", f"DROP INDEX t{n}_name", f"DROP TABLE t{n}")) for n in range(1, count + 1)]


def script(statements: Sequence[str]) -> str:
    return "".join(f"{statement};\n" for statement in statements)


def ours(folder: Path, migrations: Sequence[Migration]) -> Runner:
    write_ours(folder, migrations)
    command = [sys.executable, "-m", "console", "migrate"]

    def options(database: Database) -> list[str]:
        return ["-t", database.conninfo, "--migrations", str(folder), "--service", "ours", "--yes"]

    return Runner("dbconsole", lambda database: [*command, "up", *options(database)],
                  lambda database: [*command, "down", "--to", "0", *options(database)])


def write_ours(folder: Path, migrations: Sequence[Migration]) -> None:
    folder.mkdir()
    for migration in migrations:
        (folder / f"{migration.identity}_x.up.sql").write_text(script(migration.up))
        (folder / f"{migration.identity}_x.down.sql").write_text(script(migration.down))


def psql(folder: Path, migrations: Sequence[Migration], server: LiveServer) -> Runner:
    folder.mkdir()
    ups, downs = [], []
    for migration in migrations:
        for direction, statements, files in (("up", migration.up, ups), ("down", migration.down, downs)):
            path = folder / f"{migration.identity}.{direction}.sql"
            path.write_text(script(["BEGIN", *statements, "COMMIT"]))
            files += ["-f", str(path)]
    # In the order of application backwards, as every runner goes down.
    backwards = [word for path in reversed(downs[1::2]) for word in ("-f", path)]
    assert server.cluster is not None
    program = str(server.cluster.binaries.program("psql"))

    def command(database: Database, files: list[str]) -> list[str]:
        return [program, "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database.conninfo, *files]

    return Runner("psql", lambda database: command(database, ups), lambda database: command(database, backwards))


def dbmate(folder: Path, migrations: Sequence[Migration]) -> Runner | None:
    """DBMATE names the program, else it is looked for beside this Python, then in PATH."""
    beside = str(Path(sys.executable).parent)
    program = os.environ.get("DBMATE") or shutil.which("dbmate", path=beside) or shutil.which("dbmate")
    if program is None:
        return None
    folder.mkdir()
    for migration in migrations:
        (folder / f"{migration.identity}_x.sql").write_text(
            f"-- migrate:up\n{script(migration.up)}\n-- migrate:down\n{script(migration.down)}")

    def command(database: Database, *words: str) -> list[str]:
        return [program, "--url", url("postgres", database, sslmode="disable"), "-d", str(folder), "--no-dump-schema",
                *words]

    return Runner("dbmate", lambda database: command(database, "migrate"),
                  lambda database: command(database, "rollback"), down_steps=True)


ENVIRONMENT = """
import os
import sqlalchemy
from alembic import context

engine = sqlalchemy.create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=sqlalchemy.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""


def alembic(folder: Path, migrations: Sequence[Migration]) -> Runner | None:
    if importlib.util.find_spec("alembic") is None:
        return None
    versions = folder / "versions"
    versions.mkdir(parents=True)
    (folder / "env.py").write_text(ENVIRONMENT)
    before: str | None = None
    for migration in migrations:
        calls = ["\n".join(f"    op.execute({statement!r})" for statement in statements)
                 for statements in (migration.up, migration.down)]
        (versions / f"{migration.identity}_x.py").write_text(
            f"from alembic import op\n\nrevision = {migration.identity!r}\ndown_revision = {before!r}\n\n\n"
            f"def upgrade():\n{calls[0]}\n\n\ndef downgrade():\n{calls[1]}\n")
        before = migration.identity

    def command(database: Database, *words: str) -> list[str]:
        settings = folder / f"{database.name}.ini"
        address = url("postgresql+psycopg", database).replace("%", "%%")
        settings.write_text(f"[alembic]\nscript_location = {folder}\npath_separator = os\nsqlalchemy.url = {address}\n")
        return [sys.executable, "-m", "alembic", "-c", str(settings), *words]

    return Runner("Alembic", lambda database: command(database, "upgrade", "head"),
                  lambda database: command(database, "downgrade", "base"))


def yoyo(folder: Path, migrations: Sequence[Migration]) -> Runner | None:
    if importlib.util.find_spec("yoyo") is None:
        return None
    folder.mkdir()
    for migration in migrations:
        (folder / f"{migration.identity}.x.sql").write_text(script(migration.up))
        (folder / f"{migration.identity}.x.rollback.sql").write_text(script(migration.down))

    def command(database: Database, *words: str) -> list[str]:
        address = url("postgresql+psycopg", database)
        return [sys.executable, "-c", "from yoyo.scripts.main import main; main()", words[0], "--no-config-file",
                "--batch", *words[1:], "--database", address, str(folder)]

    return Runner("yoyo", lambda database: command(database, "apply"),
                  lambda database: command(database, "rollback", "--all"))


def url(scheme: str, database: Database, **options: str) -> str:
    """The database's address as a URL; a socket's folder goes into its query."""
    parts = conninfo_to_dict(database.conninfo)
    host, user = str(parts["host"]), quote(str(parts["user"]))
    if host.startswith("/"):
        options["host"] = host
        host = ""
    if "passfile" in parts:
        options["passfile"] = str(parts["passfile"])
    return (f"{scheme}://{user}@{host}:{parts['port']}/{database.name}"
            + (f"?{urlencode(options, safe='/')}" if options else ""))
