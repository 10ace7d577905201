"""Rules about indexes."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.migrate.table_locks import dropped
from console.sql.grammar import enum_name, is_on, object_words, options, parts_name, range_name

_ALONE = "in a file of its own with `-- dbconsole: no-transaction`"


@rule("index-without-concurrently", "warning", on=("index_stmt",),
      reason="CREATE INDEX blocks all writes to the table until the index is built",
      advice=f"CREATE INDEX CONCURRENTLY, {_ALONE}")
def index_without_concurrently(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind != "index_stmt" or at.body.concurrent:
        return
    table = range_name(at.body.relation)
    facts = at.facts(table)
    if facts is not None and facts.is_partitioned:
        if at.body.relation.inh:
            yield RuleHit(f"builds an index on every partition of {table} and blocks writes to all of them",
                          table=table,
                      advice=f"CREATE INDEX ... ON ONLY {table}, then CREATE INDEX CONCURRENTLY on each partition "
                             f"and ALTER INDEX ... ATTACH PARTITION")
        return
    yield RuleHit(f"blocks writes to {table} until the index is built", table=table)


@rule("partitioned-index-concurrently", "error", on=("index_stmt",),
      reason="PostgreSQL refuses CREATE INDEX CONCURRENTLY on a partitioned table",
      advice="CREATE INDEX ... ON ONLY the parent, CONCURRENTLY on each partition, then ALTER INDEX ... ATTACH "
             "PARTITION")
def partitioned_index_concurrently(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "index_stmt" and at.body.concurrent and (facts := at.facts(range_name(at.body.relation))) \
            and facts.is_partitioned:
        yield RuleHit(f"{range_name(at.body.relation)} is partitioned: its index can't be built CONCURRENTLY")


@rule("index-hides-invalid", "info", on=("index_stmt",),
      reason="IF NOT EXISTS takes an index for done that a failed CREATE INDEX CONCURRENTLY has left invalid, or that "
             "is another one of that name",
      advice="leave IF NOT EXISTS out, or build it CONCURRENTLY: then an invalid one is found, dropped and built anew")
def index_hides_invalid(at: LintSubject) -> Iterator[RuleHit]:
    if at.body.if_not_exists and not at.body.concurrent and not at.is_new(range_name(at.body.relation)):
        yield RuleHit(f"IF NOT EXISTS would take an invalid {at.body.idxname} for a finished one")


@rule("unnamed-index", "info", on=("index_stmt",),
      reason="the server chooses the name, and the way down has to guess it",
      advice="give the index a name")
def unnamed_index(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "index_stmt" and not at.body.idxname:
        yield RuleHit(f"an index on {range_name(at.body.relation)} without a name")


@rule("index-many-columns", "info", on=("index_stmt",),
      reason="beyond three columns an index rarely helps more than it costs to write",
      advice="put the selective columns first and the rest into INCLUDE, or make two indexes")
def index_many_columns(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "index_stmt" and not at.body.unique and at.body.access_method in ("", "btree") \
            and len(at.body.index_params) > 3:
        yield RuleHit(f"an index over {len(at.body.index_params)} columns")


@rule("drop-index-without-concurrently", "warning", upwards=True, on=("drop_stmt",),
      reason="DROP INDEX locks the table away from reads and writes, and queues them all while it waits for the lock",
      advice=f"DROP INDEX CONCURRENTLY, {_ALONE}")
def drop_index_without_concurrently(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind != "drop_stmt" or at.body.concurrent or object_words(at.body, "remove_type") != "INDEX":
        return
    for parts in dropped(at.body):
        facts = at.facts(index := parts_name(parts))
        if facts is not None and facts.kind == "I":
            continue  # an index of a partitioned table can't be dropped concurrently
        if facts is not None and facts.table is not None and at.is_new(facts.table):
            continue
        where = f"the table {facts.table}" if facts is not None and facts.table else "its table"
        yield RuleHit(f"dropping {index} locks {where} away from reads and writes")


@rule("reindex-without-concurrently", "warning", on=("reindex_stmt",),
      reason="REINDEX blocks writes to the table and every query that would use the index",
      advice=f"REINDEX ... CONCURRENTLY, {_ALONE}")
def reindex_without_concurrently(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind != "reindex_stmt":
        return
    given = options(at.body.params).get("concurrently")
    if given is not None and is_on(given):
        return
    what = enum_name(at.body, "kind").removeprefix("REINDEX_OBJECT_").lower()
    name = f" {range_name(at.body.relation)}" if at.body.HasField("relation") else f" {at.body.name}"
    yield RuleHit(f"rebuilding {what}{name.rstrip()} blocks writes")
