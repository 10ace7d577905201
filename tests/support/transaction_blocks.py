"""Statements of PostgreSQL 14 to 19 and whether each can be inside a transaction block; every server at hand agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Answer = Literal["inside", "outside", "depends"]

OBJECTS = """
CREATE TABLE plain (a int PRIMARY KEY, v text);
CREATE INDEX plain_v ON plain (v);
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2);
CREATE INDEX parts_a ON parts (a);
CREATE TABLE "tablespace" ("concurrently" int);
CREATE TYPE mood AS ENUM ('good');
CREATE MATERIALIZED VIEW seen AS SELECT 1 AS a;
CREATE UNIQUE INDEX seen_a ON seen (a);
CREATE PUBLICATION published;
"""
SUBSCRIPTION = ("CREATE SUBSCRIPTION {} CONNECTION 'dbname=nowhere host=127.0.0.1 port=9' PUBLICATION p "
                "WITH (connect = false{})")
"""Its name, which all databases of a cluster share, and further options."""


@dataclass(frozen=True)
class BlockCase:
    """`sql` with {database}, {with_slot} and {without_slot} (subscriptions) to be filled in, and what is true of it.

    `since`: the first major version that knows it. `before` is run in the same transaction. Of what depends on an
    object, `sql` is refused and `other`, of the same text but for the name, is not.
    """

    sql: str
    answer: Answer
    since: int = 14
    before: str = ""
    other: str = ""

    def text(self, **names: str) -> str:
        """The statement with the names of its database and subscriptions."""
        return self.sql.format(**{"database": "d", "with_slot": "s", "without_slot": "n"} | names)


ENABLE = "ALTER SUBSCRIPTION {with_slot} ENABLE"
CREATE_SUBSCRIPTION = "CREATE SUBSCRIPTION {database}_new CONNECTION 'dbname=x host=127.0.0.1 port=9' PUBLICATION p "

CASES = (
    BlockCase("CREATE INDEX CONCURRENTLY i ON plain (v)", "outside"),
    BlockCase("create unique /* why */ index\n concurrently if not exists i ON plain (a)", "outside"),
    BlockCase("CREATE INDEX CONCURRENTLY ON ONLY plain (v)", "outside"),
    BlockCase('CREATE INDEX "concurrently" ON plain (v)', "inside"),
    BlockCase('CREATE INDEX i ON "tablespace" ("concurrently")', "inside"),
    BlockCase("CREATE INDEX i ON plain (v) TABLESPACE pg_default", "inside"),
    BlockCase("DROP INDEX CONCURRENTLY plain_v", "outside"),
    BlockCase("DROP INDEX CONCURRENTLY IF EXISTS no_such_index", "outside"),
    BlockCase("DROP INDEX plain_v", "inside"),
    BlockCase("REINDEX INDEX CONCURRENTLY plain_v", "outside"),
    BlockCase("REINDEX (CONCURRENTLY) TABLE plain", "outside"),
    BlockCase("REINDEX (CONCURRENTLY 1, VERBOSE) TABLE plain", "outside"),
    BlockCase("REINDEX (CONCURRENTLY false) TABLE CONCURRENTLY plain", "outside"),
    BlockCase("REINDEX (CONCURRENTLY false) TABLE plain", "depends", other="REINDEX (CONCURRENTLY false) TABLE plain"),
    BlockCase("REINDEX TABLE parts", "depends", other="REINDEX TABLE plain"),
    BlockCase("REINDEX INDEX parts_a", "depends", other="REINDEX INDEX plain_v"),
    BlockCase("REINDEX (VERBOSE, CONCURRENTLY off) INDEX parts_a", "depends",
              other="REINDEX (VERBOSE, CONCURRENTLY off) INDEX plain_v"),
    BlockCase("REINDEX SCHEMA public", "outside"),
    BlockCase("REINDEX (VERBOSE) SCHEMA public", "outside"),
    BlockCase("REINDEX DATABASE {database}", "outside"),
    BlockCase("REINDEX SYSTEM {database}", "outside"),
    BlockCase("VACUUM", "outside"),
    BlockCase("VACUUM (ANALYZE) plain", "outside"),
    BlockCase("vacuum full plain", "outside"),
    BlockCase("ANALYZE plain", "inside"),
    BlockCase("ANALYZE", "inside"),
    BlockCase("CLUSTER", "outside"),
    BlockCase("CLUSTER VERBOSE", "outside"),
    BlockCase("CLUSTER (VERBOSE)", "outside", since=17),
    BlockCase("CLUSTER parts USING parts_a", "depends", since=15, other="CLUSTER plain USING plain_v"),
    BlockCase("CLUSTER (VERBOSE) parts USING parts_a", "depends", since=15,
              other="CLUSTER (VERBOSE) plain USING plain_v"),
    BlockCase("CREATE DATABASE {database}_new", "outside"),
    BlockCase("DROP DATABASE {database}_new", "outside"),
    BlockCase("DROP DATABASE IF EXISTS {database}_new WITH (FORCE)", "outside"),
    BlockCase("ALTER DATABASE {database} SET TABLESPACE pg_default", "outside"),
    BlockCase("ALTER DATABASE {database} TABLESPACE pg_default", "outside"),
    BlockCase("ALTER DATABASE {database} WITH TABLESPACE pg_default", "outside"),
    BlockCase("ALTER DATABASE {database} SET work_mem = '8MB'", "inside"),
    BlockCase("ALTER DATABASE {database} SET default_tablespace = ''", "inside"),
    BlockCase("ALTER DATABASE {database} RESET default_tablespace", "inside"),
    BlockCase("ALTER DATABASE {database} CONNECTION LIMIT 5", "inside"),
    BlockCase("CREATE TABLESPACE {database} LOCATION '/no/such/folder'", "outside"),
    BlockCase("DROP TABLESPACE IF EXISTS {database}", "outside"),
    BlockCase("ALTER TABLESPACE pg_default RESET (seq_page_cost)", "inside"),
    BlockCase("ALTER SYSTEM SET work_mem = '8MB'", "outside"),
    BlockCase("ALTER SYSTEM RESET ALL", "outside"),
    BlockCase("ALTER TABLE parts DETACH PARTITION part_1 CONCURRENTLY", "outside"),
    BlockCase("ALTER TABLE IF EXISTS public.parts DETACH PARTITION part_1 CONCURRENTLY", "outside"),
    BlockCase("ALTER TABLE parts DETACH PARTITION part_1", "inside"),
    BlockCase("ALTER TABLE \"tablespace\" RENAME \"concurrently\" TO detach", "inside"),
    BlockCase("ALTER TABLE plain SET TABLESPACE pg_default", "inside"),
    BlockCase("ALTER TYPE mood ADD VALUE 'bad'", "inside"),
    BlockCase("REFRESH MATERIALIZED VIEW CONCURRENTLY seen", "inside"),
    BlockCase("DISCARD ALL", "outside"),
    BlockCase("DISCARD PLANS", "inside"),
    BlockCase("COMMIT PREPARED 'none'", "outside"),
    BlockCase("ROLLBACK PREPARED 'none'", "outside"),
    BlockCase("SELECT 'VACUUM; CREATE DATABASE x'", "inside"),
    BlockCase("CHECKPOINT", "inside"),
    BlockCase("DO $$ BEGIN PERFORM 1; END $$", "inside"),
    BlockCase(CREATE_SUBSCRIPTION, "outside"),
    BlockCase(CREATE_SUBSCRIPTION + "WITH (copy_data = false)", "outside"),
    BlockCase(CREATE_SUBSCRIPTION + "WITH (enabled = false, create_slot = 'on')", "outside"),
    BlockCase(CREATE_SUBSCRIPTION + "WITH (connect = false)", "inside"),
    BlockCase(CREATE_SUBSCRIPTION + "WITH (connect = 'off', slot_name = NONE)", "inside"),
    BlockCase("DROP SUBSCRIPTION {with_slot}", "depends", other="DROP SUBSCRIPTION {without_slot}"),
    BlockCase("DROP SUBSCRIPTION IF EXISTS {with_slot}", "depends", other="DROP SUBSCRIPTION IF EXISTS no_such"),
    BlockCase("ALTER SUBSCRIPTION {with_slot} REFRESH PUBLICATION", "outside", before=ENABLE),
    BlockCase("ALTER SUBSCRIPTION {with_slot} REFRESH PUBLICATION WITH (copy_data = false)", "outside", before=ENABLE),
    BlockCase("ALTER SUBSCRIPTION {with_slot} SET PUBLICATION q", "outside", before=ENABLE),
    BlockCase("ALTER SUBSCRIPTION {with_slot} ADD PUBLICATION q WITH (copy_data = false)", "outside", before=ENABLE),
    BlockCase("ALTER SUBSCRIPTION {with_slot} SET PUBLICATION q WITH (refresh = false)", "inside", before=ENABLE),
    BlockCase("ALTER SUBSCRIPTION {with_slot} ADD PUBLICATION q WITH (refresh = 'off')", "inside"),
    BlockCase("ALTER SUBSCRIPTION {with_slot} SET (slot_name = NONE)", "inside"),
    BlockCase("ALTER SUBSCRIPTION {with_slot} SET (failover = true)", "outside", since=17),
    BlockCase("ALTER SUBSCRIPTION {with_slot} SET (binary = true)", "inside"),
    BlockCase("ALTER SUBSCRIPTION {with_slot} SET (two_phase = false)", "outside", since=18),
    BlockCase(ENABLE, "inside"),
    BlockCase("REPACK", "outside", since=19),
    BlockCase("REPACK (CONCURRENTLY) plain", "outside", since=19),
    BlockCase("REPACK (CONCURRENTLY off, ANALYZE) plain", "outside", since=19),
    BlockCase("REPACK USING INDEX", "outside", since=19),
    BlockCase("REPACK (VERBOSE) parts", "depends", since=19, other="REPACK (VERBOSE) plain"),
    BlockCase("WAIT FOR LSN '0/1'", "depends", since=19),
)
