"""EXPLAIN on real servers: what may run, what is rolled back, and figures that add up in every kind of plan."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from console.errors import ConsoleError, Missing, ServerError, TimedOut, UsageError
from console.plans.compare import compare
from console.plans.explain import ExplainRequest, Writes, analysis, explain, facts
from console.plans.findings import analyse
from console.plans.parse import parse, to_json
from console.plans.records import Analysis, Plan
from console.plans.values import PlanError
from console.server.session import PgSession
from console.server.single import single_session
from console.server.target import Target
from console.view.plans import tree as view
from tests.plans.statements import PARALLEL, STATEMENTS, Statement, fill
from tests.support.servers import Database, LiveServer
from tests.support.waiting import until


@asynccontextmanager
async def session_on(conninfo: str, **words: object) -> AsyncIterator[PgSession]:
    async with single_session(Target(name="test", conninfo=conninfo, **words)) as session:  # type: ignore[arg-type]
        yield session


def filled(server: LiveServer) -> str:
    """The conninfo of a database with the tables of tests/plans, which nobody changes."""
    return server.conninfo(server.template("plans", fill))


def tolerance(plan: Plan) -> float:
    """What rounding may add up to: each time was rounded to a thousandth of a millisecond a loop."""
    return sum(0.001 * max(1, node.loops or 0) / node.participants for node in plan.nodes) + 0.002


def assert_adds_up(plan: Plan) -> None:
    root = plan.root
    assert root.inclusive_ms is not None and plan.execution_ms is not None
    own = sum(node.exclusive_ms or 0.0 for node in plan.nodes)
    assert own == pytest.approx(root.inclusive_ms + plan.outside_ms, abs=tolerance(plan))
    assert root.inclusive_ms <= plan.execution_ms + 0.01
    for node in plan.nodes:
        assert node.inclusive_ms is not None and node.exclusive_ms is not None
        assert 0 <= node.exclusive_ms <= node.inclusive_ms + 1e-9, node.label
    for counter in ("hit", "read", "dirtied", "written", "temp_read", "temp_written"):
        total = sum(getattr(node.own_buffers, counter) for node in plan.nodes)
        # What a CTE that nobody read to its end went on to do is outside the root's figures.
        slack = len(plan.nodes) if plan.outside_ms < 0.001 else 10_000
        assert 0 <= total - getattr(root.buffers, counter) + slack <= 2 * slack, counter


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda item: item.sql[:60])
async def test_own_times_and_buffers_add_up_to_the_plans_totals(any_server: LiveServer, statement: Statement) -> None:
    async with session_on(filled(any_server)) as session:
        plan = await explain(session, ExplainRequest(
            statement=statement.sql, analyze=True, settings=statement.settings, may_write=statement.writes))
        assert_adds_up(plan)
        again = parse(to_json(plan))
        assert again == plan
        found = analyse(plan, await facts(session, plan))
        shown = view.text(found)
        assert shown.startswith("Verdict: Ran in ") and all(len(line) <= 120 for line in shown.splitlines())
        only = await explain(session, ExplainRequest(statement=statement.sql, settings=statement.settings))
        assert not only.is_analyzed and analyse(only).verdict.startswith("Not run: ")
        assert compare(plan, plan).changes == ("nothing that matters has changed",)


SPOKEN_OF_BY_JSON_ALONE = frozenset((
    "Plans", "Workers", "Parallel Aware", "Async Capable", "Inner Unique", "Partial Mode", "Settings", "Triggers",
    "Planning"))
"""What the text leaves out where there is nothing to say, or says in another way."""


@pytest.mark.parametrize("options", ["VERBOSE", "VERBOSE, COSTS OFF", "ANALYZE, BUFFERS"])
def test_the_text_form_is_read_as_what_the_json_says(any_server: LiveServer, options: str) -> None:
    with psycopg.connect(filled(any_server)) as connection:
        for statement in STATEMENTS:
            given: dict[str, Any] = {}
            for form in ("JSON", "TEXT"):
                for name, value in statement.settings.items():
                    connection.execute(f"SET LOCAL {name} = '{value}'")
                rows = connection.execute(f"EXPLAIN ({options}, FORMAT {form}) {statement.sql}").fetchall()
                given[form] = rows[0][0][0] if form == "JSON" else parse("\n".join(row[0] for row in rows)).document
                connection.rollback()
            assert_same(given["JSON"], given["TEXT"], runs="ANALYZE" in options)


def assert_same(theirs: dict[str, Any], ours: dict[str, Any], *, runs: bool) -> None:
    """Of two runs the figures differ; what is there, and every text, doesn't."""
    waiting = [(theirs["Plan"], ours["Plan"])]
    while waiting:
        one, other = waiting.pop()
        for key in (one.keys() | other.keys()) - SPOKEN_OF_BY_JSON_ALONE:
            if "I/O" in key or (key not in other and one[key] in (0, False)):
                continue
            assert key in one and key in other, (key, one, other)
            assert one[key] == other[key] or (runs and isinstance(one[key], int | float | dict)), (key, one, other)
        assert len(one.get("Plans", ())) == len(other.get("Plans", ())), (one, other)
        waiting.extend(zip(one.get("Plans", ()), other.get("Plans", ()), strict=True))
    assert all(key in ours for key in theirs if key not in SPOKEN_OF_BY_JSON_ALONE), (theirs.keys(), ours.keys())


async def test_nothing_that_is_run_stays(any_database: Database) -> None:
    with any_database.connect() as connection:
        connection.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
        async with session_on(any_database.conninfo) as session:
            for sql in ("DELETE FROM t", "UPDATE t SET id = 2", "INSERT INTO t VALUES (3)", "CREATE TABLE u AS TABLE t",
                        "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "SELECT * FROM t FOR UPDATE"):
                with pytest.raises(Writes, match="writes, and was not run"):
                    await explain(session, ExplainRequest(statement=sql, analyze=True))
                assert (await explain(session, ExplainRequest(statement=sql))).root.loops is None
                plan = await explain(session, ExplainRequest(statement=sql, analyze=True, may_write=True))
                assert plan.is_analyzed
                assert connection.execute("SELECT id FROM t").fetchall() == [(1,)]
        assert connection.execute("SELECT to_regclass('u')").fetchone() == (None,)


@pytest.mark.parametrize("sql", [
    "SELECT 1; DELETE FROM t", "SELECT 1; COMMIT; DELETE FROM t", "COMMIT", "SELECT 1) ; DELETE FROM t; SELECT (1",
    "ANALYZE DELETE FROM t", "(ANALYZE) DELETE FROM t", "SELECT set_config('transaction_read_only', 'off', true)",
    "SELECT nextval('s')", "SELECT wipe()", "/* x */ EXPLAIN ANALYZE DELETE FROM t", "", "   -- nothing", "VACUUM t",
    "SELECT 1 -- \n; DELETE FROM t", "DO $$BEGIN DELETE FROM t; END$$", "CALL x()", "SELECT 'unfinished"])
@pytest.mark.parametrize("how", ["plan", "analyze", "generic"])
async def test_no_way_around_reading_only(database: Database, sql: str, how: str) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE SEQUENCE s;"
                           "CREATE FUNCTION wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM t'")
        async with session_on(database.conninfo) as session:
            try:
                plan = await explain(session, ExplainRequest(statement=sql, analyze=how == "analyze",
                                                             generic=how == "generic"))
                assert how != "analyze" and not plan.is_analyzed
            except ConsoleError as error:
                assert error.summary
            assert (await explain(session, ExplainRequest(statement="SELECT 1", analyze=True))).root.rows == 1
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)
        assert connection.execute("SELECT is_called FROM s").fetchone() == (False,)


async def test_a_generic_plan_knows_no_values(any_server: LiveServer) -> None:
    async with session_on(filled(any_server)) as session:
        sql = "SELECT * FROM purchase WHERE id = $1 AND amount > $2"
        plan = await explain(session, ExplainRequest(statement=sql, generic=True))
        assert plan.root.text("Index Cond").endswith("$1)") and "$2" in plan.root.text("Filter")
        with pytest.raises(ServerError) as refused:
            await explain(session, ExplainRequest(statement=sql, analyze=True))
        assert "parameters" in str(refused.value.hint)
        with pytest.raises(Missing, match="nowhere"):
            await explain(session, ExplainRequest(statement="SELECT nowhere FROM purchase WHERE id = $1", generic=True))
        plan = await explain(session, ExplainRequest(statement=sql, analyze=True, parameters=("17", "0")))
        assert plan.root.rows == 1 and "17" in plan.root.text("Index Cond")
        left = await session.connection.execute("SELECT count(*) FROM pg_prepared_statements")
        assert await left.fetchone() == (0,)
        with pytest.raises(UsageError):
            await explain(session, ExplainRequest(statement=sql, analyze=True, generic=True))


async def test_a_statement_that_runs_for_ever_is_stopped(database: Database) -> None:
    async with session_on(database.conninfo) as session:
        with pytest.raises(TimedOut, match=r"after 0\.3 s"):
            await explain(session, ExplainRequest(statement="SELECT pg_sleep(60)", analyze=True, timeout_ms=300))
        running = asyncio.ensure_future(
            explain(session, ExplainRequest(statement="SELECT pg_sleep(61)", analyze=True)))
        with database.connect() as connection:
            def goes_on() -> bool:
                return connection.execute("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND "
                                          "datname = current_database()").rowcount > 0

            await until(goes_on)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            await until(lambda: not goes_on())


async def test_errors_say_what_and_where(database: Database) -> None:
    async with session_on(database.conninfo) as session:
        for how in (False, True):
            with pytest.raises(Missing, match='relation "nowhere" does not exist') as raised:
                await explain(session, ExplainRequest(statement="SELECT * FROM nowhere", generic=how))
            assert raised.value.position == 15
        with pytest.raises(UsageError, match="several statements"):
            await explain(session, ExplainRequest(statement="SELECT 1; SELECT 2"))
        with pytest.raises(ServerError):
            await explain(session, ExplainRequest(statement="SELECT 1", settings={"no_such_setting": "1"}))
        with pytest.raises(ConsoleError, match=r"rule|no plan|nothing"):
            with database.connect() as connection:
                connection.execute("CREATE TABLE r (id int); CREATE RULE n AS ON INSERT TO r DO INSTEAD NOTHING")
            await explain(session, ExplainRequest(statement="INSERT INTO r VALUES (1)"))


async def of(server: LiveServer, sql: str, *, analyze: bool = True, may_write: bool = False, **settings: str
             ) -> Analysis:
    async with session_on(filled(server)) as session:
        return await analysis(session, ExplainRequest(statement=sql, analyze=analyze, settings=settings,
                                                      may_write=may_write, timeout_ms=120_000))


def rule(found: Analysis, name: str) -> str:
    """The finding's own words, all of them."""
    (plan_finding,) = [finding for finding in found.findings if finding.rule == name]
    assert plan_finding.severity in ("info", "warning",
                                     "critical") and plan_finding.message and plan_finding.evidence and plan_finding.fix
    return f"{plan_finding.message} | {plan_finding.evidence} | {plan_finding.fix}"


async def test_rows_read_to_be_thrown_away(any_server: LiveServer) -> None:
    found = await of(any_server, "SELECT * FROM purchase WHERE customer_id = 17 AND amount > 900 AND note <> 'y'")
    words = rule(found, "seq_scan_filter")
    assert "CREATE INDEX CONCURRENTLY ON public.purchase (customer_id, amount)" in words
    assert "60 000 rows read" in words
    planned = await of(any_server, "SELECT * FROM purchase WHERE customer_id = 17", analyze=False)
    assert "(customer_id)" in rule(planned, "seq_scan_filter")
    odd = await of(any_server, 'SELECT * FROM "we""ird [b]%s" WHERE "a b" = 77')
    assert 'ON public."we""ird [b]%s" ("a b")' in rule(odd, "seq_scan_filter")
    lower = await of(any_server, "SELECT * FROM customer WHERE lower(name) = 'customer 7'")
    assert "(lower(name))" in rule(lower, "seq_scan_filter")
    pattern = await of(any_server, "SELECT * FROM customer WHERE name LIKE '%tomer 77'")
    assert "gin_trgm_ops" in rule(pattern, "seq_scan_filter")
    index = await of(any_server, "SELECT * FROM purchase WHERE id > 100 AND customer_id = 5", enable_seqscan="off")
    assert "customer_id" in rule(index, "index_filter")


async def test_a_bitmap_that_outgrew_its_memory(any_database: Database) -> None:
    """More pages than 64 kB can name row by row: 60,000 rows on 2,500 of them."""
    with any_database.connect() as connection:
        connection.execute("CREATE TABLE spread (id int, filler text) WITH (fillfactor = 10, autovacuum_enabled = off)")
        connection.execute("INSERT INTO spread SELECT i, 'some filler ' || i FROM generate_series(1, 60000) i")
        connection.execute("CREATE INDEX ON spread (id); ANALYZE spread")
    async with session_on(any_database.conninfo) as session:
        found = await analysis(session, ExplainRequest(
            statement="SELECT count(*) FROM spread WHERE id > 10", analyze=True, settings={
                "work_mem": "64kB", "enable_seqscan": "off", "enable_indexscan": "off", "enable_indexonlyscan": "off",
                "max_parallel_workers_per_gather": "0"}))
        words = rule(found, "lossy_bitmap")
        assert "did not fit into work_mem" in words and "pages lossy" in words and "work_mem" in words.split("|")[2]


async def test_a_memo_that_is_never_asked_again(any_database: Database) -> None:
    """The planner took the keys for few, as its statistics were of another table; each is asked for once."""
    with any_database.connect() as connection:
        connection.execute(
            "CREATE TABLE lookup (id int PRIMARY KEY, v int) WITH (autovacuum_enabled = off);"
            "INSERT INTO lookup SELECT i, i FROM generate_series(1, 20000) i;"
            "CREATE TABLE asking (k int) WITH (autovacuum_enabled = off);"
            "INSERT INTO asking SELECT i % 10 + 1 FROM generate_series(1, 5000) i; ANALYZE lookup; ANALYZE asking;"
            "TRUNCATE asking; INSERT INTO asking SELECT i FROM generate_series(1, 5000) i")
    async with session_on(any_database.conninfo) as session:
        found = await analysis(session, ExplainRequest(
            statement="SELECT count(*) FROM asking a JOIN lookup l ON l.id = a.k", analyze=True, settings={
                "enable_hashjoin": "off", "enable_mergejoin": "off", "max_parallel_workers_per_gather": "0"}))
        words = rule(found, "memoize_misses")
        assert "0 hits, 5 000 misses" in words


async def test_compilation_is_told_where_it_is_done(any_server: LiveServer) -> None:
    """How long it takes is the machine's matter; that it is read and weighed is ours."""
    with any_server.connect() as connection:
        if connection.execute("SELECT pg_jit_available()").fetchone() != (True,):
            pytest.skip("this server compiles nothing: no LLVM")
    found = await of(any_server, "SELECT count(*) FROM purchase WHERE amount > 3", jit="on", jit_above_cost="0",
                     jit_inline_above_cost="0", jit_optimize_above_cost="0", max_parallel_workers_per_gather="0")
    assert found.plan.jit is not None and (found.plan.jit.functions or 0) > 0
    spent, total = found.plan.jit.total_ms, found.plan.total_ms
    assert spent is not None and total is not None
    is_told = any(finding.rule == "jit_overhead" for finding in found.findings)
    assert is_told == (spent / total >= 0.1 and spent >= 10)


async def test_reading_from_disk_is_timed(any_database: Database) -> None:
    """A table that was just written by another backend is read through the kernel, and the time of that is known."""
    with any_database.connect() as connection:
        connection.execute("CREATE TABLE cold (id int, filler text) WITH (autovacuum_enabled = off)")
        connection.execute("INSERT INTO cold SELECT i, repeat('x', 900) FROM generate_series(1, 60000) i")
    async with session_on(any_database.conninfo) as session:
        found = await analysis(session, ExplainRequest(
            statement="SELECT count(*) FROM cold", analyze=True, settings={"max_parallel_workers_per_gather": "0"}))
    root, total = found.plan.root, found.plan.total_ms
    assert root.buffers is not None and root.buffers.read > 1000 and total is not None  # larger than shared_buffers
    waited = sum(root.number(key) or 0.0 for key in ("I/O Read Time", "Shared I/O Read Time"))
    assert waited > 0
    is_told = any(finding.rule == "io_bound" for finding in found.findings)
    assert is_told == (waited / total >= 0.5 and waited >= 20)


async def test_spills(any_server: LiveServer) -> None:
    words = rule(await of(any_server, "SELECT * FROM purchase ORDER BY note, amount", work_mem="64kB",
                          max_parallel_workers_per_gather="0"), "spill")
    assert "sorted on disk" in words and "work_mem = '" in words
    words = rule(await of(any_server, "SELECT count(*) FROM purchase a JOIN purchase b ON a.id = b.customer_id",
                          work_mem="64kB", enable_mergejoin="off", enable_nestloop="off",
                          max_parallel_workers_per_gather="0"), "spill")
    assert "batches" in words
    words = rule(await of(any_server, "SELECT note || id, count(*) FROM purchase GROUP BY 1", hash_mem_multiplier="1",
                          work_mem="64kB", enable_sort="off", enable_indexscan="off", enable_incremental_sort="off",
                          max_parallel_workers_per_gather="0"), "spill")
    assert "aggregated through temporary files" in words


async def test_estimates_and_statistics(any_database: Database) -> None:
    with any_database.connect() as connection:
        connection.execute("CREATE TABLE t (a int, b int); INSERT INTO t SELECT i, i FROM generate_series(1, 10) i;"
                           "ANALYZE t; INSERT INTO t SELECT i % 100, i % 100 FROM generate_series(1, 50000) i")
    async with session_on(any_database.conninfo) as session:
        stale = await analysis(session, ExplainRequest(statement="SELECT * FROM t", analyze=True))
        assert "ANALYZE public.t" in rule(stale, "stale_statistics") and "last analyzed" in rule(
            stale, "stale_statistics")
        with any_database.connect() as connection:
            connection.execute("ANALYZE t")
        dependent = await analysis(session, ExplainRequest(
            statement="SELECT * FROM t WHERE a = 5 AND b = 5", analyze=True))
        words = rule(dependent, "row_misestimate")
        assert "CREATE STATISTICS" in words and "more rows than planned" in words
        below_limit = await analysis(session, ExplainRequest(statement="SELECT * FROM t LIMIT 1", analyze=True))
        assert not below_limit.findings and below_limit.verdict.endswith("Nothing stands out.")
        function = await analysis(session, ExplainRequest(
            statement="SELECT * FROM regexp_split_to_table(repeat('a,', 20000), ',')", analyze=True))
        assert "ALTER FUNCTION regexp_split_to_table ROWS" in rule(function, "row_misestimate")


async def test_joins_and_subqueries(any_server: LiveServer) -> None:
    words = rule(await of(
        any_server, "SELECT count(*) FROM customer c LEFT JOIN purchase p ON p.customer_id = c.id AND p.id < 500",
        enable_hashjoin="off", enable_mergejoin="off", enable_indexscan="off", enable_bitmapscan="off"),
        "join_without_index")
    assert "pairs of rows" in words
    words = rule(await of(any_server, "SELECT *, (SELECT count(*) FROM customer c WHERE c.region = p.id) "
                                      "FROM purchase p WHERE id < 1500"), "correlated_subquery")
    assert "SubPlan 1 runs for each row" in words
    words = rule(await of(any_server, "SELECT count(*) FROM purchase p JOIN customer c ON c.id = p.customer_id "
                                      "AND md5(repeat(c.name, 20)) <> 'x'",  # makes the inner side what takes the time
                          enable_hashjoin="off", enable_mergejoin="off", enable_memoize="off", enable_material="off",
                          max_parallel_workers_per_gather="0"), "nested_loop")
    assert "60 000 times" in words
    words = rule(await of(any_server, "SELECT * FROM purchase ORDER BY customer_id LIMIT 5",
                          max_parallel_workers_per_gather="0"), "sort_without_index")
    assert "ON public.purchase (customer_id)" in words
    words = rule(await of(any_server, "WITH c AS MATERIALIZED (SELECT * FROM purchase) SELECT * FROM c WHERE id = 5"),
                 "cte_scan")
    assert "NOT MATERIALIZED" in words
    words = rule(await of(any_server, "SELECT * FROM customer WHERE slow(id) = 5"), "volatile_function")
    assert "slow" in words and "STABLE" in words
    words = rule(await of(any_server, "SELECT * FROM purchase", enable_seqscan="off"), "disabled_node")
    assert "Seq Scan on purchase" in words


async def test_overheads(any_server: LiveServer) -> None:
    words = rule(await of(any_server, "DELETE FROM parent", may_write=True), "trigger_time")
    assert "index the referencing columns" in words and "300 calls" in words
    words = rule(await of(any_server, "SELECT count(*) FROM purchase", **PARALLEL | {"max_parallel_workers": "0"}),
                 "workers_not_launched")
    assert "0 of 2 planned workers came" in words
    joined = " ".join(f"JOIN measure m{i} ON m{i}.at = m0.at" for i in range(1, 7))
    words = rule(await of(any_server, f"SELECT * FROM measure m0 {joined} WHERE m0.value = -1"), "planning_time")
    assert "planning takes longer" in words
    if any_server.major >= 17:
        words = rule(await of(any_server, "SELECT p.*, p.*, p.*, p.* FROM purchase p"), "serialization")
        assert "fewer columns" in words


async def test_partitions_are_told_of_once(any_server: LiveServer) -> None:
    found = await of(any_server, "SELECT * FROM measure WHERE value = -1")
    words = rule(found, "seq_scan_filter")
    assert "and so do up to 2 scans beside it" in words and "or the same on the partitioned table" in words


def test_what_auto_explain_logs(embedded: LiveServer) -> None:
    messages: list[str] = []
    with embedded.connect(embedded.template("plans", fill)) as connection:
        connection.add_notice_handler(lambda notice: messages.append(f"LOG:  {notice.message_primary}"))
        for setting in ("log_min_duration = 0", "log_format = 'json'", "log_analyze = on", "log_buffers = on",
                        "log_nested_statements = on"):
            connection.execute(f"SET auto_explain.{setting}")  # type: ignore[arg-type]
        connection.execute("SET client_min_messages = 'log'")
        connection.execute("SELECT count(*), '} plan: {' FROM purchase")
    plan = parse("2026-11-22 09:00:00 UTC [1] " + "\n".join(messages))
    assert plan.query.startswith("SELECT count(*)") and any(node.relation == "purchase" for node in plan.nodes)
    assert plan.is_timed and plan.execution_ms is None
    assert analyse(plan).verdict.startswith("Ran in ")


async def test_heap_fetches(any_database: Database) -> None:
    with any_database.connect() as connection:
        # Pages become all-visible once the commit is known to be on disk.
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, v int); "
                           "INSERT INTO t SELECT i, i FROM generate_series(1, 20000) i; ANALYZE t")
    async with session_on(any_database.conninfo) as session:
        found = await analysis(session, ExplainRequest(
            statement="SELECT id FROM t WHERE id < 5000", analyze=True,
            settings={"enable_seqscan": "off", "enable_bitmapscan": "off"}))
        words = rule(found, "heap_fetches")
        assert "VACUUM public.t" in words and "never vacuumed" in words
        with any_database.connect() as connection:
            connection.execute("VACUUM t")
        after = await analysis(session, ExplainRequest(
            statement="SELECT id FROM t WHERE id < 5000", analyze=True, settings={"enable_bitmapscan": "off"}))
        assert not [finding for finding in after.findings if finding.rule == "heap_fetches"]


async def test_two_plans_compared(any_server: LiveServer) -> None:
    sql = "SELECT * FROM purchase WHERE id < 3000 ORDER BY amount"
    analysis = await of(any_server, sql, enable_indexscan="off", enable_bitmapscan="off",
                   max_parallel_workers_per_gather="0")
    other = await of(any_server, sql, enable_seqscan="off", enable_bitmapscan="off",
                     max_parallel_workers_per_gather="0")
    compared = compare(analysis.plan, other.plan)
    words = "\n".join(compared.changes)
    assert "Seq Scan on purchase -> Index Scan using purchase_pkey on purchase" in words
    assert "setting enable_seqscan: (default) -> off" in words
    assert [pair.change for pair in compared.pairs] == ["same", "replaced"]
    limited = compare(other.plan, (await of(any_server, sql + " LIMIT 5", enable_seqscan="off",
                                            enable_bitmapscan="off", max_parallel_workers_per_gather="0")).plan)
    assert "Limit is new" in "\n".join(limited.changes)
    assert [pair.change for pair in limited.pairs] == ["added", "same", "same"]


async def test_query_vectors_are_elided_everywhere(server: LiveServer) -> None:
    if not server.has_vector:
        pytest.skip("no pgvector here")
    vector = "[" + ",".join(f"{i / 1000:.4f}" for i in range(384)) + "]"
    with server.database() as database:
        with database.connect() as connection:
            connection.execute("CREATE EXTENSION vector; CREATE TABLE v (id int, e vector(384));"
                               "INSERT INTO v SELECT i, array_fill(i::real, ARRAY[384])::vector "
                               "FROM generate_series(1, 50) i")
        async with session_on(database.conninfo) as session:
            found = await analysis(session, ExplainRequest(
                statement=f"SELECT id, e <-> '{vector}' FROM v ORDER BY e <-> '{vector}' LIMIT 5", analyze=True,
                settings={"hnsw.ef_search": "77"}))
        assert found.plan.extension_settings["hnsw.ef_search"] == "77"
        for shown in (to_json(found.plan), view.text(found), repr(found)):
            assert "0.0100" not in shown
        assert "'[0.0000,0.0010,...384 values]'" in json.dumps(found.plan.document, default=str)
        deeper = json.dumps([list(map(str, view.detail(node))) for node in found.plan.nodes])
        assert "0.0100" not in deeper and "384 values" in deeper
    with pytest.raises(PlanError):
        parse("nothing")


async def test_a_plan_deeper_than_the_standard_librarys_json(server: LiveServer) -> None:
    sql = "SELECT * FROM (" * 400 + "SELECT generate_series(1, 9) AS x" + " LIMIT 5) s" * 400
    with server.database() as database:
        async with session_on(database.conninfo) as session:
            plan = await explain(session, ExplainRequest(statement=sql, analyze=True))
            assert max(node.depth for node in plan.nodes) > 350
            assert_adds_up(plan)
            assert parse(to_json(plan)) == plan
