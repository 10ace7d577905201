"""What may have changed a statement's plan: an index that is invalid or gone, a setting, statistics, a migration."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from console.diagnosis import words
from console.diagnosis.case import Case
from console.diagnosis.records import Evidence
from console.metrics.reads.counters import INVALID_INDEXES
from console.metrics.reads.settings import SETTINGS
from console.metrics.reads.tables import TABLE_SCANS
from console.metrics.reads.vacuum import VACUUM_TABLES
from console.metrics.records.vacuum import VacuumTable
from console.sql.relations import named_relations
from console.text import format as fmt

RECENT_S = 600.0
"""What changed longer ago isn't named beside what has become slow since."""

STALE_PART, ROWS_AT_LEAST = 0.5, 1000
"""Statistics are stale when so large a part of the rows has changed since they were gathered."""

MOST_REASONS = 3

Named = Callable[[str, str], bool]
"""Whether the statement names that table, by schema and name."""


def reasons(case: Case, text: str | None) -> tuple[Evidence, ...]:
    """What is known to be otherwise about the tables of that statement, and about the server, the surest first."""
    tables = {(name.schema, name.name) for name in named_relations(text)} if text else set()

    def is_named(schema: str, table: str) -> bool:
        return (schema, table) in tables or (None, table) in tables

    found = [*_indexes(case, is_named), *_settings(case), *_statistics(case, is_named), *_changes(case)]
    return tuple(found[:MOST_REASONS])


def _indexes(case: Case, is_named: Named) -> Iterator[Evidence]:
    for item in case.rows(INVALID_INDEXES):
        if is_named(item.schema, item.table):
            yield Evidence("index", f"its index {words.named(f'{item.schema}.{item.index}')} is invalid")
    kept = case.memory.kept(TABLE_SCANS, RECENT_S)
    for table in case.rows(TABLE_SCANS):
        if table.indexes is None or not is_named(table.schema, table.table):
            continue
        more = [(at, old.indexes - table.indexes) for at, rows in kept for old in rows
                if old.oid == table.oid and old.indexes is not None and old.indexes > table.indexes]
        if more:
            at, gone = more[-1]
            yield Evidence("index", f"{fmt.plural(gone, 'index', 'indexes')} of {words.named(table.table)} "
                                    f"{'is' if gone == 1 else 'are'} gone since {at.astimezone():%H:%M:%S}")


def _settings(case: Case) -> Iterator[Evidence]:
    """The planner's switches, as a new session has them."""
    off = [setting.name for setting in case.rows(SETTINGS) if setting.name.startswith("enable_")
           and setting.reset_setting == "off" and setting.default_setting == "on"]
    if off:
        yield Evidence("settings", f"{words.listed(off)} {'is' if len(off) == 1 else 'are'} off")


def _statistics(case: Case, is_named: Named) -> Iterator[Evidence]:
    for table in case.rows(VACUUM_TABLES):
        if is_named(table.schema, table.table) and table.live_rows >= ROWS_AT_LEAST \
                and table.changed_rows >= STALE_PART * table.live_rows:
            last = f"analyzed {fmt.duration(table.last_analyze_age_s)} ago" \
                if table.last_analyze_age_s is not None else "never analyzed"
            yield Evidence("statistics", f"{words.named(table.table)} was {last}, and "
                                         f"{fmt.count(table.changed_rows)} of its rows have changed since")


def never_analyzed(case: Case, text: str) -> VacuumTable | None:
    """The first table that the statement names and of which the planner has no statistics."""
    names = {(name.schema, name.name) for name in named_relations(text)}
    return next((table for table in case.rows(VACUUM_TABLES)
                 if {(table.schema, table.table), (None, table.table)} & names and table.last_analyze_age_s is None
                 and table.live_rows >= ROWS_AT_LEAST and table.changed_rows >= table.live_rows), None)


def _changes(case: Case) -> Iterator[Evidence]:
    for change in reversed(case.changes):
        if 0 <= (case.at - change.at).total_seconds() <= RECENT_S:
            yield Evidence("change", f"{change.words} at {change.at.astimezone():%H:%M:%S} came before")
