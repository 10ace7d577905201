"""`dbconsole vectors health|load|store`: what is in a vector column, and vectors from files and to files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.commands.allow import HELP, agree, agree_to_write, check_writable
from console.commands.output import narrator, say, write_json, write_lines
from console.errors import UsageError
from console.text import format as fmt
from console.vectors import load, read, store
from console.vectors.files.reading import FORMATS, format_of
from console.vectors.health.findings import findings
from console.vectors.health.read import NEIGHBOUR_QUERIES, NEIGHBOURS_WITHIN_S, SAMPLE_ROWS, HealthRequest, health
from console.view.table import plain
from console.view.vectors import health as view

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.vectors.load import LoadProgress


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The commands of `dbconsole vectors` and their options; `common` adds those that other commands have as well."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, words: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(name, help=words,
                                                              description=words[0].upper() + words[1:])
        parser.add_argument("--column", required=True, metavar="S.T.C", help="the vector column: schema.table.column")
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
        common(parser)
        return parser

    looked = command("health", "what is in the column: NULLs, zeros, lengths, duplicates, what an index can't see")
    looked.add_argument("--sample", type=int, default=SAMPLE_ROWS, metavar="N",
                        help=f"of a larger table only about so many rows (default {SAMPLE_ROWS})")
    looked.add_argument("--queries", type=int, default=NEIGHBOUR_QUERIES, metavar="N",
                        help=f"searches for duplicates (default {NEIGHBOUR_QUERIES}; 0: none)")
    looked.add_argument("--seconds", type=float, default=NEIGHBOURS_WITHIN_S, metavar="S",
                        help=f"for those searches (default {NEIGHBOURS_WITHIN_S:g})")
    looked.add_argument("--seed", type=int, default=0, metavar="N", help="for drawing (default 0)")
    looked.add_argument("--fail-on", choices=("warning", "critical"), help="exit 1 on a finding as severe as this")
    loaded = command("load", "vectors from a file into the column, all of it or nothing")
    _add_file(loaded)
    loaded.add_argument("--vector", metavar="NAME", help="the file's column that holds the vectors (default: the "
                        "column's own name)")
    loaded.add_argument("--ids", metavar="FILE", help="the keys of an .npy file's rows, one a line")
    loaded.add_argument("--on-conflict", choices=("fail", "skip", "update"), default="fail",
                        help="for rows whose key the table has: load nothing (default), leave them, overwrite them")
    loaded.add_argument("--skip-bad", action="store_true", help="leave out lines that can't be loaded")
    loaded.add_argument("--yes", action="store_true", help=HELP)
    stored = command("store", "the column's rows into a file")
    _add_file(stored)
    stored.add_argument("--columns", metavar="A,B", help="what stands beside the vector (default: the key)")
    stored.add_argument("--where", metavar="SQL", help="a condition on the table's columns")
    stored.add_argument("--ids", metavar="FILE", help="for the keys of an .npy file's rows, one a line")
    stored.add_argument("--yes", action="store_true", help=HELP)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="CSV, JSON lines, .npy, or Parquet where pyarrow is")
    parser.add_argument("--format", choices=FORMATS, help="of the file (default: by the end of its name)")


async def run(opening: Opening) -> int:
    """Runs one of the commands and returns the exit status. Raises ConsoleError."""
    match opening.options.command:
        case "load":
            return await _load(opening)
        case "store":
            return await _store(opening)
        case _:
            return await _health(opening)


async def _health(opening: Opening) -> int:
    from console.server.single import single_session

    options = opening.options
    request = HealthRequest(options.sample, options.queries, options.seconds, options.seed,
                            max(1, round(options.timeout * 1000)))
    async with single_session(await opening.target()) as session:
        seen = await health(session, await read.find_column(session, options.column), request)
    found = findings(seen)
    if options.json:
        write_json(view.document(seen, found))
    else:
        write_lines([plain(view.verdict(seen, found)).strip(), "",
                     *(plain(line).rstrip() for _, line in view.lines(seen, found))])
        narrator().say(f"took {fmt.duration(seen.took_s)}")
    severe = {"critical"} if options.fail_on == "critical" else {"critical", "warning"}
    return int(options.fail_on is not None and any(finding.severity in severe for finding in found))


async def _load(opening: Opening) -> int:
    from console.server.script import script_session
    from console.vectors.files.reading import opened

    options = opening.options
    kind = format_of(options.file, options.format)
    target = await opening.target()
    check_writable(target, "read_only = false of the target lets the console write there")
    async with script_session(target.direct(), purpose="vectors load") as session:
        column = await read.find_column(session, options.column)
        key = await read.page_key(session, column.relation_oid)
        if options.ids and (kind != "npy" or key is None or len(key.columns) != 1):
            raise UsageError("--ids is for .npy files and tables whose key is one column")
        agree_to_write(target, f"{options.file} is loaded into {column.label}"
                       + (", rows that are there are overwritten" if options.on_conflict == "update" else ""),
                       yes=options.yes)
        request = load.LoadRequest(options.file, column, options.on_conflict, options.skip_bad)
        try:
            with opened(options.file, kind, options.vector or column.name, options.ids,
                        key.columns[0] if key and options.ids else None) as file:
                done = await load.load(session, file, request, _tell)
        finally:
            narrator().clear()
    for bad in done.bad[:20]:
        say(f"left out: line {bad.line}: {bad.reason}")
    if options.json:
        write_json({"column": column.label, "file": options.file, "read": done.read, "inserted": done.inserted,
                    "updated": done.updated, "skipped": done.skipped, "bad": done.bad_count,
                    "bad_lines": [{"line": bad.line, "reason": bad.reason} for bad in done.bad],
                    "took_s": round(done.took_s, 3)})
    else:
        write_lines([f"{fmt.count(done.inserted)} inserted, {fmt.count(done.updated)} updated, "
                     f"{fmt.count(done.skipped)} there already, {fmt.count(done.bad_count)} left out, in "
                     f"{fmt.duration(done.took_s)}"])
    return 0


def _tell(progress: LoadProgress) -> None:
    narrator().show(f"{progress.phase}: {fmt.count(progress.rows)} rows"
                    + (f", {fmt.share(progress.share)} of the file" if progress.phase == "reading" else ""),
                    every=progress.phase != "reading")


async def _store(opening: Opening) -> int:
    from console.server.effects import Acts
    from console.server.single import single_session

    options = opening.options
    kind = format_of(options.file, options.format)
    target = await opening.target()
    names = None if options.columns is None else tuple(part.strip() for part in options.columns.split(","))
    async with single_session(target) as session:
        column = await read.find_column(session, options.column)
        request = store.StoreRequest(options.file, kind, column, names, options.where, options.ids)
        try:
            try:
                rows = await store.store(session, request, _count)
            except Acts as refusal:
                allowed = agree(target, refusal, options.where or "", yes=options.yes)
                rows = await store.store(session, replace(request, allowed=allowed), _count)
        finally:
            narrator().clear()
    if options.json:
        write_json({"column": column.label, "file": options.file, "rows": rows})
    else:
        write_lines([f"{fmt.plural(rows, 'row')} of {column.label} in {options.file}"])
    return 0


def _count(rows: int) -> None:
    narrator().show(f"writing: {fmt.count(rows)} rows")
