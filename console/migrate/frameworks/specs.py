"""How each framework's ledger is told from any other table, as data; the reads are sql/<sql>.sql.

The column set decides. Only where it says too little (`version` alone) does the table's name have to agree.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from msgspec import Struct, field

from console.migrate.frameworks.find import LedgerCandidate

MAX_ROWS = 100_000
"""A table with more rows than this is no ledger; it is not read."""


class LockTable(Struct, frozen=True, kw_only=True):
    """A framework's lock table beside its ledger: `{}` in `table` is the ledger's own name."""

    table: str
    columns: frozenset[str]
    sql: str


class Spec(Struct, frozen=True, kw_only=True):
    """A framework's ledger.

    `columns` must be there; others may be only if `open`. `types` are the beginnings of a column's type.
    `name` is searched for in the table's name, `beside` must be a table of the same schema. `counting` says what
    the rows tell: each is an applied migration, or only the heads, or one row with the number reached.
    """

    framework: str
    title: str
    sql: str
    columns: frozenset[str]
    open: bool = False
    types: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    beside: str | None = None
    lock: LockTable | None = None
    counting: Literal["rows", "heads", "number"] = "rows"

    def matches(self, candidate: LedgerCandidate, tables: Collection[tuple[str, str]]) -> bool:
        """Whether `candidate` is such a ledger; `tables` are schema and name of all candidates."""
        columns = set(candidate.columns)
        if not (self.columns <= columns if self.open else self.columns == columns):
            return False
        types = dict(zip(candidate.columns, candidate.types, strict=True))
        return (all(types[column].startswith(start) for column, start in self.types.items())
                and (self.name is None or re.search(self.name, candidate.table, re.IGNORECASE) is not None)
                and (self.beside is None or (candidate.schema, self.beside) in tables))


def _spec(framework: str, title: str, columns: str, *, sql: str | None = None, lock: tuple[str, str] | None = None,
          types: Mapping[str, str] | None = None, is_open: bool = False, name: str | None = None,
          beside: str | None = None, counting: Literal["rows", "heads", "number"] = "rows") -> Spec:
    file = sql or framework.replace("-", "_")
    lock_table = LockTable(table=lock[0], columns=frozenset(lock[1].split()), sql=f"{file}_lock") if lock else None
    return Spec(framework=framework, title=title, sql=file, columns=frozenset(columns.split()), open=is_open,
                types=types or {}, name=name, beside=beside, lock=lock_table, counting=counting)


SPECS: tuple[Spec, ...] = (
    _spec("alembic", "Alembic", "version_num", counting="heads"),
    _spec("django", "Django", "id app name applied"),
    _spec("drizzle", "Drizzle", "id hash created_at", is_open=True, types={"created_at": "bigint"}, name="migration"),
    _spec("supabase", "Supabase", "version statements name", is_open=True),
    _spec("ecto", "Ecto", "version inserted_at", types={"version": "bigint"}),
    _spec("golang-migrate", "golang-migrate", "version dirty", types={"dirty": "boolean"}, counting="heads"),
    _spec("rails", "Rails", "version", sql="version_only", types={"version": "character varying"}, name="migration",
          beside="ar_internal_metadata"),
    _spec("dbmate", "dbmate", "version", sql="version_only", types={"version": "character varying"},
          name="mig|version|history|ledger"),
    _spec("tern", "tern", "version", types={"version": "integer"}, name="version|migration", counting="number"),
    _spec("ef-core", "EF Core", "MigrationId ProductVersion"),
    _spec("ef-core", "EF Core", "migration_id product_version", sql="ef_core_snake"),
    _spec("flyway", "Flyway", "installed_rank version description type script checksum installed_by installed_on"
          " execution_time success", is_open=True),
    _spec("pgmigrate", "Yandex pgmigrate", "version description type installed_by installed_on"),
    _spec("prisma", "Prisma", "id checksum finished_at migration_name logs rolled_back_at started_at"
          " applied_steps_count"),
    _spec("sqlx", "sqlx", "version description installed_on success checksum execution_time"),
    _spec("diesel", "Diesel", "version run_on"),
    _spec("goose", "goose", "id version_id is_applied tstamp"),
    _spec("sql-migrate", "sql-migrate", "id applied_at", types={"id": "text"}, name="migration"),
    _spec("sqitch", "sqitch", "change_id script_hash change project note committed_at committer_name committer_email",
          is_open=True),
    _spec("atlas", "Atlas", "version description type applied total executed_at execution_time error hash"
          " operator_version", is_open=True),
    _spec("pgroll", "pgroll", "schema name migration created_at parent done", is_open=True),
    _spec("graphile-migrate", "graphile-migrate", "hash previous_hash filename date"),
    _spec("node-pg-migrate", "node-pg-migrate", "id name run_on"),
    _spec("yoyo", "yoyo", "migration_hash migration_id applied_at_utc", lock=("yoyo_lock", "locked ctime pid")),
    _spec("river", "River", "line version created_at", types={"version": "bigint"}, name="migration"),
    _spec("river", "River", "id created_at version", sql="river_old", types={"version": "bigint"},
          name="river.*migration"),
    _spec("morph", "morph", "version name", types={"version": "bigint"}, name="migration",
          lock=("db_lock", "id expireat")),
    _spec("knex", "Knex", "id name batch migration_time", lock=("{}_lock", "index is_locked")),
    _spec("kysely", "Kysely", "name timestamp", types={"timestamp": "character varying"}, name="migration",
          lock=("{}_lock", "id is_locked")),
    _spec("typeorm", "TypeORM", "id timestamp name", types={"timestamp": "bigint"}, name="migration"),
    _spec("laravel", "Laravel", "id migration batch"),
    _spec("sequelize", "Sequelize (Umzug)", "name", types={"name": "character varying"},
          name="sequelize|umzug|migration"),
    _spec("liquibase", "Liquibase", "id author filename dateexecuted orderexecuted exectype md5sum description",
          is_open=True, lock=("{}lock", "id locked lockgranted lockedby")),
)
"""In the order in which they are tried: the more telling of two that could both match comes first."""

PRINTING = frozenset(("alembic", "django"))
"""The frameworks that print each of their migrations as SQL, which become files (written_sql.py)."""

TITLES: Mapping[str, str] = {spec.framework: spec.title for spec in SPECS}


def recognise(candidates: Iterable[LedgerCandidate]) -> list[tuple[LedgerCandidate, Spec, LedgerCandidate | None]]:
    """The ledgers among `candidates`, each with its framework and its lock table, if it has one."""
    listed = list(candidates)
    by_name = {(ledger_candidate.schema, ledger_candidate.table): ledger_candidate for ledger_candidate in listed}
    found = []
    for candidate in listed:
        spec = next((spec for spec in SPECS if spec.matches(candidate, by_name)), None)
        if spec is not None and (candidate.rows_estimate or 0) <= MAX_ROWS:
            found.append((candidate, spec, _lock_table(candidate, spec, by_name)))
    return found


def _lock_table(ledger: LedgerCandidate, spec: Spec,
                by_name: Mapping[tuple[str, str], LedgerCandidate]) -> LedgerCandidate | None:
    if spec.lock is None:
        return None
    table = by_name.get((ledger.schema, spec.lock.table.format(ledger.table)))
    return table if table is not None and spec.lock.columns <= set(table.columns) else None
