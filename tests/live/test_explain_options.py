"""The options of EXPLAIN that each version has, all together and each left out."""

from __future__ import annotations

import pytest

from console.errors import UsageError
from console.plans.advice import SETTING as ADVICE
from console.plans.explain import explain
from console.plans.records import Plan
from console.server.explain import ExplainRequest, offered, options
from console.server.single import single_session
from console.server.target import Target
from tests.support import builders
from tests.support.servers import Database

STATEMENT = "SELECT c.relname FROM pg_class AS c WHERE c.relname ~ 'x' ORDER BY 1"


async def test_each_option_can_be_left_out(any_database: Database) -> None:
    async with single_session(Target(name="live", conninfo=any_database.conninfo)) as session:
        major = session.info.major
        names = offered(session.info, analyze=True)
        assert ("SERIALIZE" in names) == ("MEMORY" in names) == (major >= 17)

        async def plan(*without: str, analyze: bool = True) -> Plan:
            return await explain(session, ExplainRequest(statement=STATEMENT, analyze=analyze, without=without))

        whole = await plan()
        assert whole.is_timed and whole.root.buffers is not None and "Output" in whole.root.properties
        assert (whole.serialization_ms is not None) == (major >= 17)
        assert not (await plan("TIMING")).is_timed
        assert (await plan("BUFFERS")).root.buffers is None
        assert "Output" not in (await plan("VERBOSE")).root.properties
        assert (await plan("SERIALIZE", "MEMORY")).serialization_ms is None
        for name in names:
            assert (await plan(name)).is_analyzed and not (await plan(name, analyze=False)).is_analyzed
        assert (await plan(*names)).is_analyzed


@pytest.mark.parametrize(("major", "analyze", "without", "text"), [
    (14, False, (), "BUFFERS, VERBOSE, SETTINGS, FORMAT JSON"),
    (18, True, (), "ANALYZE, BUFFERS, VERBOSE, SETTINGS, MEMORY, WAL, SERIALIZE, FORMAT JSON"),
    (18, True, ("BUFFERS", "TIMING", "WAL"), "ANALYZE, BUFFERS OFF, VERBOSE, SETTINGS, MEMORY, TIMING OFF, SERIALIZE, "
                                             "FORMAT JSON"),
    (18, False, ("BUFFERS", "MEMORY"), "VERBOSE, SETTINGS, FORMAT JSON")])
def test_how_they_are_written(major: int, analyze: bool, without: tuple[str, ...], text: str) -> None:
    info = builders.info(version_num=major * 10000)
    assert options(info, ExplainRequest(statement="x", analyze=analyze, without=without)) == text


async def test_advice_that_nobody_would_follow_is_refused(database: Database) -> None:
    async with single_session(Target(name="live", conninfo=database.conninfo)) as session:
        assert not session.info.has_plan_advice
        with pytest.raises(UsageError, match="pg_plan_advice is not loaded"):
            await explain(session, ExplainRequest(statement=STATEMENT, settings={ADVICE: "SEQ_SCAN(c)"}))
