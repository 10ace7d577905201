"""Other tools' folders: what is read of them, in which order, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import ConfigError
from console.migrate import create, layouts
from console.migrate.create import next_files
from console.migrate.faults import FileError, MigrationError
from console.migrate.files import read_service
from console.migrate.prepare import prepare
from console.migrate.records import MigrationFile, Script, ServiceFiles
from console.services import Service
from console.services.ownership import from_files, from_folder
from console.services.recognise import FolderKind, recognise
from tests.migrate.histories import HISTORIES, INDEX_UP, write, write_files


def service(folder: Path, layout: str | None = None) -> Service:
    return Service(name="app", schemas=("app",), folder=folder, layout=layout)


def read(files: dict[str, str], folder: Path, layout: str) -> ServiceFiles:
    return read_service(service(write_files(files, folder), layout))


def named(files: ServiceFiles, name: str) -> MigrationFile:
    return next(migration for migration in files.migrations if migration.name == name)


@pytest.mark.parametrize("layout", HISTORIES)
def test_a_history_is_read_in_order_with_its_downs(layout: str, tmp_path: Path) -> None:
    migrations = read_service(service(write(layout, tmp_path), layout)).migrations
    first = [prepare(migration.up).statements[0].sql.split("(")[0].split("\n")[0] for migration in migrations]
    assert [text.split()[0] for text in first[:2]] == ["CREATE", "CREATE"]
    assert "ADD COLUMN note" in first[2] and "RENAME COLUMN" in first[3] and "CONCURRENTLY" in first[4]
    assert all(migration.down is not None for migration in migrations) and len(migrations) == 5
    assert [migration.up.directives.no_transaction for migration in migrations] == [False] * 4 + [True]
    last = migrations[-1].down
    assert last is not None and last.directives.no_transaction


@pytest.mark.parametrize("layout", sorted(HISTORIES.keys() - {"golang-migrate"}))
def test_the_layout_is_recognised(layout: str, tmp_path: Path) -> None:
    write(layout, tmp_path)
    found = read_service(service(tmp_path))
    assert (found.service.layout, len(found.migrations)) == (layout, 5)
    assert [each.layout for each in from_folder(tmp_path)] == [layout], "every command has the layout from the start"


def test_diesels_directories_are_no_services(tmp_path: Path) -> None:
    (found,) = from_folder(write("diesel", tmp_path / "shop"))
    assert found.name == "shop" and len(read_service(found).migrations) == 5


def test_pairs_are_the_own_layout(tmp_path: Path) -> None:
    files = {"1_a.up.sql": "-- begin;\nSELECT 1;", "1_a.down.sql": "BEGINNING"}
    assert recognise(write_files(files, tmp_path)) == FolderKind()
    assert recognise(write_files({"2_b.up.sql": "-- why\n\nbegin;\nSELECT 2; COMMIT;"}, tmp_path)) == FolderKind(
        layout="golang-migrate", file="2_b.up.sql")


@pytest.mark.parametrize(("layout", "name", "hint"), [
    (None, "2_b.sql", 'layout = "sqlx" would read it'),
    (None, "V0002.Second.up.sql", "call it 0002_Second.up.sql"),
    (None, "V2__b.sql", 'layout = "flyway" would read it'),
    (None, "old/2_b.up.sql", 'ignore = ["old/2_b.up.sql"] in service.toml'),
    (None, "2_b.py", 'framework = "..." says what runs it'),
    (None, "2_b.up.psql", "call it 2_b.up.sql"),
    ("dbmate", "2_b.pgsql", "call it 2_b.sql"),
    (None, "schema_v2.sql", "ignore ="),
    (None, "migrations/2_b/migration.sql", "the folder migrations is prisma's: name that"),
    ("golang-migrate", "2.sql", "ignore ="),
    ("golang-migrate", "2_b.up.json", 'framework = "..."'),
    ("diesel", "2_b.up.sql", 'layout = "golang-migrate" would read it'),
    ("dbmate", "x2.sql", "ignore ="),
    ("flyway", "R2__views.sql", "ignore ="),
    ("flyway", "afterMigrateError.sql", "ignore ="),
    ("prisma", "1_x.sql", 'layout = "sqlx" would read it'),
])
def test_a_file_with_a_number_is_read_or_refused_by_its_name(layout: str | None, name: str, hint: str,
                                                              tmp_path: Path) -> None:
    first = {"diesel": "1_a/up.sql", "prisma": "1_a/migration.sql", "dbmate": "1_a.sql", "flyway": "V1__a.sql"}
    write_files({first.get(layout or "", "1_a.up.sql"): "-- migrate:up\nSELECT 1;\n", name: "SELECT 2;"}, tmp_path)
    with pytest.raises(FileError) as caught:
        read_service(service(tmp_path, layout or "dbconsole"))
    assert name in caught.value.summary and hint in (caught.value.hint or "")
    for pattern in (name, name.replace("2", "*"), "*" + name[-7:]):
        left_out = Service(name="app", schemas=(), folder=tmp_path, layout=layout or "dbconsole", ignore=(pattern,))
        assert [migration.version for migration in read_service(left_out).migrations] == ["1"]


@pytest.mark.parametrize(("text", "blocks"), [
    ("SELECT 1; SELECT 2;", ()),
    ("BEGIN; SELECT 1; COMMIT;", (1,)),
    ("begin transaction; select 1; end;", (1,)),
    ("SELECT 0; BEGIN; SELECT 1; COMMIT; SELECT 2; SELECT 3;", (2, 2)),
    ("SELECT 1; COMMIT; SELECT 2; COMMIT;", (1, 1)),
    ("BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT;", (1, 1)),
    ("BEGIN; COMMIT;", (0,)),
    ("-- +goose NO TRANSACTION\nSELECT 1; BEGIN; SELECT 2; SELECT 3; COMMIT; VACUUM;", (1, 2, 1)),
    ("BEGIN; SAVEPOINT s; SELECT 1; ROLLBACK TO s; COMMIT;", (3,)),
    ("SELECT 'BEGIN; COMMIT;';", ()),
])
def test_the_transactions_that_a_file_makes_by_itself(text: str, blocks: tuple[int, ...], tmp_path: Path) -> None:
    for layout, name, before in (("golang-migrate", "1_a.up.sql", ""), ("goose", "1_a.sql", "-- +goose Up\n")):
        if layout == "goose" or not text.startswith("--"):
            prepared = prepare(read({name: before + text}, tmp_path / layout, layout).migrations[0].up)
            assert prepared.blocks == blocks and len(prepared.statements) == (sum(blocks) or len(prepared.statements))


@pytest.mark.parametrize(("text", "words"), [
    ("BEGIN; SELECT 1; ROLLBACK;", "ROLLBACK doesn't belong"), ("BEGIN; SELECT 1;", "is never committed"),
    ("BEGIN; SELECT 1; COMMIT:", "this is no COMMIT"),
    ("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;", "files run READ COMMITTED"),
    ("BEGIN; VACUUM; SELECT 1; COMMIT;", "VACUUM cannot run inside a transaction"),
    ("PREPARE TRANSACTION 'x';", "doesn't belong"),
])
def test_what_no_transaction_of_a_file_may_do(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=words):
        prepare(read({"1_a.sql": f"-- +goose Up\n{text}"}, tmp_path, "goose").migrations[0].up)


def test_titles_may_hold_dots(tmp_path: Path) -> None:
    files = read_service(service(write_files(dict.fromkeys((
        "0001_a.up.sql", "0002_v1.2_upgrade.up.sql", "0002_v1.2_upgrade.down.sql", "1.5_x.y.up.sql"), ""), tmp_path)))
    assert [(migration.version, migration.name, migration.down is not None) for migration in files.migrations] == [
        ("0001", "a", False), ("1.5", "x.y", False), ("0002", "v1.2_upgrade", True)]


def test_a_folder_of_which_nothing_is_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"deploy/a\.sql: is not read"):
        read_service(service(write_files({"deploy/a.sql": "SELECT 1;"}, tmp_path / "a")))
    assert read_service(service(write_files({"README.md": "none yet"}, tmp_path / "b"))).migrations == ()


def test_files_beside_a_folders_services_are_no_services(tmp_path: Path) -> None:
    write_files({"000001_a.up.sql": "SELECT 1;", "fixtures/people.sql": "SELECT 2;"}, tmp_path)
    (found,) = from_folder(tmp_path)
    files = read_service(found)
    assert len(files.migrations) == 1
    assert files.notes == ("fixtures/ holds SQL that is no migration: fixtures/people.sql",)


CODE = {
    "alembic": {"env.py": "", "versions/1a_x.py": "down_revision = None\n"},
    "django": {"__init__.py": "", "0001_initial.py": "class Migration(migrations.Migration):\n"},
    "rails": {"20260101000000_a.rb": "class A < ActiveRecord::Migration[8.0]\n"},
    "ecto": {"20260101000000_a.exs": "defmodule A do\n use Ecto.Migration\n"},
    "ef-core": {"20260101000000_A.cs": "public partial class A : Migration\n"},
    "laravel": {"2026_01_01_000000_a.php": "return new class extends Migration {\n"},
    "yoyo": {"0001_a.py": "from yoyo import step\n"},
    "typeorm": {"1700000000000-A.ts": "export class A1700000000000 implements MigrationInterface {\n"},
    "knex": {"20260101000000_a.js": "exports.up = (knex) => knex.schema\n"},
    "node-pg-migrate": {"1700000000000_a.js": "exports.up = (pgm) => {}\n"},
    "liquibase": {"changelog.xml": '<databaseChangeLog><changeSet author="me" id="1"/></databaseChangeLog>'},
    "graphile-migrate": {"committed/000001.sql": "SELECT 1;", "current.sql": ""},
}


@pytest.mark.parametrize("framework", CODE)
def test_a_framework_is_recognised_by_its_files(framework: str, tmp_path: Path) -> None:
    write_files(CODE[framework], tmp_path)
    (found,) = from_folder(tmp_path)
    assert (found.framework, found.layout, found.is_recognised) == (framework, None, True)
    with pytest.raises(MigrationError, match="which makes its own files"):
        next_files(found, "more")


def test_what_is_said_wins_over_what_is_recognised(tmp_path: Path) -> None:
    write_files({"1_a.sql": "SELECT 1;", "meta/_journal.json": "{}", "service.toml": 'layout = "sqlx"'}, tmp_path)
    (found,) = from_folder(tmp_path)
    assert (found.layout, found.framework, found.is_recognised) == ("sqlx", None, False)
    assert len(read_service(found).migrations) == 1


JOURNAL = {"meta/_journal.json": '{"entries": [{"when": 1700000000000, "tag": "0000_first"}, '
                                 '{"when": 1700000000001, "tag": "0001_next"}]}',
           "0000_first.sql": "CREATE TABLE a ();--> statement-breakpoint\nCREATE TABLE b ();",
           "0001_next.sql": "SELECT 1;"}
PLAN = {"sqitch.plan": "%syntax-version=1.0.0\n%project=shop\n\n"
                       "schema 2024-01-02T03:04:05Z Me <me@x.org> # the schema\n"
                       "items [schema] 2024-01-03T03:04:05Z Me <me@x.org> # the items\n",
        "deploy/schema.sql": "BEGIN;\nCREATE SCHEMA shop;\nCOMMIT;",
        "revert/schema.sql": "BEGIN;\nDROP SCHEMA shop;\nCOMMIT;",
        "deploy/items.sql": "BEGIN; CREATE TABLE shop.items (); COMMIT;", "verify/items.sql": "SELECT 1;"}


def test_lists_of_migrations_give_their_order(tmp_path: Path) -> None:
    (drizzle,) = from_folder(write_files(JOURNAL, tmp_path / "drizzle"))
    found = read_service(drizzle)
    assert found.service.layout == "drizzle" and [(each.version, each.name) for each in found.migrations] == [
        ("1700000000000", "0000_first"), ("1700000000001", "0001_next")]
    assert len(prepare(found.migrations[0].up).statements) == 2
    (sqitch,) = from_folder(write_files(PLAN, tmp_path / "sqitch"))
    found = read_service(sqitch)
    assert [(each.version, each.name, each.down is not None) for each in found.migrations] == [
        ("0001", "schema", True), ("0002", "items", False)]
    assert found.notes == ("verify/ is sqitch's own: migrate verify proves the way back",)
    for service_ in (drizzle, sqitch):
        with pytest.raises(MigrationError, match="which makes its own files"):
            next_files(service_, "more")


@pytest.mark.parametrize(("files", "words"), [
    (JOURNAL | {"0002_late.sql": "SELECT 2;"}, "0002_late.sql: is not read"),
    (JOURNAL | {"meta/_journal.json": "{}"}, "is no journal of Drizzle's"),
    ({"meta/_journal.json": JOURNAL["meta/_journal.json"]}, "0000_first.sql: is in Drizzle's journal, and not there"),
    ({"sqitch.plan": "%syntax-version=1.0.0\n", "deploy/a.sql": "SELECT 1;"}, "deploy/a.sql: is not read"),
    ({"sqitch.plan": PLAN["sqitch.plan"]}, "deploy/schema.sql: is in sqitch.plan, and not there"),
    (PLAN | {"sqitch.plan": PLAN["sqitch.plan"] + "items [items@v1] 2024-01-04T03:04:05Z Me <me@x.org> # anew\n"},
     "items.sql: is a reworked change"),
])
def test_a_list_that_does_not_fit_its_files_is_refused(files: dict[str, str], words: str, tmp_path: Path) -> None:
    (found,) = from_folder(write_files(files, tmp_path))
    with pytest.raises(FileError, match=words) as caught:
        read_service(found)
    assert "is not read" not in words or "doesn't list it" in (caught.value.hint or "")


@pytest.mark.parametrize("layout", sorted({*HISTORIES, "dbconsole"} - {"sqitch"}))
def test_new_files_are_in_the_folders_own_layout(layout: str, tmp_path: Path) -> None:
    before = read_service(service(write(layout if layout in HISTORIES else "golang-migrate", tmp_path), layout))
    for no_transaction in (False, True):
        files = next_files(before.service, "Add x", no_transaction=no_transaction)
        create.write(files)
        after = read_service(service(tmp_path, layout))
        assert len(after.migrations) == len(before.migrations) + 1 and after.migrations[:-1] == before.migrations
        last = after.migrations[-1]
        assert last.name.replace(" ", "_").removeprefix("dbconsole:") == "add_x"
        assert last.up.directives.no_transaction is no_transaction
        assert last.down is None or last.down.directives.no_transaction is no_transaction
        assert (last.down is None) == (layout == "prisma")
        if layout != "golang-migrate" and layout != "dbconsole":
            assert recognise(tmp_path).layout == layout
        for path, _ in files:
            path.unlink()
        if layout in ("diesel", "prisma"):
            files[0][0].parent.rmdir()


def test_new_does_not_overwrite(tmp_path: Path) -> None:
    files = next_files(service(tmp_path), "a")
    create.write(files)
    with pytest.raises(FileError, match="can't be written: File exists"):
        create.write(files)


def test_two_layouts_in_a_folder_are_refused(tmp_path: Path) -> None:
    write_files({"1_a.sql": "-- +goose Up\nSELECT 1;\n", "2_b.sql": "-- migrate:up\n-- migrate:down\n"}, tmp_path)
    with pytest.raises(ConfigError, match=r"goose's .1_a.sql. and dbmate's .2_b.sql.") as caught:
        read_service(service(tmp_path))
    assert "--layout" in (caught.value.hint or "")


def test_an_unknown_layout_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no layout 'goos'") as caught:
        layouts.read(service(tmp_path, "goos"))
    assert "goose" in (caught.value.hint or "")


def test_errors_keep_the_lines_of_the_file(tmp_path: Path) -> None:
    text = "-- +goose Up\nSELECT 1;\n\n-- +goose Down\n\n  SELECT 2;\n"
    down = read({"1_a.sql": text}, tmp_path, "goose").migrations[0].down
    assert down is not None
    (statement,) = down.statements()
    assert (statement.line, statement.column) == (6, 3)


def places(script: Script) -> list[tuple[str, int]]:
    """The beginning and the line of each statement."""
    return [(statement.sql[:8], statement.line) for statement in script.statements()]


def test_alternating_sections_keep_their_lines_too(tmp_path: Path) -> None:
    write("sql-migrate", tmp_path)
    note = named(read_service(service(tmp_path, "sql-migrate")), "note")
    assert note.down is not None
    assert places(note.up) == [("ALTER TA", 2), ("SELECT 2", 6)]
    assert places(note.down) == [("SELECT 1", 4), ("ALTER TA", 8)]


def test_crlf_and_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").write_bytes(b"\xef\xbb\xbf-- migrate:up\r\nSELECT 1;\r\n-- migrate:down\r\nSELECT 2;\r\n")
    migration = read_service(service(tmp_path, "dbmate")).migrations[0]
    assert migration.down is not None
    assert [statement.line for statement in (*migration.up.statements(), *migration.down.statements())] == [2, 4]


@pytest.mark.parametrize(("layout", "files", "is_empty"), [
    ("dbmate", {"1_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n-- nothing to do\n"}, True),
    ("goose", {"1_a.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\n"}, True),
    ("sql-migrate", {"1_a.sql": "-- +migrate Up\nSELECT 1;\n-- +migrate Down\n"}, True),
    ("golang-migrate", {"1_a.up.sql": "SELECT 1;", "1_a.down.sql": ""}, True),
    ("golang-migrate", {"1_a.up.sql": "SELECT 1;", "1_a.down.sql": "-- nothing"}, True),
    ("dbconsole", {"1_a.up.sql": "SELECT 1;", "1_a.down.sql": "-- nothing"}, True),
    ("diesel", {"1_a/up.sql": "SELECT 1;", "1_a/down.sql": "-- nothing"}, True),
    ("tern", {"1_a.sql": "SELECT 1;\n---- create above / drop below ----\n"}, True),
    ("tern", {"1_a.sql": "SELECT 1;\n"}, False),
    ("goose", {"1_a.sql": "-- +goose Up\nSELECT 1;\n"}, False),
    ("sqlx", {"1_a.sql": "SELECT 1;\n"}, False),
])
def test_a_way_down_that_changes_nothing_is_one_and_none_is_none(layout: str, files: dict[str, str], is_empty: bool,
                                                                  tmp_path: Path) -> None:
    down = read(files, tmp_path, layout).migrations[0].down
    assert (down is not None) is is_empty
    if down is not None:
        assert prepare(down).statements == ()


def test_dbconsoles_own_directives_count_in_any_layout(tmp_path: Path) -> None:
    text = "-- migrate:up transaction:false\n-- dbconsole: lock-timeout=1s\nVACUUM;\n-- migrate:down\n"
    directives = read({"1_a.sql": text}, tmp_path, "dbmate").migrations[0].up.directives
    assert (directives.no_transaction, directives.lock_timeout_ms) == (True, 1000)


def test_all_of_goose_that_is_code_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="Go migration") as told:
        read({"1_a.sql": "-- +goose Up\n", "2_b.go": "", "3_c.go": "", "4_test.go": ""}, tmp_path, "goose")
    assert told.value.detail == "so are all of these: 2_b.go, 3_c.go"
    assert "2_b.sql: goose's ledger knows the number alone" in (told.value.hint or "")


@pytest.mark.parametrize(("layout", "form", "words"), [
    ("dbmate", "{}.sql", "dbmate runs it after 10_c, by the letters"),
    ("diesel", "{}/up.sql", "Diesel runs it after 10_c"), ("prisma", "{}/migration.sql", "Prisma runs it after 10_c"),
    ("goose", "{}.sql", None), ("sqlx", "{}.sql", None)])
def test_tools_that_order_by_letters_are_not_followed_against_them(layout: str, form: str, words: str | None,
                                                                   tmp_path: Path) -> None:
    text = {"dbmate": "-- migrate:up\nSELECT 1;\n-- migrate:down\n", "goose": "-- +goose Up\n"}.get(layout, "SELECT 1;")
    files = {form.format(name): text for name in ("1_a", "10_c", "2_b")}
    if words is None:
        assert [file.version for file in read(files, tmp_path, layout).migrations] == ["1", "2", "10"]
        return
    with pytest.raises(FileError, match=words) as caught:
        read(files, tmp_path, layout)
    assert "the same number of digits" in (caught.value.hint or "")
    widened = {form.format(name): text for name in ("01_a", "10_c", "02_b")}
    assert [file.version for file in read(widened, tmp_path / "widened", layout).migrations] == ["01", "02", "10"]


@pytest.mark.parametrize(("layout", "name", "text", "line", "words"), [
    ("dbmate", "1_a.sql", "SELECT 0;\n-- migrate:up\n-- migrate:down\n", 1, "SQL before the line -- migrate:up"),
    ("dbmate", "1_a.sql", "SELECT 0;\n", 1, "no line -- migrate:up"),
    ("dbmate", "1_a.sql", "-- migrate:down\n-- migrate:up\n", 1, "stands before"),
    ("dbmate", "1_a.sql", "-- migrate:up\n-- migrate:up\n-- migrate:down\n", 2, "no -- migrate:down between"),
    ("dbmate", "1_a.sql", "-- migrate:up\n-- migrate:down\n-- migrate:down\n", 3, "follows another one"),
    ("goose", "1_a.sql", "-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${X}';\n", 2, "ENVSUB"),
    ("goose", "1_a.sql", "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n", 2, "without StatementEnd"),
    ("goose", "1_a.sql", "-- +goose Up\n-- +goose StatementEnd\n", 2, "without StatementBegin"),
    ("goose", "1_a.sql", "-- +goose Down\n-- +goose Up\n", 1, "stands before"),
    ("goose", "1_a.sql", "-- +goose Up\n-- +goose Upp\n", 2, "no annotation 'Upp'"),
    ("goose", "1_a.sql", "-- +goose Up\n-- +goose Up\n", 2, "is there twice"),
    ("goose", "2_b.go", "package migrations\n", None, "a Go migration, which only goose can run"),
    ("sql-migrate", "1_a.sql", "-- +migrate Down\nSELECT 1;\n", 1, "no line -- \\+migrate Up"),
    ("sql-migrate", "1_a.sql", "-- +migrate Sideways\n", 1, "no annotation 'Sideways'"),
    ("flyway", "V1__a.java", "class V1__a {}\n", None, "a Java migration, which only flyway can run"),
    ("flyway", "V1__a.bash", "", None, "a script migration, which only flyway can run"),
    ("flyway", "V1__a.scala", "", None, "a Scala migration, which only flyway can run"),
    ("flyway", "V1__a.rs", "", None, "is not read: in the layout flyway"),
    ("flyway", "afterMigrate.sh", "", None, "is a callback in a script, which only flyway runs"),
    ("flyway", "beforeEachMigrate__a.java", "", None, "is a callback in Java, which only flyway runs"),
    ("flyway", "V1__a.sql", "SELECT 1;\nSELECT '${who}';\n", 2, r"\$\{who\} is a placeholder of Flyway's, and nothing"),
    ("flyway", "U3__a.sql", "SELECT 1;\n", None, "undoes a version that has no file"),
    ("golang-migrate", "1_a.down.sql", "SELECT 1;\n", None, "no up file"),
    ("sqlx", "1_a.down.sql", "SELECT 1;\n", None, "no up file"),
    ("diesel", "2020-01-01-000000_a/down.sql", "SELECT 1;\n", None, "no up.sql in it"),
    ("prisma", "2020_a/x.sql", "SELECT 1;\n", None, "no migration.sql in it"),
    ("tern", "1_a.sql", "SELECT 1;\n{{ template \"x\" }}\n", 2, "is a template of tern's"),
])
def test_what_is_refused(layout: str, name: str, text: str, line: int | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=words) as caught:
        read({name: text}, tmp_path, layout)
    assert caught.value.line == line
    assert name.split("/")[0] in caught.value.summary


@pytest.mark.parametrize(("name", "would_run"), [("V1__a.py", True), ("V1__a.class", False), ("R__a.py", False)])
def test_code_is_advised_of_for_what_it_would_run(name: str, would_run: bool, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="which only flyway can run") as caught:
        read({name: ""}, tmp_path, "flyway")
    assert ('code = "COMMAND' in (caught.value.hint or "")) == would_run


def test_diesels_metadata_is_checked(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="run_in_transaction: must be true or false"):
        read({"2020_a/up.sql": "SELECT 1;", "2020_a/metadata.toml": 'run_in_transaction = "no"'}, tmp_path, "diesel")


def test_two_files_of_a_number_are_two_versions_to_sql_migrate(tmp_path: Path) -> None:
    text = "-- +migrate Up\nSELECT 1;\n"
    files = read({"1_a.sql": text, "1_b.sql": text, "2_c.sql": text}, tmp_path, "sql-migrate")
    assert [migration.version for migration in files.migrations] == ["1_a", "1_b", "2"]


def test_flyways_baseline_stands_for_what_is_gone(tmp_path: Path) -> None:
    gone = read({"B5__all.sql": "SELECT 1;", "V6__next.sql": "SELECT 2;"}, tmp_path / "gone", "flyway")
    assert [migration.version for migration in gone.migrations] == ["5", "6"]
    there = read({"B5__all.sql": "SELECT 1;", "V5__five.sql": "SELECT 2;"}, tmp_path / "there", "flyway")
    assert [migration.name for migration in there.migrations] == ["five"]
    assert any("baseline" in note for note in there.notes)


def test_flyways_callbacks_are_known_by_their_events(tmp_path: Path) -> None:
    found = read({"V1__a.sql": "SELECT 1;", "R__v.sql": "SELECT 2;", "below/afterMigrate__b.sql": "SELECT 3;",
                  "afterMigrate__a.sql": "SELECT 4;", "beforeValidate.sql": "SELECT 5;", "createSchema.sql": ""},
                 tmp_path, "flyway")
    for file in found.migrations:
        assert {event: [script.path.name for script in scripts] for event, scripts in file.callbacks.items()} == {
            "afterMigrate": ["afterMigrate__a.sql", "afterMigrate__b.sql"]}
    assert [note.split(":")[0] for note in found.notes] == [
        "afterMigrate__a.sql is a callback", "afterMigrate__b.sql is a callback",
        "beforeValidate.sql is a callback of what Flyway alone does", "createSchema.sql is a callback of what Flyway "
        "alone does"]
    for name in ("afterMigrateError.sql", "beforeEachMigrateStatement.sql", "beforeConnect.sql", "afterParty__x.sql"):
        folder = tmp_path / name.partition(".")[0]
        with pytest.raises(FileError, match=f"{name}: is a callback of Flyway's, of an event that"):
            read({"V1__a.sql": "SELECT 1;", name: "SELECT 1;"}, folder, "flyway")
        write_files({"service.toml": f'ignore = ["{name}"]'}, folder)
        assert len(read_service(from_files(folder)).migrations) == 1


def test_a_dollar_brace_that_is_sql_needs_its_conf(tmp_path: Path) -> None:
    files = {"V1__a.sql": "SELECT '${x}';", "V1__a.sql.conf": "placeholderReplacement=false\n"}
    assert len(read(files, tmp_path, "flyway").migrations) == 1


def test_the_mark_of_a_whole_file_is_found_by_its_statements_where_the_tool_does_so(tmp_path: Path) -> None:
    files = read({"1_a.up.sql": INDEX_UP, "2_b.up.sql": "SELECT 'CREATE INDEX CONCURRENTLY';"}, tmp_path,
                 "golang-migrate")
    assert [migration.up.directives.no_transaction for migration in files.migrations] == [True, False]


@pytest.mark.parametrize(("name", "text"), [
    ("flyway.conf", "# no\nflyway.placeholders.Who = App $1\nflyway.url=jdbc:x\n"),
    ("../flyway.toml", '[flyway]\nlocations = ["filesystem:x"]\n[flyway.placeholders]\nwho = "App $1"\n'),
    ("service.toml", '[placeholders]\nwho = "App $1"\n'),
])
def test_flyways_placeholders_stand_for_what_is_configured(name: str, text: str, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    files = {"V1__a.sql": "SELECT '${who}', '${flyway:filename}';", "R__v.sql": "SELECT '${WHO}', '${who'"}
    write_files(files, folder)
    (folder / name).write_text(text)
    first, again = read_service(from_files(folder, "flyway")).migrations
    assert first.up.text == "SELECT 'App $1', 'V1__a.sql';" and again.up.text == "SELECT 'App $1', '${who'"
    assert [statement.sql for statement in prepare(first.up).statements] == ["SELECT 'App $1', 'V1__a.sql'"]
    (folder / name).write_text(text.replace("App", "Other"))
    other, again_other = read_service(from_files(folder, "flyway")).migrations
    assert other.up.checksum == first.up.checksum and again_other.up.checksum != again.up.checksum


def test_other_signs_and_names_of_flyways_files(tmp_path: Path) -> None:
    write_files({"V1__a.sql": "SELECT '@who@ ${x}';", "flyway.conf": "flyway.placeholderPrefix=@\n"
                 "flyway.placeholderSuffix=@\nflyway.placeholders.who=me\n"}, tmp_path)
    assert read_service(from_files(tmp_path, "flyway")).migrations[0].up.text == "SELECT 'me ${x}';"
    (tmp_path / "flyway.conf").write_text("flyway.sqlMigrationPrefix=M\n")
    with pytest.raises(FileError, match="sqlmigrationprefix is 'M'"):
        read_service(from_files(tmp_path, "flyway"))
