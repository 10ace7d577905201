"""Plan advice of PostgreSQL 19 as its source writes it (contrib/pg_plan_advice): no server of 19 was at hand."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from console.plans.advice import SETTING, STASH_SETTING, stash_entry
from console.plans.compare import compare
from console.plans.findings import analyse
from console.plans.parse import parse, parse_all
from console.plans.records import AdviceItem
from console.server.explain import ExplainRequest, offered, options
from console.ui.dialogs.plan_options import MEANINGS
from console.view.plans import tree
from console.view.table import plain
from tests.support import builders

GENERATED = "JOIN_ORDER(f d)\nHASH_JOIN(d)\nSEQ_SCAN(f)\nINDEX_SCAN(d public.join_dim_pkey)\nNO_GATHER(f d)"
SUPPLIED = ("JOIN_ORDER(f d) /* matched */\nHASH_JOIN(d) /* matched, failed */\n"
            "SEQ_SCAN(g#2/public.p_1@exists_1) /* not matched */\n")
TEXT = """\
                     QUERY PLAN
-----------------------------------------------------
 Hash Join  (cost=1.09..38.11 rows=10 width=8)
   Hash Cond: (f.d_id = d.id)
   ->  Seq Scan on f  (cost=0.00..32.60 rows=2260 width=8)
   ->  Hash  (cost=1.04..1.04 rows=4 width=4)
         ->  Index Scan using join_dim_pkey on d  (cost=0.00..1.04 rows=4 width=4)
 Query Identifier: -5243066567089054587
 Supplied Plan Advice:
   JOIN_ORDER(f d) /* matched */
   HASH_JOIN(d) /* matched, failed */
   SEQ_SCAN(g#2/public.p_1@exists_1) /* not matched */
 Generated Plan Advice:
   JOIN_ORDER(f d)
   HASH_JOIN(d)
   SEQ_SCAN(f)
   INDEX_SCAN(d public.join_dim_pkey)
   NO_GATHER(f d)
(17 rows)
"""


def document(**advice: str) -> str:
    return json.dumps([{"Plan": {"Node Type": "Result", "Startup Cost": 0.0, "Total Cost": 1.0, "Plan Rows": 1,
                                 "Plan Width": 4}, "Query Identifier": -5243066567089054587, **advice}])


JSON = document(**{"Supplied Plan Advice": SUPPLIED, "Generated Plan Advice": GENERATED})
NINETEEN = builders.info(version_num=190000, version="19.0", has_plan_advice=True)


@pytest.mark.parametrize("text", [TEXT, JSON], ids=["text", "json"])
def test_what_the_planner_would_obey_and_what_it_was_given(text: str) -> None:
    (plan,) = parse_all(text)
    assert plan.advice is not None and plan.advice.generated == " ".join(GENERATED.split("\n"))
    assert plan.advice.supplied == (
        AdviceItem("JOIN_ORDER(f d)", "matched"), AdviceItem("HASH_JOIN(d)", "matched, failed"),
        AdviceItem("SEQ_SCAN(g#2/public.p_1@exists_1)", "not matched"))
    assert plan.query_id == -5243066567089054587
    words = [plain(line) for line in tree.summary(plan)]
    assert f"plan advice: {plan.advice.generated}" in words
    assert any(line.startswith("advice given: JOIN_ORDER(f d): matched; HASH_JOIN(d): matched, failed;")
               for line in words)


def test_advice_that_came_to_nothing_is_told_with_what_became_of_it() -> None:
    (finding,) = [found for found in analyse(parse(JSON)).findings if found.rule == "plan_advice"]
    assert finding.message == "2 of 3 pieces of plan advice came to nothing"
    assert finding.evidence == "HASH_JOIN(d): matched, failed; SEQ_SCAN(g#2/public.p_1@exists_1): not matched"
    assert "enable_*" in finding.fix and "names" in finding.fix
    followed = document(**{"Supplied Plan Advice": "JOIN_ORDER(f d) /* matched */\n"})
    assert all(found.rule != "plan_advice" for found in analyse(parse(followed)).findings)


def test_a_plan_without_advice() -> None:
    for text in (document(), document(**{"Generated Plan Advice": ""})):
        plan = parse(text)
        assert all("advice" not in plain(line) for line in tree.summary(plan))
        assert stash_entry(plan, None) is None


def test_an_entry_of_a_stash() -> None:
    plan = parse(document(**{"Generated Plan Advice": 'SEQ_SCAN("it\'s")'}))
    assert stash_entry(plan, "ops") == (
        "-- It is used where pg_stash_advice.stash_name is 'plans'.\n"
        "SELECT ops.pg_set_stashed_advice('plans', -5243066567089054587, 'SEQ_SCAN(\"it''s\")');")
    named = replace(parse(JSON), extension_settings={STASH_SETTING: "fixes"})
    first, *_, last = str(stash_entry(named, None)).splitlines()
    assert first == "-- Once: CREATE EXTENSION pg_stash_advice; SELECT pg_create_advice_stash('fixes');"
    assert last == ("SELECT pg_set_stashed_advice('fixes', -5243066567089054587, "
                    "'JOIN_ORDER(f d) HASH_JOIN(d) SEQ_SCAN(g#2/public.p_1@exists_1)');"), "what was tried"
    assert stash_entry(replace(named, query_id=None), None) is None


def test_the_advice_of_two_plans_is_compared() -> None:
    before = parse(document())
    after = replace(before, extension_settings={SETTING: "HASH_JOIN(d)"})
    assert f"setting {SETTING}: (default) -> HASH_JOIN(d)" in compare(before, after).changes


def test_advice_is_asked_of_who_has_it() -> None:
    asked = options(NINETEEN, ExplainRequest(statement="x"))
    assert asked == "BUFFERS, VERBOSE, SETTINGS, MEMORY, PLAN_ADVICE, FORMAT JSON"
    assert "PLAN_ADVICE" not in options(NINETEEN, ExplainRequest(statement="x", without={"PLAN_ADVICE"}))
    assert "PLAN_ADVICE" not in offered(replace(NINETEEN, has_plan_advice=False), analyze=True)
    assert {*offered(NINETEEN, analyze=True)} <= MEANINGS.keys(), "each option is explained"
