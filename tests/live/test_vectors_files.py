"""Vectors from files and to files on a real server: what was loaded is what is there, and nothing of what failed."""

from __future__ import annotations

import json
import math
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.errors import ConsoleError, UsageError
from console.resources import state_dir
from console.server.script import script_session
from console.server.single import single_session
from console.server.target import Target
from console.vectors import read
from console.vectors.files.reading import format_of, opened
from console.vectors.load import LoadRequest, NotLoaded, VectorLoad, load
from console.vectors.store import StoreRequest, store
from tests.live.test_vectors import run
from tests.live.test_vectors_health import command
from tests.support.servers import Database, LiveServer

DRAW = random.Random(5)
VECTORS = [[struct.unpack("f", struct.pack("f", DRAW.uniform(-1, 1)))[0] for _ in range(3)] for _ in range(50)]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="module")
def server_database(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database() as found:
        run(found, "CREATE SCHEMA vectors", "CREATE EXTENSION vector SCHEMA vectors")
        yield found


@pytest.fixture
def database(server_database: Database) -> Database:
    run(server_database, "DROP TABLE IF EXISTS items",
        "CREATE TABLE items (id int PRIMARY KEY, name text DEFAULT 'new', price numeric, v vectors.vector(3))")
    return server_database


def target(database: Database) -> Target:
    return Target(name="test", conninfo=database.conninfo, environment="development")


async def loaded(database: Database, path: Path, column: str = "items.v", *, vector: str | None = None,
                 ids: str | None = None, **words: Any) -> VectorLoad:
    async with script_session(target(database)) as session:
        found = await read.find_column(session, column)
        with opened(str(path), format_of(str(path)), vector or found.name, ids, "id" if ids else None) as file:
            return await load(session, file, LoadRequest(str(path), found, **words))


async def stored(database: Database, path: Path, column: str = "items.v", **words: Any) -> int:
    async with single_session(target(database)) as session:
        return await store(session, StoreRequest(str(path), format_of(str(path)),
                                                 await read.find_column(session, column), **words))


def rows(database: Database, text: str = "SELECT id, name, price::float8, v::text FROM items ORDER BY id") -> list[Any]:
    with database.connect() as connection:
        return connection.execute(text).fetchall()  # type: ignore[call-overload, no-any-return]


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file()]


def text_of(vector: list[float]) -> str:
    return "[" + ",".join(f"{number:.9g}" for number in vector) + "]"


async def test_what_is_stored_is_loaded_again(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        for number, vector in enumerate(VECTORS):
            connection.execute("INSERT INTO items VALUES (%s, %s, %s, %s::vectors.vector)",
                               (number, 'a "quoted",\nname' if number else None, 1.5, text_of(vector)))
        connection.execute("INSERT INTO items (id) VALUES (99)")
    before = rows(database)
    for name in ("all.csv", "all.jsonl"):
        assert await stored(database, tmp_path / name, columns=("id", "name", "price")) == 51
        run(database, "TRUNCATE items")
        done = await loaded(database, tmp_path / name)
        assert (done.read, done.inserted, done.bad_count) == (51, 51, 0)
        assert rows(database) == before
    assert json.loads((tmp_path / "all.jsonl").read_text().splitlines()[1])["price"] == 1.5
    ids = tmp_path / "ids.txt"
    assert await stored(database, tmp_path / "all.npy", ids=str(ids)) == 50  # NULL has no place in a matrix
    run(database, "UPDATE items SET v = NULL")
    done = await loaded(database, tmp_path / "all.npy", ids=str(ids), on_conflict="update")
    assert (done.inserted, done.updated) == (0, 50) and rows(database) == before
    assert await stored(database, tmp_path / "some.csv", where="id < 3") == 3
    assert (tmp_path / "some.csv").read_bytes().startswith(b"id,v\r\n0,")


@pytest.mark.parametrize(("name", "content", "reasons"), [
    ("bad.csv", "id,v\n1,\"[1,2,3]\"\n2,\"[1,2]\"\n3,\"[1,nan,3]\"\n4,\"[1,x,3]\"\n5\n6,\"[4,5,6]\"\n6,\"[4,5,7]\"\n",
     {3: "2 dimensions", 4: "finite", 5: "no number", 6: "1 fields", 8: "that of line 7"}),
    ("bad.jsonl", '{"id": 1, "v": [1, 2, 3]}\n{"id": 2, "v": [1, 1e39, 2]}\nnonsense\n{"id": 3, "w": []}\n'
     '{"id": 4, "v": "[1,2,3,4]"}\n{"id": 5, "v": [true, 1, 2]}\n\n{"id": null, "v": [1, 2, 3]}\n',
     {2: "outside what", 3: "no JSON object", 4: "'w'", 5: "4 dimensions", 6: "no array", 8: "NULL"})])
async def test_bad_lines_are_named_and_nothing_is_loaded(database: Database, tmp_path: Path, name: str, content: str,
                                                         reasons: dict[int, str]) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(NotLoaded, match="so nothing was") as caught:
        await loaded(database, tmp_path / name)
    assert {bad.line for bad in caught.value.bad} == reasons.keys() and not rows(database)
    assert all(reasons[bad.line] in bad.reason for bad in caught.value.bad)
    done = await loaded(database, tmp_path / name, skip_bad=True)
    assert done.bad_count == len(reasons) and done.inserted == len(rows(database)) == done.read - done.bad_count > 0


async def test_rows_that_are_there_already(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text('id,name,v\n1,one,"[1,1,1]"\n2,two,"[2,2,2]"\n')
    run(database, "INSERT INTO items VALUES (1, 'old', 5, NULL)")
    with pytest.raises(NotLoaded, match="line 2: the table has a row with its key"):
        await loaded(database, path)
    assert (await loaded(database, path, on_conflict="skip")).skipped == 1
    assert rows(database) == [(1, "old", 5, None), (2, "two", None, "[2,2,2]")]
    done = await loaded(database, path, on_conflict="update")
    assert (done.inserted, done.updated) == (0, 2)
    assert rows(database) == [(1, "one", 5, "[1,1,1]"), (2, "two", None, "[2,2,2]")]
    run(database, "TRUNCATE items", "INSERT INTO items VALUES (1, 'old', 5, NULL)")
    done = await loaded(database, path, skip_bad=True)
    assert (done.inserted, done.bad_count) == (1, 1) and rows(database)[0][1] == "old"
    keyless = tmp_path / "keyless.csv"
    keyless.write_text('name,v\na,"[1,1,1]"\n')
    with pytest.raises(UsageError, match="no key"):
        await loaded(database, keyless, on_conflict="skip")


async def test_a_write_that_the_server_refuses_leaves_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text('id,price,v\n1,2,"[1,1,1]"\n2,cheap,"[2,2,2]"\n')
    with pytest.raises(ConsoleError, match="cheap"):
        await loaded(database, path)
    assert not rows(database)
    lines = [json.loads(line) for line in (state_dir() / "audit.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["asked", "failed"] and lines[1]["column"] == "public.items.v"
    path.write_text("id,v\n1,\"[1,1,1]\"\n")
    with pytest.raises(UsageError, match="has no column 'v2'"):
        await loaded(database, path, vector="v2")
    path.write_text("id,nope,v\n1,2,\"[1,1,1]\"\n")
    with pytest.raises(UsageError, match="no column 'nope'"):
        await loaded(database, path)


async def test_every_type_goes_in_and_out(database: Database, tmp_path: Path) -> None:
    run(database, "DROP TABLE IF EXISTS kinds", "CREATE TABLE kinds (id int PRIMARY KEY, h vectors.halfvec(2), "
        "s vectors.sparsevec(5), b bit(10), w vectors.vector)",
        "INSERT INTO kinds VALUES (1, '[1.5,-2]', '{1:2,5:-1}/5', '0101010101', '[1]'), (2, NULL, NULL, NULL, '[1,2]')")
    before = rows(database, "SELECT id, h::text, s::text, b::text, w::text FROM kinds ORDER BY id")
    for column, kind in (("h", "csv"), ("s", "jsonl"), ("b", "csv"), ("w", "jsonl"), ("s", "csv"), ("b", "jsonl")):
        path = tmp_path / f"{column}.{kind}"
        await stored(database, path, f"kinds.{column}")
        run(database, f"UPDATE kinds SET {column} = NULL")
        assert (await loaded(database, path, f"kinds.{column}", on_conflict="update")).updated == 2
        assert rows(database, "SELECT id, h::text, s::text, b::text, w::text FROM kinds ORDER BY id") == before
    path = tmp_path / "large.jsonl"
    path.write_text('{"id": 3, "h": [70000, 1]}\n')
    with pytest.raises(NotLoaded, match="outside what a halfvec can hold"):
        await loaded(database, path, "kinds.h")
    with pytest.raises(UsageError, match="no npy form"):
        await stored(database, tmp_path / "s.npy", "kinds.s")


async def test_numpy_reads_and_writes_the_same(database: Database, tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    for kind in ("<f4", ">f4", "<f8", "<f2"):
        numpy.save(tmp_path / "x.npy", numpy.array(VECTORS, dtype=kind))
        run(database, "TRUNCATE items", "ALTER TABLE items ALTER id ADD GENERATED BY DEFAULT AS IDENTITY")
        await loaded(database, tmp_path / "x.npy")
        run(database, "ALTER TABLE items ALTER id DROP IDENTITY")
        found = [json.loads(row[3]) for row in rows(database)]
        assert all(math.isclose(a, b, abs_tol=1e-3 if kind == "<f2" else 1e-6)
                   for mine, its in zip(found, VECTORS, strict=True) for a, b in zip(mine, its, strict=True))
    await stored(database, tmp_path / "y.npy")
    assert numpy.load(tmp_path / "y.npy").shape == (50, 3)


async def test_without_pyarrow_parquet_says_what_is_missing(database: Database, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConsoleError, match="pyarrow"):
        await stored(database, tmp_path / "x.parquet")
    assert not left_in(tmp_path)


async def test_parquet_there_and_back(database: Database, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'dbconsole[parquet]'")
    run(database, "INSERT INTO items VALUES (1, 'a', 2, '[1,2,3]'), (2, NULL, NULL, NULL)")
    before, path = rows(database), tmp_path / "x.parquet"
    assert await stored(database, path, columns=("id", "name", "price")) == 2
    run(database, "TRUNCATE items")
    await loaded(database, path)
    assert rows(database) == before


async def test_parquet_that_others_wrote(database: Database, tmp_path: Path) -> None:
    """Lists of every kind, several batches; what is no vector of the column is told by its row, and nothing is left."""
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'dbconsole[parquet]'")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "x.parquet"

    def wrote(kind: Any, vectors: list[Any]) -> None:
        table = arrow.table({"id": arrow.array(range(len(vectors)), arrow.int64()), "v": arrow.array(vectors, kind)})
        parquet.write_table(table, path, row_group_size=700)

    numbers = [[float(number), 0.5, -1.0] for number in range(2500)]
    for kind in (arrow.list_(arrow.float64()), arrow.large_list(arrow.float32()), arrow.list_(arrow.float32(), 3),
                 arrow.list_(arrow.float16())):
        run(database, "TRUNCATE items")
        wrote(kind, numbers[:2000])
        done = await loaded(database, path)
        assert done.inserted == 2000 and json.loads(rows(database)[-1][3]) == [1999, 0.5, -1]
    run(database, "TRUNCATE items")
    wrote(arrow.list_(arrow.float32()), [[1, 2, 3], [1, 2], None, [1, None, 3], [1, float("nan"), 3]])
    with pytest.raises(NotLoaded) as told:
        await loaded(database, path)
    assert all(f"row {line}" in str(told.value) or f"line {line}" in "\n".join(told.value.lines())
               for line in (2, 4, 5)) and not rows(database)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UsageError, match="no Parquet file"):
        await loaded(database, path)


def test_the_commands(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,v\n1,"[1,2,3]"\n')

    def on(*arguments: str) -> subprocess.CompletedProcess[str]:
        return command(database, *arguments, "--column", "items.v")

    unasked = on("load", str(tmp_path / "a.csv"))
    assert unasked.returncode == 3 and "--yes" in unasked.stderr and not rows(database)
    done = on("load", str(tmp_path / "a.csv"), "--yes", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["inserted"] == 1, done.stderr
    again = on("load", str(tmp_path / "a.csv"), "--yes")
    assert again.returncode == 2 and "line 2" in again.stderr and "--on-conflict" in again.stderr
    out = on("store", str(tmp_path / "b.jsonl"))
    assert out.returncode == 0 and json.loads((tmp_path / "b.jsonl").read_text()) == {"id": 1, "v": [1, 2, 3]}
    assert on("load", str(tmp_path / "nothing.csv"), "--yes").returncode == 2
    assert on("load", str(tmp_path / "a.what"), "--yes").returncode == 3
