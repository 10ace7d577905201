-- record: Definition
-- interval: on demand
-- Since 15 with lists of columns, conditions and whole schemas; since 18 with generated columns, since 19 with all
-- sequences and all tables but some, of which older ones have no column.
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
            coalesce(' FOR ' || nullif(pg_catalog.concat_ws(', ', CASE WHEN p.puballtables THEN 'ALL TABLES' || coalesce((
                SELECT pg_catalog.format(' EXCEPT (%s)', pg_catalog.string_agg(
                    pg_catalog.format('TABLE ONLY %I.%I', n.nspname, c.relname), ', ' ORDER BY n.nspname, c.relname))
                FROM pg_catalog.pg_publication_rel r
                JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE r.prpubid = p.oid AND (pg_catalog.to_jsonb(r) ->> 'prexcept')::bool
                HAVING count(*) > 0
            ), '') END, CASE WHEN (pg_catalog.to_jsonb(p) ->> 'puballsequences')::bool THEN 'ALL SEQUENCES' END), ''),
            ''),
            pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
            p.pubviaroot::text, CASE pg_catalog.to_jsonb(p) ->> 'pubgencols'
                WHEN 's' THEN ', publish_generated_columns = stored' ELSE '' END)
    ] || ARRAY(
        SELECT pg_catalog.format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I%s', p.pubname, n.nspname,
            c.relname, coalesce((
                SELECT pg_catalog.format(' (%s)', pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '
                    ORDER BY a.attnum))
                FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)
                HAVING count(*) > 0
            ), '') || coalesce(' WHERE (' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) || ')', ''))
        FROM pg_catalog.pg_publication_rel r
        JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE r.prpubid = p.oid AND NOT coalesce((pg_catalog.to_jsonb(r) ->> 'prexcept')::bool, false)
        ORDER BY n.nspname, c.relname
    ) || ARRAY(
        SELECT pg_catalog.format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I', p.pubname, n.nspname)
        FROM pg_catalog.pg_publication_namespace s
        JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid
        WHERE s.pnpubid = p.oid
        ORDER BY n.nspname
    ) AS statements,
    pg_catalog.obj_description(p.oid, 'pg_publication') AS comment
FROM pg_catalog.pg_publication p
ORDER BY p.pubname
