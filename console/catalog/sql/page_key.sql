-- record: PageKey
-- interval: on demand
-- The index by whose key a table can be paged: unique, not null, whole, plain btree order; the primary key if it will do.
-- A table with inheritance children has none: their rows are not in its indexes. Keys are compared by the operators of
-- the index, wherever they are (strategy 3 is equality): what another schema has may mean something else. Those of an
-- extension are for one type, to which both sides are cast.
SELECT
    ic.relname::text AS index,
    ARRAY(
        SELECT a.attname::text
        FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) p
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p]
        ORDER BY p
    ) AS columns,
    ARRAY(
        SELECT pg_catalog.format('%%I.%%I', n.nspname, t.typname)
        FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) p
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p]
        JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[p]
        JOIN pg_catalog.pg_amop s ON s.amopfamily = o.opcfamily AND s.amoplefttype = o.opcintype
            AND s.amoprighttype = o.opcintype AND s.amopstrategy = 3
        JOIN pg_catalog.pg_operator q ON q.oid = s.amopopr
        JOIN pg_catalog.pg_type t ON t.oid
            = CASE WHEN q.oprnamespace = 'pg_catalog'::regnamespace THEN a.atttypid ELSE o.opcintype END
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        ORDER BY p
    ) AS types,
    ARRAY(
        SELECT n.nspname::text
        FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) p
        JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[p]
        JOIN pg_catalog.pg_amop s ON s.amopfamily = o.opcfamily AND s.amoplefttype = o.opcintype
            AND s.amoprighttype = o.opcintype AND s.amopstrategy = 3
        JOIN pg_catalog.pg_operator q ON q.oid = s.amopopr
        JOIN pg_catalog.pg_namespace n ON n.oid = q.oprnamespace
        ORDER BY p
    ) AS operator_schemas
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = ic.relam
WHERE i.indrelid = %(oid)s::oid
    AND NOT (c.relkind = 'r' AND c.relhassubclass)
    AND m.amname = 'btree'
    AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) p
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p]
        JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[p]
        WHERE NOT a.attnotnull OR NOT o.opcdefault OR i.indcollation[p] <> a.attcollation
            OR (i.indoption[p] & 1) <> (i.indoption[0] & 1)
            OR NOT pg_catalog.has_column_privilege(i.indrelid, a.attnum, 'SELECT')
    )
ORDER BY i.indisprimary DESC, i.indnkeyatts, ic.relname
LIMIT 1
