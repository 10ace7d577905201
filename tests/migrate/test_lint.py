"""Each lint rule with something that it finds and something that it leaves alone; ignores; what the catalog changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from console.migrate.directives import Directives
from console.migrate.facts import Catalog, ColumnFacts, ConstraintFacts, RelationFacts
from console.migrate.faults import FileError
from console.migrate.lint import RULES, Lintable, LintFinding, LintRule, lint, own_schemas
from console.migrate.lint.choice import asked
from console.migrate.lint.examples import EXAMPLES
from console.migrate.prepare import prepare
from console.migrate.records import Direction, Script
from console.services import Service
from console.sql.grammar import Name
from tests.support.transaction_blocks import CASES, BlockCase

NO_TRANSACTION = "-- dbconsole: no-transaction\n"


def relation(name: str, *, kind: str = "r", rows: int | None = None, total_bytes: int | None = None,
             is_empty: bool = False) -> RelationFacts:
    schema, _, bare = name.partition(".")
    return RelationFacts(name, 1, schema, bare, kind, rows, total_bytes, 0, None, None, None, None, is_empty)


def check(name: str, column: str, definition: str, *, valid: bool = True) -> ConstraintFacts:
    return ConstraintFacts("s.t", name, "c", valid, False, [column], definition, "s", "t", None, None)


def catalog(*relations: RelationFacts, major: int = 18, **rest: object) -> Catalog:
    return Catalog(major, {relation.asked: relation for relation in relations}, **rest)  # type: ignore[arg-type]


NEED_A_CATALOG = {"partitioned-index-concurrently": catalog(relation("s.p", kind="p")),
                  "newer-than-server": catalog(major=17)}


def findings(text: str, known: Catalog | None = None, direction: Direction = "up", *,
             also: str | None = None) -> list[LintFinding]:
    script = Script(Path("0001_x.up.sql"), section=text)
    return lint([Lintable("s", script, direction, ("s",), asked(also=[also] if also else []))], known)


def rules(text: str, known: Catalog | None = None, direction: Direction = "up") -> list[str]:
    return [finding.rule for finding in findings(text, known, direction)]


def test_every_rule_is_tried() -> None:
    assert EXAMPLES.keys() == RULES.keys()
    assert len(RULES) >= 40


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_finds_the_bad_and_leaves_the_good(rule: str) -> None:
    example, known = EXAMPLES[rule], NEED_A_CATALOG.get(rule)
    found = [finding for finding in findings(example.bad, known, also=rule) if finding.rule == rule]
    assert found, rules(example.bad)
    assert all(finding.message and finding.advice and finding.severity in ("error", "warning", "info")
               for finding in found)
    assert rule not in [finding.rule for finding in findings(example.good, known, also=rule)]
    assert not RULES[rule].is_opt_in or rule not in rules(example.bad, known)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_rules_explain_themselves(rule: LintRule) -> None:
    assert rule.reason and rule.advice and rule.name == rule.name.lower()


def test_a_way_down_may_drop_what_the_way_up_made() -> None:
    text = "DROP TABLE s.t; DROP SCHEMA s; ALTER TABLE s.u DROP COLUMN a; DROP INDEX s.i"
    assert rules(text, direction="down") == []
    assert rules("CREATE INDEX i ON s.t (a)", direction="down") == ["index-without-concurrently"]


def test_lines_count_in_the_file() -> None:
    script = Script(Path("a.sql"), section="\n\n  DROP TABLE s.t;\nSELECT é", first_line=10)
    (found,) = lint([Lintable("s", script)])
    assert (found.line, found.file, found.service) == (12, "a.sql", "s")


def test_table_made_in_the_same_file_is_nobodys_table() -> None:
    made = "CREATE TABLE s.t (id bigint PRIMARY KEY, a int);"
    assert rules(made + "CREATE INDEX i ON s.t (a); ALTER TABLE s.t ALTER COLUMN a SET NOT NULL;"
                 "ALTER TABLE s.t ADD CONSTRAINT k UNIQUE (a); UPDATE s.t SET a = 1") == []
    assert rules(made + "ALTER TABLE s.t RENAME TO u; CREATE INDEX i ON s.u (a)") == []
    assert rules("CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS a; CREATE UNIQUE INDEX i ON s.m (a)") == []


def test_if_not_exists_makes_nothing_new_where_the_table_is_there() -> None:
    text = "CREATE TABLE IF NOT EXISTS s.t (id bigint PRIMARY KEY, a int); CREATE INDEX i ON s.t (a)"
    known = catalog(relation("s.t", total_bytes=1 << 30))
    assert "index-without-concurrently" not in rules(text)
    assert "index-without-concurrently" in rules(text, known)


def test_files_in_sequence_know_what_came_before() -> None:
    scripts = [Lintable("s", Script(Path("1.sql"), section="CREATE TABLE s.t (id bigint PRIMARY KEY, a int)")),
               Lintable("s", Script(Path("2.sql"), section="CREATE INDEX i ON s.t (a)"))]
    assert [finding.rule for finding in lint(scripts, catalog())] == ["index-without-concurrently"]
    assert lint(scripts, catalog(), in_sequence=True) == []


def test_a_small_table_makes_it_a_hint_and_a_big_one_says_its_size() -> None:
    text = "CREATE INDEX i ON s.t (a)"
    (small,) = findings(text, catalog(relation("s.t", rows=10, total_bytes=8192)))
    (big,) = findings(text, catalog(relation("s.t", rows=2_000_000, total_bytes=3 << 30)))
    assert small.severity == "info"
    assert big.severity == "warning" and "3.0 GB, about 2.0 M rows" in big.message


def test_type_change_is_judged_by_the_old_type() -> None:
    known = catalog(relation("s.t", total_bytes=1 << 30),
                    columns={"s.t": {"a": ColumnFacts("s.t", "a", "character varying(20)", False)}})
    assert rules("ALTER TABLE s.t ALTER COLUMN a TYPE varchar(50)", known) == []
    assert rules("ALTER TABLE s.t ALTER COLUMN a TYPE text", known) == []
    assert rules("ALTER TABLE s.t ALTER COLUMN a TYPE varchar(10)", known) == ["column-type-change"]
    (found,) = findings("ALTER TABLE s.t ALTER COLUMN a TYPE bigint USING a::bigint", known)
    assert "from character varying(20) to bigint" in found.message


@pytest.mark.parametrize(("constraint", "is_proof"), [
    (check("k", "a", "CHECK ((a IS NOT NULL))"), True),
    (check("k", "a", "CHECK ((a IS NOT NULL))", valid=False), False),
    (check("k", "a", "CHECK (((a IS NOT NULL) OR true))"), False),
    (check("k", "b", "CHECK ((b IS NOT NULL))"), False),
])
def test_validated_check_proves_not_null(constraint: ConstraintFacts, is_proof: bool) -> None:
    known = catalog(relation("s.t", total_bytes=1 << 30), constraints={"s.t": [constraint]})
    assert rules("ALTER TABLE s.t ALTER COLUMN a SET NOT NULL", known) == ([] if is_proof else ["set-not-null"])


def test_the_safe_recipe_for_not_null_is_left_alone() -> None:
    assert rules("ALTER TABLE s.t VALIDATE CONSTRAINT k; ALTER TABLE s.t ALTER COLUMN a SET NOT NULL") == []
    other = "ALTER TABLE s.u VALIDATE CONSTRAINT k; ALTER TABLE s.t ALTER COLUMN a SET NOT NULL"
    assert rules(other) == ["set-not-null"]


def test_default_is_judged_by_the_functions_volatility() -> None:
    text = "ALTER TABLE s.t ADD COLUMN b int DEFAULT s.make()"
    table = relation("s.t", total_bytes=1 << 30)
    (unknown,) = findings(text)
    assert (unknown.rule, unknown.severity) == ("add-column-rewrites", "info")
    assert rules(text, catalog(table, functions={"make": "s"})) == []
    (volatile,) = findings(text, catalog(table, functions={"make": "v"}))
    assert volatile.severity == "warning"


def test_required_column_of_an_empty_table_is_a_hint() -> None:
    text = "ALTER TABLE s.t ADD COLUMN b int NOT NULL"
    (found,) = findings(text, catalog(relation("s.t", total_bytes=0, is_empty=True)))
    assert found.severity == "info" and "empty" in found.message


def test_partitioned_table_has_its_own_recipe() -> None:
    known = catalog(relation("s.t", kind="p", total_bytes=1 << 30))
    concurrently = "-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY i ON s.t (a)"
    assert rules(concurrently, known) == ["partitioned-index-concurrently"]
    assert rules(concurrently) == []
    (found,) = findings("CREATE INDEX i ON s.t (a)", known)
    assert "ON ONLY s.t" in found.advice
    assert rules("CREATE INDEX i ON ONLY s.t (a)", known) == []


def test_dropping_a_table_names_who_reads_it() -> None:
    known = catalog(relation("s.t"), dependents={"s.t": [Name("s", "v")]})
    (found,) = findings("DROP TABLE s.t", known)
    assert found.message == "drops the table s.t; s.v read it"


@pytest.mark.parametrize(("text", "since"), [
    ("ALTER TABLE s.t ADD COLUMN b int GENERATED ALWAYS AS (a) VIRTUAL", 18),
    ("ALTER TABLE s.t ADD CONSTRAINT k NOT NULL a NOT VALID", 18),
    ("ALTER TABLE s.t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED", 18),
    ("CREATE TABLE s.n (a int PRIMARY KEY, b int UNIQUE NULLS NOT DISTINCT)", 15),
    ("ALTER TABLE s.t ALTER COLUMN a SET EXPRESSION AS (b + 1)", 17),
    ("MERGE INTO s.t USING s.u ON true WHEN MATCHED THEN DELETE", 15),
    ("MERGE INTO s.t USING s.u ON true WHEN MATCHED THEN DELETE RETURNING *", 17),
    ("CREATE VIEW s.v WITH (security_invoker) AS SELECT 1 AS a", 15),
])
def test_syntax_newer_than_the_server(text: str, since: int) -> None:
    assert "newer-than-server" in rules(text, catalog(major=since - 1))
    assert "newer-than-server" not in rules(text, catalog(major=since))
    assert "newer-than-server" not in rules(text)


def test_ignore_above_a_statement_is_for_that_one() -> None:
    text = ("SELECT 1;\n-- dbconsole: ignore=drop-table: nobody has used it since 2019\n"
            "DROP TABLE s.t;\nDROP TABLE s.u;")
    (found,) = findings(text)
    assert (found.rule, found.line) == ("drop-table", 4)


def test_ignore_in_the_header_is_for_the_file() -> None:
    text = "-- dbconsole: ignore=drop-table,drop-column: all of it is unused\nDROP TABLE s.t; DROP TABLE s.u;"
    (found,) = findings(text)
    assert (found.rule, found.line, found.message) == ("unused-ignore", 1, "drop-column finds nothing here")


def test_ignore_needs_a_reason_and_a_rule_that_exists() -> None:
    unreasoned = "SELECT 1;\n-- dbconsole: ignore=drop-table:\nDROP TABLE s.t"
    assert rules(unreasoned) == ["ignore-without-reason", "drop-table"]
    assert rules("-- dbconsole: ignore=drop-table\nDROP TABLE s.t") == ["bad-directive"]
    (unknown, _) = findings("SELECT 1;\n-- dbconsole: ignore=drop-tabel: x\nDROP TABLE s.t")
    assert unknown.rule == "unused-ignore" and unknown.advice == "did you mean drop-table?"


def test_ignore_inside_a_string_is_text() -> None:
    text = "SELECT 1; SELECT $$\n-- dbconsole: ignore=drop-table: no\n$$; DROP TABLE s.t"
    assert rules(text) == ["drop-table"]


def test_what_is_no_sql_is_said_with_its_place() -> None:
    (found,) = findings("SELECT 1;\nCREAT TABLE x ();")
    assert (found.rule, found.severity, found.line) == ("syntax-error", "error", 2)
    assert found.message == 'syntax error at or near "CREAT" (column 1)'
    (psql,) = findings("\\i other.sql")
    assert "psql" in psql.advice
    (data,) = findings("COPY s.t FROM STDIN;\n1\t2\n\\.\n")
    assert data.rule == "syntax-error" and "INSERT" in data.advice


def test_unreadable_files_are_findings(tmp_path: Path) -> None:
    path = tmp_path / "0001_x.up.sql"
    path.write_bytes(b"SELECT 1;\n\xff")
    (found,) = lint([Lintable("s", Script(path))])
    assert (found.rule, found.line) == ("bad-directive", 2)
    (wrong,) = findings("-- dbconsole: no-transactoin\nSELECT 1")
    assert "unknown directive" in wrong.message


def test_other_tools_files_may_frame_themselves_in_a_transaction() -> None:
    script = Script(Path("a.sql"), section="BEGIN; SELECT 1; COMMIT;", given=Directives(own_transaction=True))
    assert lint([Lintable("s", script)]) == []


def test_schemas_of_other_tools_folders_are_their_own_affair() -> None:
    script = Script(Path("a.sql"), section="ALTER TABLE t ADD COLUMN a int; ALTER TABLE public.t ADD COLUMN b int")
    assert lint([Lintable("s", script)]) == []
    service = Service(name="s", schemas=("s",))
    assert own_schemas(service) == ("s",) and own_schemas(replace(service, layout="goose")) == ()


def test_long_expressions_are_no_obstacle() -> None:
    assert rules("SELECT " + " || ".join(["a"] * 3000)) == []


def test_the_shipped_migrations_are_clean_of_errors() -> None:
    root = Path(__file__).parents[2] / "migrations"
    scripts = [Lintable(path.parent.name, Script(path), "down" if ".down." in path.name else "up", (path.parent.name,))
               for path in sorted(root.glob("*/*.sql"))]
    assert len(scripts) > 50
    assert [finding for finding in lint(scripts) if finding.severity == "error"] == []


@pytest.mark.parametrize("case", [case for case in CASES if case.since < 19], ids=lambda case: case.sql[:60])
def test_the_linter_refuses_what_the_engine_refuses(case: BlockCase) -> None:
    """Each statement alone in a file: an error of the linter is a refusal of the engine, and the other way round."""
    text = case.text()
    found = [finding.severity for finding in findings(text) if finding.rule in ("outside-transaction",
                                                                                "transaction-control")]
    try:
        prepare(Script(Path("0001_x.up.sql"), section=text))
        refused = False
    except FileError:
        refused = True
    assert refused == ("error" in found) == (case.answer == "outside")
    assert case.answer != "inside" or not found


def test_what_depends_on_the_object_is_judged_by_the_catalog() -> None:
    known = catalog(relation("s.parts", kind="p"), relation("s.plain"), relation("s.parts_a", kind="I"))
    for text, wanted in (("REINDEX TABLE s.parts", True), ("REINDEX TABLE s.plain", False), ("CLUSTER s.parts", True),
                         ("REINDEX INDEX s.parts_a", True), ("CLUSTER s.plain", False), ("REINDEX TABLE s.new", False)):
        assert ("outside-transaction" in rules(text, known)) is wanted, text
    (found,) = [finding for finding in findings("DROP SUBSCRIPTION s") if finding.rule == "outside-transaction"]
    assert found.severity == "warning" and "unless slot_name is NONE" in found.message


def test_a_file_with_syntax_of_a_newer_version_is_linted_all_the_same() -> None:
    text = "REPACK s.t;\nCREATE INDEX i ON s.t (a);\nWAIT FOR LSN '0/1';\nVACUUM s.t;"
    assert [(finding.line, finding.rule) for finding in findings(text)] == [
        (1, "syntax-not-known"), (1, "repack-without-concurrently"), (2, "index-without-concurrently"),
        (3, "syntax-not-known"), (4, "outside-transaction")]
    assert findings(text)[0].message.startswith("PostgreSQL 19's REPACK is not known to the grammar here")
    older = [finding.message for finding in findings(text, catalog(relation("s.t"), major=18))
             if finding.rule == "newer-than-server"]
    assert older == ["REPACK needs PostgreSQL 19, the server is 18", "WAIT FOR needs PostgreSQL 19, the server is 18"]
    assert "newer-than-server" not in rules(text, catalog(relation("s.t"), major=19))
    assert "outside-transaction" in rules("REPACK (CONCURRENTLY) s.t")


@pytest.mark.parametrize(("text", "is_found"), [
    ("SET work_mem = '1GB'", False), ("SELECT set_config('work_mem', '1GB', false)", False),
    ("SET LOCAL work_mem = '1GB'", False), ("RESET ALL", True), (NO_TRANSACTION + "RESET ALL; VACUUM s.t", False)])
def test_what_the_engine_undoes_after_each_file_is_no_finding(text: str, is_found: bool) -> None:
    assert ("session-setting" in rules(text)) is is_found


def test_not_null_that_isnt_valid_is_no_proof() -> None:
    text = "ALTER TABLE s.t ALTER COLUMN a SET NOT NULL"
    unproved = ConstraintFacts("s.t", "a_there", "n", False, False, ["a"], "NOT NULL a NOT VALID", "s", "t", None, None)
    known = catalog(relation("s.t", total_bytes=1 << 30), constraints={"s.t": [unproved]},
                    columns={"s.t": {"a": ColumnFacts("s.t", "a", "integer", True)}})
    assert rules(text, known) == ["set-not-null", "validate-by-set-not-null"]
    proved = replace(unproved, is_validated=True)
    assert rules(text, replace(known, constraints={"s.t": [proved]})) == []


def test_an_index_that_the_engine_repairs_is_no_finding() -> None:
    assert rules(NO_TRANSACTION + "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t (a)") == []
    assert "index-hides-invalid" in rules("CREATE INDEX IF NOT EXISTS i ON s.t (a)")
    assert rules("CREATE TABLE s.n (a int PRIMARY KEY, b int); CREATE INDEX IF NOT EXISTS i ON s.n (b)") == []
