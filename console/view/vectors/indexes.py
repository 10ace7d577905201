"""Vector indexes as a table, an index's facts, and a build as it stands. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from console.text import format as fmt
from console.vectors.records import (
    Blocker,
    BuildNotice,
    BuildStep,
    IndexFacts,
    LeftOver,
    VectorColumn,
    VectorIndex,
    VectorRelationFacts,
)
from console.view.activity import progress
from console.view.bars import bar
from console.view.table import Cell, Column, KeyName, Line, Row, Table, Tone

BAR_CELLS = 24

COLUMNS = (
    Column("name", "index", fixed=True, minimum=16, maximum=40),
    Column("state", "state", minimum=5, maximum=16),
    Column("method", "type", minimum=4, maximum=9),
    Column("class", "operator class", minimum=10, maximum=20, priority=2),
    Column("options", "built with", minimum=24, maximum=40, flexible=True),
    Column("size", "size", align="right", minimum=6),
    Column("scans", "scans", align="right", minimum=5),
    Column("per_page", "rows/page", align="right", minimum=9, priority=3),
    Column("cached", "cached", align="right", minimum=6, priority=1),
    Column("dead", "dead", align="right", minimum=4, priority=1),
)


def table(found: Sequence[IndexFacts], facts: VectorRelationFacts | None, building: Mapping[int, int],
          key: KeyName) -> Table:
    """The indexes of a column; a row's record is its IndexFacts. `building` are pids by the index that they build."""
    rows = []
    for index_facts in found:
        index = index_facts.index
        state, tone = state_of(index, building)
        rows.append(Row(str(index.oid), (
            Cell(index.name, "strong"), Cell(state, tone), Cell(index.method), Cell(index.operator_class, "dim"),
            Cell(_options(index_facts), "warning" if index_facts.stale_options else ""),
            Cell(fmt.size(index.size_bytes), "", index.size_bytes), Cell(fmt.count(index.scans), "", index.scans),
            Cell("-" if index.tuples_per_page is None else f"{index.tuples_per_page:.1f}", "", index.tuples_per_page),
            Cell("-" if index_facts.cached_share is None else fmt.percent(index_facts.cached_share * 100), "",
                 index_facts.cached_share),
            Cell(*_dead(facts))), search=f"{index.definition} {index.relation}", record=index_facts))
    return Table(COLUMNS, tuple(rows), f"no vector index on this column: every search of it is exact; "
                                      f"{key('vector_indexes.build')} builds one")


def state_of(index: VectorIndex, building: Mapping[int, int]) -> tuple[str, Tone]:
    if index.is_usable:
        return "valid", "ok"
    if (pid := building.get(index.oid)) is not None:
        return f"built by {pid}", "accent"
    return "INVALID", "critical"


def _options(index: IndexFacts) -> str:
    """The options that the built index has; those of ALTER INDEX that it hasn't yet stand behind."""
    built = {name: value for name, value in (index.built_with or {}).items() if name != "dimensions"}
    if not built:
        return ", ".join(index.index.options) or "default"
    words = ", ".join(f"{name}={value}" for name, value in built.items())
    stale = ", ".join(f"{name}={wanted}" for name, (wanted, _) in index.stale_options.items())
    return f"{words} (set to {stale})" if stale else words


def _dead(facts: VectorRelationFacts | None) -> tuple[str, Tone, float | None]:
    if facts is None or facts.dead_rows is None:
        return "-", "", None
    share = facts.dead_rows / max(1, (facts.live_rows or 0) + facts.dead_rows)
    return fmt.count(facts.dead_rows), "warning" if share > 0.1 else "", float(facts.dead_rows)


def verdict(column: VectorColumn, found: Sequence[IndexFacts], building: Mapping[int, int],
            warnings: Sequence[str], key: KeyName) -> Line:
    """What is wrong first, then what there is."""
    broken = [index.index for index in found if not index.index.is_usable and index.index.oid not in building]
    if broken:
        names = ", ".join(index.name for index in broken[:3])
        return ((f" {names} is not valid" if len(broken) == 1 else f" {names} are not valid", "critical"),
                (f": left by a build that failed or was cancelled; {key('vector_indexes.rebuild')} builds it anew, "
                 f"{key('vector_indexes.drop')} drops it", ""))
    if stale := next((index for index in found if index.stale_options), None):
        ((name, (wanted, built)), *_) = stale.stale_options.items()
        return ((f" {stale.index.name}: {name} was set to {wanted}, it was built with {built}", "warning"),
                (f": {key('vector_indexes.rebuild')} builds it anew", ""))
    if warnings:
        return ((f" {warnings[0]}", "warning"),)
    usable = [index.index for index in found if index.index.is_usable]
    if not usable:
        return ((f" no index serves {column.label}", "warning" if not found else ""),
                (f": {key('vector_indexes.build')} builds one", ""))
    whole = sum(index.size_bytes or 0 for index in usable)
    return ((f" {fmt.plural(len(usable), 'index', 'indexes')}, {fmt.size(whole)}", "strong"),)


def step_line(title: str, step: BuildStep | None, elapsed_s: float) -> Line:
    """A build in one line: whom it waits for, else its phase, a bar, and the time left."""
    begin: Line = ((f" {title}  ", "strong"), (f"{fmt.duration(elapsed_s)}  ", "dim"))
    if step is None:
        return (*begin, ("beginning", ""))
    if step.blockers:
        return (*begin, (f"waits for {blocker_words(step.blockers[0])}", "warning"),
                (f" and {len(step.blockers) - 1} more" if len(step.blockers) > 1 else "", "warning"))
    command = step.progress
    if command is None:
        return (*begin, ("working", ""))
    share = progress.share(command)
    words = progress.phase(command.phase)
    if share is not None and share >= 1 and command.phase.endswith("loading tuples"):
        words, share = "all rows are in; the index is being written", None
    if share is None:
        return (*begin, (words, ""), (f"  {progress.amount(command)}" if command.done else "", "dim"))
    left = f"  {fmt.duration(step.seconds_left)} left" if step.seconds_left is not None else ""
    return (*begin, (f"{words}  ", ""), (bar(share, BAR_CELLS), "accent"),
            (f"  {int(share * 100)} %{left}", ""), (f"  {progress.amount(command)}", "dim"))


def blocker_words(blocker: Blocker) -> str:
    """`pid 4711 (app_rw, report, idle in transaction 14 min): UPDATE ...`."""
    if blocker.pid == 0:
        return "a prepared transaction"
    age = f" {fmt.duration(blocker.transaction_age_s)}" if blocker.transaction_age_s is not None else ""
    facts = ", ".join(filter(None, (blocker.user, blocker.application, f"{blocker.state or ''}{age}".strip())))
    query = " ".join((blocker.query or "").split())[:60]
    return f"pid {blocker.pid}" + (f" ({facts})" if facts else "") + (f": {query}" if query else "")


def event_words(event: BuildNotice | LeftOver) -> tuple[str, Tone]:
    """A notice, or what was left behind."""
    if isinstance(event, BuildNotice):
        hint = f" ({event.hint})" if event.hint else ""
        return f"{event.severity}: {event.message}{hint}", "warning" if event.severity != "INFO" else "dim"
    if event.is_dropped:
        return f"{event.name}, which was left not valid, is dropped", "ok"
    return f"{event.name} is left not valid ({event.obstacle}): {event.sql}", "critical"


def facts_lines(index: IndexFacts, pairs: Collection[tuple[str, str]]) -> list[tuple[str, Tone]]:
    """Labels and values as lines, and the definition."""
    widest = max(len(name) for name, _ in pairs)
    lines: list[tuple[str, Tone]] = [
        (f"{name.ljust(widest)}  {value}", "critical" if "INVALID" in value or name == "needs REINDEX" else "")
        for name, value in pairs]
    return [*lines, ("", ""), (index.index.definition, "dim")]
