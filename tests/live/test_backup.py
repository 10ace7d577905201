"""Backups of real servers: what they hold is compared, what is damaged is found, what is killed leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.backup import folder as folders
from console.backup.basebackup import BaseRequest, back_up_base
from console.backup.logical import LogicalRequest, back_up
from console.backup.records import BackupProof, Manifest
from console.backup.truth import Tell
from console.backup.verify import verify
from console.errors import ConsoleError
from console.server.target import Target
from tests.support.servers import Database, LiveServer, Servers
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("own_files")

FILLED = r'''
    CREATE SCHEMA shop; CREATE SCHEMA "Odd ""one""";
    CREATE TABLE shop.items (id serial PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now(), format text,
                             price numeric CHECK (price >= 0), kind regclass DEFAULT 'shop.items');
    INSERT INTO shop.items (name, price) SELECT 'item ' || g, g / 7.0 FROM generate_series(1, 3000) AS g;
    CREATE TABLE shop.orders (id int REFERENCES shop.items, day date) PARTITION BY RANGE (day);
    CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO shop.orders SELECT g, date '2026-01-01' + g % 300 FROM generate_series(1, 500) AS g;
    CREATE TABLE "Odd ""one"""."T" (dbconsole_row json, "$1" bytea);
    INSERT INTO "Odd ""one"""."T" VALUES ('[1]', '\x00');
    CREATE UNLOGGED TABLE shop.cache (x int); INSERT INTO shop.cache VALUES (1);
    CREATE MATERIALIZED VIEW shop.sums AS SELECT count(*) FROM shop.items;
    CREATE FUNCTION shop.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
    SELECT lo_create(0);
'''


def quiet(words: str) -> None:
    """Nobody listens."""


def fill(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(FILLED)


def made(database: Database, folder: Path, tell: Tell = quiet, **chosen: Any) -> Manifest:
    return asyncio.run(back_up(Target(name="t", conninfo=database.conninfo),
                               LogicalRequest(folder=folder, **chosen), tell))


def proof_of(path: Path) -> BackupProof:
    return asyncio.run(verify(path, quiet))


@pytest.fixture
def own_programs(any_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own programs are the ones on the PATH."""
    assert any_server.cluster is not None
    monkeypatch.setenv("PATH", f"{any_server.cluster.binaries.bin_dir}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("own_programs")
def test_what_was_backed_up_is_restored_and_proved(any_database: Database, tmp_path: Path) -> None:
    fill(any_database)
    manifest = made(any_database, tmp_path / "b")
    (database,) = manifest.databases
    assert database.tables["shop.items"].rows == 3000 and database.tables["shop.orders_1"].rows == 500
    assert database.sequences["shop.items_id_seq"].highest == 3000 and '"Odd ""one"""."T"' in database.tables
    proof = proof_of(tmp_path / "b" / manifest.name)
    assert (proof.status, proof.faults) == ("proved", ()), proof
    assert any("4 tables with 3 502 rows" in words for words in proof.proved), proof.proved
    entry = folders.entry(tmp_path / "b" / manifest.name)
    assert entry is not None and entry.proved_at == proof.at


def test_what_runs_at_every_login_runs_in_no_restored_server(database: Database, tmp_path: Path) -> None:
    fill(database)
    with database.connect() as connection:
        connection.execute("CREATE TABLE shop.logins (at timestamptz DEFAULT now())")
        connection.execute("CREATE FUNCTION shop.note() RETURNS event_trigger LANGUAGE plpgsql AS "
                           "$$ BEGIN INSERT INTO shop.logins DEFAULT VALUES; END $$")
        connection.execute("CREATE EVENT TRIGGER note ON login EXECUTE FUNCTION shop.note()")
    manifest = made(database, tmp_path / "b")
    proof = proof_of(tmp_path / "b" / manifest.name)
    assert (proof.status, proof.faults) == ("proved", ()), proof


def test_what_changes_while_pg_dump_runs_is_in_neither_the_backup_nor_the_record(database: Database, tmp_path: Path
                                                                                ) -> None:
    """The rows are those of the exported snapshot, which both read."""
    fill(database)

    def meddle(words: str) -> None:
        with database.connect() as connection:
            connection.execute("INSERT INTO shop.items (name) VALUES ('late')")
            connection.execute("DELETE FROM shop.orders WHERE id = 1")

    manifest = made(database, tmp_path / "b", meddle)
    assert proof_of(tmp_path / "b" / manifest.name).status == "proved"
    sequence = manifest.databases[0].sequences["shop.items_id_seq"]
    assert sequence.lowest < sequence.highest


def test_a_record_that_differs_from_the_dump_is_no_proof(database: Database, tmp_path: Path) -> None:
    """Against the proof itself: it has to be able to fail."""
    fill(database)
    manifest = made(database, tmp_path / "b")
    path = tmp_path / "b" / manifest.name
    from msgspec.structs import replace

    from console.backup import manifest as manifests
    from console.backup.records import SequenceValues, TableRows

    shop = manifest.databases[0]
    for changed, words in (
            ({"tables": {**shop.tables, "shop.items": TableRows(3000, "1:1")}}, "shop.items has other values"),
            ({"tables": {**shop.tables, "shop.orders_1": TableRows(501, "1:1")}}, "500 rows instead of 501"),
            ({"sequences": {"shop.items_id_seq": SequenceValues(9, 9)}}, "stands at 3000 instead of 9"),
            ({"catalog": {**shop.catalog, "view shop.gone": "1"}}, "view shop.gone is missing")):
        manifests.write(path, replace(manifest, databases=(replace(shop, **changed),)))
        proof = proof_of(path)
        assert proof.status == "differs" and words in proof.faults[0], proof


def test_a_service_s_schemas_alone(database: Database, tmp_path: Path) -> None:
    """With the extensions that they need, which are in a schema that isn't theirs."""
    fill(database)
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext; "
                           "CREATE TABLE shop.v (e ext.vector(3)); INSERT INTO shop.v VALUES ('[1,2,3]')")
    manifest = made(database, tmp_path / "b", schemas=("shop",))
    assert set(manifest.databases[0].tables) == {"shop.items", "shop.orders_1", "shop.cache", "shop.v"}
    proof = proof_of(tmp_path / "b" / manifest.name)
    assert proof.status == "proved", proof


def test_roles_are_without_passwords(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS backed_up; CREATE ROLE backed_up PASSWORD 'Geheim-77'; "
                           "CREATE SCHEMA own AUTHORIZATION backed_up; GRANT USAGE ON SCHEMA own TO pg_monitor")
    try:
        path = tmp_path / "b" / made(database, tmp_path / "b").name
        texts = [file.read_bytes() for file in path.rglob("*") if file.is_file()]
        assert any(b"CREATE ROLE backed_up" in text for text in texts)
        assert not any(word in text for text in texts for word in (b"SCRAM", b"md5", b"Geheim"))
        assert proof_of(path).status == "proved"
    finally:
        with database.connect() as connection:
            connection.execute("DROP SCHEMA own; DROP ROLE backed_up")


def alter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def data_file(path: Path) -> Path:
    """The largest file of rows."""
    return max(path.glob("001/*.dat*"), key=lambda file: (file.name != "toc.dat", file.stat().st_size))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: os.truncate(data_file(path), data_file(path).stat().st_size // 2),
    "a byte": lambda path: alter(data_file(path)),
    "missing": lambda path: data_file(path).unlink(),
    "emptied": lambda path: os.truncate(data_file(path), 0),
    "foreign": lambda path: (path / "001" / "9999.dat.gz").write_bytes(b"x"),
    "manifest": lambda path: alter(path / "manifest.json"),
    "contents": lambda path: alter(path / "001" / "toc.dat"),
}


def test_every_kind_of_damage_is_found(database: Database, tmp_path: Path) -> None:
    fill(database)
    original = tmp_path / "b" / made(database, tmp_path / "b").name
    for name, damage in DAMAGES.items():
        path = tmp_path / "c" / name / original.name
        path.parent.mkdir(parents=True)
        subprocess.run(["cp", "-a", original, path], check=True)
        damage(path)
        proof = proof_of(path)
        assert proof.status == "damaged" and proof.faults, name
        entry = folders.entry(path)
        assert entry is not None and entry.proved_at is None
    assert proof_of(original).status == "proved"


def test_what_cannot_be_dumped_leaves_nothing(database: Database, tmp_path: Path) -> None:
    fill(database)
    with database.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS nobody_much; CREATE ROLE nobody_much LOGIN")
    target = Target(name="t", conninfo=database.conninfo.replace("user=postgres", "user=nobody_much"))
    try:
        with pytest.raises(ConsoleError, match="permission denied"):
            asyncio.run(back_up(target, LogicalRequest(folder=tmp_path / "b"), quiet))
        assert [path.name for path in (tmp_path / "b").iterdir()] == [folders.LOCK]
    finally:
        with database.connect() as connection:
            connection.execute("DROP ROLE nobody_much")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "console", "backup", *words]


def test_the_commands(database: Database, tmp_path: Path) -> None:
    fill(database)
    folder = str(tmp_path / "b")
    run = [subprocess.run(command(*words), capture_output=True, text=True, timeout=120) for words in (
        ("run", "-t", database.conninfo, "--json"), ("status", "--folder", folder),
        ("run", "-t", database.conninfo, "--folder", folder, "--json"), ("verify", "--folder", folder, "--json"),
        ("status", "--folder", folder, "--json"), ("verify", "--folder", folder, "nothing"))]
    assert [done.returncode for done in run] == [3, 2, 0, 0, 0, 3], [done.stderr for done in run]
    assert "--folder" in run[0].stderr
    made, proved, status = (json.loads(run[number].stdout) for number in (2, 3, 4))
    assert made["databases"][0]["rows"] == 3502 and proved["status"] == "proved"
    assert status["newest"] == made["name"] and status["backups"][0]["verdict"] == "proved"
    audit = (tmp_path / "XDG_STATE_HOME" / "dbconsole" / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["outcome"] for line in audit] == ["begins", "made"]


def activity(database: Database) -> int:
    with database.connect() as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                                         "AND pid <> pg_backend_pid() AND backend_type = 'client backend'").fetchall()
        return int(count)


def killed_at(words: list[str], after_s: float, number: signal.Signals) -> int:
    """The process number of a command that is sent a signal so long after its beginning, and ends by it quickly."""
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after_s)  # the moment is what is tried, not what is waited for
    running.send_signal(number)
    sent = time.monotonic()
    running.wait(timeout=15)
    assert time.monotonic() - sent < 5
    return running.pid


def duration_of(words: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(words, check=True, capture_output=True)
    return time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["logical", "base"])
def test_a_run_that_is_killed_at_any_phase(database: Database, tmp_path: Path, kind: str, number: signal.Signals
                                           ) -> None:
    """A whole backup or none: of SIGKILL a folder is left that says so by its name, and goes with the next run."""
    fill(database)
    folder = tmp_path / "b"
    words = command("run", "-t", database.conninfo, "--folder", str(folder), "--kind", kind,
                    *(["--fast"] if kind == "base" else []))
    whole_s = duration_of(words)
    done = {path.name for path in folder.iterdir()}
    chance = random.Random(number)
    for tries in range(6):
        killed_at(words, whole_s * (tries + chance.random()) / 6, number)
        wait_for(lambda: activity(database) == 0)  # a pg_dump whose parent was killed ends by itself
        for path in folder.iterdir():
            if path.name in done:
                continue
            entry = folders.entry(path)
            assert entry is not None
            assert entry.state == "good" or (number == signal.SIGKILL and path.name.endswith(folders.PARTIAL)), path
            if entry.state == "good":
                done.add(path.name)
    time.sleep(1.1)  # a backup is named by its second
    subprocess.run(words, check=True, capture_output=True)
    assert not list(folder.glob("*.partial"))
    assert proof_of(max(path for path in folder.iterdir() if path.is_dir())).status == "proved"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["logical", "base"])
def test_a_verify_that_is_killed_at_any_phase(database: Database, tmp_path: Path, kind: str, number: signal.Signals
                                              ) -> None:
    """The backup is as it was, and no server and no folder is left: of SIGKILL until the next one comes."""
    fill(database)
    folder = tmp_path / "b"
    subprocess.run(command("run", "-t", database.conninfo, "--folder", str(folder), "--kind", kind,
                           *(["--fast"] if kind == "base" else [])), check=True, capture_output=True)
    words = command("verify", "--folder", str(folder))
    whole_s = duration_of(words)
    for path in folder.glob("*.verified.json"):
        path.unlink()
    before = contents(folder)
    scratch = Path(tempfile.gettempdir()) / f"dbconsole-throwaway-{os.geteuid()}"
    chance = random.Random(number)
    left: list[Path] = []
    for tries in range(6):
        pid = killed_at(words, 0.9 * whole_s * (tries + chance.random()) / 6, number)
        found = [*scratch.glob(f"{pid}-*")]
        assert number == signal.SIGKILL or not found, found
        left += found
    subprocess.run(words, check=True, capture_output=True)
    assert not [path for path in left if path.exists()]
    for path in folder.glob("*.verified.json"):
        path.unlink()
    assert contents(folder) == before


@pytest.mark.usefixtures("own_programs")
def test_a_base_backup_is_restored_and_proved(any_server: LiveServer, tmp_path: Path) -> None:
    with any_server.database() as database:
        fill(database)
        manifest = asyncio.run(back_up_base(Target(name="t", conninfo=database.conninfo),
                                            BaseRequest(folder=tmp_path / "b", fast=True), quiet))
    assert manifest.first_wal and manifest.last_wal and manifest.first_wal <= manifest.last_wal
    held = next(each for each in manifest.databases if each.name == database.name)
    assert held.tables["shop.items"].rows == 3000 and "shop.cache" not in held.tables and not held.unsettled
    path = tmp_path / "b" / manifest.name
    proof = proof_of(path)
    assert proof.status == "proved", proof
    for damage in (lambda: alter(path / "base" / "base.tar.gz"), lambda: (path / "base" / "pg_wal.tar.gz").unlink(),
                   lambda: os.truncate(path / "base" / "backup_manifest", 100)):
        damage()
        assert proof_of(path).status == "damaged"


def test_what_changes_during_a_base_backup_is_not_compared_and_the_rest_is(database: Database, tmp_path: Path) -> None:
    fill(database)

    def meddle(words: str) -> None:
        if "pg_basebackup" in words:
            with database.connect() as connection:
                connection.execute("INSERT INTO shop.items (name) SELECT 'late' FROM generate_series(1, 40)")

    manifest = asyncio.run(back_up_base(Target(name="t", conninfo=database.conninfo),
                                        BaseRequest(folder=tmp_path / "b", fast=True), meddle))
    held = next(each for each in manifest.databases if each.name == database.name)
    assert held.unsettled == ("shop.items",) and "shop.orders_1" in held.settled
    proof = proof_of(tmp_path / "b" / manifest.name)
    assert proof.status == "proved" and any("changed while" in note for note in proof.notes), proof


def test_an_incremental_backup_stands_on_its_base(servers: Servers, tmp_path: Path) -> None:
    server = servers.make("embedded", {"summarize_wal": "on"})
    target = Target(name="t", conninfo=server.conninfo())
    folder = tmp_path / "b"
    base = asyncio.run(back_up_base(target, BaseRequest(folder=folder, fast=True), quiet))
    with server.connect() as connection:
        connection.execute("CREATE TABLE added AS SELECT g FROM generate_series(1, 700) AS g")
    more = asyncio.run(back_up_base(target, BaseRequest(folder=folder, parent=folder / base.name, fast=True), quiet))
    assert more.kind == "incremental" and more.parent == base.name
    proof = proof_of(folder / more.name)
    assert proof.status == "proved" and any("1 table with 700 rows" in words for words in proof.proved), proof
    alter(folder / base.name / "base" / "base.tar.gz")
    proof = proof_of(folder / more.name)
    assert proof.status == "failed" and "stands on" in proof.faults[0], proof
    assert server.cluster is not None
    server.cluster.remove()


def test_a_recovery_to_a_time_brings_what_was_there_then(servers: Servers, tmp_path: Path) -> None:
    """Between two commits, to the microsecond; what the archive doesn't reach is an error."""
    server = servers.make("embedded", {"archive_mode": "on", "archive_command": 'cp "%p" "archived/%f"'})
    assert server.cluster is not None
    archive = server.cluster.data_dir / "archived"
    servers.as_account(archive)
    folder = tmp_path / "b"
    target = Target(name="t", conninfo=server.conninfo())
    with server.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT g FROM generate_series(1, 10) AS g")
        manifest = asyncio.run(back_up_base(target, BaseRequest(folder=folder, fast=True), quiet))
        connection.execute("INSERT INTO kept SELECT g FROM generate_series(11, 25) AS g")
        ((between,),) = connection.execute("SELECT pg_catalog.clock_timestamp()").fetchall()
        connection.execute("DELETE FROM kept WHERE g > 3")
        ((segment,),) = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchall()
        connection.execute("SELECT pg_switch_wal()")
    wait_for(lambda: (archive / segment).exists())
    words = command("restore", "--folder", str(folder), "--archive", str(archive), "--json")
    rows = {}
    for name, more in (("then", ["--to-time", between.isoformat()]), ("end", [])):
        done = subprocess.run([*words, *more], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["backup"] == manifest.name
        (rows[name],) = [table["rows"] for table in found["tables"] if table["name"] == "public.kept"]
    assert rows == {"then": 25, "end": 3}
    for when, status, complaint in (("2099-01-01T00:00:00+00:00", 2, "the archive ends before"),
                                    ("2001-01-01T00:00:00+00:00", 3, "no base backup was complete by"),
                                    ("yesterday", 3, "no time")):
        done = subprocess.run([*words, "--to-time", when], capture_output=True, text=True, timeout=120)
        assert done.returncode == status and complaint in done.stderr, done.stderr
    # No restored server has archived anything, and the span that can be recovered is said.
    there = {path.name for path in archive.iterdir()}
    assert proof_of(folder / manifest.name).status == "proved"
    assert {path.name for path in archive.iterdir()} == there and not any(name.endswith(".history") for name in there)
    settings = tmp_path / "dbconsole.toml"
    settings.write_text(f'[targets.t]\ndsn = "{server.conninfo()}"\n[targets.t.backup]\nfolder = "{folder}"\n'
                        f'archive = "{archive}"\n')
    status = command("status", "-t", "t", "--config", str(settings), "--json")
    said = json.loads(subprocess.run(status, capture_output=True, text=True, timeout=60, check=True).stdout)["server"]
    assert said["window"]["backup"] == manifest.name and said["last_archived_wal"] == segment
    (archive / segment).rename(archive / "gone")
    said = json.loads(subprocess.run(status, capture_output=True, text=True, timeout=60, check=True).stdout)["server"]
    assert said["window"]["backup"] is None and said["window"]["missing"] == [segment]
    checked = subprocess.run([sys.executable, "-m", "console", "--check", "t", "--config", str(settings), "--only",
                              "wal_gap"], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 2 and segment in checked.stdout
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchall() == [(3,)]
    server.cluster.remove()


def test_a_standby_is_backed_up_without_what_it_cannot_read(servers: Servers, tmp_path: Path) -> None:
    """Unlogged tables aren't there; everything else is proved, by both kinds."""
    primary = servers.make("embedded", {"full_page_writes": "on"})  # without, no standby lets itself be copied
    with primary.connect() as connection:
        connection.execute(FILLED)
    standby = servers.standby(primary)
    target = Target(name="t", conninfo=standby.conninfo())
    folder = tmp_path / "b"
    for manifest in (asyncio.run(back_up(target, LogicalRequest(folder=folder), quiet)),
                     asyncio.run(back_up_base(target, BaseRequest(folder=folder, fast=True), quiet))):
        assert set(manifest.databases[0].settled) == {"shop.items", "shop.orders_1", '"Odd ""one"""."T"'}
        proof = proof_of(folder / manifest.name)
        assert proof.status == "proved", proof
    for server in (standby, primary):
        assert server.cluster is not None
        server.cluster.remove()


def test_a_password_is_on_no_command_line_and_in_no_file(servers: Servers, tmp_path: Path) -> None:
    secret = "Wort-4711-geheim"
    server = servers.listening("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
                               "host replication all 127.0.0.1/32 scram-sha-256\n")
    with server.connect() as connection:
        connection.execute(f"CREATE ROLE saver SUPERUSER LOGIN PASSWORD '{secret}'")  # type: ignore[arg-type]
        connection.execute("CREATE TABLE t AS SELECT g FROM generate_series(1, 1000) AS g")
    target = Target(name="t", conninfo=server.tcp(user="saver", password=secret))
    lines: set[bytes] = set()

    def look(words: str) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                lines.add(path.read_bytes())

    for work in (back_up(target, LogicalRequest(folder=tmp_path / "b"), look),
                 back_up_base(target, BaseRequest(folder=tmp_path / "b", fast=True), look)):
        asyncio.run(work)  # type: ignore[arg-type]
    assert any(b"pg_dump\0" in line for line in lines) and not any(secret.encode() in line for line in lines)
    assert not any(secret.encode() in path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file())
    assert server.cluster is not None
    server.cluster.remove()


def test_a_tablespace_is_restored_beside_the_target_s_own(servers: Servers, tmp_path: Path) -> None:
    """Recovery would make the link to the target's folder anew, on the machine where the target may run."""
    server = servers.make("embedded")
    assert server.cluster is not None
    place = server.cluster.data_dir.with_name("space")
    servers.as_account(place)
    with server.connect() as connection:
        connection.execute(f"CREATE TABLESPACE apart LOCATION '{place}'")  # type: ignore[arg-type]
        connection.execute("CREATE TABLE t TABLESPACE apart AS SELECT g FROM generate_series(1, 5000) AS g")
        connection.execute("CHECKPOINT")
    folder = tmp_path / "b"
    target = Target(name="t", conninfo=server.conninfo())
    manifest = asyncio.run(back_up_base(target, BaseRequest(folder=folder, fast=True), quiet))
    before = contents(place)
    proof = proof_of(folder / manifest.name)
    assert proof.status == "proved" and any("1 table with 5 000 rows" in words for words in proof.proved), proof
    logical = asyncio.run(back_up(target, LogicalRequest(folder=folder), quiet))
    assert proof_of(folder / logical.name).status == "proved"
    assert contents(place) == before
    server.cluster.remove()


def test_a_service_is_backed_up_with_those_that_it_depends_on(database: Database, tmp_path: Path) -> None:
    """Without them nobody could restore it: its tables refer to theirs. What it doesn't need stays out."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA ground; CREATE TABLE ground.people (id int PRIMARY KEY); "
                           "INSERT INTO ground.people VALUES (1); CREATE SCHEMA app; CREATE SCHEMA other; "
                           "CREATE TABLE other.t (); CREATE TABLE app.notes (person int REFERENCES ground.people); "
                           "INSERT INTO app.notes VALUES (1)")
    settings, folder = tmp_path / "dbconsole.toml", tmp_path / "b"
    settings.write_text("".join(
        f"[services.{name}]\nschemas = ['{name}']\ndepends_on = {needs}\n"
        for name, needs in (("ground", []), ("app", ["ground"]), ("other", []))))
    run = ["run", "-t", database.conninfo, "--config", str(settings), "--folder", str(folder), "--service"]
    done = subprocess.run(command(*run, "app", "--json"), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "with ground, on which app depends" in done.stderr, done.stderr
    (made_of,) = json.loads(done.stdout)["databases"]
    assert sorted(made_of["schemas"]) == ["app", "ground"] and made_of["tables"] == 2
    done = subprocess.run(command("verify", "--folder", str(folder)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    alone = ["run", "-t", database.conninfo, "--folder", str(tmp_path / "c"), "--schema", "app"]
    subprocess.run(command(*alone), check=True, capture_output=True)
    done = subprocess.run(command("verify", "--folder", str(tmp_path / "c")), capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 1 and 'schema "ground" does not exist' in done.stdout
    assert subprocess.run(command(*run, "nobody"), capture_output=True).returncode == 3
