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


class RowTotals(Struct, frozen=True):
    """The rows of all tables of the connected database (pg_stat_all_tables)."""

    dead_rows: int
    live_rows: int


class VacuumTable(Struct, frozen=True):
    """A table with what has gathered since it was vacuumed or analyzed and where autovacuum comes (pg_class,
    pg_stat_all_tables). Ages in transactions and seconds; a limit of None: never for this reason. Without a usable
    estimate of its rows (`has_estimate`) autovacuum comes for its age alone.
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
    oid: int = 0
    has_estimate: bool = True


class AutovacuumScore(Struct, frozen=True):
    """How urgently autovacuum would come to a table, from PostgreSQL 19 on (pg_stat_autovacuum_scores).

    `score` is the greatest of the parts, each weighted by its autovacuum_*_score_weight; `would_vacuum` and
    `would_analyze` say whether it would come at all.
    """

    oid: int
    score: float
    transaction_score: float
    multixact_score: float
    dead_score: float
    insert_score: float
    analyze_score: float
    would_vacuum: bool
    would_analyze: bool
    is_for_wraparound: bool
