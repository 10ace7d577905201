"""The adviser that tries fixes, hybrid search and what indexes hold run nothing that acts outside its transaction: what
a person has run once is run once, and what a stranger has put into a body or an index not at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from console.plans.explain import ExplainRequest, explain, facts
from console.plans.findings import analyse
from console.plans.records import Analysis
from console.server.single import single_session
from console.server.target import Target
from console.vectors import read
from console.vectors.explained import with_vectors
from console.vectors.hybrid import text_leg
from console.vectors.search import subject
from tests.live.test_effects import refused
from tests.support.servers import Database, LiveServer

SCHEMA = """
    CREATE EXTENSION vector;
    CREATE TABLE items (id int PRIMARY KEY, v vector(2), body text);
    INSERT INTO items SELECT n, ARRAY[n, 1]::vector, 'word ' || n FROM generate_series(1, 300) AS n;
    CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops);
    CREATE FUNCTION acts() RETURNS bool LANGUAGE plpgsql AS
        $f$ BEGIN PERFORM pg_advisory_lock(4711); RETURN true; END $f$;
    CREATE FUNCTION labelled() RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN acts(); END $f$;
    CREATE FUNCTION labelled(vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS
        $f$ BEGIN PERFORM acts(); RETURN $1; END $f$;
    CREATE FUNCTION words(text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE AS
        $f$ BEGIN PERFORM public.acts(); RETURN to_tsvector('english', $1); END $f$;
    CREATE FUNCTION inlined() RETURNS bool LANGUAGE sql AS $f$ SELECT labelled() $f$;
    CREATE FUNCTION twice_inlined() RETURNS bool LANGUAGE sql AS $f$ SELECT inlined() $f$;
    CREATE FUNCTION atomic() RETURNS bool LANGUAGE sql BEGIN ATOMIC SELECT labelled(); END;
    CREATE FUNCTION defaulted(bool DEFAULT labelled()) RETURNS bool LANGUAGE plpgsql AS $f$ BEGIN RETURN $1; END $f$;
    CREATE FUNCTION in_body() RETURNS SETOF items LANGUAGE sql AS
        $f$ SELECT * FROM items WHERE labelled() ORDER BY v <-> '[1,2]' LIMIT 5 $f$;
    CREATE FUNCTION in_plpgsql(q vector DEFAULT labelled('[1,2]')) RETURNS SETOF items LANGUAGE plpgsql AS
        $f$ BEGIN RETURN QUERY SELECT * FROM items ORDER BY v <-> q LIMIT 5; END $f$;
    CREATE FUNCTION of_another() RETURNS SETOF items LANGUAGE plpgsql SECURITY DEFINER AS
        $f$ BEGIN RETURN QUERY SELECT * FROM items ORDER BY v <-> '[1,2]' LIMIT 5; END $f$;
    CREATE FUNCTION unlimited() RETURNS SETOF items LANGUAGE plpgsql
        SET statement_timeout = 0 SET role = pg_monitor AS
        $f$ BEGIN RETURN QUERY SELECT * FROM items WHERE pg_sleep(1) IS NOT NULL ORDER BY v <-> '[1,2]' LIMIT 5;
            END $f$;
    CREATE VIEW acting_view AS SELECT * FROM items WHERE acts();
    CREATE TABLE by_expression (id int PRIMARY KEY, v vector(2));
    CREATE INDEX ON by_expression USING hnsw ((labelled(v)::vector(2)) vector_l2_ops);
    CREATE TABLE partly (id int PRIMARY KEY, v vector(2));
    CREATE INDEX ON partly USING hnsw (v vector_l2_ops) WHERE labelled(v) IS NOT NULL;
    CREATE TABLE worded (id int PRIMARY KEY, v vector(2), body text, plain text);
    CREATE INDEX ON worded USING gin (words(body));
    CREATE INDEX ON worded USING gin (to_tsvector('english', plain));
    SELECT pg_advisory_unlock_all();
"""
ORDER = " ORDER BY v <-> '[1,2]' LIMIT 5"
PLANNED = ("SELECT inlined()", "SELECT twice_inlined()", "SELECT atomic()", "SELECT defaulted()",
           "SELECT 1 FROM items WHERE inlined()" + ORDER)
"""The planner itself runs what these reach, though the functions that are named are volatile."""
RUN = (f"SELECT id FROM items WHERE acts(){ORDER}", f"SELECT id FROM acting_view{ORDER}",
       f"SELECT id FROM items, pg_advisory_lock(4711){ORDER}", "SELECT * FROM in_body()",
       "SELECT id FROM items ORDER BY v <-> (SELECT labelled('[1,2]')) LIMIT 5",
       "SELECT * FROM in_plpgsql()")


@pytest.fixture(scope="module")
def place(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database() as database:
        with database.connect() as connection:
            connection.execute(SCHEMA.encode())
        yield database


def target(place: Database, environment: str) -> Target:
    return Target(name="live", conninfo=place.conninfo, environment=environment,  # type: ignore[arg-type]
                  statement_timeout_ms=10_000)


LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
"""A lock that is taken within a session stays until the session's end, whatever its transaction comes to."""


async def advised(place: Database, text: str, *, analyze: bool, environment: str = "production",
                  allowed: frozenset[str] = frozenset()) -> tuple[Analysis, list[str]]:
    """The analysis, and what the session had locked before and after the vectors' part of it."""
    request = ExplainRequest(statement=text, analyze=analyze, allowed=allowed)
    async with single_session(target(place, environment)) as session:
        plan = await explain(session, request)
        found = analyse(plan, await facts(session, plan))
        await session.connection.execute("SELECT pg_catalog.pg_advisory_unlock_all()")
        found = await with_vectors(session, found, request)
        with place.connect() as beside:
            assert beside.execute(LOCKS).fetchone() == (0,), text
    return found, [each.rule for each in found.findings]


@pytest.mark.parametrize("text", PLANNED)
async def test_what_planning_runs_is_refused(place: Database, text: str) -> None:
    async with single_session(target(place, "production")) as session:
        assert await refused(explain(session, ExplainRequest(statement=text))) == "pg_advisory_lock()"
    with place.connect() as beside:
        assert beside.execute(LOCKS).fetchone() == (0,)


@pytest.mark.parametrize("text", RUN)
async def test_the_adviser_plans_no_body_that_acts(place: Database, text: str) -> None:
    """Of a statement that is planned alone the adviser plans more than was asked: bodies, views written out."""
    await advised(place, text, analyze=False, environment="development")


@pytest.mark.parametrize("environment", ["production", "development"])
@pytest.mark.parametrize("text", RUN)
async def test_what_is_run_once_is_tried_by_no_fix(place: Database, text: str, environment: str) -> None:
    """Allowed once, or on an unlocked target: it isn't run again, a dozen times."""
    await advised(place, text, analyze=True, environment=environment, allowed=frozenset({"pg_advisory_lock()"}))


async def test_a_body_that_runs_as_its_owner_is_not_run_as_the_caller(place: Database) -> None:
    found, rules = await advised(place, "SELECT * FROM of_another()", analyze=True, environment="development")
    assert "vector_function_scan" in rules and "runs as its owner" in found.findings[0].message


async def test_a_functions_own_settings_lift_no_limit_of_a_trial(place: Database) -> None:
    request = ExplainRequest(statement="SELECT * FROM unlimited()", timeout_ms=3000)
    async with single_session(target(place, "development")) as session:
        plan = await explain(session, request)
        found = await with_vectors(session, analyse(plan, await facts(session, plan)),
                                   replace(request, analyze=True))
    assert found.findings and "statement_timeout" not in found.findings[0].fix


@pytest.mark.parametrize("table", ["by_expression", "partly"])
async def test_an_index_whose_expression_acts_is_no_way_to_search(place: Database, table: str) -> None:
    async with single_session(target(place, "production")) as session:
        column = await read.find_column(session, f"{table}.v")
        assert await refused(subject(session, column)) == "pg_advisory_lock()"


async def test_an_index_of_words_whose_expression_acts_is_no_leg(place: Database) -> None:
    async with single_session(target(place, "production")) as session:
        column = await read.find_column(session, "worded.v")
        shown = await read.shown_columns(session, column.relation_oid)
        assert await refused(text_leg(session, "body", shown, column.relation_oid, None)) == "pg_advisory_lock()"
        assert (await text_leg(session, "plain", shown, column.relation_oid, None)).index is not None


async def test_what_does_not_act_is_tried(place: Database) -> None:
    text = "SELECT id FROM items WHERE id > 200 ORDER BY v <-> '[1,2]' LIMIT 100"
    found, _ = await advised(place, text, analyze=True)
    assert any(fix.trial.state == "run" for each in found.findings for fix in each.fixes), found.findings
