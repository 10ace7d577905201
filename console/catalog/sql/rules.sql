-- record: RewriteRule
-- interval: on demand
-- The rules of a relation, but for the one that makes a view a view.
SELECT
    r.oid,
    r.rulename::text AS name,
    pg_catalog.pg_get_ruledef(r.oid) AS definition,
    r.ev_enabled::text AS state,
    pg_catalog.obj_description(r.oid, 'pg_rewrite') AS comment
FROM pg_catalog.pg_rewrite r
WHERE r.ev_class = %(oid)s::oid AND r.rulename <> '_RETURN'
ORDER BY r.rulename
