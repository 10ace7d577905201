"""PostgreSQL 19's views and catalogs as far as they differ from 18's, in a schema of a server of 18.

No package of 19 was at hand. The columns are those of system_views.sql of REL_19_STABLE at 7d3d2db7 (19 beta 4,
2026-09-24) and, of catalogs, of the documentation; RC 1 and 19.0 may differ in details. What 18 has is passed through,
so that a query finds the server's real rows under 19's columns.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from console.server.info import Extension, ServerInfo
from tests.support.servers import Database

SCHEMA = "nineteen"

NEW = {
    "pg_stat_lock":
        "locktype text, waits bigint, wait_time double precision, fastpath_exceeded bigint, stats_reset timestamptz",
    "pg_stat_recovery":
        "promote_triggered bool, last_replayed_read_lsn pg_lsn, last_replayed_end_lsn pg_lsn, last_replayed_tli int, "
        "replay_end_lsn pg_lsn, replay_end_tli int, recovery_last_xact_time timestamptz, "
        "current_chunk_start_time timestamptz, pause_state text",
    "pg_stat_autovacuum_scores":
        "relid oid, schemaname name, relname name, score double precision, xid_score double precision, "
        "mxid_score double precision, vacuum_score double precision, vacuum_insert_score double precision, "
        "analyze_score double precision, do_vacuum bool, do_analyze bool, for_wraparound bool",
    "pg_stat_progress_repack":
        "pid int, datid oid, datname name, relid oid, command text, phase text, repack_index_relid oid, "
        "heap_tuples_scanned bigint, heap_tuples_inserted bigint, heap_tuples_updated bigint, "
        "heap_tuples_deleted bigint, heap_blks_total bigint, heap_blks_scanned bigint, index_rebuild_count bigint",
    "pg_stat_subscription_stats":  # one column renamed, two new ones between the others
        "subid oid, subname name, apply_error_count bigint, sync_seq_error_count bigint, "
        "sync_table_error_count bigint, "
        "confl_insert_exists bigint, confl_update_origin_differs bigint, confl_update_exists bigint, "
        "confl_update_deleted bigint, confl_update_missing bigint, confl_delete_origin_differs bigint, "
        "confl_delete_missing bigint, confl_multiple_unique_conflicts bigint, stats_reset timestamptz",
    "pg_stat_subscription":  # the same columns; as a table, for workers that no 18 runs
        "subid oid, subname name, worker_type text, pid int, leader_pid int, relid oid, received_lsn pg_lsn, "
        "last_msg_send_time timestamptz, last_msg_receipt_time timestamptz, latest_end_lsn pg_lsn, "
        "latest_end_time timestamptz",
    "pg_stat_progress_vacuum":
        "pid int, datid oid, datname name, relid oid, phase text, heap_blks_total bigint, heap_blks_scanned bigint, "
        "heap_blks_vacuumed bigint, index_vacuum_count bigint, max_dead_tuple_bytes bigint, dead_tuple_bytes bigint, "
        "num_dead_item_ids bigint, indexes_total bigint, indexes_processed bigint, delay_time double precision, "
        "mode text, started_by text",
}
"""Views that tests fill: each is a table, empty at first."""

WIDENED = {
    "pg_stat_progress_analyze": "NULL::text AS started_by",
    "pg_stat_progress_basebackup": "'incremental'::text AS backup_type",
    "pg_stat_wal": "0::numeric AS wal_fpi_bytes",
    "pg_stat_replication_slots": "0::bigint AS mem_exceeded_count, 0::bigint AS slotsync_skip_count, "
                                 "NULL::timestamptz AS slotsync_last_skip",
    "pg_replication_slots": "'wal_not_flushed'::text AS slotsync_skip_reason",
    **dict.fromkeys(
        ("pg_stat_database_conflicts", "pg_stat_user_functions", "pg_stat_all_tables", "pg_stat_user_tables",
         "pg_stat_sys_tables", "pg_stat_all_indexes", "pg_stat_user_indexes", "pg_stat_sys_indexes",
         "pg_statio_all_tables", "pg_statio_user_tables", "pg_statio_all_indexes", "pg_statio_user_indexes",
         "pg_statio_all_sequences"), "NULL::timestamptz AS stats_reset"),
    "pg_available_extensions": "NULL::text AS location",
    "pg_publication": "v.pubname = 'all_but_some' AS puballsequences",
    "pg_publication_rel": "v.prrelid::regclass::text LIKE '%left_out' AS prexcept",
    "pg_foreign_data_wrapper": "0::oid AS fdwconnection",
    "pg_subscription": "false AS subretaindeadtuples, 0 AS submaxretention, false AS subretentionactive, "
                       "0::oid AS subserver, NULL::text AS subwalrcvtimeout",
}
"""Views and catalogs of 18 with the columns that 19 adds; without pg_stats: no other view can have its pseudo-types."""


STATEMENTS = f"""
    CREATE VIEW {SCHEMA}.statements AS
        SELECT v.*, 3::bigint AS generic_plan_calls, 2::bigint AS custom_plan_calls
        FROM public.pg_stat_statements(false) v;
    CREATE FUNCTION {SCHEMA}.pg_stat_statements(boolean) RETURNS SETOF {SCHEMA}.statements
        LANGUAGE sql AS 'SELECT * FROM {SCHEMA}.statements';
"""
"""pg_stat_statements 1.13: 1.12 and the two counters that it adds."""


def fill(database: Database) -> None:
    """Makes the schema with all of them."""
    with database.connect() as connection:
        connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        connection.execute(STATEMENTS.encode())
        for name, columns in NEW.items():
            connection.execute(f"CREATE TABLE {SCHEMA}.{name} ({columns})".encode())
        for name, added in WIDENED.items():
            connection.execute(f"CREATE VIEW {SCHEMA}.{name} AS SELECT v.*, {added} FROM pg_catalog.{name} v".encode())


def as_19(info: ServerInfo) -> ServerInfo:
    """What would be known of the server if it were 19.0."""
    statements = Extension("pg_stat_statements", "1.13", SCHEMA, "1.13")
    return replace(info, version_num=190000, version="19.0", views=info.views | {*NEW},
                   extensions={**info.extensions, statements.name: statements})


_PLACE = re.compile(rf"\b(FROM|JOIN)(\s+)pg_catalog\.({'|'.join((*NEW, *WIDENED))})\b(?!\()")


def uses_19(text: str) -> bool:
    """Whether a statement reads what 19 has otherwise than 18."""
    return _PLACE.search(text) is not None


def on_19(text: str) -> str:
    """A statement that reads 19's views where 19 has other ones than 18."""
    return _PLACE.sub(rf"\1\2{SCHEMA}.\3", text)
