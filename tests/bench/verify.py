"""`migrate verify` of the shipped services against the same steps with pg_dump as the comparer."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from console.demo.scratch import own_cluster, sample_rows
from console.migrate import state, steps
from console.migrate.files import read_service
from console.migrate.records import MigrationFile, RunRange
from console.migrate.verify import verify
from console.resources import shipped
from console.server.target import Target
from console.services.ownership import from_folder
from tests.bench.measure import Figure
from tests.support.servers import LiveServer, Servers


def run(servers: Servers) -> Sequence[Figure]:
    # fsync as everywhere: it is what a scratch database on somebody's server costs
    server = servers.make("embedded", {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"})
    _make_roles(server)
    proofs, ours = _ours(server, rows=False)
    with_rows, ours_with_rows = _ours(server, rows=True)
    peer = _peer(server)
    assert proofs == with_rows
    return [
        Figure(f"verify, {proofs} proved", ours, peer, "s", 1 / 3, "up, down, up with pg_dump after each"),
        Figure("verify, and what each down loses", ours_with_rows, None, "s", 60),
    ]


def _ours(server: LiveServer, *, rows: bool) -> tuple[int, float]:
    """How many were proved, in how many seconds."""
    services = from_folder(shipped("migrations"))
    target = Target(name="bench", conninfo=server.dsn, environment="development")
    own, _ = own_cluster(server.major, ["vector"])
    started = time.perf_counter()
    verdict = asyncio.run(verify(target, services, own_cluster=own, sample=sample_rows(services) if rows else None))
    elapsed_s = time.perf_counter() - started
    assert not verdict.has_faults, [proof for proof in verdict.proofs if proof.status in ("differs", "failed")]
    return sum(proof.status == "proved" for proof in verdict.proofs), elapsed_s


def _order() -> list[MigrationFile]:
    files = [read_service(service) for service in from_folder(shipped("migrations"))]
    found = [step.migration for step in steps.choose(state.compare_all(files, (), ()), (), RunRange())]
    return [file for file in found if "age" not in file.up.directives.extensions]


def _make_roles(server: LiveServer) -> None:
    """Roles as they are where the services live already; another database keeps them in use."""
    up = next(file for file in _order() if file.label == "platform/0001_roles").up.text
    with server.connect() as connection:
        connection.execute(up)  # type: ignore[arg-type]
        connection.execute("CREATE SCHEMA keeps; DO $$ DECLARE one text; BEGIN FOR one IN SELECT rolname FROM pg_roles "
                           "WHERE rolname ~ '_(app|admin|readonly)$' LOOP EXECUTE format('GRANT USAGE ON SCHEMA keeps "
                           "TO %I', one); END LOOP; END $$")


def _peer(server: LiveServer) -> float:
    """Seconds for the same steps: psycopg runs each file, `pg_dump --schema-only` tells before from after."""
    assert server.cluster is not None
    program = server.cluster.binaries.program("pg_dump")
    started = time.perf_counter()
    with server.database(template="template0") as database, tempfile.TemporaryDirectory() as folder, \
            database.connect() as connection:
        dump = Path(folder, "dump.sql")

        def look() -> str:
            subprocess.run([program, "--schema-only", "-f", dump, database.conninfo], check=True, cwd="/",
                           env={**os.environ, "LC_ALL": "C"})
            lines = dump.read_text().splitlines()
            return "\n".join(line for line in lines if not line.startswith(("--", "\\")))

        def execute(text: str, outside: bool) -> None:
            if outside:
                for statement in filter(str.strip, text.split(";")):
                    if not all(line.startswith("--") or not line.strip() for line in statement.splitlines()):
                        connection.execute(statement)  # type: ignore[call-overload]
            else:
                with connection.transaction():
                    connection.execute(text)  # type: ignore[call-overload]

        after = look()
        for file in _order():
            before = after
            assert file.down is not None
            for script in (file.up, file.down, file.up):
                try:
                    execute(script.text, script.directives.no_transaction)
                except psycopg.Error as error:
                    raise RuntimeError(f"{script.path}: {error}") from error
                after = look()
                assert script is not file.down or after == before, f"{file.label} differs"
    return time.perf_counter() - started
