"""Statements against their own past: slower, and why; sequential scans; temporary files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import median

from msgspec import Struct

from console.activity.read import SESSIONS
from console.activity.records import Backend
from console.activity.summary.read import BLOCKED_SESSIONS
from console.diagnosis import words
from console.diagnosis.case import SESSIONS_REMEMBERED_S, Case
from console.diagnosis.parts import largest
from console.diagnosis.plan_changes import never_analyzed, reasons
from console.diagnosis.records import Evidence, Finding, Hurt, Subject
from console.metrics.reads.counters import DATABASE_COUNTERS, INVALID_INDEXES
from console.metrics.reads.tables import TABLE_SCANS
from console.metrics.records.tables import TableScans
from console.sql.quoting import identifier
from console.sql.relations import named_relations
from console.sql.tokens import words as sql_words
from console.statements import counters, read
from console.statements.records import Key, Usage
from console.text import format as fmt
from console.vectors.metrics import METRICS

WINDOW_S = 60.0
SLOWER, LEAST_MS = 3.0, 1.0
LEAST_CALLS, LEAST_PAST_CALLS = 3, 20
LEAST_LOAD = 0.1
"""Sessions that are busy with it all the time: less isn't worth a word."""

UNEXPLAINED_LOAD = 1.0
"""The same for what has become slower without a reason that can be seen."""

LEAST_SHARE = 0.2
MOST_SLOWER = 3
"""So many statements that have become slower are told of: the others follow from the same."""

MORE_BLOCKS = 3.0
MUCH_LOAD, MOST_OF_IT, MORE_OFTEN = 4.0, 0.5, 5.0
MISSING_LOAD, MISSING_MS = 0.5, 100.0
READING = {"SELECT", "WITH", "UPDATE", "DELETE", "MERGE"}
"""What has a plan to go wrong: a load into a new table hasn't."""

KNOWN_S = 120.0
"""For so long a statement must have been watched before to say that it runs more often now."""

SCANS_PER_S, SCANS_AT_LEAST, ROWS_PER_S = 2.0, 10, 200_000
WHOLE = 0.5
"""A scan that reads so large a part of the rows reads the table from end to end: parallel workers have parts."""

SPILLING = {"BufFileRead", "BufFileWrite", "BuffileRead", "BuffileWrite"}
"""The wait events of temporary files, which are written otherwise since PostgreSQL 17."""

SPILLS_PER_S, SPILLS_AT_LEAST, SPILLED_PER_S = 1.0, 8, 1_000_000


class Changed(Struct, frozen=True):
    """A statement in the last minute and before; `load` is how many sessions are busy with it."""

    key: Key
    now: Usage
    past: Usage
    load: float

    @property
    def times(self) -> float:
        return (self.now.mean_ms or 0.0) / max(self.past.mean_ms or 0.0, 0.001)


def _blocks(usage: Usage) -> float:
    """Blocks that a call looks at."""
    return (usage.shared_hit + usage.shared_read) / usage.calls


def changed(case: Case) -> list[Changed]:
    """The statements that have become much slower and take much of the time, the heaviest first."""
    found = case.statements_window(WINDOW_S)
    if found is None:
        return []
    seconds, added = found.seconds, found.added
    all_ms = sum(now[counters.EXEC_MS] for now in added.values()) or 1.0
    slower = []
    for key, grown in added.items():
        if grown[counters.EXEC_MS] / all_ms < LEAST_SHARE or grown[counters.EXEC_MS] / 1000 / seconds < LEAST_LOAD:
            continue
        past = counters.difference(grown, case.memory.journal.total(key))
        if key.query_id is None or grown[counters.CALLS] < LEAST_CALLS or past[counters.CALLS] < LEAST_PAST_CALLS:
            continue
        entry = Changed(key, counters.usage(grown), counters.usage(past), grown[counters.EXEC_MS] / 1000 / seconds)
        if entry.times >= SLOWER and (entry.now.mean_ms or 0.0) >= LEAST_MS:
            slower.append(entry)
    return sorted(slower, key=lambda entry: -entry.load)


def _has_more_blocks(entry: Changed) -> bool:
    """Whether a call looks at several times as many blocks as before."""
    return _blocks(entry.now) >= MORE_BLOCKS * max(_blocks(entry.past), 1.0) and _blocks(entry.now) >= 100


def slower(case: Case) -> Iterator[Finding]:
    """Statements that take several times as long as before, where something tells why."""
    for entry in changed(case)[:MOST_SLOWER]:
        now, past = entry.now, entry.past
        more_blocks = _has_more_blocks(entry)
        more_rows = (now.rows_per_call or 0.0) >= MORE_BLOCKS * max(past.rows_per_call or 0.0, 1.0)
        colder = (now.hit_percent or 100.0) < (past.hit_percent or 100.0) - 20 and now.shared_read / now.calls >= 50
        blocks = f"{fmt.number(_blocks(past))} to {fmt.number(_blocks(now))} blocks a call"
        if more_blocks and not more_rows:
            why = f": from {blocks} for as many rows: its plan has changed, or no longer fits the data"
        elif more_blocks:
            why = f": from {blocks}, as it finds more rows"
        elif colder:
            why = ": its blocks come from the disk instead of the cache"
        elif not case.rows(BLOCKED_SESSIONS) and entry.load >= UNEXPLAINED_LOAD:
            why = ""
        else:
            continue  # it waits for locks, and the blocker is the cause; or other parameters have come for a while
        text = case.statement_text(entry.key)
        read_whole = _read_whole(case, text or "") if more_blocks else []
        is_search = bool(read_whole) and _is_vector_search(case, text)
        whose = words.relation(text) if text else ""
        what = f"a vector search{whose} no longer uses its index: it" if is_search else \
            f"{words.command(text)}{whose} (query {entry.key.query_id})"
        changes = reasons(case, text)
        because = f"; {changes[0].value}" if changes else ""
        yield Finding(
            kind="vector_search_without_index" if is_search else "statement_slower", severity="warning",
            weight=1000 * entry.load,
            summary=f"{what} takes {fmt.milliseconds(now.mean_ms)} instead of {fmt.milliseconds(past.mean_ms)}{why}"
                    f"{because}",
            subject=Subject(screen="statements", query_id=entry.key.query_id),
            hurts=Hurt(int(now.calls), "calls"), checks=("slow_statements",),
            evidence=(*((Evidence("statement", words.statement(text)),) if text else ()),
                      *((Evidence("read from end to end", words.listed(read_whole)),) if read_whole else ()),
                      Evidence("calls", f"{fmt.count(now.calls)} now, {fmt.count(past.calls)} before"),
                      Evidence("blocks a call", f"{fmt.number(_blocks(now))}, before {fmt.number(_blocks(past))}"),
                      Evidence("rows a call", f"{fmt.number(now.rows_per_call)}, before "
                                              f"{fmt.number(past.rows_per_call)}"),
                      Evidence("sessions busy with it", fmt.number(entry.load)),
                      *changes),
            next="its plan (p) on Statements says what it reads now; an index that is gone or invalid, statistics "
                 "and settings are what changes plans")


def more_frequent(case: Case) -> Iterator[Finding]:
    """A statement that several sessions are busy with because it is run many times as often as minutes before."""
    window = case.statements_window(WINDOW_S)
    if window is None:
        return
    all_ms = sum(now[counters.EXEC_MS] for now in window.added.values()) or 1.0
    for key, grown in window.added.items():
        load = grown[counters.EXEC_MS] / 1000 / window.seconds
        if key.query_id is None or load < MUCH_LOAD or grown[counters.EXEC_MS] / all_ms < MOST_OF_IT:
            continue
        spans = case.memory.journal.time_series([key])
        before = [span for span in spans if span.at_s <= spans[-1].at_s - window.seconds]
        seconds = sum(span.seconds for span in before)
        now_per_s = grown[counters.CALLS] / window.seconds
        past_per_s = median(span.calls / span.seconds for span in before) if seconds >= KNOWN_S else 0.0
        if past_per_s < 1.0 or now_per_s < MORE_OFTEN * past_per_s:
            continue
        text = case.statement_text(key)
        yield Finding(
            kind="statement_more_frequent", severity="warning", weight=100 * load,
            summary=f"{words.command(text)}{words.relation(text) if text else ''} (query {key.query_id}) runs "
                    f"{fmt.number(now_per_s)} times a second instead of {fmt.number(past_per_s)}, and keeps "
                    f"{fmt.number(load)} sessions busy",
            subject=Subject(screen="statements", query_id=key.query_id), hurts=Hurt(None, "all who need the CPU"),
            evidence=(Evidence("watched before", fmt.duration(seconds)),
                      *((Evidence("statement", words.statement(text)),) if text else ())),
            next="see who runs it on Activity: a retry without a pause, a cache that is gone, a new release")


def statistics_missing(case: Case) -> Iterator[Finding]:
    """A statement that takes most of the time reads a table that was never analyzed: the planner guesses."""
    window = case.statements_window(WINDOW_S)
    if window is None:
        return
    all_ms = sum(now[counters.EXEC_MS] for now in window.added.values()) or 1.0
    for key, grown in window.added.items():
        usage, load = counters.usage(grown), grown[counters.EXEC_MS] / 1000 / window.seconds
        text = case.statement_text(key) or ""
        if load < MISSING_LOAD or grown[counters.EXEC_MS] / all_ms < MOST_OF_IT or (usage.mean_ms or 0.0) < \
                MISSING_MS or words.command(text) not in READING or (table := never_analyzed(case, text)) is None:
            continue
        name = words.named(table.table)
        yield Finding(
            kind="statistics_missing", severity="warning", weight=1000 * load,
            summary=f"{words.command(text)} of {name} (query {key.query_id}) takes {fmt.milliseconds(usage.mean_ms)} a "
                    f"call; {name} was never analyzed, so the planner guesses at its {fmt.count(table.live_rows)} rows",
            subject=Subject(screen="statements", query_id=key.query_id), hurts=Hurt(int(usage.calls), "calls"),
            evidence=(Evidence("statement", words.statement(text)),
                      Evidence("sessions busy with it", fmt.number(load))),
            next=f"ANALYZE {identifier(table.schema, table.table)}; if it stays as slow, its plan (p) on Statements")


def _is_vector_search(case: Case, text: str | None) -> bool:
    operators = {metric.operator for metric in METRICS}
    return "vector" in case.info.extensions and not operators.isdisjoint(sql_words(text or ""))


def sequential_scans(case: Case) -> Iterator[Finding]:
    """Large tables that are read from end to end many times a second. Those that a statement reads since it has become
    slower are told of there, with what changed."""
    told = {name.name for entry in changed(case)[:MOST_SLOWER] if _has_more_blocks(entry)
            for name in named_relations(case.statement_text(entry.key) or "")}
    for table, old, seconds in _scanned_tables(case):
        if table.table in told:
            continue
        scans, rows = table.sequential_scans - old.sequential_scans, table.sequential_rows - old.sequential_rows
        is_often = scans >= SCANS_AT_LEAST and scans / seconds >= SCANS_PER_S
        if not is_often or rows < WHOLE * table.live_rows * scans or rows / seconds < ROWS_PER_S:
            continue
        yield _scanned(case, table, scans / seconds, rows / scans, table.index_scans - old.index_scans, seconds)


def _scanned_tables(case: Case) -> Iterator[tuple[TableScans, TableScans, float]]:
    """Each table now and up to 90 s before, and how many seconds are between."""
    kept = case.memory.kept(TABLE_SCANS, 90.0)
    if len(kept) < 2 or (seconds := (kept[-1][0] - kept[0][0]).total_seconds()) < 1.0:
        return
    earlier = {table.oid: table for table in kept[0][1]}
    for table in kept[-1][1]:
        if (old := earlier.get(table.oid)) is not None:
            yield table, old, seconds


def _read_whole(case: Case, text: str) -> list[str]:
    """The tables that it names and that are read from end to end now."""
    names = {name.name for name in named_relations(text)}
    return [
        words.named(f"{table.schema}.{table.table}") for table, old, _ in _scanned_tables(case)
        if table.table in names and table.sequential_scans > old.sequential_scans
        and table.sequential_rows - old.sequential_rows >= WHOLE * table.live_rows]


def _scanned(case: Case, table: TableScans, per_s: float, rows: float, by_index: int, seconds: float) -> Finding:
    name = f"{table.schema}.{table.table}"
    invalid = next((item for item in case.rows(INVALID_INDEXES)
                    if (item.schema, item.table) == (table.schema, table.table)), None)
    why = f"; its index {invalid.index} is invalid" if invalid is not None else ""
    before = "; before, its indexes were used" if table.index_scans > 100 and by_index == 0 else ""
    return Finding(
        kind="sequential_scans", severity="warning", weight=per_s * rows / 10_000,
        summary=f"{words.named(name)} is read from end to end {fmt.number(per_s)} times a second, "
                f"{fmt.count(rows)} rows each{why or before}",
        subject=Subject(screen="schemas", relation=identifier(table.schema, table.table)),
        hurts=Hurt(None, "CPU and cache"),
        evidence=(Evidence("rows", fmt.count(table.live_rows)),
                  Evidence("index scans", f"{fmt.count(by_index)} in {fmt.duration(seconds)}, "
                                          f"{fmt.count(table.index_scans)} since the reset")),
        next="the statement on Statements, and its plan: an index that fits its WHERE, or one that is gone")


def temporary_files(case: Case) -> Iterator[Finding]:
    """Sorts and hashes that don't fit into work_mem, again and again."""
    files, size = case.growth(DATABASE_COUNTERS, "temp_files"), case.growth(DATABASE_COUNTERS, "temp_bytes")
    if files is None or size is None or files.amount < SPILLS_AT_LEAST or files.per_s < SPILLS_PER_S \
            or size.per_s < SPILLED_PER_S:
        return
    whose, subject = "", Subject(screen="statements")
    evidence: tuple[Evidence, ...] = ()
    if (part := largest(case, "temp_written")) is not None and part.usage.calls:
        whose = f", most by {part.named}"
        subject = Subject(screen="statements", query_id=part.key.query_id)
        standing = case.first(read.STANDING)
        a_call = part.usage.temp_written * (standing.block_bytes if standing else 8192) / part.usage.calls
        evidence = (Evidence("statement", part.statement), Evidence("written a call", fmt.size(a_call)))
    elif (spilling := _spilling(case)) is not None:  # what still runs has not been counted
        whose = f", now by {words.command(spilling.query)} of {words.backend(spilling)}"
        subject = Subject(screen="activity", pid=spilling.pid)
        evidence = (Evidence("statement", words.statement(spilling.query)),)
    yield Finding(
        kind="temporary_files", severity="warning", weight=size.per_s / 1e5,
        summary=f"{fmt.number(files.per_s)} temporary files a second, {fmt.rate(size.per_s)}{whose}", subject=subject,
        hurts=Hurt(None, "the disk, and these statements"), checks=("temp_files",),
        evidence=(Evidence("files", f"{fmt.count(files.amount)} in {fmt.duration(files.seconds)}"), *evidence),
        next="more work_mem for that statement's role, or an index that has its order")


def _spilling(case: Case) -> Backend | None:
    """The session that was met most often while it wrote or read a temporary file."""
    met = []
    for _, backends in case.memory.kept(SESSIONS, SESSIONS_REMEMBERED_S):
        by_pid = {backend.pid: backend for backend in backends}
        met += [by_pid.get(backend.leader_pid or backend.pid, backend) for backend in backends
                if backend.wait_event in SPILLING]
    times = Counter(backend.identity for backend in met)
    return max(met, key=lambda backend: times[backend.identity], default=None)


KINDS = (slower, more_frequent, statistics_missing, sequential_scans, temporary_files)
