-- record: RelationHeader
-- interval: on demand
SELECT
    c.oid,
    n.oid AS schema_oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS relkind,
    c.relispartition AS is_partition,
    pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
    pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
    e.extname::text AS extension,
    ARRAY(
        SELECT x.extname::text
        FROM pg_catalog.pg_depend dx
        JOIN pg_catalog.pg_extension x ON x.oid = dx.refobjid
        WHERE dx.classid = 'pg_catalog.pg_class'::regclass AND dx.objid = c.oid AND dx.deptype = 'x'
            AND dx.refclassid = 'pg_catalog.pg_extension'::regclass
        ORDER BY 1
    ) AS needed_extensions,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::float8 AS row_estimate,
    c.relpersistence::text AS persistence,
    a.amname::text AS access_method,
    t.spcname::text AS tablespace,
    coalesce(c.reloptions, '{}') AS options,
    coalesce((SELECT x.reloptions FROM pg_catalog.pg_class x WHERE x.oid = c.reltoastrelid), '{}') AS toast_options,
    c.relrowsecurity AS row_security,
    c.relforcerowsecurity AS force_row_security,
    c.relreplident::text AS replica_identity,
    c.relispopulated AS is_populated,
    c.relhassubclass AS has_children,
    CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END AS of_type,
    CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
    CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS bound,
    ARRAY(
        SELECT ARRAY[pn.nspname::text, pc.relname::text]
        FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class pc ON pc.oid = i.inhparent
        JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
        WHERE i.inhrelid = c.oid
        ORDER BY i.inhseqno
    ) AS parents,
    EXISTS (
        SELECT FROM (
            SELECT o.place < pg_catalog.lag(o.place) OVER (ORDER BY a.attnum) AS is_earlier
            FROM pg_catalog.pg_attribute a
            CROSS JOIN LATERAL (
                SELECT coalesce(min(i.inhseqno * 10000 + pa.attnum), 2147483647) AS place
                FROM pg_catalog.pg_inherits i
                JOIN pg_catalog.pg_attribute pa ON pa.attrelid = i.inhparent AND pa.attname = a.attname
                    AND NOT pa.attisdropped
                WHERE i.inhrelid = a.attrelid
            ) o
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT c.relispartition
        ) x
        WHERE x.is_earlier
    ) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attislocal
    ) AS has_own_order,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS view_definition,
    s.srvname::text AS foreign_server,
    coalesce(f.ftoptions, '{}') AS foreign_options,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
        AS is_readable
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid
LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver
WHERE c.oid = %(oid)s::oid
