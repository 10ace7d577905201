"""What people paste: each form of a plan in each thing that may be wrapped around it."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pytest

from console.plans import text_form
from console.plans.parse import parse, parse_all
from console.plans.unwrap import looks_like_plan
from console.plans.values import PlanError
from console.server.explain import offered
from console.view.plans import tree as view
from tests.plans.made import document, node
from tests.support import builders

JSON_PLAN = json.dumps([document(node("Limit", plans=[
    node("Seq Scan", **{"Relation Name": "a", "Filter": "(note = 'x + y | \"z\" (1 row)'::text)"})]))], indent=2)

TEXT_PLAN = """\
Limit  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..0.100 rows=7.00 loops=1)
  Buffers: shared hit=3 read=1
  ->  Seq Scan on a  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..0.080 rows=7.00 loops=1)
        Filter: (note = 'x + y | "z" (1 row)'::text)
        Rows Removed by Filter: 3
        Buffers: shared hit=3 read=1
Planning Time: 0.200 ms
Execution Time: 0.300 ms"""


def framed(plan: str, left: str, right: str, more: str, heading: str = "", below: str = "") -> str:
    lines = plan.split("\n")
    width = max(map(len, lines))
    wraps = plan[0] == "["  # one value of several lines, where a text plan is a row a line
    body = [f"{left}{text.ljust(width)}{more if wraps and number < len(lines) - 1 else ' ' * len(more)}{right}".rstrip()
            for number, text in enumerate(lines)]
    return f"{heading.format(heading='QUERY PLAN'.center(width), rule='─' * width)}{chr(10).join(body)}\n{below}"


def expanded(plan: str) -> str:
    if plan[0] != "[":
        return "\n".join(f"-[ RECORD {number} ]{'-' * 40}\nQUERY PLAN | {text}"
                         for number, text in enumerate(plan.split("\n"), 1))
    first, *others = plan.split("\n")
    return "\n".join(["-[ RECORD 1 ]---------", f"QUERY PLAN | {first} +",
                      *(f"           | {text} +" for text in others)])


def rows(plan: str) -> str:
    """As a driver hands them over, written as JSON."""
    return json.dumps([{"QUERY PLAN": json.loads(plan)}] if plan[0] == "[" else
                      [{"QUERY PLAN": text} for text in plan.split("\n")])


def logged(plan: str) -> str:
    """auto_explain's entry on standard error."""
    body = json.dumps(json.loads(plan)[0], indent=2) if plan[0] == "[" else f"Query Text: SELECT 1\nFROM a\n{plan}"
    lines = "\n".join(f"\t{text}" for text in body.split("\n"))
    return ("2026-11-01 10:00:00 UTC [11] LOG:  connection\n2026-11-01 10:00:00 UTC [12] LOG:  duration: 5.1 ms"
            f"  plan:\n{lines}\n2026-11-01 10:00:01 UTC [12] LOG:  next {{")


def each_line(prefix: str) -> Callable[[str], str]:
    return lambda plan: "\n".join(prefix + text for text in logged(plan).split("\n"))


def syslog(plan: str) -> str:
    return "\n".join(f"Nov  1 10:00:00 db1 postgres[12]: [3-{number}] " + text.replace("\t", "#011")
                     for number, text in enumerate(logged(plan).split("\n"), 1))


def message(plan: str) -> str:
    return logged(plan).partition("LOG:  ")[2].partition("LOG:  ")[2].rpartition("\n")[0]


def untabbed(plan: str) -> str:
    """auto_explain's message as a log of JSON has it: the tabs are only on standard error."""
    return message(plan).replace("\n\t", "\n")


def cell(text: str) -> str:
    return html.escape(text).replace("  ", " &nbsp;").replace("\n", "<br />\n")


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def quoted_if_need_be(text: str) -> str:
    return quoted(text) if '"' in text or "," in text else text


WRAPPED: dict[str, Callable[[str], str]] = {
    "alone": lambda plan: plan,
    "psql": lambda plan: framed(plan, " ", "", "+", " {heading} \n-{rule}-\n", "(1 row)\n"),
    "with timing": lambda plan: framed(plan, " ", "", "+", " {heading} \n-{rule}-\n", "(1 row)\n\nTime: 6.073 ms\n"),
    "tuples only": lambda plan: framed(plan, " ", "", "+"),
    "border 2": lambda plan: framed(plan, "| ", "|", "+", "+-{rule}-+\n| {heading} |\n+-{rule}-+\n", "+----+\n(1 row)"),
    "lines": lambda plan: framed(plan, "│ ", "│", "↵", "┌─{rule}─┐\n│ {heading} │\n├─{rule}─┤\n", "└───┘\n(1 row)"),
    "double lines": lambda plan: framed(plan, "║ ", "║", "↵", "╔══{rule}═╗\n║ {heading} ║\n╟─{rule}─╢\n", "╚═══╝\n"),
    "expanded": expanded,
    "rows": rows,
    "a semicolon": lambda plan: plan + ";",
    "a sentence": lambda plan: f"here it is, slow as ever:\n\n{plan}\n\nwhat can I do?",
    "auto_explain": logged,
    "compose": each_line("db-1  | "),
    "docker logs -t": each_line("2026-11-01T10:00:00.123456789Z "),
    "kubernetes": each_line("2026-11-01T10:00:00.123456789+00:00 stderr F "),
    "syslog": syslog,
    "jsonlog": lambda plan: '{"message": "x"}\n' + json.dumps({"timestamp": "2026", "message": message(plan)}),
    "cloud": lambda plan: json.dumps([{"textPayload": f"2026-11-01 UTC [12] LOG:  {message(plan)}", "insertId": "a1"}]),
    "csvlog": lambda plan: '2026,"postgres",LOG,"' + message(plan).replace('"', '""') + '",,,',
    "psql --csv": lambda plan: "QUERY PLAN\n" + (quoted(plan) if plan[0] == "[" else
                                                "\n".join(map(quoted_if_need_be, plan.split("\n")))),
    "pgAdmin": lambda plan: "\n".join(map(quoted, ["QUERY PLAN", *([plan] if plan[0] == "[" else plan.split("\n"))])),
    "psql -H": lambda plan: "<table>\n<tr><th>QUERY PLAN</th></tr>\n" + "".join(
        f'<tr valign="top">\n<td align="left">{cell(row)}</td>\n</tr>\n'
        for row in ([plan] if plan[0] == "[" else plan.split("\n"))),
    "expanded, border 2": lambda plan: "\n".join(
        f"+-[ RECORD {number} ]------+\n| QUERY PLAN | {text} |" for number, text in enumerate(plan.split("\n"), 1)),
    "wrapped": lambda plan: framed(plan.replace(" on a", " .\n.on a"), " ", "", "+", " {heading} \n-{rule}-\n").replace(
        "\n .on", "\n.on") if plan[0] != "[" else plan,
    "a quoted mail": lambda plan: "\n".join("> " + text for text in plan.split("\n")),
    "a twice quoted mail": lambda plan: "\n".join("> > " + text for text in plan.split("\n")),
    "Python's rows": lambda plan: repr([(json.loads(plan),)] if plan[0] == "[" else
                                       [(text,) for text in plan.split("\n")]),
    "Python's dicts": lambda plan: repr([{"QUERY PLAN": text} for text in ([plan] if plan[0] == "[" else
                                                                          plan.split("\n"))]),
    "rows in a result": lambda plan: json.dumps({"command": "EXPLAIN", "rows": json.loads(rows(plan))}),
    "Docker's json-file": lambda plan: "\n".join(json.dumps({"log": text + "\n", "stream": "stderr"})
                                                 for text in logged(plan).split("\n")),
    "CloudWatch": lambda plan: json.dumps({"events": [{"timestamp": 1, "message": "UTC:LOG:  " + untabbed(plan)}]}),
    "CloudNativePG": lambda plan: json.dumps({"logger": "postgres", "record": {"message": untabbed(plan)}}),
    "Heroku": lambda plan: "\n".join(
        f"2026-11-01T10:00:00+00:00 app[postgres.12]: [DATABASE] [3-{number}]  sql_error_code = 00000 {text}"
        for number, text in enumerate(logged(plan).split("\n"), 1)),
    "a string": lambda plan: f"plan = {json.dumps(logged(plan))}",
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize("plan", [JSON_PLAN, TEXT_PLAN], ids=["json", "text"])
def test_a_plan_is_taken_out_of_what_stands_around_it(plan: str, wrap: Callable[[str], str]) -> None:
    text = wrap(plan)
    assert looks_like_plan(text), text
    (found,) = parse_all(text)
    assert [node.kind for node in found.nodes] == ["Limit", "Seq Scan"]
    assert found.nodes[1].text("Filter") == "(note = 'x + y | \"z\" (1 row)'::text)"
    if plan is TEXT_PLAN:
        assert (found.execution_ms, found.root.rows, found.nodes[1].number("Rows Removed by Filter")) == (0.3, 7.0, 3)
        assert found.root.buffers is not None and found.root.buffers.touched == 4


def test_a_statement_is_no_plan() -> None:
    for sql in ("SELECT 1", "UPDATE t SET a = 1", "DELETE FROM t -- cost", "INSERT INTO t VALUES (1)", "Limit it"):
        assert not looks_like_plan(sql)


def test_every_plan_of_a_log_is_read() -> None:
    slow = TEXT_PLAN.replace("0.100", "90.0").replace("Execution Time: 0.300", "Execution Time: 91")
    log = "\n".join([logged(TEXT_PLAN), logged(slow), logged(JSON_PLAN)])
    assert sorted(plan.execution_ms or 0 for plan in parse_all(log)) == [0.3, 1.1, 91]
    assert parse_all(logged(TEXT_PLAN))[0].query == "SELECT 1\nFROM a"


def test_a_line_that_is_no_part_of_a_plan_is_named() -> None:
    with pytest.raises(PlanError, match="line 2 is no part of a plan: 'what is this'"):
        text_form.read(["Seq Scan on a  (cost=0.00..1.00 rows=1 width=4)", "  what is this"])


def test_what_a_line_says_of_several_things() -> None:
    plan = parse("""\
Hash Left Join  (actual rows=1 loops=1)
  ->  Index Only Scan Backward using "i ""x" on public."T t" t_1 (actual rows=1 loops=1)
        Heap Fetches: 4
  ->  Hash (never executed)
        Buckets: 2048 (originally 1024)  Batches: 4 (originally 1)  Memory Usage: 40kB
        ->  Sort (actual rows=1 loops=1)
              Sort Key: b.x, f(b.y, 'a,b') DESC
              Sort Method: external merge  Disk: 800kB
              Worker 0:  Sort Method: quicksort  Memory: 25kB
              ->  Bitmap Heap Scan on b (actual rows=1 loops=1)
                    Heap Blocks: exact=12 lossy=3
                    I/O Timings: shared read=1.5 write=0.5, temp read=0.25
                    WAL: records=3 fpi=1 bytes=99
Planning:
  Buffers: shared hit=5, local read=2
  Memory: used=12kB  allocated=16kB
Settings: work_mem = '64MB', "x.y" = 'a, b'
JIT:
  Functions: 4
  Timing: Generation 0.5 ms (Deform 0.1 ms), Total 1.25 ms
Trigger for constraint child_fkey on child: time=1.5 calls=3
Trigger watch: time=0.5 calls=2""")
    join, index, hashed, sort, heap = plan.nodes
    assert (join.operator, index.operator, index.schema, index.relation) == (
        "Hash Left Join", "Index Only Scan Backward", "public", "T t")
    assert (index.text("Index Name"), index.alias, index.number("Heap Fetches")) == ('i "x', "t_1", 4)
    assert hashed.never_executed and (hashed.number("Hash Batches"), hashed.number("Original Hash Batches")) == (4, 1)
    assert sort.texts("Sort Key") == ("b.x", "f(b.y, 'a,b') DESC")
    assert (sort.text("Sort Space Type"), sort.number("Sort Space Used")) == ("Disk", 800)
    assert (heap.number("Lossy Heap Blocks"), heap.number("Temp I/O Read Time"), heap.number("WAL FPI")) == (3, 0.25, 1)
    assert plan.planning_buffers is not None and plan.planning_buffers.touched == 7
    assert plan.planning_memory_bytes == 12 * 1024 and plan.jit is not None and plan.jit.total_ms == 1.25
    assert plan.settings == {"work_mem": "64MB", "x.y": "a, b"}
    assert [(trigger.name, trigger.constraint, trigger.total_ms, trigger.calls) for trigger in plan.triggers] == [
        ("", "child_fkey", 1.5, 3), ("watch", "", 0.5, 2)]


def test_rounding_never_makes_a_node_take_more_than_what_is_above_it() -> None:
    plan = parse(json.dumps([document(node("Nested Loop", ms=0.9, plans=[
        node("Seq Scan", ms=0.1), node("Index Only Scan", ms=0.001, loops=1000)]))]))
    assert sum(each.exclusive_ms or 0.0 for each in plan.nodes) == pytest.approx(0.9)
    assert all((each.inclusive_ms or 0) <= 0.9 for each in plan.nodes) and plan.rounded_ms == pytest.approx(0.2)
    assert any("rounding: 0.2 ms" in "".join(part[0] for part in shown) for shown in view.summary(plan))


def test_what_runs_once_below_parallel_nodes_is_not_divided() -> None:
    plan = parse(json.dumps([document(node("Gather", ms=200.0, plans=[
        node("Bitmap Heap Scan", ms=190.0, loops=4, plans=[node("Bitmap Index Scan", ms=40.0, loops=1)])]))]))
    assert [each.inclusive_ms for each in plan.nodes] == [200.0, 190.0, 40.0]


IO_PLAN = """\
Nested Loop  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..0.100 rows=7.00 loops=1)
  ->  Seq Scan on a  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..0.080 rows=7.00 loops=1)
        Prefetch: avg=2.50 max=8 capacity=16
        I/O: count=40 waits=3 size=15.50 in-progress=2.25
        WAL: records=3 fpi=1 bytes=24500 fpi bytes=8192
  ->  Memoize  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..0.010 rows=1.00 loops=7)
        Cache Key: a.id
        Estimates: capacity=8 distinct keys=4 lookups=10 hit percent=60.00%
        ->  Seq Scan on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..0.010 rows=1.00 loops=4)"""
IO_FIELDS = {"Average Prefetch Distance": 2.5, "Max Prefetch Distance": 8, "Prefetch Capacity": 16, "I/O Count": 40,
             "I/O Waits": 3, "Average I/O Size": 15.5, "Average I/Os In Progress": 2.25, "WAL Records": 3, "WAL FPI": 1,
             "WAL Bytes": 24500, "WAL FPI Bytes": 8192}
ESTIMATES = {"Estimated Capacity": 8, "Estimated Distinct Lookup Keys": 4, "Estimated Lookups": 10,
             "Estimated Hit Percent": 60.0}


@pytest.mark.parametrize("text", [IO_PLAN, json.dumps([document(node("Nested Loop", plans=[
    node("Seq Scan", **IO_FIELDS), node("Memoize", **ESTIMATES)]))])], ids=["text", "json"])
def test_what_19_says_of_reads_ahead_and_of_memoize(text: str) -> None:
    """Written by its source, not by a server: no 19 was at hand."""
    plan = parse(text)
    scan, memoize = plan.nodes[1:3]
    assert {key: scan.number(key) for key in IO_FIELDS} == IO_FIELDS
    assert {key: memoize.number(key) for key in ESTIMATES} == ESTIMATES
    assert [*view.notes(scan)] == ["WAL 24 kB, 8.0 kB of it full pages", "40 I/Os, 3 waited for, 2.2 at once"]
    assert [*view.notes(memoize)] == ["60 % hits expected"]


PARTITIONED = """\
 Update on public.parted p  (cost=0.00..71.00 rows=0 width=0) (actual time=0.050..0.051 rows=0 loops=1)
   Update on public.parted_1 p_1
   Foreign Update on public."Far off" p_2
   ->  Append  (cost=0.00..71.00 rows=26 width=14) (actual time=0.010..0.020 rows=2 loops=1)
         ->  Seq Scan on public.parted_1 p_1  (actual time=0.009..0.010 rows=1 loops=1)
               Filter: (p_1.k = 3)
         ->  Foreign Scan on public."Far off" p_2  (actual time=0.001..0.002 rows=1 loops=1)
 Execution Time: 0.100 ms
"""


def test_the_partitions_that_a_statement_changes() -> None:
    plan = parse(PARTITIONED)
    assert plan.root.label == "Update on parted p" and [node.kind for node in plan.nodes] == [
        "ModifyTable", "Append", "Seq Scan", "Foreign Scan"]
    assert plan.root.properties["Target Tables"] == [
        {"Relation Name": "parted_1", "Schema": "public", "Alias": "p_1"},
        {"Relation Name": "Far off", "Schema": "public", "Alias": "p_2"}]
    assert sum(node.exclusive_ms or 0.0 for node in plan.nodes) == pytest.approx(0.051)


def test_a_line_that_an_extension_adds_is_of_its_node() -> None:
    plan = parse("Aggregate\n  ->  Custom Scan (Citus Adaptive)\n        citus.explain_distributed_queries: false\n")
    assert plan.nodes[1].properties["citus.explain_distributed_queries"] == "false"


def test_io_is_asked_of_19_alone_and_of_what_runs() -> None:
    nineteen = builders.info(version_num=190000)
    assert "IO" in offered(nineteen, analyze=True)
    assert "IO" not in (*offered(builders.info(), analyze=True), *offered(nineteen, analyze=False))


def test_a_cte_that_hangs_on_its_own_scan_is_counted_once() -> None:
    """As of a function or LATERAL query that was inlined into a join."""
    plan = parse("""
Nested Loop  (cost=2.00..99.33 rows=50 width=144) (actual time=1.000..299.000 rows=400 loops=1)
  ->  Seq Scan on a  (cost=0.00..3.83 rows=53 width=16) (actual time=0.010..1.000 rows=400 loops=1)
  ->  CTE Scan on found  (cost=0.76..1.03 rows=1 width=144) (actual time=0.649..0.650 rows=1 loops=400)
        CTE found
          ->  Result  (cost=0.00..0.76 rows=1 width=112) (actual time=0.600..0.600 rows=1 loops=400)
Execution Time: 299.940 ms
""")
    own = {node.kind: node.exclusive_ms or 0.0 for node in plan.nodes}
    assert own["Result"] == pytest.approx(240) and own["CTE Scan"] == pytest.approx(20)
    assert sum(own.values()) == pytest.approx(299)
