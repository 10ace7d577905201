"""`dbconsole search`: one vector search. Rows go to stdout, what is to be known about them to stderr."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.commands.allow import HELP, agree
from console.commands.output import JsonPieces, say, write_json, write_lines
from console.demo.embedder import embedder_of
from console.errors import UsageError
from console.sql.elide import elided
from console.text.sanitiser import single_line
from console.vectors import embedders, read
from console.vectors.hybrid import DEPTH, RRF_K, Fusion, HybridRequest, hybrid, text_leg
from console.vectors.metrics import METRICS, metric_named
from console.vectors.query_source import QuerySource, resolve
from console.vectors.search import (
    CUT,
    ITERATIVE,
    SearchableColumn,
    SearchOptions,
    SearchRequest,
    default_metric,
    fixes_of,
    parsed_key,
    search,
    subject,
)
from console.vectors.streamed import search_in_pieces
from console.view.plans.tree import fix_document, trial_words
from console.view.vectors import findings as view
from console.view.vectors import fused

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.server.session import PgSession
    from console.server.target import Target
    from console.vectors.records import SearchResult

STREAMED_FROM = 1000
"""Where more rows are wanted, JSON is written while they come."""


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The options of `dbconsole search`; `common` adds those that other commands have as well."""
    parser.add_argument("--column", required=True, metavar="S.T.C", help="the vector column: schema.table.column")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--like-id", metavar="ID", help="what is near the row with this key; of several columns a JSON "
                      "array")
    what.add_argument("--vector", metavar="'[...]'", help="a vector; @FILE reads it from a file, - from stdin")
    what.add_argument("--text", help="a text, through an embedder")
    parser.add_argument("--embedder", metavar="NAME", help="the embedder of the configuration (default: the column's)")
    parser.add_argument("--hybrid", metavar="COLUMN", help="with --text: look for its words in that text or tsvector "
                        "column as well, and fuse both by reciprocal rank")
    parser.add_argument("--weights", metavar="V,W", default="1,1", help="with --hybrid: of the vector's and of the "
                        "words' ranks (default 1,1)")
    parser.add_argument("--rrf-k", type=int, default=RRF_K, metavar="N", help="with --hybrid: the constant; a larger "
                        "one makes the first ranks count for less (default 60)")
    parser.add_argument("--depth", type=int, default=DEPTH, metavar="N", help="with --hybrid: rows of each that are "
                        "fused (default 100)")
    parser.add_argument("--text-config", metavar="NAME", help="with --hybrid: the text search configuration (default: "
                        "the index's, else english)")
    parser.add_argument("--metric", metavar="M",
                        help=", ".join(metric.name for metric in METRICS) + " (default: the index's)")
    parser.add_argument("--k", type=int, default=10, metavar="N", help="how many rows (default 10)")
    parser.add_argument("--offset", type=int, default=0, metavar="N", help="leave out the first N")
    parser.add_argument("--where", metavar="SQL", help="a condition on the table's columns")
    parser.add_argument("--key", metavar="COLUMN", help="what a view's rows are told apart by (default: id)")
    parser.add_argument("--columns", metavar="A,B", help="the columns to show (default: all but vectors)")
    parser.add_argument("--ef-search", type=int, metavar="N", help="hnsw.ef_search, for this search")
    parser.add_argument("--probes", type=int, metavar="N", help="ivfflat.probes, for this search")
    parser.add_argument("--iterative-scan", choices=ITERATIVE, help="for this search (pgvector 0.8)")
    parser.add_argument("--max-scan-tuples", type=int, metavar="N", help="hnsw.max_scan_tuples, for this search")
    parser.add_argument("--by", metavar="NAME", help="which of the column's searches, where it has several indexes: "
                        "vector, halfvec, bits, prefix-256..., or an index's name (default: the first that serves)")
    parser.add_argument("--oversampling", type=int, metavar="N", help="with --by bits and others that rank again: "
                        "candidates for each row wanted")
    parser.add_argument("--exact", action="store_true", help="without the index")
    parser.add_argument("--yes", action="store_true", help=HELP)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    common(parser)


async def run(opening: Opening) -> int:
    """Searches and writes; 0 also where fewer than k rows were found. Raises ConsoleError."""
    from console.server.effects import Acts
    from console.server.single import single_session

    options = opening.options
    if options.k < 1:
        raise UsageError(f"--k {options.k}: must be at least 1")
    if options.hybrid is not None and options.text is None:
        raise UsageError("--hybrid looks for words and needs --text")
    target = await opening.target()
    async with single_session(target) as session:
        column = await read.find_column(session, options.column)
        found = await subject(session, column, options.key)
        metric = metric_named(options.metric, column.type_name) if options.metric else default_metric(found)
        query = await resolve(
            lambda: nullcontext(session), found, _source(options, found), lambda name: embedders.chosen(
                opening.config.embedders, column.label, name, embedder_of(target)), has_stdin=True)
        request = SearchRequest(
            found, query.vector, metric, options.k, options.offset, options.where, columns=_names(options.columns),
            options=SearchOptions(options.ef_search, options.probes, options.iterative_scan, options.max_scan_tuples,
                                  options.exact, options.by, options.oversampling),
            cut=None if options.json else CUT, exclude=query.key, timeout_ms=max(1, round(options.timeout * 1000)))
        if options.hybrid is not None:
            return await _hybrid(session, options, request, target)
        run_search = _streamed if options.json and options.k > STREAMED_FROM else search
        try:
            result = await run_search(session, request)
        except Acts as refusal:
            request = replace(request, allowed=agree(target, refusal, options.where or "", yes=options.yes))
            result = await run_search(session, request)
        fixes = () if run_search is _streamed else await fixes_of(session, request, result)
    if run_search is _streamed:
        pass  # it is written
    elif options.json:
        write_json(view.result_document(result) | {"fixes": [fix_document(fix) for fix in fixes]})
    else:
        _write(result)
    for words in result.warnings:
        say(f"warning: {words}")
    for fix in fixes:
        say(f"fix: {elided(fix.sql)}")
        say(f"  {trial_words(fix.trial)}")
    return 0


async def _hybrid(session: PgSession, options: argparse.Namespace, request: SearchRequest, target: Target) -> int:
    """The text's words and its vector, fused."""
    from console.server.effects import Acts

    subject = request.subject
    leg = await text_leg(session, options.hybrid, subject.shown, subject.column.relation_oid, options.text_config)
    wanted = HybridRequest(request, options.text, leg, Fusion(*_weights(options.weights), options.rrf_k, options.depth))
    try:
        result = await hybrid(session, wanted)
    except Acts as refusal:
        allowed = agree(target, refusal, options.where or "", yes=options.yes)
        result = await hybrid(session, replace(wanted, search=replace(request, allowed=allowed)))
    if options.json:
        write_json(fused.document(result))
    else:
        write_table([fused.header(result), *(fused.row(row) for row in result.rows)])
        say(elided(result.sql), fused.summary(result))
    for words in result.warnings:
        say(f"warning: {words}")
    return 0


def _weights(text: str) -> tuple[float, float]:
    try:
        vector, words = map(float, text.split(","))
    except ValueError:
        raise UsageError(f"--weights {text}: must be two numbers", hint="--weights 2,1") from None
    return vector, words


async def _streamed(session: PgSession, request: SearchRequest) -> SearchResult:
    """The search, its JSON document written while its rows come."""
    head = {"column": request.subject.column.label, "metric": request.metric.name, "k": request.k}
    pieces = JsonPieces(head, "rows")
    result = await search_in_pieces(session, request, lambda piece: pieces.add(view.row_documents(piece)))
    rest = view.result_document(replace(result, hits=()))
    pieces.close({name: value for name, value in rest.items() if name not in head and name != "rows"})
    return result


def _source(options: argparse.Namespace, about: SearchableColumn) -> QuerySource:
    if options.like_id is not None:
        return QuerySource("row", key=parsed_key(options.like_id, about))
    if options.vector is not None:
        return QuerySource("vector", options.vector)
    return QuerySource("text", options.text, embedder=options.embedder)


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def _write(result: SearchResult) -> None:
    """Rows in aligned columns."""
    lines = [view.result_header(result), *(view.result_row(result, hit) for hit in result.hits)]
    write_table(lines)
    index = f"index {result.index_used}" if result.index_used else "exact"
    if result.oversampling > 1 and result.index_used:
        index += f", {result.by}, {result.oversampling} candidates a row ranked again"
    say(elided(result.sql))
    say(f"{len(result.hits)} of {result.k} rows, {result.metric.title}, {index}; {view.timing(result)}")


def write_table(lines: list[tuple[str, ...]], widest: int = 60) -> None:
    """Columns of text on stdout."""
    cells = [[_tidy(text, widest) for text in line] for line in lines]
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    write_lines("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
                for line in cells)


def _tidy(text: str, widest: int) -> str:
    shown = single_line(text[:widest + 1])
    return shown[:widest - 1] + "…" if len(shown) > widest else shown


__all__ = ["add_arguments", "run", "write_table"]
