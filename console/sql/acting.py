"""What acts although a transaction is read-only: PostgreSQL's own functions and statements, and those of its contrib.

READ ONLY keeps tables from being written to and nothing else. A volatile function of PostgreSQL's that stands in none
of these tables is taken for one that acts, as a newer server may have it.
"""

from __future__ import annotations

from collections.abc import Mapping

_SIGNALS = "sends a signal to other sessions"
_CONFIGURES = "has the server read its configuration again"
_WAL = "writes to the write-ahead log"
_SLOT = "changes replication slots"
_ORIGIN = "changes where replication stands"
_STATISTICS = "resets statistics that others read"
_PLANNER = "changes the planner's statistics"
_FILE = "writes a file on the server"
_LARGE = "writes large objects"
_LOCK = "takes or gives back locks that others wait for"
_CONNECTS = "connects to another server"
_RUNS = "runs SQL that it is given as text"
_INDEX = "changes an index"
_CACHE = "changes what the server keeps in memory"
_REPAIRS = "changes a table's pages"
_LOG = "writes to the server's log"
_RECOVERY = "changes the recovery"
_BACKUP = "changes the state of a backup"
_CATALOG = "writes to the catalog"


def _named(why: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), why)


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


FUNCTIONS: Mapping[str, str] = {
    **_named(_SIGNALS, "pg_cancel_backend pg_terminate_backend"),
    **_named(_CONFIGURES, "pg_reload_conf"),
    **_named(_LOG, "pg_log_backend_memory_contexts pg_rotate_logfile pg_rotate_logfile_old"),
    **_named(_WAL, "pg_create_restore_point pg_log_standby_snapshot pg_logical_emit_message pg_switch_wal"),
    **_named(_SLOT, """
        pg_copy_logical_replication_slot pg_copy_physical_replication_slot pg_create_logical_replication_slot
        pg_create_physical_replication_slot pg_drop_replication_slot pg_logical_slot_get_binary_changes
        pg_logical_slot_get_changes pg_replication_slot_advance pg_sync_replication_slots"""),
    **_named(_ORIGIN, """
        pg_replication_origin_advance pg_replication_origin_create pg_replication_origin_drop
        pg_replication_origin_session_reset pg_replication_origin_session_setup pg_replication_origin_xact_reset
        pg_replication_origin_xact_setup"""),
    **_named(_RECOVERY, "pg_promote pg_wal_replay_pause pg_wal_replay_resume"),
    **_named(_BACKUP, "pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup"),
    **_named(_STATISTICS, """
        pg_stat_kcache_reset pg_stat_monitor_reset pg_stat_reset pg_stat_reset_backend_stats
        pg_stat_reset_replication_slot pg_stat_reset_shared pg_stat_reset_single_function_counters
        pg_stat_reset_single_table_counters pg_stat_reset_slru pg_stat_reset_subscription_stats
        pg_stat_statements_reset"""),
    **_named(_PLANNER, """
        pg_clear_attribute_stats pg_clear_relation_stats pg_restore_attribute_stats pg_restore_relation_stats"""),
    **_named(_FILE, "lo_export pg_file_rename pg_file_sync pg_file_unlink pg_file_write"),
    **_named(_LARGE, """
        lo_creat lo_create lo_from_bytea lo_import lo_put lo_truncate lo_truncate64 lo_unlink lowrite"""),
    **_named(_LOCK, """
        pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared
        pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared
        pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared"""),
    **_named("notifies other sessions", "pg_notify"),
    **_named(_INDEX, """
        brin_desummarize_range brin_summarize_new_values brin_summarize_range gin_clean_pending_list"""),
    **_named(_CACHE, """
        autoprewarm_dump_now autoprewarm_start_worker pg_buffercache_evict pg_buffercache_evict_all
        pg_buffercache_evict_relation pg_buffercache_mark_dirty pg_buffercache_mark_dirty_all
        pg_buffercache_mark_dirty_relation pg_prewarm"""),
    **_named(_REPAIRS, "heap_force_freeze heap_force_kill pg_truncate_visibility_map"),
    **_named(_CATALOG, """
        pg_extension_config_dump pg_import_system_collations pg_nextoid pg_stop_making_pinned_objects"""),
    **_named(_CONNECTS, """
        dblink dblink_cancel_query dblink_close dblink_connect dblink_connect_u dblink_disconnect dblink_exec
        dblink_fetch dblink_get_result dblink_open dblink_send_query"""),
    **_named("writes a file, where its stylesheet says so", "xslt_process"),
    **_named("sets the security label of the session", "sepgsql_setcon"),
}
"""Functions of PostgreSQL's own and of extensions that act, and what they do. nextval and setval aren't among them: the
server refuses them. Nor is what reads files: that takes a privilege, and changes nothing."""

RUNS_TEXT: Mapping[str, int | None] = {
    "connectby": None, "crosstab": 0, "crosstab2": 0, "crosstab3": 0, "crosstab4": 0, "crosstabn": 0,
    "query_to_xml": 0, "query_to_xml_and_xmlschema": 0, "query_to_xmlschema": 0, "ts_rewrite": 1, "ts_stat": 0,
    "database_to_xml": None, "database_to_xml_and_xmlschema": None, "schema_to_xml": None,
    "schema_to_xml_and_xmlschema": None, "table_to_xml": None, "table_to_xml_and_xmlschema": None, "xpath_table": None,
}
"""Functions that run what they are given, and which of their arguments is the statement, from 0; None: it is put
together of names."""
RUNS_TEXT_ARGUMENTS = {"ts_rewrite": 2}
"""With another number of arguments they run nothing."""
RUNS_TEXT_WHY = _RUNS

SETS_ROLE = "set_config"
ROLE_SETTINGS = frozenset(("role", "session_authorization"))
SETS_ROLE_WHY = "may change the role that statements run as"

READING = _set("""
    amvalidate array_sample array_shuffle bernoulli brinhandler bthandler clock_timestamp current_query currtid2
    currval cursor_to_xml cursor_to_xmlschema database_to_xmlschema dsnowball_init dsnowball_lexize gen_random_uuid
    ginhandler gisthandler hashhandler heap_tableam_handler lastval lo_close lo_get lo_lseek lo_lseek64 lo_open
    lo_tell lo_tell64 loread nextval pg_available_wal_summaries pg_blocking_pids pg_collation_actual_version
    pg_current_logfile pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
    pg_database_collation_actual_version pg_database_size pg_export_snapshot pg_get_aios
    pg_get_backend_memory_contexts pg_get_loaded_modules pg_get_multixact_members pg_get_sequence_data
    pg_get_shmem_allocations pg_get_shmem_allocations_numa pg_get_wait_events pg_get_wal_replay_pause_state
    pg_get_wal_resource_managers pg_get_wal_summarizer_state pg_hba_file_rules pg_ident_file_mappings pg_indexes_size
    pg_is_in_recovery pg_is_wal_replay_paused pg_isolation_test_session_is_blocked pg_jit_available
    pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status
    pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes pg_notification_queue_usage
    pg_partition_ancestors pg_partition_tree pg_prepared_xact pg_read_binary_file pg_read_file pg_read_file_old
    pg_relation_size pg_replication_origin_progress pg_replication_origin_session_is_setup
    pg_replication_origin_session_progress pg_safe_snapshot_blocking_pids pg_sequence_last_value
    pg_show_all_file_settings pg_show_replication_origin_status pg_sleep pg_sleep_for pg_sleep_until
    pg_stat_clear_snapshot pg_stat_file pg_stat_force_next_flush pg_stat_have_stats pg_table_size pg_tablespace_size
    pg_total_relation_size pg_wal_summary_contents pg_xact_commit_timestamp pg_xact_commit_timestamp_origin
    pg_xact_status plpgsql_call_handler plpgsql_inline_handler plpgsql_validator random random_normal
    schema_to_xmlschema setseed setval spghandler system table_to_xmlschema timeofday txid_status uuidv4 uuidv7""")
READING_BEGINNINGS = ("pg_control_", "pg_ls_", "pg_stat_get_", "xml")
"""Volatile functions of PostgreSQL's own that change nothing but their own session. Those that sleep end at the time
limit."""

EXTENSIONS = _set("""
    adminpack amcheck bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw
    fuzzystrmatch hstore hypopg intagg intarray isn lo ltree old_snapshot pageinspect pg_buffercache pg_freespacemap
    pg_logicalinspect pg_overexplain pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility pg_walinspect
    pgcrypto pgrowlocks pgstattuple postgres_fdw seg sslinfo tablefunc tsm_system_rows tsm_system_time unaccent
    uuid-ossp vector xml2""")
"""Extensions whose functions are known: those that act stand in FUNCTIONS."""

STATEMENTS: Mapping[tuple[str, ...], str] = {
    ("ALTER", "SYSTEM"): "writes the server's configuration",
    ("ANALYSE",): _PLANNER,
    ("ANALYZE",): _PLANNER,
    ("CHECKPOINT",): "has the server write out all that it holds in memory",
    ("CLUSTER",): "writes a table anew",
    ("COMMIT", "PREPARED"): "ends a transaction of somebody else's",
    ("LOAD",): "loads a library into the server",
    ("LOCK",): _LOCK,
    ("NOTIFY",): "notifies other sessions",
    ("PREPARE", "TRANSACTION"): "leaves a transaction behind",
    ("REINDEX",): "builds indexes anew",
    ("REPACK",): "writes a table anew",
    ("ROLLBACK", "PREPARED"): "ends a transaction of somebody else's",
    ("SET", "LOCAL", "ROLE"): "changes the role that statements run as",
    ("SET", "LOCAL", "SESSION", "AUTHORIZATION"): "changes the role that statements run as",
    ("SET", "ROLE"): "changes the role that statements run as",
    ("SET", "SESSION", "AUTHORIZATION"): "changes the role that statements run as",
    ("SET", "SESSION", "ROLE"): "changes the role that statements run as",
    ("SET", "SESSION", "SESSION", "AUTHORIZATION"): "changes the role that statements run as",
    ("VACUUM",): "cleans up tables",
}
"""Statements that a read-only transaction lets through, by the words that they begin with, and what they do. LISTEN
isn't among them: it is rolled back."""

COPY_PROGRAM = "runs a program on the server"
COPY_FILE = _FILE


def function_effect(name: str) -> str | None:
    """What a function of PostgreSQL's own or of a known extension does outside its transaction; None for nothing."""
    if name.startswith("binary_upgrade_"):
        return _CATALOG
    return FUNCTIONS.get(name)


def is_reading(name: str) -> bool:
    """Whether a volatile function of PostgreSQL's own is known to change nothing."""
    return name in READING or name.startswith(READING_BEGINNINGS) or name in RUNS_TEXT
