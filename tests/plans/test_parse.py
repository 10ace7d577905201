"""Plan files as people have them, and as nobody should: every one ends in a plan or in a clear error."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.plans.findings import analyse
from console.plans.parse import parse, parse_all, to_json
from console.plans.values import PlanError
from console.sql.elide import elided
from console.view.plans import tree as view
from tests.plans.made import chain, document, node


def text(root: dict[str, Any], **top: Any) -> str:
    return json.dumps([document(root, **top)], indent=2)


def psql(plan: str) -> str:
    """As psql's aligned format prints a value of many lines."""
    lines = plan.split("\n")
    width = max(map(len, lines))
    body = [f" {line.ljust(width)}{'+' if number < len(lines) - 1 else ''}" for number, line in enumerate(lines)]
    return "\n".join(["QUERY PLAN".center(width + 2), "-" * (width + 2), *body, "(1 row)", ""])


def boxed(plan: str) -> str:
    """psql's border 2 with Unicode lines."""
    lines = plan.split("\n")
    width = max(map(len, lines))
    body = [f"│ {line.ljust(width)}{'↵' if number < len(lines) - 1 else ' '}│" for number, line in enumerate(lines)]
    return "\n".join([f"┌{'─' * (width + 2)}┐", f"│{'QUERY PLAN'.center(width + 2)}│", f"├{'─' * (width + 2)}┤", *body,
                      f"└{'─' * (width + 2)}┘", "(1 row)"])


PLAN = text(node("Limit", plans=[
    node("Seq Scan", **{"Relation Name": "a", "Filter": "(note = 'x + y (1 row)'::text)"})]))


@pytest.mark.parametrize("wrapped", [
    PLAN, json.dumps(json.loads(PLAN)[0]), json.dumps(json.loads(PLAN)), "\ufeff" + PLAN, psql(PLAN), boxed(PLAN),
    '"' + PLAN.replace('"', '""') + '"', json.dumps({"verdict": "v", "findings": [], "plan": json.loads(PLAN)[0]}),
    "2026-11-22 09:00:00 UTC [12] LOG:  duration: 12.3 ms  plan:\n\t" + json.dumps(
        json.loads(PLAN)[0], indent=2).replace("\n", "\n\t") + "\n2026-11-22 09:00:01 UTC [12] LOG:  next {",
    json.dumps({"timestamp": "2026", "message": "duration: 1 ms  plan:\n" + json.dumps(json.loads(PLAN)[0])}),
    '2026,"postgres",LOG,"duration: 1 ms  plan:\n' + json.dumps(json.loads(PLAN)[0]).replace('"', '""') + '",,,',
    "# explain\n" + PLAN,
], ids=["json", "object", "line", "bom", "psql", "boxed", "csv", "ours", "auto_explain", "jsonlog", "csvlog", "after"])
def test_the_forms_in_which_plans_are_kept(wrapped: str) -> None:
    plan = parse(wrapped)
    assert [node.kind for node in plan.nodes] == ["Limit", "Seq Scan"]
    assert plan.nodes[1].text("Filter") == "(note = 'x + y (1 row)'::text)"


def test_of_a_log_the_slowest() -> None:
    log = "".join(f"LOG:  duration: {ms} ms  plan:\n{json.dumps(document(node('Result', ms=ms)))}\n"
                  for ms in (1.0, 30.0, 2.0))
    assert len(parse_all(log)) == 3 and parse(log).root.inclusive_ms == 30.0


@pytest.mark.parametrize("given", [
    "", " \n", "no plan", "[]", "{}", "[1]", "null", "[null]", "[[]]", '{"Plan": 5}', '{"Plan": {}}',
    '{"Plan": {"Node Type": 3}}', '{"Plan": {"Node Type": ""}}', '[{"Plan": {"Node Type": "Result", "Plans": {}}}]',
    '{"Plan": {"Node Type": "Result", "Plans": [3]}}', '{"Plan": {"Node Type": "Result", "Plans": [{}]}}',
    '{"Plan": {"Node Type": "R", "Actual Loops": NaN}}', '{"Plan": {"Node Type": "R", "Total Cost": 1e999}}',
    '{"Plan": {"Node Type": "R", "Actual Loops": -4}}', '{"Plan": {"Node Type": "R", "Actual Rows": "many"}}',
    '{"Plan": {"Node Type": "R", "Plan Rows": true}}', '{"Plan": {"Node Type": "R", "Plan Rows": {}}}',
    '{"Plan": {"Node Type": "R"}, "Execution Time": "x"}', '{"Plan": {"Node Type": "R"}',
    '{"Plan": {"Node Type": "R", "Plan Rows": ' + "9" * 5000 + "}}", "{" * 5000, "[" * 300_000, '{"Plan":' * 5000,
    '{"Plan": {"Node Type": "R", "x": ' + "[" * 3000 + "]" * 3000 + "}}",
    "\x00\x01", '"', "plan: {", "LOG: plan:\n{",
    '{"Plan": {"Node Type": "R", "Shared Hit Blocks": "x"}}',
    '{"Plan": {"Node Type": "R"}, "Triggers": [{"Time": []}]}',
])
def test_what_is_no_plan_is_said_so(given: str) -> None:
    with pytest.raises(PlanError) as raised:
        parse(given)
    assert raised.value.summary and len(raised.value.summary) < 300


def test_strange_but_whole_plans_are_shown() -> None:
    odd = node("Seq Scan", **{"Relation Name": ["a"], "Alias": 7, "Filter": {"x": 1}, "Sort Key": "a", "Output": None,
                              "Parent Relationship": 5, "Subplan Name": [], "Group Key": [1, None], "Strategy": {},
                              "\x1b[31m": "\x1b]0;x\x07", "Workers": "none"})
    plan = parse(text(odd, Settings=[1], Triggers={"a": 1}, JIT=[], Planning=3, Serialization="x"))
    shown = view.text(analyse(plan))
    assert "Seq Scan" in shown and "\x1b" not in shown
    name = "a\x1b[2J\nb\u202e"
    shown = view.text(analyse(parse(text(node("Seq Scan", **{"Relation Name": name, "Alias": name})))))
    assert "\x1b" not in shown and "\u202e" not in shown and "a\ufffd[2J b\ufffd" in shown


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_damaged_plans_end_in_a_plan_or_an_error(seed: int) -> None:
    """Values of a good plan replaced at random, and its text cut at random."""
    chance = random.Random(seed)
    good = copy.deepcopy(document(node("Gather", **{"Workers Planned": 2, "Workers Launched": 2}, plans=[
        node("Hash Join", plans=[node("Seq Scan", **{"Relation Name": "a", "Alias": "a", "Filter": "(a.x = 1)"}),
                                 node("CTE Scan", **{"CTE Name": "c"}),
                                 node("Sort", **{"Parent Relationship": "InitPlan", "Subplan Name": "CTE c"})])])))
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], dict | list):
                walk(value[key])

    walk(good)
    for container, key in chance.sample(places, 4):
        container[key] = chance.choice([None, -1, "x", [], {}, 1e308, 0, True, "$0", [[]], float("nan"), 10**30])
    written = json.dumps(good)
    if chance.random() < 0.3:
        written = written[:chance.randrange(len(written))]
    try:
        plan = parse(written)
    except PlanError:
        return
    view.text(analyse(plan))
    assert parse(to_json(plan)) == plan


def test_five_thousand_nodes_deep() -> None:
    deep = chain("Nested Loop", 5000)
    plan = parse(deep)
    assert len(plan.nodes) == 5000 and plan.nodes[-1].depth == 4999
    shown = view.text(analyse(plan))
    assert max(map(len, shown.splitlines())) <= 120
    again = to_json(plan)
    assert parse(again) == plan
    with pytest.raises(PlanError):
        parse(deep.replace('"Node Type": "Result"', '"Node Type": '))


def test_a_file_of_fifty_megabytes() -> None:
    vector = "[" + ",".join(f"{i / 7:.5f}" for i in range(1536)) + "]"
    leaf = node("Seq Scan", **{"Relation Name": "v", "Alias": "v", "Order By": f"(v.e <-> '{vector}'::vector)",
                               "Filter": f"((v.e <-> '{vector}'::vector) < 1)"})
    written = json.dumps([document(node("Append", plans=[leaf] * 1800))])
    assert len(written) > 50e6
    started = time.perf_counter()
    plan = parse(written)
    assert time.perf_counter() - started < 30
    assert len(to_json(plan)) < 3e6 and "...1536 values]'" in plan.nodes[1].text("Filter")


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(PlanError, match="more than 100 000 nodes"):
        parse(json.dumps(document(node("Append", plans=[{"Node Type": "Result"}] * 100_001))))


@pytest.mark.parametrize(("given", "short"), [
    ("'[" + ",".join(["0.5"] * 384) + "]'::vector", "'[0.5,0.5,...384 values]'::vector"),
    ("'{" + ",".join(str(i) for i in range(100)) + "}'::integer[]", "'{0,1,...100 values}'::integer[]"),
    ("'{" + ",".join(f"{i}:0.25" for i in range(1, 30)) + "}/1000'::sparsevec",
     "'{1:0.25,2:0.25,...29 nonzero}/1000'::sparsevec"),
    ("'" + "01" * 64 + "'::\"bit\"", "'0101010101010101...128 bits'::\"bit\""),
    ("ARRAY[" + ", ".join(["'0.1'::real"] * 20) + "]", "ARRAY['0.1'::real,'0.1'::real,...20 values]"),
    ("'[1,2,3]'::vector", "'[1,2,3]'::vector"),
    ("x = ANY ('{1,2,3}'::integer[])", "x = ANY ('{1,2,3}'::integer[])"),
    ("a = 'one, two, three, four, five, six, seven, eight, nine, ten'", None),
])
def test_long_lists_of_numbers_are_elided(given: str, short: str | None) -> None:
    assert elided(given) == (short or given)


@given(st.text(alphabet="'[]{}01.,:-eE/ARRAY \n", max_size=400))
def test_eliding_never_lengthens(given: str) -> None:
    assert len(elided(given)) <= len(given)


def test_plans_load_no_screen() -> None:
    code = ("import sys, console.plans.explain, console.plans.compare, console.view.plans.tree;"
            "import console.commands.explain; "
            "print(sorted({'textual', 'rich', 'plotext', 'postgast'} & sys.modules.keys()))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
