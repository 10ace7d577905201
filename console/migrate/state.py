"""Files against the ledger: what is applied, pending, failed, changed, missing or held. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from console.migrate import baseline
from console.migrate.faults import FileError
from console.migrate.ledger import STALE
from console.migrate.records import LedgerRow, MigrationFile, MigrationState, ServiceFiles, ServiceStatus
from console.migrate.version import VersionKey, version_key


def compare(files: ServiceFiles, rows: Iterable[LedgerRow], extensions: Collection[str]) -> ServiceStatus:
    """The state of every migration of a service.

    `rows` may hold other services' too; `extensions` are those installed in the database. Raises FileError where a
    header can't be read, and for a baseline to be run that others come before.
    """
    name = files.service.name
    by_key = {row.key: row for row in rows if row.service == name}
    first = files.migrations[0] if by_key and files.migrations else None
    taken = baseline.standing(first, by_key, _with_file(first, None, None, files, extensions)) if first else ()
    for key in {row.key for migration in taken for row in (migration.row, *migration.replaced) if row is not None}:
        del by_key[key]
    highest = max((key for key, row in by_key.items() if row.state == "applied" and not row.is_repeatable),
                  default=None)
    states = [*taken, *(_with_file(file, by_key.pop(file.key, None), highest, files, extensions)
                        for file in files.migrations[1 if taken else 0:])]
    states += [MigrationState(name, row.version, row.name, "missing", None, row, _without_file(row))
               for row in by_key.values()]
    _check_baselines(files, states)
    states.sort(key=lambda migration: migration.key)
    if any(migration.is_repeatable for migration in states):
        from console.migrate import repeatable  # which brings the readers of SQL: most folders have none

        states = repeatable.with_dependents(states)
    return ServiceStatus(files.service, tuple(states), files.notes)


def _check_baselines(files: ServiceFiles, states: Iterable[MigrationState]) -> None:
    """Raises FileError for one that isn't the service's first: it would be run upon what it stands for."""
    for migration in states:
        file = migration.file
        if file is not None and migration.row is None and file is not files.migrations[0] \
                and (stands_for := file.up.directives.replaces):
            raise FileError(file.up.path, f"stands for {stands_for[0].version} to {stands_for[-1].version}, but "
                            f"{files.migrations[0].up.path.name} comes before it",
                            hint="a baseline is the first of its service: give the other a later version, remove it if "
                                 "the baseline stands for it, or take the replaces lines out")


def compare_all(files: Iterable[ServiceFiles], rows: Iterable[LedgerRow],
                extensions: Collection[str]) -> tuple[ServiceStatus, ...]:
    """`compare` for several services; what requires a migration that is held is held itself."""
    kept: dict[str, list[LedgerRow]] = {}
    for row in rows:
        kept.setdefault(row.service, []).append(row)
    statuses = [compare(file, kept.get(file.service.name, ()), extensions) for file in files]
    return tuple(_hold_dependents(statuses))


def unmet_extensions(file: MigrationFile, service_extensions: Iterable[str], installed: Collection[str]) -> list[str]:
    """The extensions that `file` waits for."""
    return [name for name in (*service_extensions, *file.up.directives.extensions) if name not in installed]


def waits_for(missing: Iterable[str]) -> str:
    return "waits for the extension " + " and ".join(f'"{name}"' for name in missing)


def _with_file(file: MigrationFile, row: LedgerRow | None, highest: VersionKey | None, files: ServiceFiles,
               extensions: Collection[str]) -> MigrationState:
    def state(word: str, detail: str = "", late: bool = False) -> MigrationState:
        return MigrationState(file.service, file.version, file.name, word, file, row, detail, late)  # type: ignore[arg-type]

    if row is not None and file.is_repeatable:
        if row.runs:
            from console.migrate import repeatable

            file = repeatable.with_way_back(file, row)
        if row.checksum_up == file.up.checksum:
            return state("applied")
        return state("pending", "what it uses was dropped since it was run" if row.checksum_up == STALE else
                     "changed since it was run")
    if row is None:
        if missing := unmet_extensions(file, files.service.extensions, extensions):
            return state("held", waits_for(missing))
        late = highest is not None and file.key < highest and not file.is_repeatable
        if late and not (file.up.directives.extensions or files.service.extensions):
            return state("pending", "older than what is applied (out of order)", True)
        return state("pending")
    if row.state != "applied":
        return state("failed", f"{_done(row)}: {row.error.splitlines()[0]}" if row.error
                     else f"{_done(row)}, then it was interrupted")
    if row.checksum_up != file.up.checksum:
        return state("changed", "the file was changed after it was applied")
    if (row.raw_checksum_up or row.checksum_up) != (file.up.raw_checksum or file.up.checksum):
        return state("applied", "only line ends or a byte order mark differ from what was applied")
    return state("applied")


def _done(row: LedgerRow) -> str:
    word = "undoing it" if row.direction == "down" else "it"
    return f"{row.statements_done} of {row.statements_total} statements of {word} are done"


def _without_file(row: LedgerRow) -> str:
    if row.is_repeatable:
        return "what it made is in the database, but its file is not there"
    what = "it is applied" if row.state == "applied" else _done(row)
    return f"{what}, but its file is not there"


def _hold_dependents(statuses: list[ServiceStatus]) -> list[ServiceStatus]:
    """Holds what requires a held migration, over and over until nothing changes."""
    states: dict[tuple[str, VersionKey], MigrationState] = {
        (status.service.name, migration.key): migration for status in statuses for migration in status.migrations}
    places = baseline.places(statuses)
    pending = [key for key, state in states.items() if state.state == "pending" and state.file is not None
               and state.file.up.directives.requires]
    changed = True
    while changed:
        changed = False
        for key in pending:
            migration_state = states[key]
            if migration_state.state == "pending" and (reason := _requires_held(migration_state, states, places)):
                states[key] = replace(migration_state, state="held", detail=reason)
                changed = True
    return [ServiceStatus(status.service,
                          tuple(states[status.service.name, migration.key] for migration in status.migrations),
                          status.notes) for status in statuses]


def _requires_held(migration: MigrationState, states: Mapping[tuple[str, VersionKey], MigrationState],
                   places: Mapping[tuple[str, VersionKey], tuple[str, VersionKey]]) -> str | None:
    assert migration.file is not None
    for needed in migration.file.up.directives.requires:
        node = needed.service, version_key(needed.version)
        other = states.get(places.get(node, node))
        if other is not None and other.state == "held":
            return f"requires {needed.service}/{needed.version}, which {other.detail}"
    return None
