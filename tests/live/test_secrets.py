"""Marked secrets, planted wherever dbconsole gets some, are in nothing that it writes: with all its commands, whatever
goes wrong, also in its own code."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from console.local_postgres.cluster import free_port
from console.recorder.recording import Recording
from tests.live.test_vectors_recall import fill
from tests.support.pgbouncer import PgBouncers
from tests.support.servers import Database, LiveServer, Servers
from tests.support.terminal import Terminal, default_signals, terminal

ROOT = Path(__file__).parents[2]
CONSOLE = [sys.executable, "-m", "console"]
MARK = b"hush7x"
"""Begins every secret, so that a part of one is found as well."""

NAMES = ("dsn", "uri", "passfile", "command", "environment", "wrong", "typed", "rotated", "sslkey", "application",
         "statement", "key", "pooler", "otlp", "complaint", "migration", "setting")
SECRETS = {name: f"hush7x{name}" for name in NAMES} | {"uri": "hush7x'uri @/: é", "dsn": r"hush7x'dsn\ %41"}

HBA = """\
local all all              trust
host  all all 127.0.0.1/32 scram-sha-256
"""


class Stranger(BaseHTTPRequestHandler):
    """An embedder that repeats the key or sends it elsewhere, and a collector for OTLP; keeps what it gets."""

    bodies: list[bytes]
    headers_elsewhere: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/v1/"):
            self.bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            status, words = 200, b""
        elif self.path.startswith("/away"):
            status, words = 307, b""
        elif self.path.startswith("/elsewhere"):
            self.headers_elsewhere.append(str(self.headers))
            status, words = 200, b"{}"
        else:
            status, words = 401, f"no such key: {self.headers['Authorization']}".encode()
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "/elsewhere/embeddings")
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


class ProcessList(threading.Thread):
    """Looks at the command lines of all processes again and again, as another user of the machine could.

    `found` are those that hold a secret, but for the first moment of a program that was given it in its arguments.
    """

    STARTING_S = 2.0

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.found: set[bytes] = set()
        self.over = threading.Event()
        self._since: dict[int, float] = {}

    def run(self) -> None:
        while not self.over.wait(0.02):
            for folder in Path("/proc").iterdir():
                if not folder.name.isdecimal():
                    continue
                with suppress(OSError):
                    line = (folder / "cmdline").read_bytes()
                    if MARK in line and (b"-m\0console" not in line or self._is_old(int(folder.name))):
                        self.found.add(line)

    def _is_old(self, pid: int) -> bool:
        return time.monotonic() - self._since.setdefault(pid, time.monotonic()) > self.STARTING_S


class World:
    """A person's folders, environment and configuration with a secret in every place, and what was written there."""

    def __init__(self, folder: Path, database: Database, port: int, pooler: str, stranger: str) -> None:
        self.folder, self.database, self.port = folder, database, port
        self.output = bytearray()
        (folder / "bin").mkdir()
        (folder / "pgpass").write_text(f"127.0.0.1:{port}:*:passfile:{SECRETS['passfile']}\n")
        (folder / "pgpass").chmod(0o600)
        (folder / "password").write_text(SECRETS["command"] + "\n")
        (folder / "sslkey").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nno key\n")
        (folder / "sslkey").chmod(0o600)
        migrations = folder / "crm"
        migrations.mkdir()
        secret = SECRETS["migration"]
        (migrations / "0001_role.up.sql").write_text(
            f"CREATE ROLE nobody_{port} PASSWORD '{secret}' IN ROLE \"postgresql://a:{secret}@b\";\n")
        (migrations / "0001_role.down.sql").write_text(f"DROP ROLE nobody_{port};\n")
        (folder / "complaint").write_text(f"postgresql://x:{SECRETS['complaint']}@y/z\n")
        self.dump = f"sh -c 'env > {folder}/env-{{}}; env >&2; cat {folder}/complaint >&2; exit 1'".format
        self.config = folder / "config.toml"
        self.config.write_text(f"""
default_target = "dsn"
[targets.dsn]
dsn = {json.dumps(self.conninfo("dsn"))}
environment = "development"
pgbouncer = "{pooler}"
[targets.uri]
dsn = {json.dumps(self.uri())}
environment = "development"
[targets.passfile]
dsn = "{self.conninfo("passfile", password=None)}"
[targets.command]
dsn = "{self.conninfo("command", password=None)}"
password_command = "cat {folder}/password"
[targets.failing]
dsn = "{self.conninfo("command", password=None)}"
password_command = {json.dumps(self.dump("password"))}
[targets.environment]
dsn = "{self.conninfo("environment", password=None)}"
[targets.wrong]
dsn = {json.dumps(self.conninfo("dsn", password="wrong"))}
[targets.gone]
dsn = {json.dumps(self.conninfo("dsn").replace(f"port={port}", "port=1"))}
[targets.sslkey]
dsn = "{self.conninfo("environment", password=None)} sslmode=require sslkey={folder}/sslkey sslcert={folder}/sslkey \
sslpassword={SECRETS["sslkey"]}"
[embedders.refusing]
url = "{stranger}/refusing"
model = "m"
key_env = "EMBEDDER_KEY"
[embedders.redirecting]
url = "{stranger}/away"
model = "m"
key_env = "EMBEDDER_KEY"
[embedders.failing]
command = {json.dumps(self.dump("embedder"))}
[alerts]
command = {json.dumps(self.dump("alert"))}
[checks.connections]
warning = "0%"
[services.crm]
schemas = ["crm"]
migrations = "crm"
[services.other]
schemas = ["other"]
framework = "ecto"
up = {json.dumps(self.dump("up"))}
[otel]
interval = 1
""")
        self.config.chmod(0o600)
        others = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "OTEL"))}
        self.environment = others | {
            "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "xdg"), "XDG_STATE_HOME": str(folder / "state"),
            "DBCONSOLE_CONFIG": str(self.config), "PGPASSFILE": str(folder / "pgpass"),
            "PGPASSWORD": SECRETS["environment"], "EMBEDDER_KEY": SECRETS["key"], "LC_ALL": "C.UTF-8",
            "OTEL_EXPORTER_OTLP_ENDPOINT": stranger, "OTEL_EXPORTER_OTLP_HEADERS": f"x-key={SECRETS['otlp']}",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}

    def conninfo(self, user: str, password: str | None = "") -> str:
        """`password`: the name of another secret than the user's, or None."""
        words = f"host=127.0.0.1 port={self.port} user={user} dbname={self.database.name}"
        if password is None:
            return words
        escaped = SECRETS[password or user].replace("\\", "\\\\").replace("'", "\\'")
        return f"{words} password='{escaped}'"

    def uri(self) -> str:
        return f"postgresql://uri:{quote(SECRETS['uri'], safe='')}@127.0.0.1:{self.port}/{self.database.name}"

    def run(self, *words: str, status: int | None = None, program: list[str] = CONSOLE, is_kept: bool = True,
            environment: Mapping[str, str] = {}) -> str:
        """What a command wrote, which is kept to be looked through."""
        done = subprocess.run([*program, *words], cwd=ROOT, env=self.environment | dict(environment),
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=60, preexec_fn=default_signals)
        self.output += (done.stdout + done.stderr) * is_kept
        text = (done.stdout + done.stderr).decode()
        assert status is None or done.returncode == status, text
        return text

    @contextmanager
    def console(self, *words: str, program: list[str] = CONSOLE, **environment: str) -> Iterator[Terminal]:
        gone = {name: "" for name in os.environ if name.startswith("OTEL")}
        with terminal([*program, *words], environment=gone | self.environment | environment, cwd=ROOT) as screen:
            try:
                yield screen
            finally:
                screen.idle(0.2)
                self.output += screen.written

    def written(self) -> Mapping[str, bytes]:
        """What every program wrote: to its outputs and terminals, and to files, recordings inflated."""
        found = {"output": bytes(self.output)}
        for path in (*(self.folder / "state").rglob("*"), *self.folder.glob("*.rec")):
            if path.suffix == ".rec":
                with Recording(path) as recording:
                    found[str(path)] = b"".join(recording._inflate(number) for number in range(len(recording)))
            elif path.is_file():
                found[str(path)] = path.read_bytes()
        return found

    def children(self) -> Mapping[str, Mapping[str, str]]:
        """The environments of the programs that dbconsole started."""
        return {path.name: dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
                for path in self.folder.glob("env-*")}


def leaks(written: Mapping[str, bytes]) -> list[str]:
    return [f"{name}: ...{match[0].decode(errors='replace')}..." for name, data in written.items()
            for match in re.finditer(rb".{0,60}" + MARK + rb".{0,30}", data, re.DOTALL)]


@pytest.fixture(scope="module")
def guarded(servers: Servers) -> Iterator[LiveServer]:
    """A server that wants passwords over TCP, with a role for each way of giving one, all of them superusers."""
    found = servers.make("embedded", {"listen_addresses": "127.0.0.1", "port": str(free_port())})
    assert found.cluster is not None
    with found.connect() as connection:
        for role in ("dsn", "uri", "passfile", "command", "environment"):
            set_password(connection, role, SECRETS[role], "CREATE")
        connection.execute(sql.SQL("ALTER SYSTEM SET primary_conninfo = {}").format(
            sql.Literal(f"host=h password={SECRETS['setting']}")))
        (found.cluster.data_dir / "pg_hba.conf").write_text(HBA)
        connection.execute("SELECT pg_reload_conf()")
    yield found
    found.cluster.remove()


def set_password(connection: psycopg.Connection[object], role: str, password: str, verb: str = "ALTER") -> None:
    connection.execute(sql.SQL(f"{verb} ROLE {{}} LOGIN SUPERUSER PASSWORD {{}}").format(
        sql.Identifier(role), sql.Literal(password)))


@pytest.fixture
def stranger() -> Iterator[type[Stranger]]:
    kind = type("Handler", (Stranger,), {"bodies": [], "headers_elsewhere": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    kind.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kind
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def pooler(servers: Servers, guarded: LiveServer) -> Iterator[str]:
    """The console of a PgBouncer that wants a password."""
    made = PgBouncers(servers)
    found = made.make(guarded)
    with (found.folder / "users.txt").open("a") as users:
        users.write(f'"asking" "{SECRETS["pooler"]}"\n')
    ini = found.folder / "pgbouncer.ini"
    ini.write_text(re.sub("(?m)^auth_type = .*$", "auth_type = plain", ini.read_text()) + "stats_users = asking\n")
    found.command("RELOAD")
    yield f"host={found.host} port={found.port} user=asking password={SECRETS['pooler']} dbname=pgbouncer"
    made.stop()


@pytest.fixture
def world(guarded: LiveServer, pooler: str, stranger: type[Stranger], tmp_path: Path) -> Iterator[World]:
    status = guarded.cluster and guarded.cluster.status()
    assert status
    with guarded.database(guarded.template("recall", fill)) as database:
        found = World(tmp_path, database, status.port, pooler, stranger.url)  # type: ignore[attr-defined]
        # another program's session, with a connection string for its name, that waits for a lock
        with database.connect(application_name=f"postgresql://app:{SECRETS['application']}@h/d") as connection:
            connection.execute("CREATE TABLE held (id int); BEGIN; LOCK held")
            yield found


def commands(world: World) -> None:
    """Runs every command that has anything to do with a secret, well and not."""
    for target in ("dsn", "uri", "passfile", "command", "environment"):
        without = {"PGPASSWORD": ""} if target == "passfile" else {}  # the variable goes before the file
        assert "connection" in world.run("--check", target, "--only", "connection", status=0, environment=without)
    world.run("--check", world.uri(), status=2)  # fsync is off
    for form in ("text", "json", "prometheus"):
        world.run("--check", "dsn", "wrong", "gone", "failing", "sslkey", "--format", form, status=2)
    bare = SECRETS["uri"].replace(" ", "")
    for uri in (f"postgresql://a:{bare}@127.0.0.1:1/d", f"postgresql://a:{SECRETS['wrong']}/@h/d",
                f"postgresql://a:1/{SECRETS['wrong']}@h/d", f"host=h password='{SECRETS['wrong']}",
                f"dbname=postgresql://a:{SECRETS['wrong']}@127.0.0.1:1/d host=127.0.0.1 port=1"):
        world.run("--check", uri)
    world.run("migrate", "status", "-t", uri)
    world.run("--no-such-option", world.uri(), status=3)
    record = ["record", str(world.folder / "one.rec"), "-t", "dsn", "--every", "0.5s", "--for", "4s"]
    world.run(*record, status=0)
    search = ["search", "-t", "dsn", "--column", "public.items.v", "--text", "x"]
    for embedder in ("refusing", "redirecting", "failing"):
        assert f"embedder {embedder}" in world.run(*search, "--embedder", embedder, status=2)
    world.run("explain", "-t", "dsn", f"SELECT 'x' = {SECRETS['wrong'][:4]}", status=2)
    # What acts on a target that is read-only is in the audit log. The plan repeats what was asked.
    world.run("explain", "-t", "command", "--json", "--analyze", "--yes",
              f"SELECT pg_reload_conf(), 'postgresql://a:{SECRETS['statement']}@b'", status=0, is_kept=False)
    world.run("migrate", "status", "--json", "-t", "dsn")
    world.run("migrate", "up", "--yes", "-t", "dsn", "--service", "crm")
    world.run("migrate", "up", "--yes", "-t", "dsn", "--service", "other")
    world.run("config", "trust", str(world.config), "--yes", status=0)
    (world.folder / "bad.toml").write_text(f'[targets.a]\ndsn = ["{world.uri()}"]\n[targets.b]\npassword = "hush7xb"\n')
    world.run("--check", "--config", str(world.folder / "bad.toml"), status=3)


def listens(world: World) -> None:
    port = free_port()
    process = subprocess.Popen([*CONSOLE, "--check", "dsn", "gone", "--listen", str(port)], cwd=ROOT,
                               env=world.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, preexec_fn=default_signals)
    try:
        for _ in range(100):
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                world.output += answer.read()
                break
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGTERM)
        world.output += process.communicate(timeout=20)[0]
    assert b"dbconsole_" in world.output


def looks_at_all_screens(world: World) -> None:
    """The console on a target whose password is changed while it is open; a typed statement with a password."""
    with world.console(world.uri()) as screen:
        screen.wait(" well", 60)
        cmdline = Path(f"/proc/{screen.pid}/cmdline").read_bytes()
        assert b"postgresql://uri:***@" in cmdline
        for number in "2345671":
            screen.send(number)
            screen.still()
        screen.send("q")
        assert screen.wait_end() == 0
    with world.console("dsn") as screen:
        screen.wait(" well", 60)
        for number in "457":
            screen.send(number)
            screen.still()
        screen.send("1")
        with world.database.server.connect() as connection:
            set_password(connection, "dsn", SECRETS["rotated"])
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dsn'")
        try:
            screen.wait("Password for", 60)
            screen.send(f"{SECRETS['wrong']}\r")
            screen.wait("Password for", gone=True)
            screen.wait("Password for", 30)
            screen.send(f"{SECRETS['rotated']}\r")
            screen.wait("live", 30)
        finally:
            with world.database.server.connect() as connection:
                set_password(connection, "dsn", SECRETS["dsn"])
        screen.send("q")
        assert screen.wait_end() == 0


def asks_on_query(world: World) -> None:
    """Statements with passwords: what a person types is on the screen, and in no file."""
    before = len(world.output)
    with world.console("dsn") as screen:
        screen.wait(" well", 60)
        screen.send("8")
        screen.wait("SQL; ")
        for statement in (f"CREATE ROLE q PASSWORD '{SECRETS['statement']}' IN ROLE nobody", "SELECT 41 + 1 AS answer",
                          f"SELECT '{SECRETS['dsn'][:10]}', $$postgresql://u:{SECRETS['statement']}@h/d$$"):
            screen.send(f"{statement};")
            screen.still()
            screen.send("\x1b[20~")  # F9
            screen.still(0.6)
            screen.send("\x15")  # ^u: the line is empty again
            screen.wait("SQL; ")
        screen.send("\x1b")
        screen.still()
        screen.send("q")
        screen.idle(1)
        screen.send("y")
        assert screen.wait_end() == 0
    del world.output[before:]


def test_no_secret_is_in_anything_that_is_written(world: World, stranger: type[Stranger]) -> None:
    processes = ProcessList()
    processes.start()
    commands(world)
    listens(world)
    looks_at_all_screens(world)
    asks_on_query(world)
    processes.over.set()
    processes.join()
    written = world.written()
    assert {Path(name).name for name in written} >= {"output", "one.rec", "audit.jsonl"}, sorted(written)
    assert any("history" in name and b"41 + 1" in data for name, data in written.items())
    assert leaks(written) == []
    assert stranger.bodies and leaks({"telemetry": b"".join(stranger.bodies)}) == []
    assert stranger.headers_elsewhere == [], "a redirect was followed"
    assert processes.found == set()
    children = world.children()
    assert children.keys() >= {"env-password", "env-embedder", "env-alert", "env-up"}
    for name, environment in children.items():
        given = {key for key, value in environment.items()
                 if MARK.decode() in value and value != world.environment.get(key)}
        assert given <= ({"DATABASE_URL", "PGPASSWORD"} if name == "env-up" else set()), name


CRASHING = """
import os, sys
stage = sys.argv.pop(1)

def crash(*told):
    words = " ".join(map(str, (*told, os.environ["PGPASSWORD"])))
    error = RuntimeError(words)
    error.add_note(words)
    try:
        raise ValueError(words)
    except ValueError as cause:
        raise error from cause

match stage:
    case "configuration":
        from console import config
        config.parse = lambda data, path: crash(data)
    case "connecting":
        import psycopg
        async def connect(cls, conninfo, **options): crash(conninfo, options)
        psycopg.AsyncConnection.connect = classmethod(connect)
    case "first sample":
        from console.server.session import PgSession
        async def refresh(self, *reads, **options): crash(self.target.conninfo, self.connection.info.password)
        PgSession.refresh = refresh
    case "drawing":
        from console.ui.widgets.header import Header
        from console.ui.widgets.painting import console_app
        drawn = Header.lines
        def lines(self, width, height):
            target = console_app(self).connection.target
            return drawn(self, width, height) if target is None else crash(target.conninfo)
        Header.lines = lines
    case "leaving":
        from console.server.pool import Pool
        async def close(self): crash(self.target.conninfo)
        Pool.close = close
from console.__main__ import main
main()
"""


@pytest.mark.parametrize(("stage", "commands"), [
    ("configuration", ["--check"]), ("connecting", ["--check", "record", "console"]),
    ("first sample", ["--check", "record", "console"]), ("drawing", ["console"]), ("leaving", ["record", "console"])])
def test_no_secret_is_in_what_is_left_of_a_crash(world: World, stage: str, commands: list[str]) -> None:
    program = [sys.executable, "-c", CRASHING, stage]
    for target in ("dsn", "command"):
        if "--check" in commands:
            world.run("--check", "--json", target, program=program)
        if "record" in commands:
            world.run("record", str(world.folder / f"{target}.rec"), "-t", target, "--for", "2s", program=program)
        if "console" in commands:
            with world.console(target, program=program) as screen:
                screen.idle(3)
                with suppress(OSError):
                    screen.send("q")
                screen.wait_end(20)
    written = world.written()
    assert any(name.endswith("dbconsole.log") and b"Traceback" in data and b"RuntimeError" in data
               for name, data in written.items()), sorted(written)
    assert leaks(written) == []
