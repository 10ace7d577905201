"""Vacuum as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

from msgspec import Struct


class Autovacuum(Struct, frozen=True):
    """The workers that run (pg_stat_activity) and the oldest database's ages in transactions and multixacts."""

    workers: int
    max_workers: int
    is_enabled: bool
    oldest_transaction_age: int
    oldest_multixact_age: int
    freeze_max_age: int


class VacuumDue(Struct, frozen=True):
    """Tables of the connected database with more dead rows than autovacuum tolerates, and rows of all of them."""

    tables: int
    dead_rows: int
    live_rows: int


class VacuumTable(Struct, frozen=True):
    """A table with what has gathered since it was vacuumed or analyzed and where autovacuum comes (pg_class,
    pg_stat_all_tables). Ages in transactions and seconds; a limit of None: never for this reason.
    """

    schema: str
    table: str
    live_rows: int
    dead_rows: int
    dead_limit: float | None
    inserted_rows: int
    insert_limit: float | None
    changed_rows: int
    change_limit: float | None
    transaction_age: int
    age_limit: float | None
    is_enabled: bool
    last_vacuum_age_s: float | None
    last_analyze_age_s: float | None
    vacuums: int
