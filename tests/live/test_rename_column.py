"""`migrate new --rename-column`: three migrations that give a column another name while programs of both names run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.errors import UsageError
from console.migrate.rename_column import Renaming, read_asked
from console.migrate.verify import verify
from console.services.ownership import from_files
from tests.live.test_migrate import ask, shop, target
from tests.live.test_migrate_headless import migrate
from tests.support.servers import Database, LiveServer


@pytest.mark.parametrize(("text", "asked"), [
    ("item.note=remark", Renaming(None, "item", "note", "remark")),
    ('app."Item"."the note"=Remark', Renaming("app", "Item", "the note", "remark"))])
def test_what_is_asked_for(text: str, asked: Renaming) -> None:
    assert read_asked(text) == asked


@pytest.mark.parametrize("text", ["note=remark", "a.b.c.d=e", "a.b", "a.b=c.d", "a.b=", "a b.c=d"])
def test_what_makes_no_sense(text: str) -> None:
    with pytest.raises(UsageError):
        read_asked(text)


@pytest.mark.oldest_and_newest
async def test_programs_of_both_names_run_all_the_while(any_server: LiveServer, tmp_path: Path) -> None:
    await _tried("note text NOT NULL DEFAULT 'x'", any_server, tmp_path)


@pytest.mark.parametrize("column", ["note json", "note int[]", "note varchar(20) NOT NULL"])
async def test_columns_of_other_types(column: str, server: LiveServer, tmp_path: Path) -> None:
    await _tried(column, server, tmp_path)


async def _tried(column: str, server: LiveServer, tmp_path: Path) -> None:
    value = {"jsonb": "'{}'", "json": "'{}'", "int[]": "'{1}'"}.get(column.split(" ", 1)[1], "'a'")
    folder = shop(tmp_path, {
        "0001_a.up.sql": f"CREATE SCHEMA shop; CREATE TABLE shop.item (id bigint PRIMARY KEY, {column});",
        "0001_a.down.sql": "DROP TABLE shop.item; DROP SCHEMA shop;"}).folder
    assert folder is not None
    with server.database() as database:
        await _renamed(database, folder, value)


async def _renamed(database: Database, folder: Path, value: str) -> None:
    asked = ("new", "--rename-column", "shop.item.note=remark")
    assert "there is no column shop.item.note" in migrate(database, folder, *asked)[2]
    assert migrate(database, folder, "up", "--yes")[0] == 0
    ask(database, f"INSERT INTO shop.item SELECT i, {value} FROM generate_series(1, 7) AS i")
    status, out, err = migrate(database, folder, *asked)
    assert status == 0, err
    assert [Path(line).name for line in out.splitlines()] == [
        f"000{number}_rename_item_note_to_remark_{step}.{way}.sql"
        for number, step in ((2, "expand"), (3, "backfill"), (4, "contract")) for way in ("up", "down")]
    status, out, _ = migrate(database, folder, "lint", "-t", database.conninfo, "--json")
    findings = json.loads(out)["findings"]
    assert [each for each in findings if "0001" not in each["file"] and each["severity"] != "info"] == []
    found = await verify(target(database), [from_files(folder)])
    assert [(proof.status, proof.differences) for proof in found.proofs] == [("proved", ())] * 4
    assert migrate(database, folder, "up", "--to", "2", "--yes")[0] == 0
    ask(database, f"INSERT INTO shop.item (id, note) VALUES (8, {value})")
    ask(database, f"INSERT INTO shop.item (id, remark) VALUES (9, {value})")
    ask(database, "UPDATE shop.item SET id = -1 WHERE id = 1")
    other = "'b'" if value == "'a'" else "'{2}'" if value == "'{1}'" else "'[]'"
    ask(database, f"UPDATE shop.item SET note = {other} WHERE id = 2; "
                  f"UPDATE shop.item SET remark = {other} WHERE id = 3")
    assert migrate(database, folder, "up", "--to", "3", "--yes")[0] == 0
    ask(database, f"UPDATE shop.item SET note = {other} WHERE id = 4; "
                  f"UPDATE shop.item SET remark = {other} WHERE id = 5")
    assert ask(database, "SELECT count(*) FROM shop.item WHERE note::text IS DISTINCT FROM remark::text") == [(0,)]
    expected = ask(database, "SELECT id, note::text FROM shop.item ORDER BY id")
    assert len(expected) == 9 and sum(text == ask(database, f"SELECT {other}")[0][0] for _, text in expected) == 4
    assert migrate(database, folder, "up", "--yes")[0] == 0
    assert ask(database, "SELECT id, remark::text FROM shop.item ORDER BY id") == expected
    assert migrate(database, folder, "down", "--to", "1", "--yes")[0] == 0
    assert ask(database, "SELECT id, note::text FROM shop.item ORDER BY id") == expected


def test_what_cant_be_done_so_is_told(database: Database, tmp_path: Path) -> None:
    folder = shop(tmp_path, {
        "0001_a.up.sql": "CREATE SCHEMA shop; CREATE TABLE shop.a (n int, m int);"
                         "CREATE TABLE shop.b (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED);"}
    ).folder
    assert folder is not None
    migrate(database, folder, "up", "--yes")
    for asked, words in (("a.n=o", "no key of one column"), ("a.n=m", "has a column m already"),
                         ("b.twice=x", "is generated"), ("a=b", "no TABLE.OLD=NEW")):
        status, out, err = migrate(database, folder, "new", "--rename-column", asked)
        assert status in (2, 3) and out == "" and words in err
    assert migrate(database, folder, "new")[0] == 3
    assert len([*folder.glob("*.sql")]) == 1
