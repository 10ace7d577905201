"""A new vector index: its type and options, what it would take, and the statement, before anything is done."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from console.errors import ConsoleError, UsageError
from console.server.target import Target
from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.screens.vectors.lines_dialog import Item, LinesDialog
from console.ui.screens.vectors.recall_dialog import whole
from console.ui.widgets.painting import console_app
from console.vectors import ddl
from console.vectors.actions import SampleBuild, sample_build
from console.vectors.advice import build_seconds, lists_for
from console.vectors.ddl import BOUNDS, DEFAULTS, BuildSettings, Design, Order
from console.vectors.metrics import BY_NAME, Metric, metrics_of_type
from console.vectors.prepare import BuildFacts, build_advice, build_facts, memory_bytes
from console.vectors.records import VectorColumn
from console.view.table import Tone

WHOLE, HALF, BITS = "the vector", "halfvec", "bits"
LIKELY_SPEED_UP = 0.7
"""Of each parallel worker: they share the graph."""


class CreateDialog(LinesDialog[Order]):
    """Answers with the order to run. `t` builds a sample in a transaction that is rolled back, to tell the time."""

    HINT = (("table.choose", "change"), "create_index.sample", "create_index.build", "dialog.leave")
    BINDINGS = bindings("create_index")

    def __init__(self, target: Target, column: VectorColumn, metric: Metric, facts: BuildFacts,
                 obstacle: ConsoleError | None) -> None:
        super().__init__(f"Build an index on {column.label}")
        self._target = target
        self._facts = facts
        self._obstacle = obstacle
        needs_half = column.type_name == "vector" and (column.dimensions or 0) > 2000
        self._design = Design(column, metric, options=dict(DEFAULTS), half=needs_half)
        self._settings = BuildSettings()
        self._name: str | None = None
        self._sample: SampleBuild | None = None
        self._told: tuple[str, Tone] | None = None

    # the values

    def items(self) -> Sequence[Item]:
        design, settings, facts = self._design, self._settings, self._facts
        column = design.column
        kinds = (WHOLE, HALF, BITS) if column.type_name == "vector" else \
            (WHOLE, BITS) if column.type_name == "halfvec" else (WHOLE,)
        found = [
            Item("method", "type", design.method, "hnsw finds more; ivfflat is built sooner",
                 ("hnsw", "ivfflat")),
            Item("kind", "index of", BITS if design.bits else HALF if design.half else WHOLE,
                 "halfvec halves it; bits want reranking", kinds)]
        if not design.bits:
            names = tuple(metric.name for metric in metrics_of_type(column.type_name))
            found.append(Item("metric", "metric", design.metric.name,
                              f"{design.operator_class}, for {design.metric.operator}", names))
        if design.method == "hnsw":
            found += [Item("m", "m", str(design.options["m"]), "neighbours of a row: more find more"),
                      Item("ef_construction", "ef_construction", str(design.options["ef_construction"]),
                           "candidates in the build: more take longer")]
        else:
            found.append(Item("lists", "lists", str(design.options["lists"]), "a thousandth of the rows"))
        found += [
            Item("where", "only where", design.where or "-", "a partial index: a condition in SQL"),
            Item("name", "name", self._name or ddl.free_name(design, self._taken), ""),
            Item("memory", "maintenance_work_mem", settings.maintenance_work_mem or
                 f"{fmt.size(facts.maintenance_work_mem_bytes)} (server)", "for this build; such as 2GB"),
            Item("workers", "parallel workers", f"{facts.max_parallel_workers} (server)"
                 if settings.max_parallel_maintenance_workers is None else
                 str(settings.max_parallel_maintenance_workers), "at most, besides the session's own"),
            Item("lock", "lock timeout", fmt.duration(settings.lock_timeout_ms / 1000) if settings.lock_timeout_ms
                 else "none", "in seconds; waiting here blocks nobody")]
        return found

    @property
    def _taken(self) -> set[str]:
        return {index.name for index in self._facts.indexes}

    def change(self, key: str, value: str) -> None:
        design, settings = self._design, self._settings
        self._sample, self._told = None, None
        match key:
            case "method":
                options = dict(DEFAULTS) if value == "hnsw" else {"lists": lists_for(self._facts.rows or 0.0)}
                self._design = replace(design, method=value, options=options)
            case "kind":
                metric = BY_NAME["hamming"] if value == BITS else \
                    BY_NAME["cosine"] if design.bits else design.metric
                self._design = replace(design, half=value == HALF, bits=value == BITS, metric=metric)
            case "metric":
                self._design = replace(design, metric=BY_NAME[value])
            case "m" | "ef_construction" | "lists":
                self._design = replace(design, options={**design.options, key: whole(value, *BOUNDS[key])})
            case "where":
                self._design = replace(design, where=None if value in ("", "-") else value)
                self.run_worker(self._count(), group="facts", exclusive=True, exit_on_error=False)
            case "name":
                self._name = value or None
            case "memory":
                if value and memory_bytes(value) is None:
                    raise UsageError(f"{value!r} is no amount of memory: 512MB, 2GB")
                self._settings = replace(settings, maintenance_work_mem=value or None)
            case "workers":
                number = whole(value, 0, 1024) if value else None
                self._settings = replace(settings, max_parallel_maintenance_workers=number)
            case "lock":
                seconds = whole(value, 0, 86_400) if value and value != "none" else 0
                self._settings = replace(settings, lock_timeout_ms=seconds * 1000)

    # what follows

    def words(self) -> Sequence[tuple[str, Tone]]:
        order = self.answer()
        facts, advice = self._facts, build_advice(self._design, self._facts, self._settings)
        rows = "never analyzed: nobody knows how many rows" if facts.rows is None else f"{fmt.count(facts.rows)} rows"
        workers = fmt.plural(advice.workers, "parallel worker") if advice.workers else "no parallel worker"
        words: list[tuple[str, Tone]] = [(
            f"{rows}: about {fmt.size(advice.size_bytes)} on disk, {fmt.size(advice.memory_bytes)} of memory while it "
            f"is built, {workers}{self._time(advice.fits_rows, advice.workers)}", "strong"), (order.sql, "accent")]
        if self._design.bits:
            words.append((ddl.reranked(self._design.column, BY_NAME["cosine"]), "dim"))
        if facts.relation.analyzed_at is None and facts.rows is not None:
            words.append(("The table was never analyzed: the number of its rows is a guess.", "warning"))
        words += [(sentence[:1].upper() + sentence[1:], "warning") for sentence in advice.sentences]
        if self._told is not None:
            words.append(self._told)
        if self._obstacle is not None:
            words.append((f"{self._obstacle.summary}: {self._obstacle.hint}", "warning"))
        return words

    def _time(self, fits_rows: float | None, workers: int) -> str:
        sample, rows = self._sample, self._facts.rows
        if sample is None or rows is None:
            return ""
        whole_s = build_seconds(sample.rows, sample.seconds, rows, fits_rows) if self._design.method == "hnsw" else \
            sample.seconds * rows / sample.rows
        likely_s = whole_s / (1 + LIKELY_SPEED_UP * workers)
        return f"; about {fmt.duration(likely_s)} ({sample.rows} rows took {fmt.duration(sample.seconds)})"

    def answer(self) -> Order:
        return ddl.create(self._design, self._taken, self._settings, self._name)

    async def _count(self) -> None:
        """How many rows fit the condition, as the planner expects it."""
        try:
            pool = console_app(self).connection.pool
            assert pool is not None
            async with pool.session() as session:
                self._facts = await build_facts(session, self._design.column, self._design.where)
        except ConsoleError as error:
            self._told = (error.summary, "critical")
        self.show()

    def action_sample(self) -> None:
        if self._obstacle is not None:
            self._told = ("a sample is written to a temporary table, which a read-only target hasn't", "warning")
            self.show()
            return
        self._told = ("timing a sample…", "dim")
        self.show()
        self.run_worker(self._time_sample(), group="sample", exclusive=True, exit_on_error=False)

    async def _time_sample(self) -> None:
        try:
            self._sample = await sample_build(self._target, self._design, self._settings, self._facts.rows or 0.0)
            self._told = None if self._sample else ("too few rows to tell how long it takes: it is quick", "dim")
        except ConsoleError as error:
            self._told = (error.summary, "critical")
        self.show()
