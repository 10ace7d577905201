-- record: ObjectRow
-- interval: on demand
-- What is attached to tables beside columns, constraints and indexes: triggers, policies, rules, statistics.
WITH relations AS MATERIALIZED (
    SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, pg_catalog.quote_ident(n.nspname) AS schema
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
      AND n.nspname !~ '^pg_'
      AND n.nspname NOT IN ('information_schema', 'dbconsole')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS e
                      WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
)
SELECT
    'trigger' AS kind,
    pg_catalog.format('%I on %s', t.tgname, r.name) AS name,
    t.tgname::text AS own_name,
    r.name AS parent,
    r.schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'definition', pg_catalog.pg_get_triggerdef(t.oid),
        'firing', CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on replicas' WHEN 'A' THEN 'always' END,
        'firing in partitions', (
            SELECT pg_catalog.string_agg(c.tgrelid::regclass || CASE c.tgenabled WHEN 'D' THEN ': disabled'
                                         ELSE ': changed' END, ', ' ORDER BY c.tgrelid::regclass::text)
            FROM pg_catalog.pg_trigger AS c WHERE c.tgparentid = t.oid AND c.tgenabled <> t.tgenabled),
        'comment', pg_catalog.obj_description(t.oid, 'pg_trigger'))) AS facts
FROM pg_catalog.pg_trigger AS t
JOIN relations AS r ON r.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgparentid = 0
UNION ALL
SELECT 'policy', pg_catalog.format('%I on %s', p.polname, r.name), p.polname::text, r.name, r.schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'command', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                                 WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        'kind', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
        'roles', (SELECT pg_catalog.string_agg(CASE one WHEN 0 THEN 'PUBLIC' ELSE one::regrole::text END, ', '
                                               ORDER BY one::regrole::text)
                  FROM pg_catalog.unnest(p.polroles) AS one),
        'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
        'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
        'comment', pg_catalog.obj_description(p.oid, 'pg_policy')))
FROM pg_catalog.pg_policy AS p
JOIN relations AS r ON r.oid = p.polrelid
UNION ALL
SELECT 'rule', pg_catalog.format('%I on %s', w.rulename, r.name), w.rulename::text, r.name, r.schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'definition', pg_catalog.pg_get_ruledef(w.oid),
        'firing', CASE w.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on replicas' WHEN 'A' THEN 'always' END,
        'comment', pg_catalog.obj_description(w.oid, 'pg_rewrite')))
FROM pg_catalog.pg_rewrite AS w
JOIN relations AS r ON r.oid = w.ev_class
WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'statistics object', s.stxnamespace::regnamespace || '.' || pg_catalog.quote_ident(s.stxname), s.stxname::text,
    r.name, r.schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'definition', pg_catalog.pg_get_statisticsobjdef(s.oid),
        'statistics target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END,
        'owner', s.stxowner::regrole::text,
        'comment', pg_catalog.obj_description(s.oid, 'pg_statistic_ext')))
FROM pg_catalog.pg_statistic_ext AS s
JOIN relations AS r ON r.oid = s.stxrelid
