"""The check `advisories`: which versions it looks at, and what it says of those that nobody told it."""

from __future__ import annotations

from console.check.evaluation import evaluate
from console.check.records import CheckContext, CheckResult, Status
from console.check.registry import configured
from console.config import Config
from console.errors import Unreachable
from console.pooler.records import PoolerReading
from console.server.target import Target
from tests.check.given import context, readings, vector


def judged(on: CheckContext) -> CheckResult:
    (result,) = evaluate([check for check in configured(Config()) if check.check.name == "advisories"], readings(), on)
    return result


def test_of_pgvector_the_files_count() -> None:
    calm = judged(context(extensions=vector("0.7.0", "0.8.7")))
    assert (calm.status, calm.value, calm.summary) == (Status.OK, 0, "no known fault of these versions")
    found = judged(context(version_num=170010, extensions=vector("0.8.6", "0.8.6")))
    assert (found.status, found.value) == (Status.WARNING, 4)
    assert found.summary == ("PostgreSQL 17.10 has 3 known faults, mended in 17.11; "
                             "pgvector 0.8.6 has 1 known fault, mended in 0.8.7")


def test_a_demo_server_is_nobodys_to_upgrade() -> None:
    old = context(version_num=160001)
    assert judged(old).status is Status.WARNING
    assert judged(CheckContext(old.info, Target(name="demo"))).status is Status.OK


def test_pgbouncers_version_counts_where_it_is_known() -> None:
    def of(reading: PoolerReading) -> CheckResult:
        return judged(CheckContext(context().info, Target(name="t", pgbouncer_conninfo="port=1"), (), reading))

    assert of(PoolerReading(None, version="PgBouncer 1.26.1")).value == 0
    assert of(PoolerReading(None, version="PgBouncer 1.25.2")).summary \
        == "PgBouncer 1.25.2 has 3 known faults, mended in 1.26.1"
    silent = of(PoolerReading(None, Unreachable("no server answers")))
    assert (silent.status, silent.value) == (Status.OK, 0) and "PgBouncer's version is unknown" in silent.summary
