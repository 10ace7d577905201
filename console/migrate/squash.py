"""`migrate squash`: a service's first migrations as one file that makes the same, proved before anything is written.

The history is run in a scratch database, its schema and its rows are written as a script; the script alone is run in
another one, and both are compared: schema by schema object, rows by their digest, sequences by where they stand.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from console import files
from console.errors import ConsoleError
from console.migrate import contents, differences, schema_script, state, steps
from console.migrate.changed_files import uncommitted
from console.migrate.contents import Contents
from console.migrate.create import baseline_file, write
from console.migrate.differences import Wording
from console.migrate.faults import FileError, MigrationError
from console.migrate.files import is_foreign, read_service, read_services
from console.migrate.fingerprint import Fingerprint
from console.migrate.naming import keep
from console.migrate.records import MigrationFile, RunRange, ServiceFiles
from console.migrate.rollback_test import NeedsOwnCluster, OwnCluster, Place, ScratchRun, apart
from console.migrate.scratch import scratch_server
from console.migrate.verify import closure, created_extensions
from console.migrate.version import version_key
from console.server.target import Target
from console.services import Service
from console.services.ownership import recognised
from console.sql.cluster_effects import cluster_effects

MAX_ROWS = 1_000
"""So many rows of a table are written unless told otherwise: what is looked up, not what is worked with."""
_BELOW = ("diesel", "prisma")
"""The layouts in which a migration is a folder."""


class Squash(Struct, frozen=True):
    """What takes the place of what: the file to write, and those that go; `where` it was proved, `rows` in how many
    `tables` it holds."""

    service: Service
    files: tuple[MigrationFile, ...]
    path: Path
    text: str
    old: tuple[Path, ...]
    where: str
    tables: int
    rows: int
    notes: tuple[str, ...]
    layout: str | None = None
    """To be written into service.toml: the files that are left don't tell."""


class _Asked(Struct, frozen=True):
    """What is run: `base` are other services' files that come before, `files` those to be replaced."""

    given: Service
    found: ServiceFiles
    services: tuple[Service, ...]
    base: tuple[MigrationFile, ...]
    files: tuple[MigrationFile, ...]
    max_rows: int


class _Written(Struct, frozen=True):
    """A baseline's file, what the history made of schema and rows, and how many rows of how many tables are in it."""

    path: Path
    text: str
    schema: Fingerprint
    rows: Contents
    counts: tuple[int, int]


async def make(target: Target, services: Sequence[Service], service: Service, version: str, *,
               max_rows: int = MAX_ROWS, own_cluster: OwnCluster | None = None,
               only_own_cluster: bool = False) -> Squash:
    """The baseline for what `service` has up to `version`, proved; nothing is written but in scratch databases.

    Raises MigrationError where it can't be made or isn't the same, naming each difference.
    """
    asked = _asked(services, service, version, max_rows)
    if not (only_own_cluster or target.is_production):
        try:
            async with scratch_server(target) as server:
                where = f"scratch databases on this server, PostgreSQL {server.major}"
                return await _proved(Place(where, True, server.create, server.drop), asked)
        except NeedsOwnCluster as needs:
            if own_cluster is None:
                raise MigrationError(f"the files change {needs.what}, which the whole cluster shares") from None
    if own_cluster is None:
        raise MigrationError("there is no embedded PostgreSQL here to prove in",
                             hint="pip install 'dbconsole[demo]' brings one")
    async with apart(own_cluster) as place:
        return await _proved(place, asked)


def _asked(services: Sequence[Service], service: Service, version: str, max_rows: int) -> _Asked:
    """Raises MigrationError for what can't be squashed, whatever it makes."""
    if service.tenants is not None:
        raise MigrationError(f"service {service.name} has tenants: its files name no schema, a baseline would",
                             hint="the files can stay: a run passes over what is applied, a new tenant runs them all")
    if service.layout == "liquibase":
        raise MigrationError(f"service {service.name} has the layout of Liquibase, whose changelog names the files "
                             "that would go", hint="its own way: liquibase generate-changelog, and changelog-sync "
                                                   "where it is applied")
    own = [each for each in services if not is_foreign(each)]
    every_file = read_services(own)
    found = next(each for each in every_file if each.service.name == service.name)
    limit = version_key(version)
    numbered = [file for file in found.migrations if not file.is_repeatable]
    if limit not in {file.key for file in numbered}:
        raise MigrationError(f"{service.name} has no version {version}",
                             hint="dbconsole migrate status shows the versions")
    going = tuple(file for file in numbered if file.key <= limit)
    if len(going) < 2:
        raise MigrationError(f"{going[0].label} is the only file up to {version}: there is nothing to squash")
    paths = {file.up.path for file in going}
    if cut := next((file for file in numbered if file.key > limit and file.up.path in paths), None):
        raise MigrationError(f"{cut.up.path} holds {cut.version} too", hint=f"--to {cut.version}")
    for file in going:
        _check_shared(file)
    order = [step.migration for step in steps.choose(state.compare_all(every_file, (), ()), (), RunRange())]
    last = max(number for number, file in enumerate(order) if file.service == service.name and file.key <= limit)
    needed = closure(own, order, {service.name}) - {service.name}
    base = tuple(file for file in order[:last] if file.service in needed)
    return _Asked(service, found, tuple(own), base, going, max_rows)


def _check_shared(file: MigrationFile) -> None:
    """Raises MigrationError for a file that makes roles and the like, which no schema holds: they would be lost."""
    for statement in file.up.statements():
        if (effect := next(cluster_effects(statement.sql), None)) is not None:
            raise FileError(file.up.path, f"changes {effect.what}, which is in no database's schema and would be lost",
                            line=statement.line, hint="squash up to before it, or move it to another service's files")


async def _proved(place: Place, asked: _Asked) -> Squash:
    written = await _run_history(place, asked)
    service, old = asked.found.service, _old_paths(asked)
    with tempfile.TemporaryDirectory(prefix="dbconsole-") as name:
        layout = await asyncio.to_thread(_rehearse, Path(name), asked, written, old)
        file = read_service(replace(service, folder=Path(name))).migrations[0]
        schema, rows = await _run_alone(place, asked, file)
    notes = _check(written, schema, rows)
    tables, count = written.counts
    return Squash(service, asked.files, written.path, written.text, tuple(old), place.words, tables, count, notes,
                  layout)


def _rehearse(there: Path, asked: _Asked, written: _Written, old: Sequence[Path]) -> str | None:
    """Makes the folder as it will be, and returns its layout where that isn't told by its files any more."""
    service, folder = asked.found.service, asked.found.service.folder
    assert folder is not None
    gone = {*old}
    for path in folder.rglob("*"):
        if path.is_file() and path not in gone:
            _copy(path, there / path.relative_to(folder))
    write([(there / written.path.relative_to(folder), written.text)])
    given = replace(asked.given, folder=there)
    if given.is_recognised:
        given = replace(given, layout=None, is_recognised=False)
    try:
        is_told = recognised(given).layout == service.layout
    except ConsoleError:  # it could be several
        is_told = False
    return None if is_told else service.layout or "dbconsole"


def _check(written: _Written, schema: Fingerprint, rows: Contents) -> tuple[str, ...]:
    """What is worth a word. Raises MigrationError where the baseline makes anything else than the history."""
    wording = Wording("is missing after the baseline", "comes only with the baseline", " after the baseline")
    comparison = differences.compare(written.schema, schema, wording)
    found = [*comparison.differences, *contents.differences(written.rows, rows)]
    if found:
        raise MigrationError(f"the baseline isn't the same as the history in {len(found)} ways: nothing was written",
                             detail="\n".join(found), hint="squash up to before what makes these (--to)")
    return (*comparison.renamed, *comparison.order)


async def _run_history(place: Place, asked: _Asked) -> _Written:
    run = _scratch_run(place, asked)
    try:
        before, rows_before = await _run_base(run, asked)
        for file in asked.files:
            await run.make(file)
        after, rows_after = await run.read_catalog(), await contents.read(run.session)
        inserts, unwritten = await contents.write(run.session, rows_before, rows_after, asked.max_rows)
        script = await schema_script.write(run.session, before, after, inserts)
    finally:
        await run.close()
    unwritten += script.unwritten
    if unwritten:
        raise MigrationError(f"{len(unwritten)} things can't be written in a baseline: nothing was written",
                             detail="\n".join(unwritten), hint="squash up to before what makes these (--to)")
    path, text = _baseline(asked, _lenient(asked.files, script.statements))
    filled = [held.count for name, held in rows_after.tables.items() if held.count and name not in rows_before.tables]
    return _Written(path, text, after, rows_after, (len(filled), sum(filled)))


async def _run_alone(place: Place, asked: _Asked, file: MigrationFile) -> tuple[Fingerprint, Contents]:
    run = _scratch_run(place, asked)
    try:
        await _run_base(run, asked)
        try:
            await run.run(file, "up")
        except FileError as error:
            raise MigrationError(f"the baseline can't be run: {error.message}", detail="\n".join(error.lines()),
                                 hint="squash up to before what makes this (--to)") from error
        return await run.read_catalog(), await contents.read(run.session)
    finally:
        await run.close()


def _scratch_run(place: Place, asked: _Asked) -> ScratchRun:
    return ScratchRun(place, {service.name: service for service in asked.services},
                      created_extensions([*asked.base, *asked.files]))


async def _run_base(run: ScratchRun, asked: _Asked) -> tuple[Fingerprint, Contents]:
    """What is there before the files: other services' schemas, and the extensions that the files wait for."""
    await run.open()
    for file in asked.base:
        await run.make(file)
    for file in asked.files:
        await run.provide(file)
    return await run.read_catalog(), await contents.read(run.session)


def _lenient(replaced: Sequence[MigrationFile], statements: Sequence[str]) -> list[str]:
    """IF NOT EXISTS for schemas and extensions where the files say so too: somebody else may have made them."""
    said = {statement.words[1] for file in replaced for statement in file.up.statements()
            if statement.verb == "CREATE" and statement.words[2:5] == ("IF", "NOT", "EXISTS")}
    found = []
    for text in statements:
        word = next((word for word in ("SCHEMA", "EXTENSION") if text.startswith(f"CREATE {word} ")), None)
        found.append(text.replace(f"CREATE {word} ", f"CREATE {word} IF NOT EXISTS ", 1) if word in said else text)
    return found


def _baseline(asked: _Asked, statements: Sequence[str]) -> tuple[Path, str]:
    first, last = asked.files[0].version, asked.files[-1].version
    heads = [file.up.directives for file in asked.files]
    requires: dict[str, str] = {}
    for needed in chain.from_iterable(head.requires for head in heads):
        if version_key(needed.version) >= version_key(requires.get(needed.service, "0")):
            requires[needed.service] = needed.version
    extensions = dict.fromkeys(chain.from_iterable(head.extensions for head in heads))
    marks = [f"irreversible: it stands for {first} to {last}, which are gone; go on from here",
             *(f"requires-extension={name}" for name in extensions),
             *(f"requires={service}/{version}" for service, version in requires.items()),
             *(f"replaces={file.version}/{file.up.checksum}" for file in asked.files)]
    text = "".join([f"-- What {first} to {last} made.\n", *(f"-- dbconsole: {mark}\n" for mark in marks), "\n",
                    *(f"{statement};\n" for statement in statements)])
    return baseline_file(asked.found.service, asked.files, text)


def _old_paths(asked: _Asked) -> list[Path]:
    """All that belongs to the files that go."""
    found: dict[Path, None] = {}
    for file in asked.files:
        for script in (file.up, file.down):
            if script is None:
                continue
            beside = script.path.with_name(script.path.name + ".conf")  # Flyway's settings of one file
            found |= dict.fromkeys([script.path, *([beside] if beside.is_file() else [])])
        if asked.found.service.layout in _BELOW:
            found |= dict.fromkeys(path for path in sorted(file.up.path.parent.rglob("*")) if path.is_file())
    return [*found]


async def check_kept(service: Service, old: Sequence[Path]) -> None:
    """Raises MigrationError where a file that goes would be lost: git doesn't have it as it is."""
    assert service.folder is not None
    lost = await uncommitted(service.folder, old)
    if lost:
        raise MigrationError(f"{len(lost)} of the files that go aren't in git as they are: they would be lost",
                             detail="\n".join(map(str, lost)), hint="commit them first, or keep them: --move-to DIR")


def _copy(path: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(new, files.BY_UMASK) as file:
        file.write(files.read(path))


def put(squash: Squash, move_to: Path | None) -> None:
    """Writes the baseline, then moves or removes the files that it stands for. Raises FileError."""
    folder = squash.service.folder
    assert folder is not None
    moves = [(path, move_to / path.relative_to(folder) if move_to is not None else None) for path in squash.old]
    if move_to is not None and move_to.resolve().is_relative_to(folder.resolve()):
        raise MigrationError(f"{move_to} is in {folder}: what is there would be read again",
                             hint="a folder beside it")
    for _, new in moves:
        if new is not None and new.exists():
            raise FileError(new, "is there already", hint="another --move-to")
    write([(squash.path, squash.text)])
    if squash.layout is not None:
        keep(folder, "layout", squash.layout)
    for old, new in moves:
        try:
            if new is not None:
                _copy(old, new)
            old.unlink()
        except OSError as error:
            raise FileError(old, f"can't be moved away: {error.strerror}",
                            hint=f"{squash.path.name} stands for it: remove it by hand") from None
    for parent in {old.parent for old in squash.old} - {folder}:
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
