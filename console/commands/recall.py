"""`dbconsole recall`: how much of what is nearest a search finds, how long it takes, and what to set."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console import files
from console.commands.allow import HELP, agree
from console.commands.output import answer, can_ask, json_line, narrator, say, write_json, write_lines
from console.commands.search import write_table
from console.demo.embedder import embedder_of
from console.errors import ConsoleError, UsageError
from console.vectors import embedders, read
from console.vectors.concurrency import CLIENTS, measure_concurrency
from console.vectors.groups import Group, RecallByGroup, measure_groups
from console.vectors.measure import (
    Measurement,
    MeasurementPlan,
    MeasurementProgress,
    default_modes,
    default_oversampling,
    default_sweep,
    measure,
    of_texts,
)
from console.vectors.metrics import METRICS, metric_named
from console.vectors.query_source import text_of, vectors_of
from console.vectors.recall import pareto
from console.vectors.records import ConcurrencyMeasurement, Point
from console.vectors.search import ITERATIVE, SearchOptions, default_metric, subject, way
from console.vectors.values import QueryVector
from console.view.vectors import findings as view

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.server.target import Target
    from console.vectors.records import VectorColumn


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The options of `dbconsole recall`; `common` adds those that other commands have as well."""
    parser.add_argument("--column", required=True, metavar="S.T.C", help="the vector column: schema.table.column")
    parser.add_argument("--k", type=int, default=10, metavar="N", help="rows a search (default 10)")
    parser.add_argument("--queries", type=int, default=200, metavar="N", help="how many searches (default 200)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="for drawing them (default 0)")
    parser.add_argument("--metric", metavar="M",
                        help=", ".join(metric.name for metric in METRICS) + " (default: the index's)")
    parser.add_argument("--where", metavar="SQL", help="a condition, for the index and the exact search alike")
    parser.add_argument("--sweep", metavar="10,40,100", help="hnsw.ef_search or ivfflat.probes to try; auto takes the "
                        "usual ones")
    parser.add_argument("--by", metavar="NAME", help="which of the column's searches: vector, halfvec, bits, "
                        "prefix-256..., or an index's name (default: the first that serves the metric)")
    parser.add_argument("--oversampling", metavar="1,5,20", help="where rows are ranked again: how many candidates a "
                        "row to try; auto takes the usual ones")
    parser.add_argument("--iterative-scan", metavar="MODES", help="off, relaxed_order, strict_order: one or several "
                        "(default: with --where all of them, side by side, but "
                        "with --min-recall the server's own)")
    parser.add_argument("--force-index", action="store_true", help="sweep with enable_seqscan off, so that the planner "
                        "doesn't leave the index")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--held-out", metavar="S.T.C", help="queries from this column instead of stored rows")
    source.add_argument("--vectors", metavar="FILE", help="queries from a file, one vector a line; - is stdin")
    source.add_argument("--text", action="append", metavar="TEXT", help="queries from texts, through an embedder: one, "
                        "or again for another; @FILE has one a line")
    parser.add_argument("--embedder", metavar="NAME", help="the embedder of the configuration (default: the column's)")
    parser.add_argument("--min-recall", type=float, metavar="X", help="exit 1 unless a point that goes by the index "
                        "has this mean recall; the target of the recommendation (default 0.95)")
    parser.add_argument("--per", metavar="COLUMN", help="recall for each value of a column, such as a tenant's: the "
                        "worst first, at one setting")
    parser.add_argument("--most", type=int, default=20, metavar="N", help="with --per: so many values, those that most "
                        "rows have (default 20)")
    parser.add_argument("--clients", metavar="1,4,16,64", help="instead of recall: searches a second and their times "
                        "with so many clients at once, at one setting; auto takes 1, 4, 16 and 64")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="with --clients: how long each "
                        "(default 5, at most 60)")
    parser.add_argument("--on", metavar="TARGET", help="with --clients on a production target: its name, which is "
                        "asked for at a terminal")
    parser.add_argument("--output", metavar="FILE", help="write the JSON document to this file as well")
    parser.add_argument("--connections", type=int, default=2, metavar="N", help="for the exact searches (default 2)")
    parser.add_argument("--yes", action="store_true", help=HELP)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    common(parser)


async def run(opening: Opening) -> int:
    """Measures and writes; 1 where --min-recall isn't reached by the index. Raises ConsoleError."""
    from console.server.effects import Acts
    from console.server.single import single_session

    options = opening.options
    if options.min_recall is not None and not 0 < options.min_recall <= 1:
        raise UsageError(f"--min-recall {options.min_recall:g}: must be more than 0 and at most 1")
    if not 1 <= options.connections <= 16:
        raise UsageError(f"--connections {options.connections}: from 1 to 16")
    target = await opening.target()
    async with single_session(target) as session:
        column = await read.find_column(session, options.column)
        found = await subject(session, column)
        metric = metric_named(options.metric, column.type_name) if options.metric else default_metric(found)
        # a gate judges the setting that searches really have
        is_judged = options.min_recall is not None
        is_compared = options.where and not (options.iterative_scan or options.clients or options.per or is_judged)
        known = await read.settings(session) if is_compared else {}
        held_out = await read.find_column(session, options.held_out) if options.held_out else None
    if held_out is not None and held_out.type_name != column.type_name:
        raise UsageError(f"{held_out.label} is a {held_out.type_name}, {column.label} a {column.type_name}")
    given = await _texts(opening, target, column) if options.text else _given(options.vectors, column.type_name)
    by = way(found, metric, SearchOptions(by=options.by))
    plan = MeasurementPlan(
        found, metric, options.k, options.queries, options.seed, options.where,
        sweep=_sweep("--sweep", options.sweep, default_sweep(by.index if by else None)),
        modes=_modes(options.iterative_scan) or default_modes(by, known),
        target=options.min_recall or 0.95, connections=options.connections,
        given=given,
        held_out=(held_out.schema, held_out.relation, held_out.name) if held_out else None,
        force_index=options.force_index, timeout_ms=max(1, round(options.timeout * 1000)), by=options.by,
        oversampling=_sweep("--oversampling", options.oversampling, default_oversampling(by)))
    if options.clients is not None:
        return await _load(target, plan, options)
    if options.per is not None:
        return await _by_group(target, plan, options)
    try:
        try:
            done = await measure(lambda: single_session(target), plan, _tell)
        except Acts as refusal:
            allowed = agree(target, refusal, options.where or "", yes=options.yes)
            done = await measure(lambda: single_session(target), replace(plan, allowed=allowed), _tell)
    finally:
        narrator().clear()
    result = _document(done, options.min_recall)
    if options.output is not None:
        _keep(Path(options.output), result)
    if options.json:
        write_json(result)
    else:
        _write(done)
    for words in done.warnings:
        say(f"warning: {words}")
    return 0 if options.min_recall is None else _judged(_best(done), options.min_recall)


async def _load(target: Target, plan: MeasurementPlan, options: argparse.Namespace) -> int:
    """Several clients at once; on production only for whoever names it."""
    from console.server.effects import Acts
    from console.server.single import single_session

    clients = _sweep("--clients", options.clients, CLIENTS)
    if target.is_production and options.on != target.label:
        wanted = f"Type {target.label!r} to load it with searches of up to {max(clients)} clients:"
        if options.on is not None or not can_ask() or answer(wanted) != target.label:
            raise UsageError(f"{target.label} is production: no load was put on it", hint=f"--on {target.label}")

    def tell(number: int) -> None:
        narrator().show(f"{number} clients for {options.seconds:g} s")

    async def measured(plan: MeasurementPlan) -> ConcurrencyMeasurement:
        try:
            return await measure_concurrency(lambda: single_session(target), plan, clients, options.seconds, tell)
        finally:
            narrator().clear()

    try:
        done = await measured(plan)
    except Acts as refusal:
        done = await measured(replace(plan, allowed=agree(target, refusal, options.where or "", yes=options.yes)))
    document = {"column": plan.subject.column.label, "metric": plan.metric.name, "k": plan.k,
                "index_used": done.index_used, "load": [view.load_document(point) for point in done.points],
                "warnings": list(done.warnings)}
    if options.output is not None:
        _keep(Path(options.output), document)
    if options.json:
        write_json(document)
    else:
        write_table([view.LOAD_HEADER, *map(view.load_row, done.points)])
        say(f"through {done.index_used}" if done.index_used else "every search was exact")
    for words in done.warnings:
        say(f"warning: {words}")
    return 0


async def _by_group(target: Target, plan: MeasurementPlan, options: argparse.Namespace) -> int:
    """Each value of a column by itself; 1 where one doesn't reach --min-recall."""
    from console.server.effects import Acts
    from console.server.single import single_session

    def tell(group: Group, progress: MeasurementProgress) -> None:
        narrator().show(f"{options.per} {group.value}: {progress.phase}: {progress.done} of {progress.total}",
                        every=progress.done == progress.total)

    async def measured(plan: MeasurementPlan) -> RecallByGroup:
        try:
            return await measure_groups(lambda: single_session(target), plan, options.per, options.most, tell)
        finally:
            narrator().clear()

    try:
        done = await measured(plan)
    except Acts as refusal:
        done = await measured(replace(plan, allowed=agree(target, refusal, options.where or "", yes=options.yes)))
    document = {"column": plan.subject.column.label, "metric": plan.metric.name, "k": plan.k, "per": done.column,
                "groups": [view.group_document(each) for each in done.groups], "left_out": done.left_out}
    if options.output is not None:
        _keep(Path(options.output), document)
    if options.json:
        write_json(document)
    else:
        write_table([(done.column, *view.GROUP_HEADER), *map(view.group_row, done.groups)])
    if done.left_out:
        say(f"warning: there are more values of {done.column}, with fewer rows: --most {options.most} were measured")
    missed = [each for each in done.groups if options.min_recall is not None and not each.recall >= options.min_recall]
    if missed:
        say(f"{len(missed)} of {len(done.groups)} groups don't reach recall {options.min_recall:g}")
    return 1 if missed else 0


def _keep(path: Path, document: dict[str, object]) -> None:
    """The document in a file, whole or not at all. Raises ConsoleError."""
    try:
        with files.replacing(path, files.BY_UMASK) as file:
            file.write(f"{json_line(document)}\n".encode())
    except OSError as error:
        raise ConsoleError(f"{path}: {error.strerror or error}", hint="--output names a file that can be written") \
            from None


def _best(done: Measurement) -> Point | None:
    """The point by the index that finds most."""
    by_index = [point for point in done.points if not point.is_exact]
    return max(by_index, key=lambda point: point.recall_mean, default=None)


def _judged(best: Point | None, wanted: float) -> int:
    """1 where the recall isn't reached, and says whether that may be the sample's noise."""
    if best is not None and best.recall_mean >= wanted:
        return 0
    if best is None:
        say("no point went by the index")
    else:
        noise = ", which is within the interval: take more --queries" if best.recall_mean + best.confidence >= wanted \
            else ""
        say(f"recall {best.recall_mean:.3f} ± {best.confidence:.3f} is below {wanted:g}{noise}")
    return 1


def _tell(progress: MeasurementProgress) -> None:
    narrator().show(f"{progress.phase}: {progress.done} of {progress.total}", every=progress.done == progress.total)


def _sweep(option: str, text: str | None, usual: tuple[int, ...]) -> tuple[int, ...]:
    if text is None:
        return ()
    if text == "auto":
        return usual
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise UsageError(f"{option} {text}: must be numbers separated by commas", hint=f"{option} 10,40,100") from None


def _modes(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if wrong := next((text for text in found if text not in ITERATIVE), None):
        raise UsageError(f"--iterative-scan {wrong}: is none of {', '.join(ITERATIVE)}")
    return found


def _given(name: str | None, type_name: str) -> tuple[QueryVector, ...]:
    """The vectors of a file, one a line."""
    if name is None:
        return ()
    return vectors_of(name, type_name, has_stdin=True)


async def _texts(opening: Opening, target: Target, column: VectorColumn) -> tuple[QueryVector, ...]:
    """The texts as vectors, those of a file a line each."""
    options = opening.options
    texts = [line for item in options.text for line in
             (text_of(item, has_stdin=True).splitlines() if item.startswith("@") or item == "-" else [item])]
    texts = [text for text in texts if text.strip()][:options.queries]
    if not texts:
        raise UsageError("--text: there is no text to search for")
    embedder = embedders.chosen(opening.config.embedders, column.label, options.embedder, embedder_of(target))
    return await of_texts(embedder, texts, column, _tell)


def _document(done: Measurement, wanted: float | None) -> dict[str, object]:
    exact, best = done.exact, _best(done)
    judged = None if wanted is None else {
        "wanted": wanted, "recall_mean": best.recall_mean if best else None,
        "confidence": best.confidence if best else None, "setting": best.label if best else None,
        "reached": best is not None and best.recall_mean >= wanted}
    return {
        "column": done.plan.subject.column.label, "metric": done.plan.metric.name, "k": done.plan.k,
        "by": done.by.name if done.by else None, "queries": done.queries, "seed": done.plan.seed,
        "exact": {"p50_ms": exact.p50_ms, "p95_ms": exact.p95_ms},
        "points": [view.point_document(point) for point in done.points],
        "recommendation": view.recommendation_document(done.recommendation), "warnings": list(done.warnings),
        "min_recall": judged}


def _write(done: Measurement) -> None:
    best = pareto([point for point in done.points if not point.is_exact])
    exact = done.exact
    rows = [view.POINT_HEADER, *(view.point_row(point, best, done.recommendation.point) for point in done.points),
            ("exact", "1.000", "", "", f"{exact.p50_ms:.2f}", f"{exact.p95_ms:.2f}", f"{exact.p99_ms:.2f}", "", "")]
    write_table(rows)
    write_lines([done.recommendation.sentence, *done.recommendation.sql])
    index = done.index.name if done.index else "none"
    say(f"{done.queries} queries, k {done.plan.k}, {done.plan.metric.title}, seed {done.plan.seed}, index {index}; "
        "one client, warm cache, timed here")
