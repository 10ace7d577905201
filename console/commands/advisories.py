"""`dbconsole advisories`: the known faults of a server's versions, and what they may have spoilt here."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from console.advisories.known import mended_between, mended_by, open_advisories, spoilt
from console.advisories.read import SUSPECT_INDEXES
from console.advisories.records import Advisory, Product, SuspectIndex
from console.check.checks.advisories import versions
from console.check.records import CheckContext
from console.commands.output import write_json, write_lines
from console.errors import UsageError
from console.server.single import single_session
from console.text import format as fmt
from console.text.parse import version_numbers

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.pooler.records import PoolerReading
    from console.server.target import Target

POOLER_WITHIN_S = 5.0
DANGERS = {"data": "loses data", "results": "wrong answers", "intrusion": "lets somebody in", "failure": "stops it"}


class FoundFault(Struct, frozen=True):
    """A fault of a product's version, the version that mends it, and the indexes here that it may have spoilt."""

    version: str
    mended_in: str
    advisory: Advisory
    indexes: list[SuspectIndex]


class AdvisoryReport(Struct, frozen=True):
    """What came of it; `no_pooler` says why the version of the PgBouncer that is configured isn't known."""

    target: str
    versions: dict[Product, str]
    faults: list[FoundFault]
    no_pooler: str | None


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The options of `dbconsole advisories`; `common` adds those that other commands have as well."""
    parser.add_argument("--upgraded-from", metavar="VERSION", help="the faults that this older version of PostgreSQL "
                        "had and the server has no more: what is to be done after an upgrade")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    common(parser)


async def run(opening: Opening) -> int:
    """Writes the faults to stdout; 0 where there are none, 1 where there are. Raises ConsoleError."""
    options = opening.options
    target = await opening.target()
    async with single_session(target) as session:
        context = CheckContext(session.info, target, pooler=await _pooler(target))
        running = versions(context)
        found = _mended(options.upgraded_from, running["PostgreSQL"], context) if options.upgraded_from else [
            (running[product], advisory) for product in running
            for advisory in open_advisories(product, running[product], context.info.extensions)]
        suspects = await session.fetch(SUSPECT_INDEXES) if any(advisory.rebuild for _, advisory in found) else []
    faults = [FoundFault(version, mended_by(advisory, version) or "", advisory, spoilt(advisory, suspects))
              for version, advisory in found]
    pooler = context.pooler
    told = AdvisoryReport(target.label, running, faults, pooler.error.summary if pooler and pooler.error else None)
    if options.json:
        write_json(document(told))
    else:
        write_lines(lines(told))
    return 1 if faults else 0


def _mended(old: str, new: str, context: CheckContext) -> list[tuple[str, Advisory]]:
    """Raises UsageError where `old` is no earlier version."""
    if len(version_numbers(old)) != 2 or version_numbers(old) > version_numbers(new):
        raise UsageError(f"--upgraded-from {old}: not a version of PostgreSQL before {new}", hint="as in 16.4")
    return [(old, advisory) for advisory in mended_between("PostgreSQL", old, new, context.info.extensions)]


async def _pooler(target: Target) -> PoolerReading | None:
    if target.pgbouncer_conninfo is None:
        return None
    from console.pooler.read import read_once

    return await read_once(target, POOLER_WITHIN_S)


def document(told: AdvisoryReport) -> dict[str, Any]:
    """The JSON document; keys may be added and are never renamed."""
    return {
        "target": told.target, "versions": told.versions,
        "unavailable": {"PgBouncer": told.no_pooler} if told.no_pooler else {},
        "advisories": [{
            "product": fault.advisory.product, "version": fault.version, "mended_in": fault.mended_in,
            "danger": fault.advisory.danger, "what": fault.advisory.what, "to_do": fault.advisory.todo,
            "rebuild": [{"index": index.name, "bytes": index.bytes, "sql": _rebuild(index)}
                        for index in fault.indexes]} for fault in told.faults]}


def lines(told: AdvisoryReport) -> Iterator[str]:
    """Everything for people; the statements can be copied as they stand."""
    ran = ", ".join(f"{product} {version}" for product, version in told.versions.items())
    yield f"{told.target}, {ran}: {fmt.plural(len(told.faults), 'known fault') if told.faults else 'no known fault'}"
    if told.no_pooler:
        yield f"PgBouncer's version is unknown: {told.no_pooler}"
    for fault in told.faults:
        advisory = fault.advisory
        yield ""
        yield f"{advisory.product} {fault.version}, mended in {fault.mended_in}: {DANGERS[advisory.danger]}"
        yield f"  {advisory.what}"
        if advisory.todo:
            yield f"  after the upgrade: {advisory.todo}"
        if fault.indexes:
            yield "  after the upgrade, as nothing tells whether they are spoilt:"
        yield from (f"  {_rebuild(index)}  -- {fmt.size(index.bytes)}" for index in fault.indexes)


def _rebuild(index: SuspectIndex) -> str:
    return f"REINDEX INDEX CONCURRENTLY {index.name};"
