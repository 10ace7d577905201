"""pg_stat_statements: the verdict, the table by groups of columns, and all about one statement."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from console.sql.mark import OWN_MARK
from console.statements.records import Beside, Key, Ranked, Ranking, Span, StatementText, StatsInfo, Usage
from console.text import format as fmt
from console.view.series import Series
from console.view.statements.text import beginning
from console.view.table import Cell, Column, Line, Row, Table, Tone, said_once

WindowName = Literal["minute", "gathered", "interval", "reset"]
WINDOWS: tuple[WindowName, ...] = ("minute", "gathered", "interval", "reset")
MINUTE_S = 60.0

Grouping = Literal["statement", "shape", "database", "user", "level"]
GROUPINGS: Mapping[Grouping, str] = {
    "statement": "each statement", "shape": "similar statements together", "database": "by database", "user": "by user",
    "level": "top level and nested"}

MOST_STEPS = 600
STANDS_OUT = 0.5
"""A few statements that take so much of all time are what the verdict is about."""


class StatementNames(Struct, frozen=True):
    """The names behind the numbers; one that is missing was dropped, or not read yet."""

    databases: Mapping[int, str] = field(default_factory=dict)
    users: Mapping[int, str] = field(default_factory=dict)

    def database(self, key: Key) -> str:
        return self.databases.get(key.database_id, f"dropped {key.database_id}" if self.databases else "")

    def user(self, key: Key) -> str:
        return self.users.get(key.user_id, f"dropped {key.user_id}" if self.users else "")


class StatisticsBasis(Struct, frozen=True):
    """How the figures are to be read: over how many seconds (None: since the reset), a block's size, and the names."""

    seconds: float | None
    block_bytes: int
    names: StatementNames
    texts: Mapping[Key, StatementText]
    grouping: Grouping = "statement"
    role: str = ""
    has_levels: bool = False
    has_users: bool = False
    has_databases: bool = False
    """Whether there are several: a column that says the same in every row is left out."""


Value = Callable[[Usage, StatisticsBasis], tuple[float | None, str]]
"""What a cell is sorted by, and its text."""


def _each(value: float | None, shown: StatisticsBasis, words: Callable[[float | None], str]
          ) -> tuple[float | None, str]:
    """A sum, in a window of time by the second; nothing is left blank."""
    if value is None:
        return None, fmt.UNKNOWN
    shared = value if shown.seconds is None else value / max(shown.seconds, 1e-9)
    return value, words(shared) if value else ""


def _count(name: str) -> Value:
    return lambda usage, shown: _each(getattr(usage, name), shown,
                                      fmt.count if shown.seconds is None else fmt.number)


def _bytes(name: str) -> Value:
    return lambda usage, shown: _each(getattr(usage, name), shown, fmt.size)


def _blocks(name: str) -> Value:
    def value(usage: Usage, shown: StatisticsBasis) -> tuple[float | None, str]:
        blocks = getattr(usage, name)
        return blocks, _each(None if blocks is None else blocks * shown.block_bytes, shown, fmt.size)[1]

    return value


def _time(name: str, *, blank: bool = False) -> Value:
    """Milliseconds as they are; with `blank` none are left out."""
    def value(usage: Usage, _shown: StatisticsBasis) -> tuple[float | None, str]:
        found = getattr(usage, name)
        return found, ("" if blank else "0") if found == 0 else fmt.milliseconds(found)

    return value


def _percent(name: str) -> Value:
    return lambda usage, _: (getattr(usage, name), "" if getattr(usage, name) is None
                             else fmt.percent(getattr(usage, name)).removesuffix(" %"))


def _number(name: str) -> Value:
    return lambda usage, _: (getattr(usage, name), "" if getattr(usage, name) is None
                             else fmt.number(getattr(usage, name)))


class Figure(Struct, frozen=True):
    """A column of figures. `key` is what it is sorted by; `each`: in a window of time it is by the second."""

    key: str
    title: str
    value: Value
    each: bool = False
    priority: int = 0
    tone: Tone = ""


_CALLS = Figure("calls", "calls", _count("calls"), each=True)
_TOTAL = Figure("exec_ms", "total", _time("exec_ms", blank=True), priority=4)
_MEAN = Figure("mean_ms", "mean", _time("mean_ms"))
_ROWS_EACH = Figure("rows_per_call", "rows/call", _number("rows_per_call"), priority=2)
_HIT = Figure("hit_percent", "hit %", _percent("hit_percent"), priority=1)

COLUMN_GROUPS: Mapping[str, tuple[Figure, ...]] = {
    "overview": (_CALLS, _TOTAL, _MEAN, _ROWS_EACH, _HIT,
                 Figure("temp_written", "temp", _blocks("temp_written"), each=True, priority=3)),
    "time": (_CALLS, _TOTAL, _MEAN, Figure("min_exec_ms", "min", _time("min_exec_ms"), priority=4, tone="dim"),
             Figure("max_exec_ms", "max", _time("max_exec_ms"), tone="dim"),
             Figure("stddev_ms", "stddev", _time("stddev_ms"), priority=2)),
    "rows and blocks": (
        Figure("rows", "rows", _count("rows"), each=True), _ROWS_EACH, _HIT,
        Figure("shared_hit", "hit", _blocks("shared_hit"), each=True),
        Figure("shared_read", "read", _blocks("shared_read"), each=True),
        Figure("shared_dirtied", "dirtied", _blocks("shared_dirtied"), each=True, priority=3),
        Figure("shared_written", "written", _blocks("shared_written"), each=True, priority=4),
        Figure("local_read", "local", _blocks("local_read"), each=True, priority=5)),
    "temp, WAL and I/O": (
        Figure("temp_read", "temp read", _blocks("temp_read"), each=True, priority=2),
        Figure("temp_written", "temp", _blocks("temp_written"), each=True),
        Figure("wal_bytes", "WAL", _bytes("wal_bytes"), each=True),
        Figure("wal_records", "records", _count("wal_records"), each=True, priority=4),
        Figure("wal_full_pages", "full pages", _count("wal_full_pages"), each=True, priority=5),
        Figure("shared_read_ms", "read time", _time("shared_read_ms", blank=True)),
        Figure("shared_write_ms", "write time", _time("shared_write_ms", blank=True), priority=3),
        Figure("other_read_ms", "temp read time", _time("other_read_ms", blank=True), priority=6),
        Figure("other_write_ms", "temp write time", _time("other_write_ms", blank=True), priority=6)),
    "planning and JIT": (
        Figure("plans", "plans", _count("plans"), each=True),
        Figure("plan_ms", "planning", _time("plan_ms", blank=True)),
        Figure("mean_plan_ms", "mean", _time("mean_plan_ms")),
        Figure("max_plan_ms", "max", _time("max_plan_ms"), priority=3, tone="dim"),
        Figure("stddev_plan_ms", "stddev", _time("stddev_plan_ms"), priority=4),
        Figure("jit_functions", "JIT", _count("jit_functions"), each=True, priority=2),
        Figure("jit_ms", "JIT time", _time("jit_ms", blank=True)),
        Figure("workers", "workers", _count("workers"), each=True, priority=5)),
}
"""The groups of columns, by the name that the screen shows."""


def columns(group: str, shown: StatisticsBasis) -> tuple[Column, ...]:
    """The columns of a group, with whose statement it is and the statement itself."""
    figures = tuple(
        Column(figure.key, figure.title + ("/s" if figure.each and shown.seconds is not None else ""), align="right",
               minimum=6,
               maximum=14, priority=figure.priority) for figure in COLUMN_GROUPS[group])
    whose = [column for column, is_there in (
        (Column("level", "level", maximum=6, priority=7), shown.has_levels),
        (Column("user", "user", minimum=6, maximum=14, priority=6), shown.has_users),
        (Column("database", "database", minimum=6, maximum=14, priority=5), shown.has_databases)) if is_there]
    return (Column("total_ms", "% time", align="right", fixed=True, minimum=6, maximum=7), *figures, *whose,
            Column("statement", "statement", flexible=True, minimum=24, maximum=400, sortable=False))


def table(ranking: Ranking, group: str, shown: StatisticsBasis, empty: str) -> Table:
    """The ranked statements; those that were asked for alone become cells."""
    figures = COLUMN_GROUPS[group]
    return said_once(Table(columns(group, shown), tuple(_row(row, figures, shown) for row in ranking.rows), empty),
                     "database", "user", "level")


def row_key(name: object) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _row(ranked: Ranked, figures: Sequence[Figure], shown: StatisticsBasis) -> Row:
    key, usage = ranked.keys[0], ranked.usage
    share = None if ranked.share is None else 100 * ranked.share
    cells = [Cell("" if share is None else f"{share:.1f}", "strong" if (share or 0) >= 100 * STANDS_OUT else "",
                  usage.total_ms)]
    for figure in figures:
        order, words = figure.value(usage, shown)
        cells.append(Cell(words, figure.tone if words != fmt.UNKNOWN else "faint", order))
    if shown.has_levels:
        cells.append(_same([part.is_top_level for part in ranked.keys], "top" if key.is_top_level else "nested"))
    if shown.has_users:
        cells.append(_same([part.user_id for part in ranked.keys], shown.names.user(key)))
    if shown.has_databases:
        cells.append(_same([part.database_id for part in ranked.keys], shown.names.database(key)))
    cells.append(subject(ranked, shown))
    return Row(row_key(ranked.name), tuple(cells), record=ranked)


def _same(values: Sequence[object], words: str) -> Cell:
    return Cell(words if len(set(values)) == 1 else "several", "dim")


def subject(ranked: Ranked, shown: StatisticsBasis) -> Cell:
    """What a row is about: a statement's beginning, or what a group has in common."""
    key, together = ranked.keys[0], fmt.plural(len(ranked.keys), "statement")
    match shown.grouping:
        case "database":
            return Cell(f"{shown.names.database(key)}: {together}")
        case "user":
            return Cell(f"{shown.names.user(key)}: {together}")
        case "level":
            return Cell(f"{'top level' if key.is_top_level else 'inside functions'}: {together}")
    if key.query_id is None:
        return Cell(f"other roles' statements: GRANT pg_read_all_stats TO {shown.role} shows them", "faint")
    text = shown.texts.get(key)
    alike = f"({len(ranked.keys)} alike) " if len(ranked.keys) > 1 else ""
    if text is None:
        return Cell(f"{alike}…", "faint")
    if text.text is None:
        return Cell(f"{alike}the server has lost its text", "faint")
    words = beginning(text.text)
    if OWN_MARK in words:
        return Cell(f"{alike}(dbconsole) {words.replace(f'{OWN_MARK} ', '', 1)}", "dim")
    return Cell(alike + words)


# the verdict


def verdict(ranking: Ranking, standing: StatsInfo, entries: int, window: WindowName, seconds: float | None, *,
            anew: str | None = None, width: int = 200) -> Line:
    """What takes the time, of which time, and how full pg_stat_statements is."""
    if anew is not None and window != "reset":
        pieces: list[tuple[str, Tone]] = [(f" counting since {anew}: ", "warning" if "reset" in anew else "dim")]
    elif window == "reset" or seconds is None:
        pieces = [(f" since the reset {fmt.duration(standing.reset_age_s)} ago: ", "dim")]
    elif window == "interval":
        pieces = [(f" the last interval, {fmt.duration(seconds)}: ", "dim")]
    else:
        pieces = [(f" last {fmt.duration(seconds)}: ", "dim")]
    pieces += _what_takes_it(ranking)
    if seconds and ranking.total_ms and width >= 100:
        pieces.append((f", {fmt.number(ranking.total_ms / 1000 / seconds)} running", "dim"))
    rest = [f"{fmt.count(entries)} entries"]
    full = standing.max_entries is not None and entries >= 0.95 * standing.max_entries
    if window != "reset" and width >= 100:
        rest.insert(0, f"reset {fmt.duration(standing.reset_age_s)} ago")
    pieces.append((f" · {' · '.join(rest)} · ", "dim"))
    pieces.append((f"{fmt.plural(standing.evictions, 'eviction')}",
                   "warning" if full and standing.evictions else "dim"))
    return tuple(pieces)


def what_is_shown(ranking: Ranking, group: str, grouping: Grouping, left_out: int = 0, key: str = "") -> Line:
    """Which columns, what is summed up, how many rows there are, and how many of consoles' own are left out."""
    of = fmt.count(ranking.number)
    if ranking.number > len(ranking.rows):
        of = f"the first {fmt.count(len(ranking.rows))} of {of}"
    return ((f" {group}", ""), (" c · ", "faint"), (GROUPINGS[grouping], ""), (" a · ", "faint"), (of, "dim"),
            *(((f" · {fmt.count(left_out)} of dbconsole's own left out ", "dim"), (key, "faint")) if left_out else ()))


def _what_takes_it(ranking: Ranking) -> list[tuple[str, Tone]]:
    if not ranking.total_ms:
        return [("nothing ran", "ok")]
    taken = 0.0
    for number, share in enumerate(ranking.shares, start=1):
        taken += share
        if taken >= STANDS_OUT:
            verb = "takes" if number == 1 else "take"
            return [(f"{fmt.plural(number, 'statement')} {verb} {fmt.share(round(taken, 2))} of the time",
                     "strong")]
    return [(f"none stands out, the first takes {fmt.share(round(ranking.shares[0], 2))}", "")]


def notes(standing: StatsInfo, group: str) -> str:
    """What makes columns of a group empty, and how to fill them."""
    if group == "planning and JIT" and not standing.tracks_planning:
        return "planning isn't measured: ALTER SYSTEM SET pg_stat_statements.track_planning = on, then pg_reload_conf()"
    if group == "temp, WAL and I/O" and not standing.tracks_io_timing:
        return "I/O isn't timed: ALTER SYSTEM SET track_io_timing = on, then pg_reload_conf()"
    if standing.track == "none":
        return "nothing is counted: ALTER SYSTEM SET pg_stat_statements.track = 'top', then pg_reload_conf()"
    if standing.max_entries is not None and standing.evictions > 10 and (standing.reset_age_s or 0) > 0:
        per_hour = standing.evictions * 3600 / (standing.reset_age_s or 1)
        if per_hour > 1:
            return (f"evicted {fmt.number(per_hour)} times an hour: pg_stat_statements.max = {standing.max_entries} is "
                    "too small, counters of rare statements are lost; a greater one needs a restart")
    return ""


# one statement


NOTHING = Beside()

OF_TIME: Mapping[WindowName, str] = {"minute": "last minute", "gathered": "last 10 min as far as watched",
                                     "interval": "last interval", "reset": "since the reset"}


def facts(ranked: Ranked, shown: StatisticsBasis, window: WindowName, beside: Beside = NOTHING) -> list[Line]:
    """The figures of a statement beside its text and its course, with what other extensions know of it."""
    usage, key = ranked.usage, ranked.keys[0]
    level = "" if key.is_top_level else ", inside functions"
    whose = f"{shown.names.user(key) or '-'} in {shown.names.database(key) or '-'}{level}"
    number = "hidden" if key.query_id is None else key.query_id
    which = f"query id {number}" if len(ranked.keys) == 1 else f"{len(ranked.keys)} statements alike"
    first: Line = ((f"{whose} ", "strong"), (f"{which} · {OF_TIME[window]}", "dim"))
    share = "" if ranked.share is None else f", {fmt.share(ranked.share)} of all"
    lines: list[Line] = [first, (
        (fmt.plural(round(usage.calls), "call"), ""), (f" · {fmt.milliseconds(usage.exec_ms)}{share}", ""),
        (f" · mean {fmt.milliseconds(usage.mean_ms)} ± {fmt.milliseconds(usage.stddev_ms)}", "strong"))]
    extremes = f"ever {fmt.milliseconds(usage.min_exec_ms)} to {fmt.milliseconds(usage.max_exec_ms)}"
    each = usage.rows_per_call or 0.0
    rows = f"{fmt.number(each)} {'row' if each == 1 else 'rows'} a call"
    lines.append(((f"{extremes} · {rows} · cache hit {fmt.percent(usage.hit_percent)}", "dim"),))
    parts = [
        f"{word} {fmt.size(value * shown.block_bytes)}" for word, value in (
            ("read", usage.shared_read), ("dirtied", usage.shared_dirtied), ("temp", usage.temp_written)) if value]
    if usage.wal_bytes:
        parts.append(f"WAL {fmt.size(usage.wal_bytes)}")
    if usage.shared_read_ms + usage.shared_write_ms:
        parts.append(f"I/O {fmt.milliseconds(usage.shared_read_ms + usage.shared_write_ms)}")
    if usage.plans:
        parts.append(f"planning {fmt.milliseconds(usage.mean_plan_ms)} each")
    if usage.jit_ms:
        parts.append(f"JIT {fmt.milliseconds(usage.jit_ms)}")
    if usage.workers:
        parts.append(fmt.plural(round(usage.workers), "parallel worker"))
    if usage.generic_plans or usage.custom_plans:
        parts.append(f"plans {fmt.count(usage.generic_plans)} generic, {fmt.count(usage.custom_plans)} custom")
    if parts:
        lines.append(((" · ".join(parts), "dim"),))
    return lines + _of_others(beside)


def _of_others(beside: Beside) -> list[Line]:
    """What pg_stat_kcache and pg_wait_sampling say, since they were reset."""
    lines: list[Line] = []
    use = beside.use
    if use is not None and use.cpu_ms is not None:
        lines.append(((f"ever CPU {fmt.milliseconds(use.cpu_ms)}, of it system {fmt.milliseconds(use.system_ms)}"
                       f" · from disk {fmt.size(use.read_bytes)}, to it {fmt.size(use.written_bytes)}", "dim"),))
    if beside.waits:
        told = ", ".join(f"{wait.event} {fmt.share(wait.samples / wait.all_samples)}" for wait in beside.waits)
        lines.append(((f"ever seen in {told}", "dim"),))
    return lines


def time_series(spans: Sequence[Span]) -> tuple[Series, Series, float]:
    """Calls a second, mean milliseconds, and how many seconds a step is; a gap where nobody looked or nothing ran."""
    if not spans:
        return Series("calls/s", ()), Series("mean ms", ()), 1.0
    step_s = max(0.1, statistics.median(span.seconds for span in spans))
    last = spans[-1].at_s

    def slot(at_s: float) -> int:
        return number - 1 - round((last - at_s) / step_s)

    number = max(1, min(MOST_STEPS, round((last - spans[0].at_s + spans[0].seconds) / step_s)))
    calls: list[float | None] = [None] * number
    mean: list[float | None] = [None] * number
    for span in spans:
        end = slot(span.at_s)
        for step in range(max(0, min(end, slot(span.at_s - span.seconds) + 1)), end + 1):
            calls[step] = span.calls / span.seconds if span.seconds > 0 else None
            mean[step] = span.exec_ms / span.calls if span.calls else None
    return Series("calls/s", tuple(calls)), Series("mean ms", tuple(mean), "ms"), step_s
