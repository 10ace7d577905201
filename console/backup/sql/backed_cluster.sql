-- record: ClusterFacts
-- interval: on demand
-- What a base backup of the cluster needs to be restored, and whether incremental ones can be made.
SELECT
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size')) AS segment_bytes,
    (SELECT r.rolname::text FROM pg_catalog.pg_roles AS r WHERE r.rolsuper AND r.rolcanlogin ORDER BY r.oid LIMIT 1)
        AS superuser,
    coalesce(pg_catalog.current_setting('summarize_wal', true), 'off') = 'on' AS summarizes_wal
