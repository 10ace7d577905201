"""Files, versions, directives and checksums; the order of a run; states. No server."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.errors import UsageError
from console.migrate import repeatable, state, steps
from console.migrate.create import next_files
from console.migrate.directives import Requirement
from console.migrate.faults import FileError, MigrationError
from console.migrate.files import read_service
from console.migrate.prepare import prepare
from console.migrate.records import LedgerRow, MigrationFile, RunRange, Script, ServiceStatus
from console.migrate.version import version_key
from console.services import Service


def service(folder: Path, files: Mapping[str, str], name: str = "shop", **words: object) -> Service:
    inside = folder / name
    inside.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (inside / file).write_bytes(text.encode())
    return Service(name=name, schemas=(name,), folder=inside, **words)  # type: ignore[arg-type]


def row(file: MigrationFile, rank: int = 1, **words: object) -> LedgerRow:
    values: dict[str, object] = {
        "service": file.service, "version": file.version, "name": file.name, "state": "applied", "direction": "up",
        "checksum_up": file.up.checksum, "raw_checksum_up": file.up.raw_checksum,
        "statements_done": 1, "statements_total": 1, "error": None, "rank": rank, "applied_at": dt.datetime.now(dt.UTC),
        "applied_by": "me", "duration_ms": 1.0}
    return LedgerRow(**(values | words))  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "other"), [
    ("3", "0003"), ("1.2", "1_2"), ("1.2", "1.2.0"), ("2017-09-23-182408", "20170923182408"), ("0", "000")])
def test_versions_that_are_the_same(text: str, other: str) -> None:
    assert version_key(text) == version_key(other)


@pytest.mark.parametrize(("less", "more"), [
    ("2", "10"), ("0009", "00010"), ("1.9", "1.10"), ("20170309122510", "2017-09-23-182408"), ("0", "1"),
    ("99", "20240101000000"), ("1", "1.1"), ("5", "alpha"), ("2025-11-19-091444-0000", "2026-05-27-120000"),
    ("202511190914440000", "20260527120000"), ("20251119091444000", "20251119091444001"),
    ("2026-05-27-120000", "2026-05-27-120000-0000"), ("20240101000000", "2025-11-19-091444-0000")])
def test_versions_in_order(less: str, more: str) -> None:
    assert version_key(less) < version_key(more)


def test_a_folder_in_order_of_version_with_words_about_gaps(tmp_path: Path) -> None:
    found = read_service(service(tmp_path, {
        "10_c.up.sql": "SELECT 10", "2_b.up.sql": "SELECT 2", "2_b.down.sql": "", "1_a.up.sql": "", "notes.sql": ""}))
    assert [(migration.version, migration.name, migration.down is not None) for migration in found.migrations] == [
        ("1", "a", False), ("2", "b", True), ("10", "c", False)]
    assert found.notes == ("notes.sql is no migration: its name has no number", "no version between 2 and 10")


def test_a_version_twice_and_a_down_alone_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"1_a\.up\.sql: version 1 is there twice, also in 01_b\.up\.sql"):
        read_service(service(tmp_path, {"1_a.up.sql": "", "01_b.up.sql": ""}))
    with pytest.raises(FileError, match="there is no up file"):
        read_service(service(tmp_path / "other", {"1_a.up.sql": "", "1_b.down.sql": ""}))


def test_checksums_don_t_see_line_ends_and_byte_order_marks(tmp_path: Path) -> None:
    scripts = []
    for name, content in (("a", b"SELECT 1;\nSELECT 2;\n"), ("b", b"\xef\xbb\xbfSELECT 1;\r\nSELECT 2;\r\n")):
        (tmp_path / name).write_bytes(content)
        scripts.append(Script(tmp_path / name))
    assert scripts[0].checksum == scripts[1].checksum
    assert scripts[0].checksum.startswith("sha256:")
    assert scripts[0].raw_checksum is None
    assert scripts[1].raw_checksum not in (None, scripts[1].checksum)
    assert scripts[1].text == "SELECT 1;\r\nSELECT 2;\r\n"


def test_text_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_bytes(b"SELECT 1;\nSELECT 'caf\xe9';\n")
    with pytest.raises(FileError, match=r"x\.sql:2: is not UTF-8 text: byte 0xe9"):
        Script(tmp_path / "x.sql").text  # noqa: B018


@pytest.mark.parametrize(("encoding", "named"), [
    ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16LE"), ("utf-16-be", "UTF-16BE"), ("utf-32", "UTF-32"),
    ("latin-1", "LATIN1"), ("cp1252", "WINDOWS-1252")])
def test_text_in_another_encoding_is_told_with_the_iconv_that_mends_it(
        encoding: str, named: str, tmp_path: Path) -> None:
    text = "-- caf\xe9\r\nSELECT 'd\xe9j\xe0 vu';\n" * 20
    path = tmp_path / "x.sql"
    path.write_bytes((text.replace("caf", "\u201ccaf") if encoding == "cp1252" else text).encode(encoding))
    with pytest.raises(FileError) as caught:
        Script(path).text  # noqa: B018
    assert f"iconv -f {named} -t UTF-8" in (caught.value.hint or "")
    if shutil.which("iconv"):
        mended = subprocess.run(["iconv", "-f", named, "-t", "UTF-8", str(path)], capture_output=True, check=True)
        path.write_bytes(mended.stdout)
        assert Script(path).text.lstrip("\ufeff").endswith(text[-20:])


def test_directives() -> None:
    found = Script(Path("x.sql"), "-- a word\n-- dbconsole: no-transaction\n--dbconsole: lock-timeout=500ms\n"
                   "-- dbconsole: statement-timeout=10min\n-- dbconsole: requires-extension=age\n"
                   "-- dbconsole: requires=platform/0003\r\n\n-- dbconsole: irreversible: the old rows are gone\n"
                   "-- dbconsole: ignore=drop-table,drop-column: nobody reads it\nDROP TABLE t;").directives
    assert found.no_transaction
    assert (found.lock_timeout_ms, found.statement_timeout_ms) == (500, 600_000)
    assert found.extensions == ("age",)
    assert found.requires == (Requirement("platform", "0003"),)
    assert found.irreversible == "the old rows are gone"
    assert found.ignores == ("drop-table", "drop-column")


@pytest.mark.parametrize(("text", "line", "words"), [
    ("-- dbconsole: no-transactions\nSELECT 1", 1, "unknown directive 'no-transactions'"),
    ("--\n-- dbconsole: lock-timeout=soon\n", 2, "no duration"),
    ("-- dbconsole: lock-timeout\n", 1, "lock-timeout=..."),
    ("-- dbconsole: requires=platform\n", 1, "no service/version"),
    ("-- dbconsole: irreversible\n", 1, "irreversible: reason"),
    ("-- dbconsole: ignore=drop-table\n", 1, "gives no reason"),
    ("SELECT 1;\n-- dbconsole: no-transaction\n", 2, "stands after the first statement"),
])
def test_wrong_directives_name_their_line(text: str, line: int, words: str) -> None:
    with pytest.raises(FileError) as caught:
        Script(Path("x.sql"), text).directives  # noqa: B018
    assert caught.value.line == line
    assert words in caught.value.message
    assert "did you mean no-transaction?" in (caught.value.hint or "") or "no-transactions" not in text


@pytest.mark.parametrize(("statement", "what"), [
    ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX CONCURRENTLY"),
    ("DROP INDEX CONCURRENTLY IF EXISTS i", "DROP INDEX CONCURRENTLY"),
    ("REINDEX (VERBOSE) TABLE CONCURRENTLY t", "REINDEX CONCURRENTLY"), ("REINDEX DATABASE d", "REINDEX DATABASE"),
    ("VACUUM ANALYZE t", "VACUUM"), ("ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM"),
    ("CREATE DATABASE d", "CREATE DATABASE"), ("DROP TABLESPACE t", "DROP TABLESPACE"),
    ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", "DETACH PARTITION CONCURRENTLY"),
    ("ALTER DATABASE d SET TABLESPACE x", "ALTER DATABASE ... SET TABLESPACE"), ("CLUSTER", "CLUSTER of all tables"),
    ("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "CREATE SUBSCRIPTION"), ("DISCARD ALL", "DISCARD ALL")])
def test_what_cannot_run_in_a_transaction_is_told_beforehand(statement: str, what: str) -> None:
    with pytest.raises(FileError) as caught:
        prepare(Script(Path("x.sql"), f"SELECT 1;\n{statement};"))
    assert caught.value.summary == f"x.sql:2:1: {what} cannot run inside a transaction"
    assert "no-transaction" in (caught.value.hint or "")
    assert prepare(Script(Path("x.sql"), f"-- dbconsole: no-transaction\n{statement};")).statements


@pytest.mark.parametrize("statement", [
    "CREATE INDEX concurrently_made ON t (a)", "REFRESH MATERIALIZED VIEW CONCURRENTLY v", "CLUSTER t USING i",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)", "SAVEPOINT a", "ROLLBACK TO a",
    "REINDEX INDEX i", "ALTER TABLE t ADD COLUMN concurrently int", "CREATE TABLE vacuum_log ()"])
def test_what_can_run_in_a_transaction_is_let_through(statement: str) -> None:
    assert len(prepare(Script(Path("x.sql"), statement)).statements) == 1


@pytest.mark.parametrize("statement", ["BEGIN", "COMMIT", "END", "ROLLBACK", "START TRANSACTION", "ABORT",
                                       "PREPARE TRANSACTION 'x'", "COMMIT AND CHAIN"])
def test_own_transactions_are_refused_with_their_line(statement: str) -> None:
    with pytest.raises(FileError, match=r"x\.sql:2:1: .* doesn't belong into a migration"):
        prepare(Script(Path("x.sql"), f"SELECT 1;\n{statement};\nSELECT 2;"))


def test_an_empty_file_is_a_mistake_and_a_comment_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text(" \n")
    with pytest.raises(FileError, match="is empty"):
        prepare(Script(tmp_path / "x.sql"))
    (tmp_path / "y.sql").write_text("-- nothing to take back\n")
    assert prepare(Script(tmp_path / "y.sql")).statements == ()


def statuses(folder: Path, applied: list[str], *, extensions: tuple[str, ...] = (),
             edited: str | None = None) -> tuple[tuple[ServiceStatus, ...], list[LedgerRow]]:
    base = service(folder, {"0001_a.up.sql": "SELECT 1", "0002_b.up.sql": "SELECT 2", "0001_a.down.sql": "SELECT 1",
                            "0002_b.down.sql": "SELECT 2", "0003_c.up.sql": "SELECT 3"}, "base")
    top = service(folder, {"0001_x.up.sql": "-- dbconsole: requires=base/2\nSELECT 1",
                           "0002_y.up.sql": "-- dbconsole: requires-extension=age\nSELECT 2",
                           "0003_z.up.sql": "-- dbconsole: requires=top/0002\nSELECT 3"}, "top", depends_on=("base",))
    files = [read_service(top), read_service(base)]
    known = {f"{migration.service}/{migration.version}": migration for two in files for migration in two.migrations}
    rows = [row(known[name], rank) for rank, name in enumerate(applied, 1)]
    if edited:
        (base.folder / edited).write_text("SELECT 99")  # type: ignore[operator]
        files = [read_service(top), read_service(base)]
    return state.compare_all(files, rows, extensions), rows


def names(chosen: tuple[steps.Step, ...]) -> list[str]:
    return [f"{step.migration.service}/{step.migration.version}" for step in chosen]


def test_up_goes_by_dependency_and_down_by_the_reverse_of_what_happened(tmp_path: Path) -> None:
    found, rows = statuses(tmp_path, [])
    assert names(steps.choose(found, rows, RunRange())) == [
        "base/0001", "base/0002", "base/0003", "top/0001", "top/0002", "top/0003"]
    assert [migration.state for migration in found[0].migrations] == ["pending", "held", "held"]
    assert found[0].migrations[2].detail == 'requires top/0002, which waits for the extension "age"'
    assert names(steps.choose(found, rows, RunRange(steps=4)))[-1] == "top/0001"
    found, rows = statuses(tmp_path, ["base/0002", "base/0001"])
    assert names(steps.choose(found, rows, RunRange(direction="down", steps=9))) == ["base/0001", "base/0002"]
    assert names(steps.choose(found, rows, RunRange(direction="down"))) == ["base/0001"]
    assert names(steps.choose(found[1:], rows, RunRange(direction="down", to="1"))) == ["base/0002"]
    assert names(steps.choose(found[1:], rows, RunRange(direction="down", to="0"))) == ["base/0001", "base/0002"]
    found, rows = statuses(tmp_path, ["base/0001", "top/0001", "base/0002"])
    with pytest.raises(MigrationError, match="top/0001_x is applied and requires base/2"):
        steps.choose(found, rows, RunRange(direction="down"))


def test_what_forbids_a_run_says_the_way_forward(tmp_path: Path) -> None:
    found, rows = statuses(tmp_path, ["base/0001", "base/0003"])
    with pytest.raises(MigrationError, match="base/0002_b is older") as caught:
        steps.choose(found, rows, RunRange())
    assert "--out-of-order" in (caught.value.hint or "")
    assert "base/0002" in names(steps.choose(found, rows, RunRange(out_of_order=True)))
    with pytest.raises(FileError, match="has no way down"):
        steps.choose(found, rows, RunRange(direction="down"))
    found, rows = statuses(tmp_path, ["base/0001"], edited="0001_a.up.sql")
    assert found[1].state == "changed"
    with pytest.raises(MigrationError, match="was changed after it was applied") as caught:
        steps.choose(found, rows, RunRange())
    assert "accept-checksum" in (caught.value.hint or "")
    with pytest.raises(MigrationError, match="which service"):
        steps.choose(found, rows, RunRange(to="1"))
    with pytest.raises(MigrationError, match="base has no version 9"):
        steps.choose(found[1:], rows, RunRange(to="9"))


def test_a_baseline_that_others_come_before_is_refused_and_not_read_as_any_other_file(tmp_path: Path) -> None:
    header = f"-- dbconsole: replaces=1/sha256:{'0' * 64}\n-- dbconsole: replaces=2/sha256:{'1' * 64}\n"
    files = {"0001_late.up.sql": "SELECT 1", "0002_baseline.up.sql": header + "SELECT 2"}
    found = read_service(service(tmp_path, files))
    with pytest.raises(FileError, match=r"stands for 1 to 2, but 0001_late\.up\.sql comes before it") as caught:
        state.compare(found, (), ())
    assert caught.value.path.name == "0002_baseline.up.sql"
    assert "take the replaces lines out" in (caught.value.hint or "")
    rows = [row(found.migrations[1], 1)]
    assert [each.state for each in state.compare(found, rows, ()).migrations] == ["pending", "applied"], \
        "what is applied already is the first file's fault"
    (tmp_path / "shop" / "0001_late.up.sql").unlink()
    assert [each.state for each in state.compare(read_service(found.service), (), ()).migrations] == ["pending"]


def test_a_missing_file_an_interrupted_one_and_mere_line_ends(tmp_path: Path) -> None:
    files = read_service(service(tmp_path, {"1_a.up.sql": "SELECT 1;\n", "2_b.up.sql": "SELECT 2"}))
    first, second = files.migrations
    gone = MigrationFile("shop", "9", "gone", Script(Path("gone"), "SELECT 9"))
    rows = [row(first, 1), row(second, 2, state="running", statements_done=1, statements_total=3), row(gone, 3)]
    (first.up.path).write_bytes(b"SELECT 1;\r\n")
    found = state.compare(read_service(files.service), rows, ())
    assert [(two.version, two.state, two.detail) for two in found.migrations] == [
        ("1", "applied", "only line ends or a byte order mark differ from what was applied"),
        ("2", "failed", "1 of 3 statements of it are done, then it was interrupted"),
        ("9", "missing", "it is applied, but its file is not there")]
    with pytest.raises(MigrationError, match="its files are not there"):
        steps.choose([found], rows, RunRange(direction="down"))


def test_a_cycle_is_named(tmp_path: Path) -> None:
    current = service(tmp_path, {"1_a.up.sql": "-- dbconsole: requires=two/1\n"}, "one")
    two = service(tmp_path, {"1_b.up.sql": "-- dbconsole: requires=one/1\n"}, "two")
    found = state.compare_all([read_service(current), read_service(two)], [], ())
    with pytest.raises(MigrationError, match="one/1_a -> two/1_b -> one/1_a"):
        steps.choose(found, [], RunRange())
    with pytest.raises(MigrationError, match="one/1_a requires two/1, which is not applied, and that service"):
        steps.choose(found[:1], [], RunRange())


def test_five_thousand_migrations_are_no_deep_recursion(tmp_path: Path) -> None:
    many = Service(name="many", schemas=())
    files = [MigrationFile("many", str(number), "x", Script(Path("x"), "SELECT 1")) for number in range(1, 5001)]
    status = state.compare(state.ServiceFiles(many, tuple(files)), [], ())
    assert len(steps.choose([status], [], RunRange())) == 5000


def test_new_files_follow_the_habit_of_the_service(tmp_path: Path) -> None:
    shop = service(tmp_path, {"0009_a.up.sql": ""})
    (up, up_text), (down, _) = next_files(shop, "Add owner, to: documents!", no_transaction=True)
    assert (up.name, down.name) == ("0010_add_owner_to_documents.up.sql", "0010_add_owner_to_documents.down.sql")
    assert Script(up, up_text).directives.no_transaction
    stamped = service(tmp_path, {"20240101120000_a.up.sql": ""}, "stamped")
    assert len(next_files(stamped, "b")[0][0].name.partition("_")[0]) == 14
    assert next_files(service(tmp_path, {}, "fresh"), "b")[0][0].name == "0001_b.up.sql"
    with pytest.raises(UsageError, match="makes no file name"):
        next_files(shop, "!!!")


def test_a_large_file_is_read_in_time(tmp_path: Path) -> None:
    """64 MB, read, checked and summed up: a fraction of a second; what copies all for each part takes half a minute."""
    path = tmp_path / "0001_x.up.sql"
    path.write_text("INSERT INTO s.t VALUES (1, 'some text that fills the line up to 64 chars');\n" * 850_000)
    began = time.process_time()
    script = Script(path)
    assert len(script.text) == path.stat().st_size > 64_000_000 and script.checksum
    assert time.process_time() - began < 10


def test_a_directive_is_a_comment_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "0001_x.up.sql"
    path.write_text("-- dbconsole: lock-timeout=5s\nCREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT '\n"
                    "-- dbconsole: no-transaction\n' $$; /*\n-- dbconsole: irreversible: no\n*/\n"
                    "COMMENT ON FUNCTION f() IS '\n-- dbconsole: nonsense';\n")
    script = Script(path)
    assert (script.directives.lock_timeout_ms, script.directives.no_transaction) == (5000, False)
    assert len(prepare(script).statements) == 2
    path.write_text("SELECT 1;\n-- dbconsole: no-transaction\n")
    with pytest.raises(FileError, match="stands after the first statement") as caught:
        prepare(Script(path))
    assert caught.value.line == 2


def test_repeatable_files_stand_in_the_order_of_their_use_or_are_refused_by_name(tmp_path: Path) -> None:
    def ordered(name: str, files: Mapping[str, str]) -> list[str]:
        states = state.compare(read_service(service(tmp_path, files, name)), (), ()).migrations
        return [file.version for file in repeatable.in_order(states)]

    first, second = "CREATE VIEW shop.a AS SELECT * FROM shop.b", "CREATE VIEW shop.b AS SELECT 1 AS one"
    assert ordered("used", {"R__a.sql": first, "R__b.sql": second}) == ["R__b", "R__a"]
    with pytest.raises(MigrationError, match="repeatable files use each other: circle"):
        ordered("circle", {"R__a.sql": first, "R__b.sql": "CREATE VIEW shop.b AS SELECT * FROM shop.a"})
