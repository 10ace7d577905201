-- record: Definition
-- interval: on demand
SELECT
    'pg_publication' AS catalog,
    p.oid,
    'PUBLICATION' AS kind,
    NULL::text AS schema,
    pg_catalog.quote_ident(p.pubname) AS name,
    pg_catalog.pg_get_userbyid(p.pubowner)::text AS owner,
    NULL::text AS grant_clause,
    ARRAY[
        pg_catalog.format('CREATE PUBLICATION %I%s WITH (publish = %L, publish_via_partition_root = %s%s)', p.pubname,
            CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE '' END,
            pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
            p.pubviaroot::text, '')
    ] || ARRAY(
        SELECT pg_catalog.format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I%s', p.pubname, n.nspname, c.relname, '')
        FROM pg_catalog.pg_publication_rel r
        JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE r.prpubid = p.oid
        ORDER BY n.nspname, c.relname
    ) AS statements,
    pg_catalog.obj_description(p.oid, 'pg_publication') AS comment
FROM pg_catalog.pg_publication p
ORDER BY p.pubname
