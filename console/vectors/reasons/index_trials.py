"""Indexes that aren't there, tried: planned by HypoPG, or built on a sample that is gone afterwards."""

from __future__ import annotations

from console.errors import ConsoleError
from console.plans.records import Trial
from console.server.preamble import SHOWN
from console.server.readonly import ReadStatement, explain, trip
from console.server.script import script_session
from console.sql import grammar
from console.sql.grammar import Node
from console.sql.quoting import identifier, literal
from console.text import format as fmt
from console.vectors import plan as plans
from console.vectors import read
from console.vectors.reasons import statement
from console.vectors.reasons.trials import FORCED, Examination
from console.vectors.records import VectorColumn

SAMPLE, SAMPLE_ROWS = "dbconsole_sample", 2_000
BUILD_MS = 60_000
_NAME = "dbconsole_sample_index"


async def hypothetical(look: Examination, create: str, tree: Node) -> Trial | None:
    """The plan with the index that CREATE INDEX `create` would make, by HypoPG; None where it knows no such index."""
    function = identifier(look.session.info.extensions["hypopg"].schema, "hypopg_create_index")
    index = _at_once(create)
    text, create = grammar.deparse(tree), grammar.deparse(index)
    asked = [ReadStatement(f"SELECT indexname FROM {function}({literal(create)}) AS made"),
             ReadStatement(explain(text), look.params[:statement.parameters(tree)])]
    try:
        await look.admit(index, tree, is_run=True)
        done = await trip(look.session, asked, settings={**look.settings, **FORCED}, library=read.library(look.session),
                          timeout_ms=look.timeout_ms, pinned=SHOWN)
    except ConsoleError:
        return None
    made, used = done.pages[0].rows[0][0], plans.index_used(plans.document(done.pages[1].rows[0][0]))
    return Trial("planned", used, note="by HypoPG") if made is not None and used == made else None


def _at_once(create: str) -> Node:
    tree = grammar.parse(create)
    tree.stmts[0].stmt.index_stmt.concurrent = False
    return tree


async def on_a_sample(look: Examination, create: str, column: VectorColumn, tree: Node) -> Trial:
    """The index built on random rows in a temporary table, and `tree` planned with that table in place of the column's.

    The transaction is rolled back. What can't be built says why.
    """
    if statement.parameters(tree):
        return Trial("not tried", note="the statement has parameters")
    index, asked = _at_once(create), grammar.copy(tree)
    try:
        await look.admit(index, tree, is_run=True)
    except ConsoleError as error:
        return Trial("not tried", note=error.summary)
    index.stmts[0].stmt.index_stmt.idxname = _NAME
    _moved(index.stmts[0].stmt.index_stmt.relation)
    for kind, node in grammar.nodes(asked):
        if kind == "range_var" and grammar.range_name(node.range_var).fits(column.schema, column.relation):
            node.range_var.alias.aliasname = node.range_var.alias.aliasname or node.range_var.relname
            _moved(node.range_var)
    rows = column.row_estimate or 0.0
    share = min(100.0, max(0.001, 300.0 * SAMPLE_ROWS / max(1.0, rows)))
    values = {"statement_timeout": str(BUILD_MS), "lock_timeout": "500", **look.settings}
    try:
        async with script_session(look.session.target.direct(), purpose="index sample") as session:
            await session.execute("BEGIN", *(f"SET LOCAL {name} = {literal(value)}" for name, value in values.items()))
            try:
                await session.execute(
                    f"CREATE TEMPORARY TABLE {SAMPLE} ON COMMIT DROP AS SELECT * FROM {column.table} "
                    f"TABLESAMPLE pg_catalog.system ({share:.4f}) LIMIT {SAMPLE_ROWS:d}")
                ((count,),) = await session.execute(f"SELECT pg_catalog.count(*) FROM pg_temp.{SAMPLE}")
                await session.execute(grammar.deparse(index), f"ANALYZE pg_temp.{SAMPLE}",
                                      *(f"SET LOCAL {name} = {literal(value)}" for name, value in FORCED.items()))
                ((document,),) = await session.execute(explain(grammar.deparse(asked)))
            finally:
                if not session.connection.closed:
                    await session.execute("ROLLBACK")
    except ConsoleError as error:
        return Trial("not tried", note=f"on a sample: {error.summary}")
    found = plans.index_used(plans.plan_of(document[0]))
    on = f"on a sample of {fmt.count(count)} rows"
    if found != _NAME:
        return Trial("not tried", note=f"{on} the planner didn't take it")
    return Trial("planned", "an index like it", note=on)


def _moved(relation: Node) -> None:
    relation.catalogname = ""
    relation.schemaname, relation.relname = "pg_temp", SAMPLE


__all__ = ["hypothetical", "on_a_sample"]
