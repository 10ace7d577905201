"""Which history of the ledger a folder's files are: by its name where it has one, else by versions and checksums.

A folder may be checked out under any name, and two repositories may each have a folder `migrations`: what was applied
under another name is not applied again, and another history is not gone on with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from console.migrate import baseline
from console.migrate.faults import FileError, MigrationError
from console.migrate.files import is_foreign, read_services
from console.migrate.records import LedgerRow, MigrationFile
from console.migrate.version import VersionKey
from console.services import Service
from console.services.ownership import OF_TENANT

Files = Mapping[VersionKey, MigrationFile]
Read = dict[str, Files]
"""Files by the name of their service, or of what tenants share."""


def settle(services: Sequence[Service], rows: Iterable[LedgerRow]) -> tuple[Service, ...]:
    """The services under the names that the ledger's `rows` have them by.

    Raises MigrationError where the ledger knows the files of a service that was named by another name, or where the
    history of an unnamed folder's name is another one.
    """
    histories: dict[str, list[LedgerRow]] = {}
    for row in rows:
        histories.setdefault(row.service, []).append(row)
    names = {service.name for service in services}
    known: Read = {}
    return tuple(settled(service, histories, names, known) if histories else service for service in services)


def settled(service: Service, histories: Mapping[str, Sequence[LedgerRow]], names: Collection[str],
            known: Read | None = None) -> Service:
    """One service, with the ledger's rows by name; `names` are those of all services at hand, which keep theirs.

    `known` keeps what was read, for tenants, who share a folder.
    """
    mine = histories.get(service.name, ())
    if service.folder is None or is_foreign(service) or (service.is_named and mine):
        return service
    try:
        files = _files(service, {} if known is None else known)
    except FileError:
        return service  # told when the files are asked for
    if not files or any(_is_of(row, files) for row in mine):
        return service
    others = [name for name, rows in histories.items()
              if name not in names and name.partition(OF_TENANT)[2] == (service.tenant or "")
              and sum(_is_of(row, files) for row in rows) * 2 > len(rows)]
    if others and (service.is_named or len(others) > 1):
        raise MigrationError(
            f"{service.name}: the ledger knows these files as {' and as '.join(others)}",
            hint=f"keep that name: --service {others[0]}, or name = in service.toml; or change it: "
                 f"dbconsole migrate repair rename --from {others[0]} --service {service.name}")
    if others:
        return service.called(others[0])
    if any(row.key in files for row in mine) and all(_is_about_others(row, files) for row in mine):
        raise MigrationError(  # where no version is alike, the files are missing, which is told of each
            f"{service.folder}: the ledger's history {service.name} is about other files",
            detail=f"{len(mine)} migrations are applied under that name, none of which is in this folder",
            hint='name the service of this folder: --service NAME, or name = "..." in service.toml')
    return service


def _files(service: Service, known: Read) -> Files:
    if service.family not in known:
        (found,) = read_services([service])
        known[service.family] = {file.key: file for file in found.migrations}
    return known[service.family]


def _is_of(row: LedgerRow, files: Files) -> bool:
    file = files.get(row.key)
    if file is not None and row.checksum_up == file.up.checksum:
        return True
    return row.checksum_up == baseline.replaced(next(iter(files.values()))).get(row.key)


def _is_about_others(row: LedgerRow, files: Files) -> bool:
    """An edited file keeps its title; what has another or none is another migration."""
    file = files.get(row.key)
    return file is None or file.name != row.name
