"""Liquibase's formatted SQL: which changesets are run, in which order, and what is refused by name and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from console.errors import ConfigError
from console.migrate.faults import FileError
from console.migrate.files import read_service
from console.migrate.records import ServiceFiles
from console.services import Service
from console.services.ownership import from_files, recognised
from console.services.recognise import FolderKind, recognise
from tests.migrate.histories import write_files

HEAD = "--liquibase formatted sql\n"


def read(files: Mapping[str, str], folder: Path) -> ServiceFiles:
    return read_service(from_files(write_files(files, folder), "liquibase"))


def names(files: Mapping[str, str], folder: Path) -> list[str]:
    return [f"{each.version} {each.name}" for each in read(files, folder).migrations]


def changesets(*lines: str) -> str:
    return HEAD + "".join(f"{line}\n" for line in lines)


ONE = changesets("--changeset me:1", "SELECT 1;")


@pytest.mark.parametrize(("files", "found"), [
    ({"001-a.sql": ONE, "002-b.sql": changesets("--changeset me:x", "SELECT 1;", "--changeset you:x", "SELECT 2;")},
     ["001 me:1", "002 me:x", "002.2 you:x"]),
    ({"users.sql": ONE, "accounts.sql": ONE}, ["0001 me:1", "0002 me:1"]),
    ({"1.sql": ONE, "1.2.sql": ONE}, ["0001 me:1", "0002 me:1"]),
    ({"root.yaml": "databaseChangeLog:\n  - include:\n      file: db/b.sql  # first\n  - include: {file: a.sql, "
                   "relativeToChangelogFile: true}\n", "db/b.sql": ONE,
      "a.sql": changesets("--changeset me:2", "SELECT")},
     ["0001 me:1", "0002 me:2"]),
    ({"root.json": '{"databaseChangeLog": [{"include": {"file": "classpath:changes/more.xml"}}]}',
      "more.xml": '<databaseChangeLog><includeAll path="db/changes/sql"/></databaseChangeLog>',
      "sql/9.sql": ONE, "sql/10.sql": ONE}, ["0001 me:1", "0002 me:1"]),
    ({"a.sql": changesets("--changeset me:1 dbms:oracle,h2", "X", "--changeset me:2 dbms:!postgresql", "X",
                          "--changeset me:3 ignore:true", "X", "--changeset me:4 dbms:postgresql,h2 labels:x", "SELECT",
                          "--changeset me:5 dbms:!h2", "SELECT", "--ignoreLines:start", "--changeset me:6", "X",
                          "--ignoreLines:end", "--changeset me:7", "SELECT")},
     ["0001.4 me:4", "0001.5 me:5", "0001.6 me:7"]),
    ({"a.sql": changesets('--changeset "Some One":"the first" runOnChange:true', "SELECT 1;")},
     ["R__0001 Some One:the first"]),
])
def test_the_order_and_the_versions(files: Mapping[str, str], found: list[str], tmp_path: Path) -> None:
    assert names(files, tmp_path) == found


def test_both_ways_keep_their_lines_and_properties_are_filled_in(tmp_path: Path) -> None:
    migrations = read({"a.sql": changesets(
        "--property name:table value:item", "--changeset me:1 endDelimiter:@@", "CREATE TABLE ${table} ()@@",
        "--rollback DROP TABLE", "COMMENT ON TABLE ${table} IS '${:x}'@@", "--rollback   ${table};",
        "--changeset me:2", "SELECT 1;", "/* liquibase rollback", "SELECT 2;", "SELECT 3; */",
        "--changeset me:3", "SELECT 1;", "--rollback not required", "--changeset me:4", "SELECT 1;")},
        tmp_path).migrations
    first, second, third, fourth = migrations
    assert [(each.line, each.sql) for each in first.up.statements()] == [
        (4, "CREATE TABLE item ()"), (6, "COMMENT ON TABLE item IS '${x}'")]
    assert first.down is not None and second.down is not None and third.down is not None and fourth.down is None
    assert [(each.line, " ".join(each.sql.split())) for each in first.down.statements()] == [(5, "DROP TABLE item")]
    assert [(each.line, each.sql) for each in second.down.statements()] == [(11, "SELECT 2"), (12, "SELECT 3")]
    assert third.down.statements() == ()


@pytest.mark.parametrize(("text", "line", "words"), [
    (changesets("--changeset me:1 runAlways:true", "X"), 2, "runAlways:true runs it with every update"),
    (changesets("--changeset me:1 failOnError:false", "X"), 2, "passes over errors"),
    (changesets("--changeset me:1 context:test", "X"), 2, "in the context test alone"),
    (changesets("--changeset me:1 runWith:psql", "X"), 2, "runwith isn't understood"),
    (changesets("--changeset me:1", "--preconditions onFail:MARK_RAN", "X"), 3, "checked by Liquibase"),
    (changesets("--changeset me:1", "--precondition-sql-check expectedResult:0 SELECT 1", "X"), 3, "checked by"),
    (changesets("--changeset me:1", "SELECT", "SELECT '${owner}';"), 4, "nothing says what it stands for"),
    (changesets("--changeset me", "X"), 2, "is no --changeset author:id"),
    (changesets("SELECT 1;", "--changeset me:1", "X"), 2, "SQL before the line"),
    (changesets("--changeset me:1 endDelimiter:$$", "X"), 2, "endDelimiter"),
    (changesets("--changeset me:1", "X", "--rollback changesetId:2 changesetAuthor:me"), 2, "running another"),
    (changesets("--changeset me:1", "X", "/* liquibase rollback", "X"), 2, "never ends"),
    (changesets("--ignoreLines:some", "--changeset me:1", "X"), 2, "isn't understood"),
    (changesets("--property name:a value:b context:x", "--changeset me:1", "X"), 2, "this property"),
])
def test_what_only_liquibase_does_is_refused(text: str, line: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=words) as told:
        read({"a.sql": text}, tmp_path)
    assert (told.value.path.name, told.value.line) == ("a.sql", line)


@pytest.mark.parametrize(("files", "file", "words"), [
    ({"a.xml": '<databaseChangeLog><changeSet id="1" author="me"/></databaseChangeLog>'}, "a.xml", "only Liquibase"),
    ({"a.yml": "databaseChangeLog:\n- changeSet:\n    id: 1\n    changes:\n    - sql: x\n"}, "a.yml", "only Liquib"),
    ({"a.xml": "<databaseChangeLog><preConditions/></databaseChangeLog>"}, "a.xml", "preConditions: dbconsole reads"),
    ({"a.xml": '<databaseChangeLog><include file="a.sql" context="x"/></databaseChangeLog>', "a.sql": ONE}, "a.xml",
     "include with context"),
    ({"a.xml": "<databaseChangeLog/>", "b.xml": "<databaseChangeLog/>"}, "b.xml", "is a root of the changelog, and so"),
    ({"a.xml": "<databaseChangeLog/>", "b.sql": ONE}, "b.sql", "a.xml doesn't include"),
    ({"a.xml": '<databaseChangeLog><include file="c.sql"/></databaseChangeLog>'}, "a.xml", "there is no such file"),
    ({"a.xml": '<databaseChangeLog><include file="c.sql"/></databaseChangeLog>', "c.sql": "SELECT"}, "c.sql",
     "has no line --liquibase"),
    ({"a.yaml": "databaseChangeLog:\n  - include: &x\n"}, "a.yaml", "isn't understood"),
    ({"a.sql": ONE, "2_b.sql": "SELECT 1;"}, "2_b.sql", "is not read"),
])
def test_changelogs_that_are_not_understood(files: Mapping[str, str], file: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=words) as told:
        read(files, tmp_path)
    assert told.value.path.name == file


@pytest.mark.parametrize(("context", "is_run"), [
    ("prod", True), ("test", False), ("!test", True), ("not prod", False), ("prod and eu", False),
    ("test or PROD", True), ("test, prod", True)])
def test_contexts(context: str, is_run: bool, tmp_path: Path) -> None:
    files = {"a.sql": changesets(f'--changeset me:1 contextFilter:"{context}"', "SELECT 1;"),
             "service.toml": 'contexts = ["prod"]'}
    found = read(files, tmp_path)
    assert bool(found.migrations) == is_run
    assert bool(found.notes) != is_run, "what is left out is said"


def test_a_folder_is_recognised_by_whether_all_its_changesets_are_sql(tmp_path: Path) -> None:
    root = '<databaseChangeLog><include file="sql/a.sql"/></databaseChangeLog>'
    write_files({"root.xml": root, "sql/a.sql": ONE}, tmp_path)
    assert recognise(tmp_path) == FolderKind(layout="liquibase", file="root.xml")
    write_files({"more.yaml": "databaseChangeLog:\n  - changeSet:\n      id: 1\n"}, tmp_path)
    assert recognise(tmp_path).framework == "liquibase"


def test_a_service_with_a_command_of_its_own_is_left_to_it(tmp_path: Path) -> None:
    folder = write_files({"a.sql": ONE}, tmp_path)
    plain = Service(name="app", schemas=("app",), folder=folder)
    assert recognised(plain).layout == "liquibase"
    driven = recognised(Service(name="app", schemas=("app",), folder=folder, up="liquibase update"))
    assert (driven.layout, driven.framework) == (None, "liquibase")


def test_contexts_are_a_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="contexts: must be a list"):
        read({"a.sql": ONE, "service.toml": 'contexts = "prod"'}, tmp_path)
