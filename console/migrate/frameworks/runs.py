"""Runs in progress, by the advisory lock that each framework takes: keys that are fixed, or made from names."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

from console.migrate.frameworks.records import AdvisoryLock, ForeignRun

FIXED_KEYS: Mapping[int, str] = {
    4097083626: "goose",
    9628173550095224: "tern",
    75474063: "sqitch",
    4727445306447283: "graphile-migrate",
    7241865325823964: "node-pg-migrate",
    72707369: "prisma",
    3853314791062309107: "kysely",
    0x2C03057FB9525B: "pgroll",
    2686470616: "atlas",  # fnv32("atlas_migrate_execute")
}
_FLYWAY = int.from_bytes(b"Flyway", "big")
_SIGNED = 1 << 63


def keys(framework: str, database: str, schema: str, table: str) -> frozenset[int]:
    """The keys, signed 64-bit, under which `framework` locks while it migrates with the ledger schema.table."""
    fixed = {key for key, name in FIXED_KEYS.items() if name == framework}
    match framework:
        case "sqlx":
            return frozenset({_signed(0x3D32AD9E * _crc(database))})
        case "rails":
            return frozenset({_signed(2053462845 * _crc(database))})
        case "golang-migrate":
            # Before 4.15 the ledger's name was not a part of the key.
            names = (f"{schema}\0{table}\0{database}", f"{schema}\0{database}")
            return frozenset(_crc(name) * 1486364155 % (1 << 32) for name in names)
        case "flyway":
            return frozenset({_signed(_FLYWAY + _java_hash(f'"{schema}"."{table}"'))})
    return frozenset(fixed)


def run_of(framework: str, database: str, schema: str, table: str, locks: Iterable[AdvisoryLock]) -> ForeignRun | None:
    """The run that holds the lock of this framework and ledger, None when nobody does."""
    wanted = keys(framework, database, schema, table)
    holder = next((lock for lock in locks if lock.is_granted and lock.key in wanted), None)
    return None if holder is None else _run(framework, holder)


def runs_without_ledger(known: Iterable[str], locks: Iterable[AdvisoryLock]) -> tuple[ForeignRun, ...]:
    """First runs: a fixed key is held of a framework that has no ledger here yet."""
    taken = set(known)
    return tuple(_run(name, lock) for lock in locks
                 if lock.is_granted and (name := FIXED_KEYS.get(lock.key)) is not None and name not in taken)


def _run(framework: str, lock: AdvisoryLock) -> ForeignRun:
    return ForeignRun(framework, "advisory lock", lock.pid, lock.application, lock.since, None)


def _crc(text: str) -> int:
    return zlib.crc32(text.encode())


def _java_hash(text: str) -> int:
    """String.hashCode(), a signed 32-bit number over UTF-16 code units."""
    units = text.encode("utf-16-be")
    value = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        value = (31 * value + (high << 8 | low)) % (1 << 32)
    return value - (1 << 32) if value >= 1 << 31 else value


def _signed(value: int) -> int:
    return (value + _SIGNED) % (1 << 64) - _SIGNED
