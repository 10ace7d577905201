-- record: Publication
-- interval: on demand
-- From 19 on a publication may be of all sequences, and of all tables but some, which are rows of pg_publication_rel too.
SELECT
    p.oid,
    p.pubname::text AS name,
    pg_catalog.pg_get_userbyid(p.pubowner)::text AS owner,
    p.puballtables AS is_for_all_tables,
    pg_catalog.array_remove(ARRAY[
        CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
        CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END
    ], NULL) AS operations,
    p.pubviaroot AS is_via_root,
    e.tables - e.excepted AS tables,
    e.excepted,
    coalesce((pg_catalog.to_jsonb(p) ->> 'puballsequences')::bool, false) AS is_for_all_sequences
FROM pg_catalog.pg_publication p
CROSS JOIN LATERAL (
    SELECT count(*) AS tables, count(*) FILTER (WHERE (pg_catalog.to_jsonb(r) ->> 'prexcept')::bool) AS excepted
    FROM pg_catalog.pg_publication_rel r
    WHERE r.prpubid = p.oid
) e
ORDER BY p.pubname
