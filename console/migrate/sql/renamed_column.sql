-- record: RenamedColumn
-- interval: on demand
-- A column that is to have another name: its type, what holds of it, and by which key its table is gone through.
SELECT
    n.nspname::text AS schema,
    c.relname::text AS relation,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS not_null,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default_value,
    a.attgenerated <> '' OR a.attidentity <> '' AS is_generated,
    EXISTS (SELECT FROM pg_catalog.pg_opclass AS o
            JOIN pg_catalog.pg_am AS m ON m.oid = o.opcmethod AND m.amname = 'btree'
            JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
            WHERE o.opcdefault AND (o.opcintype = a.atttypid OR o.opcintype = nullif(t.typbasetype, 0)
                OR t.typtype IN ('e', 'r') OR t.typcategory = 'A' OR t.typname = 'varchar')) AS is_comparable,
    EXISTS (SELECT FROM pg_catalog.pg_attribute AS x
            WHERE x.attrelid = c.oid AND x.attname = %(new)s AND NOT x.attisdropped) AS is_taken,
    (SELECT k.attname::text FROM pg_catalog.pg_index AS i
     JOIN pg_catalog.pg_attribute AS k ON k.attrelid = c.oid AND k.attnum = i.indkey[0] AND k.attnotnull
     WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL
     ORDER BY i.indisprimary DESC, k.attnum LIMIT 1) AS key,
    ARRAY(SELECT DISTINCT pg_catalog.pg_describe_object(p.classid, p.objid, 0) FROM pg_catalog.pg_depend AS p
          WHERE p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.refobjid = c.oid
            AND p.refobjsubid = a.attnum AND p.classid <> 'pg_catalog.pg_attrdef'::pg_catalog.regclass
            AND p.objid <> c.oid ORDER BY 1) AS dependents
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND n.nspname = %(schema)s AND c.relname = %(relation)s AND a.attname = %(old)s
