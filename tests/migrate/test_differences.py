"""Two fingerprints in sentences, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from console.migrate.differences import AFTER_DOWN, LIVE, NO_DRIFT, CatalogComparison, compare, restricted
from console.migrate.fingerprint import Fingerprint, ObjectRow


def row(kind: str, name: str, own: str = "", parent: str | None = None, schema: str | None = "a",
        **facts: Any) -> ObjectRow:
    spelled = {key.replace("_", " "): value for key, value in facts.items()}
    return ObjectRow(kind, name, own or name.rpartition(".")[2], parent, schema, spelled)


def column(name: str, position: int, **facts: Any) -> ObjectRow:
    return row("column", f"a.t.{name}", name, "a.t", position=position, **facts)


def fingerprint(*rows: ObjectRow) -> Fingerprint:
    return Fingerprint({row.identity: row for row in rows})


TABLE = row("table", "a.t", parent="a")


def between(before: ObjectRow | None, after: ObjectRow | None) -> CatalogComparison:
    return compare(fingerprint(TABLE, *filter(None, [before])), fingerprint(TABLE, *filter(None, [after])), AFTER_DOWN)


@pytest.mark.parametrize(("before", "after", "words"), [
    (column("c", 1, default="now()"), column("c", 1), "column a.t.c lost its default now() after down"),
    (column("c", 1), column("c", 1, default="0"), "column a.t.c got the default 0 after down"),
    (column("c", 1, type="text"), column("c", 1, type="varchar(20)"),
     "column a.t.c: type changed from text to varchar(20) after down"),
    (column("c", 1, not_null="NOT NULL"), column("c", 1), "column a.t.c lost NOT NULL after down"),
    (column("c", 1), column("c", 1, not_null="NOT NULL"), "column a.t.c became NOT NULL after down"),
    (column("c", 1, type="text"), None, "column a.t.c (text) is missing after down"),
    (None, row("extension", "vector", schema=None), "extension vector is left over after down"),
    (row("enum", "a.e", values=["x", "y"]), row("enum", "a.e", values=["y", "x"]),
     "enum a.e: the order of its values changed from x, y to y, x after down"),
    (row("enum", "a.e", values=["x", "y"]), row("enum", "a.e", values=["x"]), "enum a.e lost the value 'y' after down"),
    (row("view", "a.v", privileges={"(owner)": "SELECT, INSERT", "r": "SELECT"}), row("view", "a.v"),
     "view a.v: grants to r changed from SELECT to none after down"),
    (row("view", "a.v"), row("view", "a.v", privileges={}),
     "view a.v: grants to (owner) changed from all to none after down"),
    (row("view", "a.v", privileges={}), row("view", "a.v", privileges={"r": "SELECT"}),
     "view a.v: grants to r changed from none to SELECT after down"),
    (row("function", "a.f()"), row("function", "a.f()", privileges={"(owner)": "EXECUTE"}),
     "function a.f(): grants to PUBLIC changed from EXECUTE to none after down"),
    (row("table", "a.u"), row("table", "a.u", privileges={"(owner)": "SELECT"}),
     "table a.u: grants to (owner) changed from the default to SELECT after down"),
    (row("function", "a.f()", body="SELECT  1\n"), row("function", "a.f()", body="SELECT 1"),
     "function a.f(): the body changed in white space alone after down"),
    (row("function", "a.f()", body="x\ny"), row("function", "a.f()", body="x"),
     "function a.f(): the body changed in line 2 from y to nothing after down"),
    (row("sequence", "a.s", increment=1), row("sequence", "a.s", increment=2),
     "sequence a.s: increment changed from 1 to 2 after down"),
    (row("table", "a.u", options="fillfactor=70"), row("table", "a.u", options="fillfactor=80"),
     "table a.u: options changed from fillfactor=70 to fillfactor=80 after down"),
])
def test_every_kind_of_difference_names_object_kind_and_both_values(before: ObjectRow | None, after: ObjectRow | None,
                                                                    words: str) -> None:
    assert between(before, after).differences == (words,)


def key(name: str, definition: str = "UNIQUE (c)") -> ObjectRow:
    return row("unique constraint", f"{name} on a.t", name, "a.t", definition=definition)


def test_a_number_that_keeps_a_made_up_name_unique_is_a_note() -> None:
    found = between(key("t_c_key"), key("t_c_key1"))
    assert (found.differences, found.renamed) == (
        (), ("unique constraint t_c_key on a.t is called t_c_key1 after down",))


def test_a_name_that_somebody_chose_is_a_difference() -> None:
    found = between(key("t_c_key"), key("only_one"))
    assert found.differences == ("unique constraint t_c_key on a.t is called only_one after down",)


def test_a_made_up_name_with_another_definition_is_two_differences() -> None:
    assert between(key("t_c_key"), key("t_c_key1", "UNIQUE (c, d)")).differences == (
        "unique constraint t_c_key on a.t (UNIQUE (c)) is missing after down",
        "unique constraint t_c_key1 on a.t (UNIQUE (c, d)) is left over after down")


def test_the_order_of_columns_is_told_apart() -> None:
    found = compare(fingerprint(TABLE, column("b", 1), column("c", 2), column("d", 3)),
                    fingerprint(TABLE, column("b", 1), column("c", 3), column("d", 2)))
    assert found.differences == ()
    assert found.order == ("a.t: the columns stand in the order b, d, c, before b, c, d",)


def test_a_column_less_is_no_other_order() -> None:
    found = compare(fingerprint(TABLE, column("b", 1), column("c", 2)), fingerprint(TABLE, column("c", 1)))
    assert found.order == () and found.differences == ("column a.t.b is missing",)


def test_a_table_that_is_gone_takes_its_parts_along() -> None:
    found = compare(fingerprint(TABLE, column("c", 1), key("t_c_key")), fingerprint(), AFTER_DOWN)
    assert found.differences == ("table a.t is missing after down",)


def test_a_schema_that_is_left_counts_what_is_in_it() -> None:
    schema = row("schema", "a")
    found = compare(fingerprint(), fingerprint(schema, TABLE, column("c", 1)), AFTER_DOWN)
    assert found.differences == ("schema a is left over after down, with 2 objects in it",)


def test_comments_are_no_drift_and_owners_are() -> None:
    before = row("table", "a.t", owner="one", comment="x", options="o")
    after = row("table", "a.t", owner="two")
    assert compare(fingerprint(before), fingerprint(after), LIVE, ignored=NO_DRIFT).differences == (
        "table a.t: owner changed from one to two", "table a.t lost its options o")
    assert len(compare(fingerprint(before), fingerprint(after)).differences) == 3


def test_restricted_keeps_what_is_in_the_schemas() -> None:
    quoted = row("table", '"A b".t', schema='"A b"')
    found = restricted(fingerprint(TABLE, quoted, row("extension", "x", schema=None)), ["A b"])
    assert list(found.objects) == [("table", '"A b".t')]


def test_long_values_are_shown_where_they_part() -> None:
    long = "SELECT " + ", ".join(f"a_rather_long_column_{n}" for n in range(12)) + " FROM svc.t WHERE x > "
    for name in ("definition", "body"):
        before, after = row("view", "a.v", **{name: long + "1"}), row("view", "a.v", **{name: long + "3"})
        (sentence,) = between(before, after).differences
        assert "x > 1 to …" in sentence and "x > 3" in sentence and len(sentence) < 160


def test_long_values_are_cut() -> None:
    found = between(row("view", "a.v", definition="x" * 500), row("view", "a.v", definition="y"))
    assert len(found.differences[0]) < 200 and "…" in found.differences[0]
