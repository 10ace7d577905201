-- record: TableActivity
-- interval: 30 s
-- What the statistics say of the database's own tables, 200 at a time: the first by `sort` (a column below), of those
-- whose name holds `needle`. Sorting by size goes by the last vacuum or analyze; the sizes of those shown are asked,
-- except of a table that somebody has locked, as asking would wait for that.
WITH own AS (
    SELECT
        i.indrelid,
        pg_catalog.sum(pg_catalog.pg_stat_get_numscans(i.indexrelid))::int8 AS scans,
        pg_catalog.sum(c.relpages) AS pages
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE c.relkind = 'i'
    GROUP BY i.indrelid
), found AS (
    SELECT
        c.oid,
        n.nspname,
        c.relname,
        c.reltoastrelid,
        c.reltuples,
        c.reloptions,
        pg_catalog.pg_stat_get_numscans(c.oid) AS sequential_scans,
        pg_catalog.pg_stat_get_tuples_returned(c.oid) AS sequential_rows,
        coalesce(own.scans, 0) AS index_scans,
        pg_catalog.pg_stat_get_tuples_inserted(c.oid) AS inserted_rows,
        pg_catalog.pg_stat_get_tuples_updated(c.oid) AS updated_rows,
        pg_catalog.pg_stat_get_tuples_hot_updated(c.oid) AS hot_updated_rows,
        pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS deleted_rows,
        pg_catalog.pg_stat_get_live_tuples(c.oid) AS live_rows,
        pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead_rows,
        pg_catalog.age(c.relfrozenxid) AS transaction_age,
        greatest(pg_catalog.pg_stat_get_last_vacuum_time(c.oid), pg_catalog.pg_stat_get_last_autovacuum_time(c.oid))
            AS last_vacuum,
        greatest(pg_catalog.pg_stat_get_last_analyze_time(c.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid))
            AS last_analyze,
        (c.relpages + coalesce(toast.relpages, 0))::int8 * z.block_bytes AS table_bytes,
        coalesce(own.pages, 0)::int8 * z.block_bytes AS index_bytes,
        count(*) OVER () AS tables
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN own ON own.indrelid = c.oid
    LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
    CROSS JOIN (SELECT pg_catalog.current_setting('block_size')::int8) z (block_bytes)
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        AND (%(needle)s::text IS NULL
            OR strpos(lower(n.nspname || '.' || c.relname), lower(%(needle)s::text)) > 0)
), page AS (
    SELECT f.*, row_number() OVER (
        ORDER BY
            CASE WHEN %(is_descending)s::bool THEN v.value END DESC NULLS LAST,
            CASE WHEN NOT %(is_descending)s::bool THEN v.value END NULLS LAST,
            f.nspname,
            f.relname) AS place
    FROM found f
    CROSS JOIN LATERAL (
        SELECT CASE %(sort)s::text
            WHEN 'table_size' THEN f.table_bytes
            WHEN 'index_size' THEN f.index_bytes
            WHEN 'sequential' THEN f.sequential_scans
            WHEN 'rows' THEN f.live_rows
            WHEN 'indexed' THEN f.index_scans
            WHEN 'inserted' THEN f.inserted_rows
            WHEN 'updated' THEN f.updated_rows
            WHEN 'hot' THEN f.hot_updated_rows::float8 / nullif(f.updated_rows, 0)
            WHEN 'deleted' THEN f.deleted_rows
            WHEN 'dead' THEN f.dead_rows
            WHEN 'dead_share' THEN f.dead_rows::float8 / greatest(1, f.dead_rows + f.live_rows)
            WHEN 'age' THEN f.transaction_age
            WHEN 'vacuum' THEN extract(epoch FROM clock_timestamp() - f.last_vacuum)
            WHEN 'analyze' THEN extract(epoch FROM clock_timestamp() - f.last_analyze)
        END::float8 AS value
    ) v
    ORDER BY place
    LIMIT 200
), locked AS (
    SELECT l.relation
    FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
)
SELECT
    p.oid::int8 AS oid,
    p.nspname::text AS schema,
    p.relname::text AS "table",
    p.sequential_scans,
    p.sequential_rows,
    p.index_scans,
    p.inserted_rows,
    p.updated_rows,
    p.hot_updated_rows,
    p.deleted_rows,
    p.live_rows,
    p.dead_rows,
    p.dead_rows > least(
        coalesce(o.base, pg_catalog.current_setting('autovacuum_vacuum_threshold')::float8)
            + coalesce(o.scale, pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::float8)
                * CASE WHEN p.reltuples <= 1e15 THEN greatest(0, p.reltuples) ELSE p.live_rows END,
        nullif(coalesce(o.most, pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true)::float8), -1))
        AS is_due,
    p.transaction_age,
    pg_catalog.current_setting('autovacuum_freeze_max_age')::int8 AS freeze_max_age,
    extract(epoch FROM clock_timestamp() - p.last_vacuum)::float8 AS last_vacuum_age_s,
    extract(epoch FROM clock_timestamp() - p.last_analyze)::float8 AS last_analyze_age_s,
    CASE WHEN is_locked THEN p.table_bytes ELSE coalesce(pg_catalog.pg_table_size(p.oid), p.table_bytes) END
        AS table_bytes,
    CASE WHEN is_locked THEN p.index_bytes ELSE coalesce(pg_catalog.pg_indexes_size(p.oid), p.index_bytes) END
        AS index_bytes,
    p.tables
FROM page p
LEFT JOIN LATERAL (
    SELECT
        max(r.option_value) FILTER (WHERE r.option_name = 'autovacuum_vacuum_threshold')::float8 AS base,
        max(r.option_value) FILTER (WHERE r.option_name = 'autovacuum_vacuum_scale_factor')::float8 AS scale,
        max(r.option_value) FILTER (WHERE r.option_name = 'autovacuum_vacuum_max_threshold')::float8 AS most
    FROM pg_catalog.pg_options_to_table(p.reloptions) r
) o ON p.reloptions IS NOT NULL
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT
        FROM locked l
        LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = l.relation
        WHERE l.relation IN (p.oid, p.reltoastrelid) OR i.indrelid IN (p.oid, p.reltoastrelid)
    )
) k (is_locked)
ORDER BY p.place
