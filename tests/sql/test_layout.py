"""Text laid out in lines stays the same statement: by its tokens, and by PostgreSQL's own grammar where it is SQL."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.sql.grammar import SyntaxFault, split
from console.sql.layout import WIDTH, formatted, laid_out
from console.sql.tokens import tokens


def meaning(text: str) -> object:
    """The trees of a text's statements, without places; None where it is no SQL."""
    found = split(text)
    return None if isinstance(found, SyntaxFault) else [tree(statement.node) for statement in found]


def tree(node: Any) -> object:
    if not hasattr(node, "ListFields"):
        return node if isinstance(node, str | bytes | int | float | bool) else [tree(item) for item in node]
    return [(member.name, tree(value)) for member, value in node.ListFields()
            if not member.name.endswith(("location", "list_start", "list_end"))]


def written(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(text)]


@pytest.mark.parametrize(("query", "lines"), [
    ("SELECT a, b FROM t WHERE a = 1 AND b BETWEEN 2 AND 3 ORDER BY a LIMIT 5",
     "SELECT a, b\nFROM t\nWHERE a = 1\n  AND b BETWEEN 2 AND 3\nORDER BY a\nLIMIT 5"),
    ("select 'from where' from \"order by\" left join u on u.id = t.id -- where",
     "select 'from where'\nfrom \"order by\"\nleft join u on u.id = t.id -- where"),
    ("SELECT extract(day FROM now()), left(a, 1) FROM t", "SELECT extract(day FROM now()), left(a, 1)\nFROM t"),
    ("SELECT * FROM (SELECT 1 UNION SELECT 2) x", "SELECT *\nFROM (SELECT 1 UNION SELECT 2) x"),
    ("SELECT * FROM (SELECT a, b, c FROM a_table_with_a_name WHERE b > 1 AND c IS NOT NULL) x",
     "SELECT *\nFROM (\n  SELECT a, b, c\n  FROM a_table_with_a_name\n  WHERE b > 1\n    AND c IS NOT NULL\n) x"),
    ("SELECT $q$ from $q$, E'\\' from' WHERE v <=> '[1]'", "SELECT $q$ from $q$, E'\\' from'\nWHERE v <=> '[1]'"),
    ("a IS DISTINCT FROM b", "a IS DISTINCT FROM b"), ("", ""),
    ("insert into t (a,b) values (1,2),(3,4) on conflict (a) do update set b = 1 returning *",
     "insert into t (a, b)\nvalues (1, 2), (3, 4)\non conflict (a) do update set b = 1\nreturning *"),
    ("delete from a using b where a.i = b.i", "delete from a\nusing b\nwhere a.i = b.i"),
    ("merge into t using s on t.i = s.i when matched then delete when not matched then insert values (1)",
     "merge into t\nusing s on t.i = s.i\nwhen matched then delete\nwhen not matched then insert values (1)"),
    ("explain (analyze, buffers) select a from b", "explain (analyze, buffers)\nselect a\nfrom b"),
    ("create view v as select a from b", "create view v as\nselect a\nfrom b"),
    ("with x as (select 1) update t set a = 1 from x",
     "with x as (select 1)\nupdate t\nset a = 1\nfrom x"),
    ("select 1; select 2 from t", "select 1;\nselect 2\nfrom t"),
    ("create table t (a int)", "create table t (a int)"), ("vacuum (analyze) t", "vacuum (analyze) t"),
    ("select sum(a) filter (where b) over (partition by c order by d) from t",
     "select sum(a) filter (where b) over (partition by c order by d)\nfrom t"),
])
def test_clauses_begin_lines(query: str, lines: str) -> None:
    assert laid_out(query) == lines == formatted(query)


def test_what_is_too_long_gets_lines_of_its_own() -> None:
    numbers = ", ".join(str(number) for number in range(60))
    for query in (f"select a from t where id in ({numbers}) and b = any(array[{numbers}])",
                  f"select {numbers} from t", f"insert into t values ({numbers}), ({numbers})",
                  "create table t (id bigint generated always as identity primary key, name text not null, at date)",
                  "select case when a_long_name = 1 then 'a long text to be shown' when b then 'b' else 'cccc' end x",
                  f"select a_function({', '.join(f'argument_{number}' for number in range(9))}) from t"):
        lines = formatted(query).split("\n")
        assert len(lines) > 1 and max(map(len, lines)) <= WIDTH, lines
        assert written("\n".join(lines)) == written(query)


def test_lines_of_its_own_are_kept_or_made_anew() -> None:
    text = "SELECT 1\n    FROM t\n    WHERE x"
    assert laid_out(text) == "SELECT 1\nFROM t\nWHERE x" == formatted(text)
    assert laid_out("SELECT 1 FROM t\nWHERE x") == "SELECT 1 FROM t\nWHERE x"
    assert formatted("SELECT 1 FROM t\nWHERE x") == text.replace("    ", "")


STATEMENTS = [
    "select a,b from t where x=1 order by e <=> '[1,2]' limit 10", "select a::int, x->>'y', e <-> $1 from s.t",
    "select /* here */ a -- there\nfrom t", "update t set a=1 where b in (select 1)", "select 'a\nb' from \"T\"",
    "with x as materialized (select 1) select * from x join y using (id)", "select e <#> '[1]', e <+> '[2]' from t",
    "create table t(a int primary key, b text default 'x')", "select count(*) filter (where a) over w from t window w "
    "as (partition by b)", "merge into t using s on t.i = s.i when matched then delete", "select E'\\n', U&'\\0041'",
    "select a from t where b in ('x', 'y', 'z') and c = ANY (ARRAY[1,2,3])", "select (array[[1,2],[3,4]])[1:2][2]",
    "SELECT id FROM s.documents WHERE embedding <=> $1 < 0.2 ORDER BY embedding <-> $2 LIMIT $3",
    "select a::int, b->>'x', c #> '{a}', h <#> i, l ~* 'x', x != 3 from only t where t.a = any($1::int[])",
    "SELECT now() - interval '1 day', current_date, x IS NOT DISTINCT FROM y, a->'b', '{}'::jsonb ? 'c'",
    "SELECT 1; SELECT 2", "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "SELECT B'01', $tag$ it's $tag$, .5",
    "select 'a'\n\n 'b' || 'c', - - 1, a - -1, (( a )), x [ 1 ] from t where not (a or b) and c",
    "create function f() returns int language sql begin atomic select case when a then 1 end from t; select 2; end",
    "create policy p on t using (a = 1) with check (b)", "grant select, insert on t to x with grant option",
    "alter table t add constraint c foreign key (a) references u (b) on delete set null on update cascade",
    "select * from a natural left outer join b cross join lateral (values (1)) v(x) full join c on true for key share",
]


@pytest.mark.parametrize("text", STATEMENTS, ids=lambda text: text[:30])
def test_laid_out_it_is_the_same_statement(text: str) -> None:
    lines = formatted(text)
    assert meaning(lines) == meaning(text) is not None
    assert written(lines) == written(text) and formatted(lines) == lines


@given(st.lists(st.sampled_from(["select", "from", "'", '"', "(", ")", "where", "and", "between", "left", "join", "--",
                                 "/*", "$$", "E'\\", " ", "x", "\n", "é", "order", "set", "case", "end", "when", "[",
                                 "]", ",", ";", "with", "as", "update", "values", "-", "*", "/", "1", ".", "union"]),
                max_size=30), st.sampled_from(["", " "]))
def test_laying_out_changes_white_space_alone(parts: list[str], between: str) -> None:
    query = between.join(parts)
    assert written(laid_out(query)) == written(query.strip()) == written(formatted(query))


def test_constants_of_several_lines_stay_as_they_are() -> None:
    text = "SELECT 'a\n    b  \n' AS x,\n    $$  c\n      d\n$$ AS y\n    FROM t"
    assert laid_out(text) == "SELECT 'a\n    b  \n' AS x,\n$$  c\n      d\n$$ AS y\nFROM t"
    assert written(formatted(text)) == written(text) == written(laid_out(text))


def test_what_cannot_be_laid_out_stays() -> None:
    for text in ("SELEC 1", "", "SELECT '", "<insufficient privilege>", "(" * 5000, "SELECT " + "1," * 60_000):
        assert formatted(text) == text.strip()
    deep = "SELECT " + "(" * 3000 + "1" + ")" * 3000
    assert formatted(deep) == deep


def test_a_text_that_was_cut_is_laid_out_as_far_as_it_goes() -> None:
    assert formatted("SELECT a FROM t WHERE b = 'x' AND c IN (1, 2") == (
        "SELECT a\nFROM t\nWHERE b = 'x'\n  AND c IN (1, 2")
    assert textwrap.dedent(formatted("select a from t where b = 'cut of")) == "select a\nfrom t\nwhere b = 'cut of"
