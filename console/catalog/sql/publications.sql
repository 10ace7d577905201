-- record: Publication
-- interval: on demand
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
    (SELECT count(*) FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid) AS tables
FROM pg_catalog.pg_publication p
ORDER BY p.pubname
