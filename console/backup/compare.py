"""What a restored database has otherwise than the manifest says. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from console.backup.records import BackedUpDatabase, TableRows

MOST = 20
"""So many sentences say what kind of a difference it is."""


def differences(recorded: BackedUpDatabase, tables: Mapping[str, TableRows], sequences: Mapping[str, int],
                catalog: Mapping[str, str]) -> list[str]:
    """The differences in sentences; the catalog isn't compared where none was recorded."""
    found = [*_tables(recorded, tables), *_sequences(recorded, sequences)]
    if recorded.catalog:
        found += _catalog(recorded.catalog, catalog)
    name = recorded.name
    told = [f"{name}: {sentence}" for sentence in found[:MOST]]
    return told + ([f"{name}: and {len(found) - MOST} more differences"] if len(found) > MOST else [])


def _tables(recorded: BackedUpDatabase, tables: Mapping[str, TableRows]) -> list[str]:
    found = []
    for name, then in recorded.tables.items():
        now = tables.get(name)
        if name in recorded.unsettled:
            continue
        if now is None:
            found.append(f"table {name} is missing")
        elif now.rows != then.rows:
            found.append(f"table {name} has {now.rows} rows instead of {then.rows}")
        elif now.digest != then.digest:
            found.append(f"table {name} has other values in its {then.rows} rows")
    extra = sorted(set(tables) - set(recorded.tables) - set(recorded.unsettled))
    return found + [f"table {name} wasn't there" for name in extra]


def _sequences(recorded: BackedUpDatabase, sequences: Mapping[str, int]) -> list[str]:
    found = []
    for name, then in recorded.sequences.items():
        now = sequences.get(name)
        stood = f"{then.lowest}" if then.lowest == then.highest else f"{then.lowest} to {then.highest}"
        if now is None:
            found.append(f"sequence {name} is missing")
        elif not then.lowest <= now <= then.highest:
            found.append(f"sequence {name} stands at {now} instead of {stood}")
    return found


def _catalog(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    found = [f"{name} is missing" for name in then if name not in now]
    found += [f"{name} wasn't there" for name in now if name not in then]
    return found + [f"{name} is defined otherwise" for name, digest in then.items() if now.get(name, digest) != digest]
