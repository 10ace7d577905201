"""The servers that the live tests stand on are what they say they are."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest

from tests.support import debian
from tests.support.pgbouncer import PgBouncer, PgBouncers
from tests.support.servers import Database, LiveServer, Servers, binaries, missing
from tests.support.tls import TlsServer
from tests.support.waiting import wait_for


def test_any_server_answers_with_its_version(any_server: LiveServer) -> None:
    with any_server.connect() as connection:
        row = connection.execute("SELECT current_setting('server_version_num')::int").fetchone()
    assert row == (any_server.version_num,)


def test_embedded_has_vector_contrib_and_statements(embedded: LiveServer) -> None:
    assert embedded.major == 18 and embedded.has_vector and embedded.has_contrib
    with embedded.database() as database, database.connect() as connection:
        connection.execute("CREATE EXTENSION vector; CREATE EXTENSION pg_stat_statements")
        assert connection.execute("SELECT '[3,4]'::vector <-> '[0,0]'").fetchone() == (5.0,)
        assert connection.execute("SELECT count(*) > 0 FROM pg_stat_statements").fetchone() == (True,)


def test_versions_differ_as_their_labels_say(server17: LiveServer, server16: LiveServer, server15: LiveServer) -> None:
    assert [s.major for s in (server17, server16, server15)] == [17, 16, 15]
    assert server16.has_vector and not server15.has_vector
    assert server17.has_contrib and server15.has_contrib and not server16.has_contrib


def test_debian13_has_its_extensions_and_their_libraries(debian13: LiveServer) -> None:
    with debian13.database() as database, database.connect() as connection:
        connection.execute("CREATE EXTENSION age; CREATE EXTENSION vector; CREATE EXTENSION hypopg")
        connection.execute("CREATE EXTENSION pgaudit")
        preloaded = connection.execute("SHOW shared_preload_libraries").fetchone()
        assert preloaded == ("pg_stat_statements,auto_explain,pgaudit,hypopg",)
        connection.execute("SET search_path = ag_catalog, public; SELECT create_graph('people')")
        rows = connection.execute("SELECT * FROM cypher('people', $$ RETURN 1 + 1 $$) AS (n agtype)").fetchall()
        assert rows == [("2",)]


@pytest.mark.parametrize("label", ["postgres15", "postgres17"])
def test_a_folder_has_all_the_libraries_that_it_uses(servers: Servers, label: str) -> None:
    """Nothing is taken from this machine, where another one may have nothing or another release's."""
    found = binaries().get(label)
    release = next((name for name in debian.RELEASES if found is not None and found.source == name), None)
    if release is None:
        missing("debian12" if label == "postgres15" else "debian13", f"its folder isn't made; {debian.HOW}")
    root = debian.find(release)
    with servers.get(label).connect(options="-c jit_above_cost=0") as connection:
        connection.execute("CREATE COLLATION IF NOT EXISTS german (provider = icu, locale = 'de')")
        connection.execute("SELECT sum(n) FROM generate_series(1, 10) AS n")
        maps = Path(f"/proc/{connection.info.backend_pid}/maps").read_text().splitlines()
    loaded = {line.split(maxsplit=5)[5] for line in maps if ".so" in line}
    assert any("llvmjit.so" in path for path in loaded)
    assert [path for path in loaded if not path.startswith(f"{root}/")] == []


def test_sort_order_and_encoding_are_the_same_everywhere(any_database: Database) -> None:
    if any_database.server.cluster is None:
        pytest.skip("somebody else's server sorts as they chose")
    with any_database.connect() as connection:
        rows = connection.execute("SELECT x FROM unnest(ARRAY['b','ä','a','B','€']) x ORDER BY x").fetchall()
        assert [x for (x,) in rows] == ["B", "a", "b", "ä", "€"]
        assert connection.execute("SELECT upper('ä')").fetchone() == ("Ä",)


def test_database_is_dropped_with_somebody_connected(server: LiveServer) -> None:
    with server.database(name='a "hostile"  näme') as database:
        staying = database.connect()
    with pytest.raises(psycopg.OperationalError):
        staying.execute("SELECT 1")
    staying.close()
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM pg_database WHERE datname ~ 'hostile'").fetchone() == (0,)


def test_template_is_filled_once(server: LiveServer) -> None:
    filled: list[Database] = []

    def fill(database: Database) -> None:
        filled.append(database)
        with database.connect() as connection:
            connection.execute("CREATE TABLE t (x int)")

    for _ in range(2):
        with server.database(server.template("once", fill)) as database, database.connect() as connection:
            assert connection.execute("SELECT to_regclass('t') IS NOT NULL").fetchone() == (True,)
    assert len(filled) == 1


def test_role_has_no_more_than_asked(server: LiveServer) -> None:
    with server.role() as role, server.connect(user=role) as connection:
        assert connection.execute("SELECT current_user, pg_has_role('pg_monitor', 'member')").fetchone() == (
            role,
            False,
        )


def test_own_server_may_be_killed(own_server: LiveServer) -> None:
    assert own_server.cluster is not None
    own_server.cluster.stop("immediate")
    with pytest.raises(psycopg.OperationalError):
        own_server.connect()
    own_server.cluster.start()
    own_server.connect().close()


def test_standby_follows(servers: Servers, own_server: LiveServer) -> None:
    standby = servers.standby(own_server)
    with standby.connect() as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    assert standby.cluster is not None
    standby.cluster.remove()


def test_pgbouncer_pools_transactions(pgbouncer: PgBouncer, embedded: LiveServer) -> None:
    with embedded.database() as database:
        with psycopg.connect(pgbouncer.conninfo(database.name), prepare_threshold=None) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (database.name,)
        assert any(database.name in row for row in pgbouncer.command("SHOW POOLS"))
    assert pgbouncer.settings["pool_mode"] == "transaction"
    assert pgbouncer.command("SHOW VERSION") == [(f"PgBouncer {pgbouncer.version}",)]


def test_pgbouncer_tells_admin_from_stats(pgbouncer: PgBouncer) -> None:
    with psycopg.connect(pgbouncer.stats_conninfo, autocommit=True) as connection:
        cursor = psycopg.ClientCursor(connection)
        assert cursor.execute("SHOW STATS").fetchall() is not None
        with pytest.raises(psycopg.Error, match="admin"):
            cursor.execute("PAUSE")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(pgbouncer.conninfo(user="stranger"))


def test_pgbouncer_in_session_mode_comes_back(pgbouncers: PgBouncers, embedded: LiveServer) -> None:
    pooler = pgbouncers.make(embedded, pool_mode="session")
    with psycopg.connect(pooler.conninfo()) as connection:
        first = connection.execute("SELECT pg_backend_pid()").fetchone()
        connection.commit()
        assert connection.execute("SELECT pg_backend_pid()").fetchone() == first
    pooler.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(pooler.conninfo())
    pooler.start()
    psycopg.connect(pooler.conninfo()).close()
    pooler.stop()


def test_tls_server_takes_nothing_else(tls_server: TlsServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(tls_server.conninfo(user="lettered", password=tls_server.password, sslmode="disable"))
    with psycopg.connect(
        tls_server.conninfo(
            user="lettered", password=tls_server.password, sslmode="verify-full", sslrootcert=tls_server.ca
        )
    ) as connection:
        assert connection.pgconn.ssl_in_use


def test_tls_server_knows_the_client_by_certificate(tls_server: TlsServer) -> None:
    words = {"user": "certified", "sslmode": "verify-full", "sslrootcert": tls_server.ca}
    with psycopg.connect(tls_server.conninfo(**words, sslcert=tls_server.certificate, sslkey=tls_server.key)) as c:
        assert c.info.user == "certified"
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        psycopg.connect(tls_server.conninfo(**words))
    with pytest.raises(psycopg.OperationalError, match="verify failed"):
        psycopg.connect(tls_server.conninfo(**words | {"sslrootcert": tls_server.other_ca}))


def test_docker_server_answers(docker_server: LiveServer) -> None:
    with docker_server.database() as database, database.connect() as connection:
        connection.execute("CREATE EXTENSION vector")


def test_requirement_turns_a_skip_into_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.servers.REQUIRED", frozenset({"postgres9"}))
    with pytest.raises(pytest.fail.Exception, match="postgres9 is required"):
        missing("postgres9", "too old")
    with pytest.raises(pytest.skip.Exception, match="too old"):
        missing("postgres8", "too old")


def test_next_run_clears_away_what_a_killed_one_left(tmp_path: Path) -> None:
    if not binaries():
        missing("embedded", "no PostgreSQL is installed")
    begin = textwrap.dedent("""
        import os, signal
        from tests.support.servers import Servers, binaries
        cluster = Servers().make(next(iter(binaries()))).cluster
        print(cluster.status().pid, cluster.data_dir, flush=True)
        if os.environ.get("ACCIDENT"):
            os.kill(os.getpid(), signal.SIGKILL)
    """)

    def run(**environment: str) -> tuple[int, Path]:
        done = subprocess.run(
            [sys.executable, "-c", begin], capture_output=True, text=True, cwd=Path(__file__).parents[2],
            env=os.environ | {"TMPDIR": str(base)} | environment,
        )  # fmt: skip
        pid, folder = done.stdout.split(maxsplit=1)
        return int(pid), Path(folder.strip())

    base = Path("/tmp") / f"dbconsole-accident-{os.getpid()}"  # the server's account can't enter pytest's own
    base.mkdir(mode=0o755)
    try:
        pid, folder = run(ACCIDENT="1")
        assert folder.exists() and _alive(pid)
        next_pid, next_folder = run()
        assert not folder.exists() and not _alive(pid)
        assert not next_folder.exists() and not _alive(next_pid)
    finally:
        subprocess.run(["rm", "-rf", str(base)], check=True)


def _alive(pid: int) -> bool:
    try:
        return not Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].lstrip().startswith("Z")
    except FileNotFoundError:
        return False


def test_a_release_is_made_without_root_and_anew_after_an_accident(servers: Servers) -> None:
    """By an ordinary account, from the packages of the other or of the same release, killed once on its way."""
    if debian.find("debian13") is None:
        missing("debian13", f"its folder isn't made; {debian.HOW}")
    folder = servers.folder / "debian"
    account = servers.as_account(folder)
    shutil.copy(debian.__file__, folder)
    release = debian.Release("trixie", ("pgbouncer",))
    code = f"import debian; print(debian.make('small', debian.{release}))"

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["/usr/bin/env", "python3", "-c", code], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": os.defpath, "XDG_CACHE_HOME": str(folder), "HOME": str(folder)}, text=True,
            start_new_session=True, **account,
        )  # fmt: skip

    killed = start()
    wait_for(lambda: [*folder.glob("dbconsole-tests/small-*/usr")])
    os.killpg(killed.pid, signal.SIGKILL)  # with what it has started, which would go on writing
    killed.communicate()
    assert not [*folder.glob(f"dbconsole-tests/small-*/{debian.MADE}")]
    processes = [start() for _ in range(2)]
    (root,) = {_output(process).strip() for process in processes}
    (program,) = debian.programs(Path(root))
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, **account)
    assert done.stdout.startswith("PgBouncer 1.24") and (Path(root) / debian.MADE).exists()


def _output(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    return output
