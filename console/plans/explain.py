"""EXPLAIN of a statement on a server, and what the server knows of the tables that the plan reads."""

from __future__ import annotations

import asyncio
from typing import Any

from console.errors import ServerError
from console.plans.findings import analyse
from console.plans.json_reader import loads
from console.plans.parse import plan_of
from console.plans.records import Analysis, ExtensionSetting, Plan, PlanFacts, TableFacts, VolatileFunction
from console.plans.values import PlanError
from console.server import explain as server
from console.server.explain import ExplainRequest, Writes
from console.server.query import Read, load
from console.server.session import PgSession, Session
from console.sql import dialects
from console.sql.elide import elided
from console.sql.names import functions_called

EXTENSION_SETTINGS = load("console.plans", "extension_settings", ExtensionSetting)
TABLE_FACTS = load("console.plans", "table_facts", TableFacts)
VOLATILE_FUNCTIONS = load("console.plans", "volatile_functions", VolatileFunction)

FACTS_WITHIN_S = 5.0
MOST_TABLES = 200


async def explain(session: PgSession, request: ExplainRequest) -> Plan:
    """The plan of a statement; with `analyze`, run in a transaction that is rolled back.

    Raises ConsoleError; Writes where the statement writes and `may_write` is not said.
    """
    try:
        answer = await server.explain(session, request, EXTENSION_SETTINGS)
    except ServerError as error:
        await asyncio.to_thread(dialects.explain_syntax, error, request.statement)
        raise
    try:
        (document,) = loads(answer.text)
    except (ValueError, TypeError) as error:
        raise PlanError(f"{session.target.label}: EXPLAIN answered what is no plan: {error}") from error
    if not isinstance(document, dict) or "Plan" not in document:
        raise PlanError("a statement of that kind has no plan", hint="SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES, "
                        "EXECUTE, DECLARE and CREATE TABLE AS have one")
    document = {"Query Text": elided(request.statement.strip()), **document}
    if answer.rows:
        document["Extension Settings"] = {row.name: row.value for row in answer.rows}
    return plan_of(document)


async def facts(session: Session, plan: Plan) -> PlanFacts:
    """What the server knows of the plan's tables and functions. Raises ConsoleError when it is gone."""
    tables = list(dict.fromkeys((node.schema, node.relation) for node in plan.nodes if node.relation and node.schema))
    calls = {name for node in plan.nodes for key in ("Filter", "Join Filter", "One-Time Filter")
             for name in functions_called(node.text(key))}
    reads: list[Read[Any]] = []
    if tables:
        wanted = tables[:MOST_TABLES]
        reads.append(Read(TABLE_FACTS, {"schemas": [schema for schema, _ in wanted],
                                        "names": [name for _, name in wanted]}))
    if calls:
        reads.append(Read(VOLATILE_FUNCTIONS, {"names": sorted(calls)}))
    if not reads:
        return PlanFacts()
    found = await session.refresh(*reads, within_s=FACTS_WITHIN_S)
    return PlanFacts({(table_fact.schema, table_fact.name): table_fact for table_fact in found.rows(TABLE_FACTS) or ()},
                 frozenset(volatile_function.name for volatile_function in found.rows(VOLATILE_FUNCTIONS) or ()))


async def analysis(session: PgSession, request: ExplainRequest) -> Analysis:
    """The plan of a statement with its verdict and its findings. Raises ConsoleError as `explain` does."""
    plan = await explain(session, request)
    return analyse(plan, await facts(session, plan))


__all__ = ["ExplainRequest", "Writes", "analysis", "explain", "facts"]
