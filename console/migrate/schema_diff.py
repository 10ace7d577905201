"""Two databases' schemas against each other, as sentences or as a script each way, tried out before it is shown."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from console.errors import UsageError
from console.migrate import differences, schema_script
from console.migrate.differences import NO_DRIFT, CatalogComparison, Wording, restricted
from console.migrate.drift import READ_TIMEOUT_MS, build, build_apart
from console.migrate.faults import FileError, MigrationError
from console.migrate.fingerprint import Fingerprint, read_fingerprint
from console.migrate.records import MigrationFile, Script
from console.migrate.rollback_test import NeedsOwnCluster, OwnCluster, Place, ScratchRun
from console.migrate.schema_script import SchemaScript
from console.migrate.scratch import scratch_server
from console.server.script import script_session
from console.server.target import Target


class SchemaDiff(Struct, frozen=True):
    """What `second` has otherwise than `first`, in `comparison`; comments and the order of columns don't count."""

    first: Fingerprint
    second: Fingerprint
    comparison: CatalogComparison


class ScriptPair(Struct, frozen=True):
    """Statements that make the second schema of the first, and back; `where` they were tried."""

    forth: str
    back: str
    where: str


async def read(first: Target, second: Target, schemas: Collection[str] = ()) -> SchemaDiff:
    """The difference, in `schemas` alone where there are any. Raises ConsoleError where one can't be read, UsageError
    for a schema that neither has."""
    before, after = await _fingerprint(first, schemas), await _fingerprint(second, schemas)
    if nowhere := [name for name in schemas if not any(restricted(side, [name]).objects for side in (before, after))]:
        raise UsageError(f"there is no schema {nowhere[0]} in {first.label} or {second.label}")
    wording = Wording(f"is missing in {second.label}", f"is in {second.label} alone")
    return SchemaDiff(before, after, differences.compare(before, after, wording, ignored=NO_DRIFT))


async def schemas_of(target: Target) -> Collection[str]:
    """The schemas in which there is anything. Raises ConsoleError where it can't be read."""
    found = await _fingerprint(target, ())
    return sorted({row.bare_schema for row in found.objects.values() if row.bare_schema is not None
                   and (row.kind != "schema" or row.bare_schema != "public")})


async def _fingerprint(target: Target, schemas: Collection[str]) -> Fingerprint:
    slow = replace(target.direct(), statement_timeout_ms=READ_TIMEOUT_MS)
    async with script_session(slow, purpose="migrate diff") as session:
        found = await read_fingerprint(session)
    return restricted(found, schemas) if schemas else found


async def scripts(first: Target, second: Target, diff: SchemaDiff, own_cluster: OwnCluster | None) -> ScriptPair:
    """The scripts each way, tried in a scratch database that is made like the first. Owners are left as they are.

    Raises MigrationError for what can't be written, naming each, or can't be tried.
    """
    before, after = _unowned(_writable(diff.first, diff.second)), _unowned(_writable(diff.second, diff.first))
    scope = {row.bare_schema for side in (before, after) for row in side.objects.values()}
    has_age = "ag_catalog" in scope
    texts = ("", "")

    async def inspect(scratch_run: ScratchRun, empty: Fingerprint) -> None:
        nonlocal texts
        async with script_session(first.direct(), purpose="migrate diff") as session:
            base = await schema_script.write(session, _without_usual(empty, before), before)
            back = await schema_script.write(session, after, before)
        async with script_session(second.direct(), purpose="migrate diff") as session:
            forth = await schema_script.write(session, before, after)
        await _tried(scratch_run, "1", base, before, scope)
        await _tried(scratch_run, "2", forth, after, scope)
        await _tried(scratch_run, "3", back, before, scope)
        texts = forth.text, back.text

    if not first.is_production:
        try:
            async with scratch_server(first) as server:
                where = f"a scratch database on {first.label}"
                await build(Place(where, True, server.create, server.drop), [], [], has_age, inspect)
                return ScriptPair(*texts, where)
        except NeedsOwnCluster as needs:
            if own_cluster is None:
                raise MigrationError(f"it changes {needs.what}, which the whole cluster shares") from None
    if own_cluster is None:
        raise MigrationError("there is no embedded PostgreSQL here to try the scripts in",
                             hint="pip install 'dbconsole[demo]' brings one")
    await build_apart(own_cluster, [], [], has_age, inspect)
    return ScriptPair(*texts, "a throwaway cluster")


async def _tried(scratch_run: ScratchRun, version: str, script: SchemaScript, wanted: Fingerprint,
                 scope: Collection[str | None]) -> None:
    unwritten = [*script.unwritten]
    if not unwritten:
        try:
            await scratch_run.run(MigrationFile("diff", version, "", Script(Path("diff.sql"), script.text)), "up")
        except FileError as error:
            raise MigrationError(f"the script can't be run: {error.message}",
                                 detail="\n".join((*error.lines(), script.text))) from error
        made = _unowned(await scratch_run.read_catalog())
        made = Fingerprint({key: row for key, row in made.objects.items() if row.bare_schema in scope})
        unwritten += differences.compare(wanted, made, ignored=NO_DRIFT).differences
    if unwritten:
        raise MigrationError(f"{len(unwritten)} differences can't be written as a script", detail="\n".join(unwritten),
                             hint="write these by hand; without --sql they are told")


def _writable(side: Fingerprint, other: Fingerprint) -> Fingerprint:
    """Without settings of the database that both have: no script for a schema makes them."""
    return Fingerprint({key: row for key, row in side.objects.items()
                        if row.kind != "database" or other.objects.get(key) != row})


def _unowned(side: Fingerprint) -> Fingerprint:
    return Fingerprint({key: replace(row, facts={name: fact for name, fact in row.facts.items() if name != "owner"})
                        for key, row in side.objects.items()})


def _without_usual(side: Fingerprint, wanted: Fingerprint) -> Fingerprint:
    """Without what an empty database has and nobody has asked for."""
    return Fingerprint({key: row for key, row in _unowned(side).objects.items() if key in wanted.objects})
