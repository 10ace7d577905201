-- record: Metapage
-- needs: extension pageinspect 1.9; superuser
-- interval: on demand
-- The beginning of an index's first page, where hnsw and ivfflat keep with what options they were built.
SELECT pg_catalog.encode(
    pg_catalog.substr(:"pageinspect".get_raw_page(%(index)s::text, 'main'::text, 0::int8), 1, 64), 'hex') AS hex
