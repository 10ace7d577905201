-- record: Sequence
-- interval: on demand
-- One sequence (by its own OID), or those that belong to a table's columns (by the table's).
SELECT
    c.oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
    -- Before PostgreSQL 15 the sequence of an identity column had none of its own.
    CASE WHEN d.deptype = 'i' AND pg_catalog.current_setting('server_version_num')::int < 150000 THEN t.relpersistence
        ELSE c.relpersistence END::text AS persistence,
    pg_catalog.format_type(s.seqtypid, NULL) AS type,
    s.seqstart AS start,
    s.seqincrement AS increment,
    s.seqmin AS minimum,
    s.seqmax AS maximum,
    s.seqcache AS cache,
    s.seqcycle AS cycles,
    CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE,SELECT') AND c.relpersistence <> 't'
        AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery())
        THEN pg_catalog.pg_sequence_last_value(c.oid) END AS last_value,
    tn.nspname::text AS table_schema,
    t.relname::text AS "table",
    a.attname::text AS "column",
    coalesce(d.deptype = 'i', false) AS is_identity,
    pg_catalog.obj_description(c.oid, 'pg_class') AS comment
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.oid = %(oid)s::oid OR d.refobjid = %(oid)s::oid
ORDER BY a.attnum, c.relname
