-- record: ObjectRow
-- interval: on demand
-- Tables, views, materialised views, sequences and composite types; sequences without their position.
WITH of_extensions AS MATERIALIZED (
    SELECT e.objid FROM pg_catalog.pg_depend AS e
    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.deptype = 'e'
)
SELECT
    CASE c.relkind
        WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'composite type' END AS kind,
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    c.relname::text AS own_name,
    CASE WHEN o.deptype IS NOT NULL THEN pg_catalog.format('%s', o.refobjid::regclass)
         ELSE pg_catalog.quote_ident(n.nspname) END AS parent,
    pg_catalog.quote_ident(n.nspname) AS schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'owner', c.relowner::regrole::text,
        'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END,
        'access method', (SELECT am.amname FROM pg_catalog.pg_am AS am WHERE am.oid = c.relam AND c.relkind <> 'p'),
        'tablespace', (SELECT t.spcname FROM pg_catalog.pg_tablespace AS t WHERE t.oid = c.reltablespace),
        'options', (SELECT pg_catalog.string_agg(one, ', ' ORDER BY one) FROM pg_catalog.unnest(c.reloptions) AS one),
        'partition key', CASE c.relkind WHEN 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
        'partition bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid),
        'parents', (SELECT pg_catalog.string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
                    FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid),
        'row type of', CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END,
        'row level security', CASE WHEN c.relrowsecurity THEN 'enabled' END,
        'forced row level security', CASE WHEN c.relforcerowsecurity THEN 'enabled' END,
        'replica identity', CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'i' THEN 'an index' WHEN 'n' THEN
                            CASE WHEN c.relkind IN ('r', 'p') THEN 'nothing' END END,
        'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
        'server', (SELECT s.srvname FROM pg_catalog.pg_foreign_table AS t
                   JOIN pg_catalog.pg_foreign_server AS s ON s.oid = t.ftserver WHERE t.ftrelid = c.oid),
        'server options', (SELECT t.ftoptions FROM pg_catalog.pg_foreign_table AS t WHERE t.ftrelid = c.oid),
        'type', pg_catalog.format_type(s.seqtypid, NULL),
        'start', s.seqstart, 'increment', s.seqincrement, 'minimum', s.seqmin, 'maximum', s.seqmax, 'cache', s.seqcache,
        'cycle', CASE WHEN s.seqcycle THEN 'enabled' END,
        'owning column', CASE WHEN o.deptype IS NOT NULL THEN (
            SELECT pg_catalog.format('%s.%I', a.attrelid::regclass, a.attname) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = o.refobjid AND a.attnum = o.refobjsubid) END,
        'privileges', CASE WHEN c.relacl <> pg_catalog.acldefault(
                                    CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner) THEN coalesce((
            SELECT pg_catalog.json_object_agg(g.grantee, g.privileges)
            FROM (SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' WHEN c.relowner THEN '(owner)'
                              ELSE a.grantee::regrole::text END AS grantee,
                         pg_catalog.string_agg(DISTINCT a.privilege_type
                             || CASE WHEN a.is_grantable AND a.grantee <> c.relowner THEN ' with grant option'
                                     ELSE '' END, ', ') AS privileges
                  FROM pg_catalog.aclexplode(c.relacl) AS a GROUP BY 1) AS g), '{}') END,
        'comment', (SELECT d.description FROM pg_catalog.pg_description AS d
            WHERE d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0))) AS facts
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = c.oid
LEFT JOIN pg_catalog.pg_depend AS o
    ON c.relkind = 'S' AND o.classid = 'pg_catalog.pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
   AND o.refclassid = 'pg_catalog.pg_class'::regclass AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c')
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'dbconsole')
  AND NOT EXISTS (SELECT FROM of_extensions WHERE of_extensions.objid = c.oid)
