"""A plan on its page: verdict, tree, findings, one node, two plans side by side, 5,000 nodes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.plans.advice import SETTING
from console.plans.findings import analyse
from console.plans.parse import parse
from console.plans.records import Analysis
from console.server.explain import ExplainRequest
from console.ui.app import ConsoleApp
from console.ui.dialogs.choose import ChooseDialog
from console.ui.dialogs.export import ExportDialog
from console.ui.dialogs.plan_advice import PlanAdviceDialog
from console.ui.plan_page import PlanPage
from tests.plans.made import document, node
from tests.support import builders
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live

QUERY = "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.note ~ 'late' ORDER BY o.id"


def plan(scan_ms: float = 90.0, scan: str = "Seq Scan") -> Analysis:
    """A join of which nearly all the time goes into one scan that filters most rows away."""
    orders = node(scan, ms=scan_ms, rows=12, plan_rows=4000, **{
        "Relation Name": "orders", "Schema": "shop", "Alias": "o", "Filter": "(o.note ~ 'late'::text)",
        "Rows Removed by Filter": 250_000, "Shared Hit Blocks": 800, "Shared Read Blocks": 4100,
        "Parent Relationship": "Outer"})
    customers = node("Hash", ms=2.0, rows=900, plan_rows=900, **{"Parent Relationship": "Inner"}, plans=[
        node("Seq Scan", ms=1.5, rows=900, plan_rows=900, **{
            "Relation Name": "customers", "Schema": "shop", "Alias": "c", "Shared Hit Blocks": 12,
            "Parent Relationship": "Outer"})])
    join = node("Hash Join", ms=scan_ms + 4, rows=12, plan_rows=4000, plans=[orders, customers], **{
        "Join Type": "Inner", "Hash Cond": "(o.customer_id = c.id)", "Parent Relationship": "Outer"})
    root = node("Sort", ms=scan_ms + 5, rows=12, plan_rows=4000, plans=[join], **{
        "Sort Key": ["o.id"], "Sort Method": "quicksort", "Sort Space Used": 25, "Sort Space Type": "Memory"})
    return analyse(parse(json.dumps([document(root, **{"Query Text": QUERY})])))


@asynccontextmanager
async def page(world: World, analysis: Analysis, size: tuple[int, int] = (120, 36), title: str = "late orders"
               ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], PlanPage]]:
    async with world.console(size=size) as (app, pilot):
        await live(app, pilot)
        found = PlanPage.of(analysis, title)
        app.push_screen(found)
        await until(lambda: found.is_mounted and found.view.nodes.has_focus and found.view.nodes.table.rows, pilot)
        yield app, pilot, found


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_a_plan(world: World, size: tuple[int, int]) -> None:
    async with page(world, plan(), size) as (app, pilot, _):
        await until_golden(app, pilot, f"plan-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_one_node_in_full(world: World, size: tuple[int, int]) -> None:
    async with page(world, plan(), size) as (app, pilot, found):
        await pilot.press("down", "down", "enter")
        await until(lambda: "Rows Removed by Filter: 250000" in found.view.told.text, pilot)
        await until_golden(app, pilot, f"plan-node-{size[0]}x{size[1]}")
        await pilot.press("down")
        await until(lambda: found.view.told.text.startswith("Hash\n"), pilot)
        await pilot.press("escape")
        assert found.view.told.text.startswith(("W ", "C ")), "the findings again"
        await pilot.press("escape")
        assert app.screen is not found


async def test_subtrees_fold(world: World) -> None:
    async with page(world, plan()) as (_, pilot, found):
        await pilot.press("down", "z")
        rows = found.view.nodes.table.rows
        assert len(rows) == 2 and rows[1].cells[0].text.endswith("… 3 below")
        await pilot.press("z")
        assert len(found.view.nodes.table.rows) == 5
        await pilot.press("end", "z")
        assert len(found.view.nodes.table.rows) == 5, "a leaf has nothing to hide"
        await pilot.press("slash", *"customers", "enter")
        assert [row.record.relation for row in found.view.nodes.table.rows] == ["customers"]


async def test_two_plans_side_by_side(world: World) -> None:
    async with page(world, plan()) as (app, pilot, first):
        assert not first.check_action("compare", ())
        await pilot.press("m", "escape")
        second = PlanPage.of(plan(4.0, "Index Scan"), "with an index")
        app.push_screen(second)
        await until(lambda: second.is_mounted and second.view.nodes.has_focus, pilot)
        await pilot.press("c")
        await until(lambda: second.view.comparison is not None, pilot)
        await until(lambda: "execution: 95 ms -> 9.1 ms" in screen_text(app), pilot)
        app.clear_notifications()
        await until(lambda: "kept as A:" not in screen_text(app), pilot)
        await until_golden(app, pilot, "plan-compared-120x36")
        await pilot.press("down", "down", "enter")
        assert "Seq Scan on orders o" in second.view.told.text and "Index Scan on orders o" in second.view.told.text
        await pilot.press("escape", "escape")
        assert app.screen is second and second.view.comparison is None
        await pilot.press("escape")
        assert app.screen is not second


async def test_other_advice_is_tried_and_kept_in_a_stash(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server of 19 was at hand: what it would answer stands in its place."""
    world.info = builders.info(version_num=190000, has_plan_advice=True)
    asked: list[ExplainRequest] = []
    copied: list[str] = []

    async def answer(session: object, request: ExplainRequest) -> Analysis:
        asked.append(request)
        given = request.settings.get(SETTING)
        advice = {"Query Identifier": 77, "Generated Plan Advice": f"{given or 'SEQ_SCAN(o)'}\nNO_GATHER(o)",
                  **({"Supplied Plan Advice": f"{given} /* matched, failed */\n"} if given else {})}
        return analyse(parse(json.dumps([document(node("Index Scan" if given else "Seq Scan"), **advice)])))

    monkeypatch.setattr("console.ui.plan_page.explained", answer)
    async with world.console() as (app, pilot):
        await live(app, pilot)
        monkeypatch.setattr(app, "copy", copied.append)
        found = PlanPage(ExplainRequest(statement="SELECT 1"), "one")
        app.push_screen(found)
        await until(lambda: "plan advice: SEQ_SCAN(o) NO_GATHER(o)" in screen_text(app), pilot)
        await pilot.press("v")
        await until(lambda: isinstance(app.screen, PlanAdviceDialog), pilot)
        assert app.screen.query_one(Input).value == "SEQ_SCAN(o) NO_GATHER(o)"
        app.screen.query_one(Input).value = "INDEX_SCAN(o i)"
        await pilot.press("enter")
        await until(lambda: "INDEX_SCAN(o i): matched, failed" in screen_text(app), pilot)
        assert [dict(request.settings) for request in asked] == [{}, {SETTING: "INDEX_SCAN(o i)"}]
        await pilot.press("c")
        await until(lambda: found.view.comparison is not None and "Seq Scan" in screen_text(app), pilot)
        await pilot.press("escape", "w")
        await until(lambda: copied, pilot)
    assert copied[0].endswith("SELECT pg_set_stashed_advice('plans', 77, 'INDEX_SCAN(o i)');")


async def test_a_fix_is_copied(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    async with page(world, plan()) as (app, pilot, found):
        monkeypatch.setattr(app, "copy", copied.append)
        fixes = [finding for finding in found.view.findings if finding.fix]
        assert fixes, "the made plan has something to mend"
        await pilot.press("f")
        if isinstance(app.screen, ChooseDialog):
            await pilot.press("enter")
        await until(lambda: copied, pilot)
        assert copied[0] in [fix.fix for fix in fixes]


@pytest.mark.parametrize("form", ["json", "txt"])
async def test_export(world: World, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    analysis = plan()
    async with page(world, analysis) as (app, pilot, _):
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, ExportDialog), pilot)
        if form == "txt":
            await pilot.press("ctrl+t")
        field = app.screen.query_one(Input)
        assert field.value == f"plan_late_orders.{form}"
        field.value = str(path)
        await pilot.press("enter")
        await until(lambda: not isinstance(app.screen, ExportDialog), pilot)
    text = path.read_text("utf-8")
    if form == "json":
        assert parse(text).nodes == analysis.plan.nodes
    else:
        assert text.startswith("Verdict: ") and "Seq Scan on orders o" in text


async def test_5000_nodes_are_painted_by_the_page(world: World) -> None:
    scans = [node("Seq Scan", ms=0.01, **{"Relation Name": f"part{number}", "Alias": f"part{number}"})
             for number in range(4999)]
    analysis = analyse(parse(json.dumps([document(node("Append", ms=60, plans=scans))])))
    async with page(world, analysis) as (_, pilot, found):
        drawn: list[str] = []
        paint = found.view.nodes._row
        found.view.nodes._row = lambda row, *rest: (drawn.append(row.key), paint(row, *rest))[1]  # type: ignore[method-assign]
        await pilot.press("end")
        await until(lambda: found.view.nodes.row is not None and found.view.nodes.row.key == "4999", pilot)
        assert 0 < len(set(drawn)) <= found.view.nodes.size.height


async def test_hostile_names_stay_text(world: World) -> None:
    name = "x\x1b[31m[bold]\n‮y"
    analysis = analyse(parse(json.dumps([document(node("Seq Scan", **{"Relation Name": name, "Alias": name}))])))
    async with page(world, analysis, title=name) as (app, pilot, _):
        await pilot.press("enter")
        text = screen_text(app)
        assert "\x1b" not in text and "‮" not in text and "[bold]" in text
