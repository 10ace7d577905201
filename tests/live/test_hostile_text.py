"""Text of strangers, from every source to every sink: nothing that acts on a terminal comes out that isn't ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

import console
from console.text.sanitiser import harmful
from tests.support.servers import Database, LiveServer
from tests.support.terminal import Terminal, terminal

ROOT = Path(console.__file__).parent.parent

SEQUENCE = "\x1b]0;PWNED\x07\x1b[31;5;7m\x9b2J\x90q\x9c"
"""A title, a colour, and C1 forms of clearing the screen and of a device control string."""

HIDDEN = "\u202e\u2066\u061c\u200b\u2060\ufeff\u00ad\U000e0041"
WORDS = f"odd{SEQUENCE}{HIDDEN}\r\nnext\u2028line\u0085"
NAME = "n\x1b]0;P\x07\x9b2J\u202e\u200b\ufeff\n\u2028x"
"""A name: PostgreSQL takes 63 bytes of whatever isn't NUL."""

OURS = re.compile(r"\x1b\[[0-9;]*m|\r\x1b\[K|\r\n")
"""What commands write on a terminal: colours, a line that is rewritten, and the terminal's own line ends."""

SCREEN = re.compile(
    r"\x1b\[[0-9;:?<>=$]*[A-Za-z~]|\x1b[()][0-9A-Z]|\x1b[=>78]|\x1b[P_][^\x1b]*\x1b\\"
    r"|\x1b\]52;c;[A-Za-z0-9+/=]*(?:\x07|\x1b\\)|\x1b\]22;[a-z-]*\x07|\x18")
"""What Textual writes: moves, colours, modes, questions and the pointer's shape."""

PLANTED = ("\x1b]0;", "\x1b[31;5;7m", "\x1b[2J\x1b[H]0;")


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def name(text: str = NAME) -> str:
    return '"' + text.replace('"', '""') + '"'


def stray(data: bytes, ours: re.Pattern[str]) -> list[str]:
    """The harmful characters in `data` that are none of ours, each with what stands around it."""
    text = ours.sub("", data.decode())
    return [text[max(0, found.start() - 30):found.end() + 30] for found in harmful().finditer(text)
            if found[0] not in "\n\u00a0"]


pytestmark = pytest.mark.usefixtures("own_files")


@pytest.fixture
def hostile(server: LiveServer) -> Iterator[Database]:
    """A database in which every name, comment, value, notice, message and statement is a stranger's."""
    with server.database() as database, database.connect() as connection:
        run = lambda text: connection.execute(text.encode())  # noqa: E731
        run("CREATE EXTENSION IF NOT EXISTS vector")
        run(f"CREATE SCHEMA {name()}; COMMENT ON SCHEMA {name()} IS {literal(WORDS)}")
        table = f"{name()}.{name()}"
        run(f"CREATE TABLE {table} (id int PRIMARY KEY, {name()} text DEFAULT {literal(WORDS)}, v vector(3))")
        run(f"COMMENT ON TABLE {table} IS {literal(WORDS)}")
        run(f"COMMENT ON COLUMN {table}.{name()} IS {literal(WORDS)}")
        run(f"INSERT INTO {table} SELECT n, {literal(WORDS)}, ARRAY[n, 1, 2]::vector FROM generate_series(1, 60) n")
        run(f"CREATE INDEX {name('i' + NAME)} ON {table} USING hnsw (v vector_cosine_ops)")
        run(f"CREATE INDEX {name('d' + NAME)} ON {table} (id)")
        run(f"CREATE VIEW {name()}.{name('v' + NAME)} AS SELECT {literal(WORDS)} AS {name()}")
        run(f"CREATE TYPE {name()}.{name('e' + NAME)} AS ENUM ({literal('l' + NAME)})")
        run(f"CREATE SEQUENCE {name()}.{name('s' + NAME)}")
        body = literal("SELECT " + literal(WORDS))
        run(f"CREATE FUNCTION {name()}.{name('f' + NAME)}() RETURNS text LANGUAGE sql AS {body}")
        run(f"ALTER TABLE {table} ADD CONSTRAINT {name('c' + NAME)} CHECK ({name()} <> {literal(WORDS)} OR true)")
        run(f"ANALYZE {table}")
        yield database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service whose files have odd names, statements, notices and messages."""
    inside = tmp_path / "shop"
    inside.mkdir()
    odd = "\x1b]0;P\x07\x9b2J\u202e\u200b"
    notice = f"DO $$ BEGIN RAISE NOTICE {literal('%')}, {literal(WORDS)}; END $$;"
    files = {
        f"0001_a{odd}.up": f"{notice}\nCREATE TABLE a ({name()} text DEFAULT {literal(WORDS)}); -- {SEQUENCE}\n",
        f"0001_a{odd}.down": "DROP TABLE a;\n",
        "0002_b.up": f"CREATE INDEX {name()} ON a ({name()});\n",
        "0002_b.down": f"DROP INDEX {name()};\n",
        "0003_c.up": f"-- dbconsole: irreversible: {SEQUENCE}{HIDDEN}\nALTER TABLE a ADD {name('z' + NAME)} int;\n",
        f"note{odd}": "",
    }
    (inside / "service.toml").write_text('name = "shop"\nignore = ["note*"]\n')
    for file, text in files.items():
        (inside / f"{file}.sql").write_text(text, "utf-8", newline="\n")
    (inside / "seed").mkdir()
    (inside / "seed" / f"1{odd}.sql").write_text(notice, "utf-8")
    return inside


def run(*arguments: str) -> tuple[int, bytes, bytes]:
    """A command by pipes."""
    done = subprocess.run([sys.executable, "-m", "console", *arguments], capture_output=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, timeout=250)
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def shown(*arguments: str) -> bytes:
    """What a command writes on a terminal, stdout and stderr."""
    with terminal([sys.executable, "-m", "console", *arguments], 100, 40, cwd=ROOT) as screen:
        screen.wait_end(250)
        return bytes(screen.written)


def check(*arguments: str, statuses: tuple[int, ...] = (0, 1)) -> str:
    """Runs the command by pipes and on a terminal; what it wrote on stdout by pipes."""
    status, out, err = run(*arguments)
    assert status in statuses, (arguments, status, err.decode())
    for data in (out, err):
        assert not stray(data, re.compile(r"\r\n")), arguments
    assert not stray(shown(*arguments), OURS), arguments
    return out.decode()


def strings(document: Any) -> Iterator[str]:
    """All texts in a document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)


@pytest.mark.parametrize("command", ["status", "plan", "lint", "verify", "drift"])
def test_what_is_read_of_migrations(command: str, hostile: Database, folder: Path) -> None:
    where = ("migrate", command, "-t", hostile.conninfo, "--migrations", str(folder))
    check(*where)
    if command != "verify":
        document = json.loads(check(*where, "--json"))
        assert "\x1b" in "".join(strings(document)) or command == "drift", "a program gets the true text"


def test_what_migrations_say_while_they_run(hostile: Database, folder: Path) -> None:
    where = ("-t", hostile.conninfo, "--migrations", str(folder))
    check("migrate", "up", *where, "--dry-run")
    _, _, err = run("migrate", "up", *where)
    assert not stray(err, re.compile(r"\r\n")), "what it would do, told where nobody can agree"
    with terminal([sys.executable, "-m", "console", "migrate", "up", *where], 100, 40, cwd=ROOT) as screen:
        screen.wait("to go on:", 60)
        screen.send("no\r")
        screen.wait_end(60)
        assert not stray(bytes(screen.written), OURS)
    _, _, err = run("migrate", "up", *where, "--yes")
    assert not stray(err, re.compile(r"\r\n")) and b"PWNED" in err, "the notice is told, harmless"
    check("migrate", "seed", *where, "--dry-run")
    assert not stray(shown("migrate", "seed", *where, "--yes"), OURS)
    assert not stray(shown("migrate", "down", *where, "--to", "0002", "--yes"), OURS)
    with hostile.connect() as connection:
        connection.execute("UPDATE dbconsole.migration SET raw_checksum_up = 'x', checksum_up = 'x'")
    check("migrate", "repair", "accept-checksum", *where, "--dry-run")
    assert not stray(shown("migrate", "repair", "accept-checksum", *where, "--yes"), OURS)
    failing = f"DO $$ BEGIN RAISE EXCEPTION {literal('%')}, {literal(WORDS)}; END $$;"
    (folder / "0004_d.up.sql").write_text(failing, "utf-8")
    check("migrate", "up", *where, "--yes", statuses=(2,))
    check("migrate", "new", *where[2:], "a word", "--dry-run", statuses=(0, 3))


def test_migrations_on_a_terminal_from_the_first_to_the_last(hostile: Database, folder: Path) -> None:
    data = shown("migrate", "up", "-t", hostile.conninfo, "--migrations", str(folder), "--yes")
    assert not stray(data, OURS) and b"PWNED" in data


@pytest.mark.parametrize("form", ["text", "json", "nagios", "prometheus"])
def test_checks(form: str, hostile: Database) -> None:
    check("--check", hostile.conninfo, "--format", form, statuses=(0, 1, 2, 3))


def test_searches_and_what_they_recall(hostile: Database) -> None:
    where = ("-t", hostile.conninfo, "--column", f"{name()}.{name()}.v")
    out = check("search", *where, "--vector", "[1,1,2]", "--k", "2")
    assert "oddPWNED" not in out and "PWNED" in out
    found = json.loads(check("search", *where, "--like-id", "1", "--k", "2", "--json"))
    assert found["rows"][0]["row"][NAME] == WORDS, "a program gets the true text"
    check("search", *where, "--vector", f"[{SEQUENCE}]", statuses=(2, 3))
    check("search", *where, "--vector", "[1,1,2]", "--where", f"{name()} = {literal(WORDS)}")
    check("search", *where, "--vector", "[1,1,2]", "--where", f"nosuch{SEQUENCE}", statuses=(2, 3))
    check("recall", *where, "--queries", "5", "--k", "3")
    check("recall", *where, "--queries", "5", "--k", "3", "--json")


def test_plans(hostile: Database, tmp_path: Path) -> None:
    statement = f"SELECT {name()} FROM {name()}.{name()} WHERE {name()} <> {literal(WORDS)} ORDER BY 1"
    check("explain", statement, "-t", hostile.conninfo, "--analyze")
    document = json.loads(check("explain", statement, "-t", hostile.conninfo, "--json"))
    assert NAME in "".join(strings(document)), "a program gets the true text"
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([document["plan"]] if isinstance(document["plan"], dict) else document["plan"],
                               ensure_ascii=False), "utf-8")
    check("explain", "--file", str(plan), "--compare", str(plan))
    check("explain", f"SELECT nosuch{SEQUENCE}", "-t", hostile.conninfo, statuses=(2,))
    check("explain", f"SELECT * FROM {name('nosuch' + NAME)}", "-t", hostile.conninfo, statuses=(2,))


def test_vectors_and_files_of_them(hostile: Database, tmp_path: Path) -> None:
    where = ("-t", hostile.conninfo, "--column", f"{name()}.{name()}.v")
    check("vectors", "health", *where)
    assert NAME in "".join(strings(json.loads(check("vectors", "health", *where, "--json")))), "the true text"
    stored = tmp_path / f"v{SEQUENCE.replace('/', '')}.csv"
    check("vectors", "store", *where, str(stored), "--columns", f"id,{NAME}")
    assert SEQUENCE + HIDDEN in stored.read_text("utf-8"), "a program gets the true text"
    check("vectors", "load", *where, str(stored), "--yes", statuses=(2, 3))  # every key is there
    check("vectors", "load", *where, str(stored), "--on-conflict", "skip", "--yes")
    for line in (f'1,"{SEQUENCE}"', f'{SEQUENCE},"[1,2,3]"', f'{HIDDEN}'):
        stored.write_text(f"id,v\n{line}\n", "utf-8")
        check("vectors", "load", *where, str(stored), "--yes", statuses=(2, 3))
        check("vectors", "load", *where, str(stored), "--yes", "--skip-bad", statuses=(0, 2, 3))
    stored.write_text(f"id,{NAME!r}{SEQUENCE},v\n1,2,3\n", "utf-8")
    check("vectors", "load", *where, str(stored), "--yes", statuses=(2, 3))


def test_advice_about_searches(hostile: Database) -> None:
    """The statement with its fixes comes back, and the index by its name."""
    table = f"{name()}.{name()}"
    for text in (f"SELECT {name()} FROM {table} WHERE {name()} <> {literal(WORDS)} ORDER BY v <=> '[1,2,3]' LIMIT 50",
                 f"SELECT {name()} FROM {table} ORDER BY v <-> '[1,2,3]' LIMIT 5",
                 f"WITH {name('w' + NAME)} AS MATERIALIZED (SELECT * FROM {table}) SELECT id FROM {name('w' + NAME)} "
                 "ORDER BY v <=> '[1,2,3]' LIMIT 5"):
        check("explain", text, "-t", hostile.conninfo, "--analyze")
        check("explain", text, "-t", hostile.conninfo, "--analyze", "--try-indexes", "--json", "--yes")


def test_commands_that_look_at_all_of_a_server(hostile: Database, tmp_path: Path) -> None:
    check("advisories", "-t", hostile.conninfo)
    with psycopg.connect(hostile.conninfo, autocommit=True) as busy:
        busy.execute(sql.SQL("SET application_name = {}; BEGIN; SELECT {}").format(
            sql.Literal("a" + SEQUENCE), sql.Literal(WORDS)))
        check("diagnose", "-t", hostile.conninfo, "--over", "2s", statuses=(0, 1))
        check("diagnose", "-t", hostile.conninfo, "--over", "2s", "--format", "markdown", statuses=(0, 1))
    assert not stray(shown("ddl", "-t", hostile.conninfo), OURS), "by a pipe it is the script, as it has to be"
    config = tmp_path / "config.toml"
    config.write_text(f"[targets.a]\ndsn = {json.dumps(hostile.conninfo)}\nstandbys = [{json.dumps('s' + NAME)}]\n")
    assert "CRITICAL" in check("--check", "a", "--config", str(config), "--only", "standbys", statuses=(2,))


def test_mistakes_in_the_configuration_and_on_the_command_line(tmp_path: Path) -> None:
    config = tmp_path / "odd\x1b]0;P\x07\u202e.toml"
    key = SEQUENCE.encode("unicode_escape").decode()
    for text in (f'"k{key}" = 1', 'default_target = "n\\u001b]0;P\\u0007\\u202e"',
                 '[targets."n\\u001b]0;P\\u0007"]\ndsn = "host=x"', f"nonsense {HIDDEN}"):
        config.write_text(text.replace("\\x", "\\u00"), "utf-8")
        check("--check", "--config", str(config), statuses=(3,))
    check("--check", f"nosuch{SEQUENCE}", statuses=(3,))
    check(f"--nosuch{SEQUENCE}", statuses=(3,))
    check("migrate", f"nosuch{SEQUENCE}", statuses=(3,))
    check("explain", "--file", f"/nosuch{SEQUENCE}", statuses=(3,))
    check("--check", f"postgresql://u@127.0.0.1:1/db{SEQUENCE.encode().hex()}", statuses=(2,))


F = {2: "\x1bOQ", 3: "\x1bOR", 4: "\x1bOS", 5: "\x1b[15~", 6: "\x1b[17~", 7: "\x1b[18~", 8: "\x1b[19~"}
DOWN, ENTER, ESCAPE, RUN = "\x1b[B", "\r", "\x1b", "\x12"


def walk(screen: Terminal, *keys: str) -> None:
    for key in keys:
        screen.send(key)
        screen.idle(0.7)


def test_every_screen(hostile: Database, folder: Path) -> None:
    with psycopg.connect(hostile.conninfo, autocommit=True) as busy, terminal(
            [sys.executable, "-m", "console", hostile.conninfo, "--migrations", str(folder)], 120, 40,
            cwd=ROOT) as screen:
        busy.execute(sql.SQL("BEGIN; SELECT {}").format(sql.Literal(WORDS)))
        screen.wait(" well", 60)
        walk(screen, ENTER, ESCAPE, *"lwovzbxpa", ESCAPE)
        walk(screen, F[2])
        screen.wait("event triggers", 60)
        walk(screen, DOWN, ENTER, DOWN, ENTER, DOWN, ENTER, DOWN, ENTER, *"]]]]]]]]", "/", ESCAPE)
        walk(screen, F[3], ENTER, *"]]]", ESCAPE)
        walk(screen, F[4], ENTER, "]", "]", ESCAPE, *"wlpro")
        walk(screen, ESCAPE, F[5], DOWN, ENTER, "]", ESCAPE)
        walk(screen, F[6], ENTER, *"]]]]", ESCAPE)
        walk(screen, F[7], F[8], "SELECT * FROM pg_class, pg_namespace", RUN)
        screen.wait("oid", 60)
        walk(screen, ESCAPE, DOWN, ENTER, ESCAPE, "?", ESCAPE, "\x10", ESCAPE, "t", ESCAPE, "D", ESCAPE)
        seen = screen.written.decode("utf-8", "replace")
        screen.send("\x11")
        screen.wait_end(30)
        data = bytes(screen.written)
    assert "PWNED" in seen and "]0;P" in seen, "nothing hostile was shown at all"
    assert not stray(data, SCREEN)
    for planted in PLANTED:
        assert planted.encode() not in data
