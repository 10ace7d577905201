"""What other frameworks' files hold that their ledgers don't; lock keys; and that the catalog query finds them all."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.migrate.frameworks import pending
from console.migrate.frameworks.files import NAMED, flyway_checksum
from console.migrate.frameworks.find import FIND
from console.migrate.frameworks.graphs import alembic_revisions, heads
from console.migrate.frameworks.read import summarise
from console.migrate.frameworks.records import AdvisoryLock, ForeignLedger, ForeignLedgerRow
from console.migrate.frameworks.runs import keys, run_of, runs_without_ledger
from console.migrate.frameworks.specs import SPECS, TITLES
from console.migrate.frameworks.status import belonging, migrations, state
from console.server.query import load
from console.services import Service
from tests.migrate.histories import write_files
from tests.migrate.ledgers import LEDGERS


def ledger_of(framework: str, rows: Sequence[ForeignLedgerRow]) -> ForeignLedger:
    spec = next(spec for spec in SPECS if spec.framework == framework)
    return summarise(ForeignLedger(framework, "public", "t"), spec, rows)


def compare(ledger: ForeignLedger, folder: Path) -> ForeignLedger:
    return pending.compare([ledger], folder)[0]


def compared(framework: str, folder: Path, *versions: str | ForeignLedgerRow) -> dict[str, str]:
    """Version or line/version -> state, of everything that differs."""
    rows = [version if isinstance(version, ForeignLedgerRow) else ForeignLedgerRow(version) for version in versions]
    result = compare(ledger_of(framework, rows), folder)
    assert result.differences is not None, result.note
    return {f"{difference.line}/{difference.version}" if difference.line else difference.version: difference.state
            for difference in result.differences}


# What the catalog query looks for

def test_every_ledger_passes_the_first_sieve() -> None:
    text = FIND.variants[0].text
    pattern = re.search(r"~\* '([^']+)'", text)
    anchors = set(re.findall(r"'(\w+)'", text[text.index("a.attname IN ("):text.index("),\n-- What a migration")]))
    assert pattern is not None and len(anchors) > 10
    for label, ledger in LEDGERS.items():
        spec = next(spec for spec in SPECS if spec.framework == (ledger.framework or label))
        assert re.search(pattern[1], ledger.table, re.IGNORECASE) or anchors & spec.columns, label
    for spec in SPECS:
        for name in spec.name.split("|") if spec.name else ():
            assert any(re.search(pattern[1], word) for word in name.split(".*")), spec.framework


def test_every_spec_has_its_file_and_a_fixture() -> None:
    package = "console.migrate.frameworks"
    for spec in SPECS:
        assert load(package, spec.sql, ForeignLedgerRow).on(schema="s", table="t").variants
    assert {ledger.framework or label for label, ledger in LEDGERS.items()} == set(TITLES)
    assert set(NAMED) <= set(TITLES)


def test_identifiers_are_quoted_in_the_statement() -> None:
    query = load("console.migrate.frameworks", "alembic", ForeignLedgerRow).on(schema='a"b', table="c%s.d")
    assert 'FROM "a""b"."c%s.d"' in query.variants[0].text


# Locks

@pytest.mark.parametrize(("framework", "key"), [
    ("flyway", 77433833903597),   # measured: public.flyway_schema_history
    ("goose", 4097083626),
    ("atlas", 2686470616),
    ("tern", 9628173550095224),
])
def test_lock_keys(framework: str, key: int) -> None:
    assert key in keys(framework, "app", "public", "flyway_schema_history")


def test_keys_made_of_names_differ_by_them_and_fit_in_a_bigint() -> None:
    for framework in ("sqlx", "rails", "golang-migrate", "flyway"):
        found = {key for number in range(500) for key in keys(framework, f"d{number}", "s", f"t{number}")}
        assert len(found) >= 500 and all(-(1 << 63) <= key < 1 << 63 for key in found)


def test_a_waiting_lock_is_no_run() -> None:
    lock = AdvisoryLock(4097083626, 7, False, None, None)
    assert run_of("goose", "d", "s", "t", [lock]) is None and runs_without_ledger([], [lock]) == ()
    held = AdvisoryLock(4097083626, 7, True, None, None)
    assert run_of("goose", "d", "s", "t", [held]) is not None
    assert runs_without_ledger(["goose"], [held]) == () and len(runs_without_ledger([], [held])) == 1


# Files by their names

@pytest.mark.parametrize(("framework", "files", "applied", "expected"), [
    ("ecto", ["20240101000000_a.exs", "20240102000000_b.exs", ".formatter.exs"], ["20240101000000"],
     {"20240102000000": "pending"}),
    ("golang-migrate", ["1_a.up.sql", "1_a.down.sql", "0002_b.up.sql", "10_c.up.sql"], ["2"], {"10": "pending"}),
    ("golang-migrate", ["1_a.up.sql"], ["3"], {"3": "missing"}),
    ("tern", ["001_a.sql", "002_b.sql"], ["1"], {"002": "pending"}),
    ("dbmate", ["20240101_a.sql", "20230101_late.sql"], ["20240101"], {"20230101": "pending"}),
    ("rails", ["20240101000000_create_x.rb", "20240102000000_add_y.rb"], ["20240101000000"],
     {"20240102000000": "pending"}),
    ("supabase", ["supabase/migrations/20240101000000_a.sql"], [], {"20240101000000": "pending"}),
    ("ef-core", ["Migrations/20240101000000_A.cs", "Migrations/20240101000000_A.Designer.cs",
                 "Migrations/20240102000000_B.cs", "Migrations/XModelSnapshot.cs"], ["20240101000000_A"],
     {"20240102000000_B": "pending"}),
    ("diesel", ["2017-09-23-182408_a/up.sql", "20170310_b/up.sql"], ["20170923182408"], {"20170310": "pending"}),
    ("goose", ["00001_a.sql", "00002_b.go", "00003_c_test.go"], ["1"], {"00002": "pending"}),
    ("sql-migrate", ["1_a.sql", "2_b.sql"], ["1_a.sql", "0_gone.sql"], {"2_b.sql": "pending", "0_gone.sql": "missing"}),
    ("atlas", ["20240101_a.sql", "20240102.sql", "atlas.sum"], ["20240101"], {"20240102": "pending"}),
    ("pgroll", ["01_a.yaml", "02_b.json"], ["01_a"], {"02_b": "pending"}),
    ("node-pg-migrate", ["1_a.js", "2_b.sql"], ["1_a"], {"2_b": "pending"}),
    ("yoyo", ["0001-a.sql", "0001-a.rollback.sql", "0002-b.py", "__init__.py", "post-apply.sql"], ["0001-a"],
     {"0002-b": "pending"}),
    ("pgmigrate", ["migrations/V0001__a.sql", "migrations/V0002__b.sql"], ["1"], {"0002": "pending"}),
    ("morph", ["000001_a.up.sql", "000001_a.down.sql", "000002_b.up.sql"], ["1"], {"000002": "pending"}),
    ("knex", ["20240101_a.js", "20240102_b.ts"], ["20240101_a.js"], {"20240102_b.ts": "pending"}),
    ("kysely", ["a.ts", "a.d.ts", "b.ts"], ["a"], {"b": "pending"}),
    ("typeorm", ["1700000000000-A.ts", "1700000000001-B.ts"], ["1700000000000"], {"1700000000001": "pending"}),
    ("sequelize", ["001-a.js", "002-b.js"], ["001-a.js"], {"002-b.js": "pending"}),
    ("laravel", ["2014_10_12_000000_create_users.php", "2015_x.php"], ["2014_10_12_000000_create_users"],
     {"2015_x": "pending"}),
    ("graphile-migrate", ["committed/000001-a.sql", "committed/000002.sql", "current.sql"], ["000001-a.sql"],
     {"000002.sql": "pending"}),
    ("flyway", ["V1__a.sql", "sub/V1_1__b.sql", "V0.5__late.sql"], ["1"], {"0.5": "skipped", "1.1": "pending"}),
])
def test_pending_by_names(framework: str, files: list[str], applied: list[str], expected: dict[str, str],
                          tmp_path: Path) -> None:
    write_files(dict.fromkeys(files, "-- x\n"), tmp_path)
    assert compared(framework, tmp_path, *applied) == expected


def test_only_the_last_number_is_stored_so_the_files_are_counted(tmp_path: Path) -> None:
    write_files({"1_a.up.sql": "", "2_b.up.sql": "", "9_c.up.sql": ""}, tmp_path)
    assert compare(ledger_of("golang-migrate", [ForeignLedgerRow("2")]), tmp_path).applied_count == 2


def test_no_files_and_unknown_files_are_said(tmp_path: Path) -> None:
    assert "holds no migrations" in (compare(ledger_of("knex", []), tmp_path).note or "")
    assert "not in files" in (compare(ledger_of("river", []), tmp_path).note or "")
    assert "_journal.json" in (compare(ledger_of("drizzle", []), tmp_path).note or "")


def test_a_reverted_or_failed_migration_is_pending(tmp_path: Path) -> None:
    write_files({"a/migration.sql": "", "b/migration.sql": ""}, tmp_path)
    rows = ForeignLedgerRow("a", state="reverted"), ForeignLedgerRow("b", state="failed")
    assert compared("prisma", tmp_path, *rows) == {"a": "pending", "b": "pending"}


# Checksums

@pytest.mark.parametrize(("framework", "algorithm", "file"), [
    ("sqlx", "sha384", "1_a.sql"), ("prisma", "sha256", "1/migration.sql"),
])
def test_a_change_is_seen_and_line_ends_are_forgiven(framework: str, algorithm: str, file: str, tmp_path: Path) -> None:
    write_files({file: "SELECT 1;\nSELECT 2;\n"}, tmp_path)
    on_windows = hashlib.new(algorithm, b"SELECT 1;\r\nSELECT 2;\r\n").hexdigest()
    assert compared(framework, tmp_path, ForeignLedgerRow("1", checksum=on_windows)) == {}
    assert compared(framework, tmp_path, ForeignLedgerRow("1", checksum="00")) == {"1": "changed"}


def test_flyways_checksum_ignores_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    texts = b"SELECT 1;\nSELECT 2;\n", b"\xef\xbb\xbfSELECT 1;\r\nSELECT 2;", b"SELECT 1;\nSELECT 3;\n"
    found = []
    for text in texts:
        (tmp_path / "x.sql").write_bytes(text)
        found.append(flyway_checksum(tmp_path / "x.sql"))
    assert found[0] == found[1] != found[2]


def test_flyways_repeatable_runs_again_when_it_changed(tmp_path: Path) -> None:
    write_files({"V1__a.sql": "x", "R__v.sql": "new", "R__w.sql": "never run"}, tmp_path)
    (checksum,) = flyway_checksum(tmp_path / "V1__a.sql")
    rows = ForeignLedgerRow("1", checksum=checksum), ForeignLedgerRow("R__v.sql", state="repeatable", checksum="1")
    assert compared("flyway", tmp_path, *rows) == {"R__v.sql": "pending", "R__w.sql": "pending"}


def test_what_came_before_flyways_baseline_is_not_pending(tmp_path: Path) -> None:
    write_files({"V1__a.sql": "", "V2__b.sql": "", "V3__c.sql": ""}, tmp_path)
    assert compared("flyway", tmp_path, ForeignLedgerRow("2", state="baseline", detail="BASELINE")) == {"3": "pending"}


# Drizzle, sqitch, Liquibase

def test_what_drizzle_skips_in_silence(tmp_path: Path) -> None:
    entries = [{"idx": n, "when": when, "tag": tag} for n, (when, tag) in enumerate(
        [(1000, "0000_a"), (3000, "0001_b"), (2000, "0002_late"), (4000, "0003_d"), (1500, "0004_moved")])]
    files = {f"{entry['tag']}.sql": f"-- {entry['tag']}\n" for entry in entries}
    write_files({"meta/_journal.json": json.dumps({"entries": entries}), **files}, tmp_path)

    def row(when: str, tag: str) -> ForeignLedgerRow:
        return ForeignLedgerRow(when, checksum=hashlib.sha256(files[f"{tag}.sql"].encode()).hexdigest())

    rows = row("1000", "0000_a"), row("1400", "0004_moved"), row("3000", "0001_b")
    assert compared("drizzle", tmp_path, *rows) == {"2000": "skipped", "4000": "pending", "1400": "missing"}


def test_a_broken_journal_is_named(tmp_path: Path) -> None:
    write_files({"meta/_journal.json": "{}"}, tmp_path)
    assert "is no journal of Drizzle's" in (compare(ledger_of("drizzle", []), tmp_path).note or "")


def test_sqitchs_plan(tmp_path: Path) -> None:
    write_files({"sqitch.plan": """%syntax-version=1.0.0
%project=flipr
%uri=https://example.com/

users 2026-01-01T10:00:00Z M <m@x> # Creates users.
flips [users] 2026-01-02T10:00:00Z M <m@x> # Adds flips.
@v1 2026-01-03T10:00:00Z M <m@x> # Tag.
lists [flips users] 2026-01-04T10:00:00Z M <m@x> # Lists.
""", "deploy/users.sql": "edited\n", "deploy/flips.sql": "flips\n"}, tmp_path)
    flips = hashlib.sha1(b"flips\n").hexdigest()
    rows = (ForeignLedgerRow("users", line="flipr", checksum="00"),
            ForeignLedgerRow("flips", line="flipr", checksum=flips),
            ForeignLedgerRow("other", line="elsewhere"))
    assert compared("sqitch", tmp_path, *rows) == {"flipr/users": "changed", "flipr/lists": "pending"}


def test_liquibases_changesets(tmp_path: Path) -> None:
    write_files({"a.sql": "--liquibase formatted sql\n--changeset me:1\nSELECT 1;\n-- changeset me:2 x:true\n",
                 "b.xml": '<databaseChangeLog><changeSet author="you" id="3">\n<sql/></changeSet></databaseChangeLog>'},
                tmp_path)
    row = ForeignLedgerRow("1", "db/changelog/a.sql::me")
    assert compared("liquibase", tmp_path, row) == {"a.sql::me/2": "pending", "b.xml::you/3": "pending"}
    others = row, ForeignLedgerRow("2", "classpath:a.sql::you"), ForeignLedgerRow("3", "./b.xml::you")
    found = compared("liquibase", tmp_path, *others)
    assert found == {"a.sql::me/2": "pending", "classpath:a.sql::you/2": "missing"}, "an id is one author's"


def test_liquibases_changesets_by_quoted_names_and_logical_paths(tmp_path: Path) -> None:
    write_files({"a.sql": "--liquibase formatted sql logicalFilePath:old/name.sql\n"
                          '--changeset "Some One":"add it"\nSELECT 1;\n'
                          "--changeset me:2 logicalFilePath:b.sql\nSELECT 1;"}, tmp_path)
    rows = ForeignLedgerRow("add it", "old/name.sql::Some One"), ForeignLedgerRow("2", "b.sql::me")
    assert compared("liquibase", tmp_path, *rows) == {}


# In the engine's terms

def test_states_are_the_engines(tmp_path: Path) -> None:
    write_files({"meta/_journal.json": json.dumps({"entries": [
        {"when": 1000, "tag": "a"}, {"when": 2000, "tag": "late"}, {"when": 3000, "tag": "b"},
        {"when": 4000, "tag": "c"}]}), "a.sql": "a", "b.sql": "b", "c.sql": "c", "late.sql": "late"}, tmp_path)
    ledger = compare(ledger_of("drizzle", [ForeignLedgerRow("1000", checksum=hashlib.sha256(b"a").hexdigest()),
                                           ForeignLedgerRow("3000", checksum="other")]), tmp_path)
    assert [(migration.version, migration.state, migration.checksum_ok) for migration in migrations(ledger)] == [
        ("1000", "applied", True), ("3000", "changed", False), ("2000", "held", None), ("4000", "pending", None)]
    assert state(ledger) == "changed"


def test_failed_running_reverted_and_unreadable() -> None:
    ledger = ledger_of("atlas", [ForeignLedgerRow("1"), ForeignLedgerRow("2", state="reverted"),
                                 ForeignLedgerRow("3", state="failed", detail="1 of 3 statements: oops")])
    assert [(migration.version, migration.state, migration.detail) for migration in migrations(ledger)] == [
        ("1", "applied", ""), ("3", "failed", "1 of 3 statements: oops")]
    assert state(ledger) == "failed"
    assert state(ledger_of("pgroll", [ForeignLedgerRow("1", state="running")])) == "held"
    assert state(ForeignLedger("pgroll", "s", "t", unavailable="locked")) is None
    assert state(ledger_of("pgroll", [])) == "applied"


def test_which_ledgers_are_a_services() -> None:
    found = [ForeignLedger("ecto", "app", "t"), ForeignLedger("ecto", "public", "t"), ForeignLedger("knex", "app", "k")]

    def places(**words: object) -> list[tuple[str, str]]:
        service = Service(name="s", **words)  # type: ignore[arg-type]
        return [(ledger.framework, ledger.schema) for ledger in belonging(service, found)]

    assert places(schemas=("app",)) == [("ecto", "app"), ("knex", "app")]
    assert places(schemas=("app",), framework="ecto") == [("ecto", "app")]
    assert places(schemas=("other",), framework="ecto") == [("ecto", "app"), ("ecto", "public")]
    assert places(schemas=("other",)) == []
    assert places(schemas=("new",), framework="goose") == [("goose", "new")], "no ledger yet: an empty one"


# Alembic and Django: graphs, read without running anything

def revision(name: str, down: str, more: str = "") -> str:
    return (f'"""Message of {name}."""\nraise SystemExit("must not run")\n'
            f"revision = {name!r}\ndown_revision = {down}\n{more}\n")


def alembic_folder(tmp_path: Path) -> Path:
    return write_files({
        "alembic.ini": "[alembic]\nscript_location = %(here)s/scripts\n",
        "scripts/env.py": "raise SystemExit('must not run')\n",
        "scripts/versions/a.py": revision("a", "None"),
        "scripts/versions/b.py": revision("b", "'a'", "branch_labels = ('left',)"),
        "scripts/versions/c.py": 'revision: str = "c"\ndown_revision: str | None = "a"\ndepends_on = "left"\n',
        "scripts/versions/d.py": revision("d", "('b', 'c')"),
        "scripts/versions/e.py": revision("e", "'d'"),
        "scripts/versions/notes.py": "x = 1\n",
    }, tmp_path)


def test_alembics_pending_are_those_that_nothing_applied_follows(tmp_path: Path) -> None:
    folder = alembic_folder(tmp_path)
    ledger = compare(ledger_of("alembic", [ForeignLedgerRow("b")]), folder)
    assert [migration.version for migration in ledger.pending or ()] == ["c", "d", "e"]
    assert ledger.applied_count == 2 and (ledger.pending or ())[1].name == "Message of d."
    # c depends on the branch left, so b is there as well.
    assert [migration.version for migration in compare(ledger_of("alembic", [ForeignLedgerRow("c")]), folder).pending
            or ()] == ["d", "e"]
    assert compare(ledger_of("alembic", [ForeignLedgerRow("e")]), folder).pending == ()
    assert [migration.version for migration in compare(ledger_of("alembic", []), folder).pending or ()] == list("abcde")


def test_alembics_applied_revisions_are_listed_from_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alembic_folder(tmp_path / "app")
    monkeypatch.chdir(tmp_path)
    ledger = compare(ledger_of("alembic", [ForeignLedgerRow("b")]), Path("app"))
    assert [(migration.version, migration.name, migration.state) for migration in migrations(ledger)] == [
        ("a", "Message of a.", "applied"), ("b", "Message of b.", "applied"), ("c", None, "pending"),
        ("d", "Message of d.", "pending"), ("e", "Message of e.", "pending")]


def test_alembics_unknown_revision_and_several_heads(tmp_path: Path) -> None:
    folder = alembic_folder(tmp_path)
    assert compared("alembic", folder, "zzz") == {**dict.fromkeys("abcde", "pending"), "zzz": "missing"}
    write_files({"scripts/versions/f.py": revision("f", "'d'")}, folder)
    assert heads(alembic_revisions(folder)) == ("e", "f")
    assert "2 heads in the files: e, f" in (compare(ledger_of("alembic", [ForeignLedgerRow("d")]), folder).note or "")


def test_alembics_files_that_are_wrong(tmp_path: Path) -> None:
    folder = alembic_folder(tmp_path)
    write_files({"scripts/versions/g.py": revision("a", "None")}, folder)
    with pytest.raises(ConsoleError, match="revision a is there twice"):
        alembic_revisions(folder)
    write_files({"scripts/versions/g.py": "def ("}, folder)
    assert "is no Python" in (compare(ledger_of("alembic", []), folder).note or "")


def test_alembic_takes_a_versions_folder_and_a_long_line(tmp_path: Path) -> None:
    files = {f"v/{n:05}.py": revision(str(n), repr(str(n - 1)) if n else "None") for n in range(3000)}
    folder = write_files(files, tmp_path) / "v"
    ledger = compare(ledger_of("alembic", [ForeignLedgerRow("1000")]), folder)
    assert ledger.applied_count == 1001 and len(ledger.pending or ()) == 1999


def test_djangos_apps_and_squashes(tmp_path: Path) -> None:
    body = "from django.db import migrations\nclass Migration(migrations.Migration):\n    replaces = {}\n"
    write_files({
        "shop/migrations/__init__.py": "", "shop/migrations/0003_next.py": body.format([]),
        "shop/migrations/0001_squashed_0002.py": body.format([("shop", "0001_initial"), ("shop", "0002_more")]),
        "blog/migrations/0001_initial.py": body.format([]), "blog/models.py": "",
    }, tmp_path)

    def rows(*names: str) -> list[ForeignLedgerRow]:
        return [ForeignLedgerRow(name.split("/")[1], line=name.split("/")[0]) for name in names]

    expected = {"shop/0003_next": "pending", "blog/0001_initial": "pending"}
    assert compared("django", tmp_path, *rows("shop/0001_initial", "shop/0002_more", "auth/0001_initial")) == expected
    assert compared("django", tmp_path, *rows("shop/0001_squashed_0002")) == expected
    assert compared("django", tmp_path, *rows("shop/0001_initial")) == {**expected,
                                                                       "shop/0001_squashed_0002": "pending"}
    gone = compared("django", tmp_path, *rows("shop/0001_squashed_0002", "shop/0009_gone"))
    assert gone == {**expected, "shop/0009_gone": "missing"}
