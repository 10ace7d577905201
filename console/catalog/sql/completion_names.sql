-- record: CompletionName
-- interval: on demand
-- Names to offer while SQL is typed: schemas, then relations, then functions; a person's own before the system's.
SELECT s.schema, s.name, s.kind
FROM (
    SELECT 1 AS part, ''::text AS schema, n.nspname::text AS name, 'schema'::text AS kind
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname !~ '^pg_(toast|temp)'
        AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    UNION ALL
    (
        SELECT
            2, n.nspname::text, c.relname::text,
            CASE c.relkind
                WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                ELSE 'table'
            END
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
            AND NOT c.relispartition
            AND n.nspname !~ '^pg_(toast|temp)'
            AND n.nspname <> 'information_schema'
        ORDER BY n.nspname = 'pg_catalog', c.relname
        LIMIT %(most)s::int
    )
    UNION ALL
    (
        SELECT DISTINCT 3, n.nspname::text, p.proname::text, 'function'
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        WHERE p.prokind IN ('f', 'a', 'w')
            AND n.nspname <> 'information_schema'
            AND NOT EXISTS (
                SELECT FROM pg_catalog.unnest(p.proargtypes) AS t (oid)
                WHERE t.oid IN ('internal'::pg_catalog.regtype, 'cstring'::pg_catalog.regtype)
            )
            AND p.prorettype NOT IN (
                'internal'::pg_catalog.regtype, 'trigger'::pg_catalog.regtype, 'event_trigger'::pg_catalog.regtype
            )
        ORDER BY 2, 3
        LIMIT %(most)s::int
    )
) AS s
ORDER BY s.part, s.schema = 'pg_catalog', s.name
