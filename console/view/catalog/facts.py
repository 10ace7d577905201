"""What is said of one object as facts, one a row: statistics, a sequence, a routine, a type, a role. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from console.catalog.records import PERSISTENCE, RelationDetail, Role, RoutineDetail, TableStatistics, TypeDetail
from console.catalog.records import RelationColumn as ColumnRecord
from console.catalog.records import Sequence as SequenceRecord
from console.text import format as fmt
from console.view.table import Cell, Column, Row, Table, Tone

_FACTS = (Column("name", "", fixed=True, minimum=16),
          Column("value", "", flexible=True, minimum=20, maximum=400, sortable=False))


def statistics(detail: RelationDetail, now: dt.datetime) -> Table:
    """Rows, vacuum and analyze, scans, sizes and extended statistics, one fact a row."""
    facts: list[tuple[str, str, Tone]] = []
    if detail.statistics is not None:
        facts += _counters(detail.statistics, now)
    if detail.size is not None:
        size = detail.size
        facts += [("size", fmt.size(size.total_bytes), "strong"), ("heap", fmt.size(size.heap_bytes), ""),
                  ("indexes", fmt.size(size.index_bytes), ""), ("TOAST", fmt.size(size.toast_bytes), "")]
    facts += [("extended statistics", extended_statistic.definition, "")
              for extended_statistic in detail.extended_statistics or ()]
    reason = detail.unavailable.get("catalog.table_statistics", "no statistics: the relation has no rows of its own")
    return Table(_FACTS, _fact_rows(facts), reason)


def sequence(sequence: SequenceRecord) -> Table:
    """A sequence's state and limits."""
    left = (sequence.maximum - (sequence.last_value or sequence.start)) if sequence.increment > 0 else \
        ((sequence.last_value or sequence.start) - sequence.minimum)
    span = max(1, sequence.maximum - sequence.minimum)
    return Table(_FACTS, _fact_rows([
        ("last value", "none drawn, or not yours to know" if sequence.last_value is None else f"{sequence.last_value}",
         "strong"),
        ("left", fmt.percent(left * 100 / span), "warning" if left * 5 < span else ""),
        ("type", sequence.type, ""), ("start", f"{sequence.start}", ""), ("increment", f"{sequence.increment}", ""),
        ("minimum", f"{sequence.minimum}", ""), ("maximum", f"{sequence.maximum}", ""),
        ("cache", f"{sequence.cache}", ""),
        ("cycles", _yes(sequence.cycles), ""),
        ("persistence", PERSISTENCE.get(sequence.persistence, sequence.persistence), ""),
        ("owned by", f"{sequence.table_schema}.{sequence.table}.{sequence.column}" if sequence.table else "", ""),
        ("comment", sequence.comment or "", "")]))


def routine(routine: RoutineDetail) -> Table:
    """What a function is and what it may do."""
    return Table(_FACTS, _fact_rows([
        ("arguments", routine.arguments, ""), ("result", routine.result or "", ""), ("language", routine.language, ""),
        ("volatility", routine.volatility, ""), ("parallel", routine.parallel, ""),
        ("security definer", _yes(routine.is_security_definer), "warning" if routine.is_security_definer else ""),
        ("strict", _yes(routine.is_strict), ""), ("leakproof", _yes(routine.is_leakproof), ""),
        ("cost", fmt.number(routine.cost), ""), ("rows", fmt.number(routine.rows), ""),
        ("settings", ", ".join(routine.settings), ""), ("owner", routine.owner, ""),
        ("extension", routine.extension or "", ""),
        ("calls", fmt.count(routine.calls), ""), ("total time", fmt.milliseconds(routine.total_ms), ""),
        ("self time", fmt.milliseconds(routine.self_ms), ""), ("comment", routine.comment or "", "")]))


def type_facts(type_: TypeDetail, attributes: Sequence[ColumnRecord]) -> Table:
    """An enum's labels, a composite's attributes, a domain's base and checks, a range's subtype."""
    facts: list[tuple[str, str, Tone]] = [("kind", type_.sort, ""), ("owner", type_.owner, "")]
    facts += [(f"label {number}", label, "") for number, label in enumerate(type_.labels, 1)]
    facts += [(column.name, column.type, "") for column in attributes]
    if type_.base_type:
        facts += [("base type", type_.base_type, ""), ("default", type_.default or "", ""),
                  ("not null", _yes(type_.is_not_null), "")]
        facts += [(name, check, "") for name, check in zip(type_.check_names, type_.checks, strict=True)]
    if type_.subtype:
        facts += [("subtype", type_.subtype, ""), ("multirange", type_.multirange or "", "")]
    facts += [("extension", type_.extension or "", ""), ("comment", type_.comment or "", "")]
    return Table(_FACTS, _fact_rows(facts))


def role(role: Role) -> Table:
    """A role's attributes and memberships."""
    flags: dict[str, bool] = {
        "can log in": role.can_login, "superuser": role.is_superuser, "inherits": role.inherits,
        "creates roles": role.can_create_roles, "creates databases": role.can_create_databases,
        "replicates": role.can_replicate, "bypasses policies": role.bypasses_policies}
    danger = ("superuser", "bypasses policies")
    return Table(_FACTS, _fact_rows([
        *((name, _yes(value), "warning" if value and name in danger else "") for name, value in flags.items()),
        ("connection limit", "none" if role.connection_limit is None else fmt.count(role.connection_limit), ""),
        ("valid until", role.valid_until or "for ever", ""), ("member of", ", ".join(role.member_of), ""),
        ("members", ", ".join(role.members), ""), ("settings", ", ".join(role.settings), ""),
        ("comment", role.comment or "", "")]))


def _counters(s: TableStatistics, now: dt.datetime) -> list[tuple[str, str, Tone]]:
    dead = s.dead_rows * 100 / (s.live_rows + s.dead_rows) if s.live_rows + s.dead_rows else 0.0
    vacuumed = max(filter(None, (s.last_vacuum, s.last_autovacuum)), default=None)
    analyzed = max(filter(None, (s.last_analyze, s.last_autoanalyze)), default=None)
    hot = s.hot_updated * 100 / s.updated if s.updated else None
    return [
        ("live rows", fmt.count(s.live_rows), "strong"),
        ("dead rows", f"{fmt.count(s.dead_rows)} ({fmt.percent(dead)})", "warning" if dead > 20 else ""),
        ("last vacuum", _when(vacuumed, s.vacuum_count, s.autovacuum_count, now), ""),
        ("last analyze", _when(analyzed, s.analyze_count, s.autoanalyze_count, now), ""),
        ("changed since analyze", fmt.count(s.rows_since_analyze), ""),
        ("inserted since vacuum", fmt.count(s.inserts_since_vacuum), ""),
        ("inserted", fmt.count(s.inserted), ""),
        ("updated", f"{fmt.count(s.updated)} ({fmt.percent(hot)} HOT)" if s.updated else "0", ""),
        ("deleted", fmt.count(s.deleted), ""),
        ("sequential scans", f"{fmt.count(s.seq_scans)} ({fmt.count(s.seq_rows_read)} rows read)", ""),
        ("index scans", f"{fmt.count(s.index_scans)} ({fmt.count(s.index_rows_fetched)} rows fetched)", ""),
        ("transaction age", fmt.count(s.transaction_age) if 0 <= s.transaction_age < 2**31 - 1 else fmt.UNKNOWN, ""),
        ("all-visible pages", f"{fmt.count(s.all_visible_pages)} of {fmt.count(s.pages)}", ""),
    ]


def _when(moment: dt.datetime | None, by_hand: int, automatic: int, now: dt.datetime) -> str:
    if moment is None:
        return "never"
    return f"{fmt.ago(moment, now)} ({fmt.plural(by_hand, 'time')} by hand, {fmt.count(automatic)} automatic)"


def fact_table(facts: Iterable[tuple[str, str]], empty: str = "nothing else is known") -> Table:
    """Facts as a table, one a row; those without a value are left out."""
    return Table(_FACTS, _fact_rows((name, value, "") for name, value in facts), empty)


def _fact_rows(facts: Iterable[tuple[str, str, Tone]]) -> tuple[Row, ...]:
    return tuple(Row(f"{number}:{name}", (Cell(name, "dim", number), Cell(value, tone)))
                 for number, (name, value, tone) in enumerate(facts) if value)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
