-- record: ListPage
-- needs: extension pageinspect 1.9; superuser
-- interval: on demand
-- The first page of an ivfflat index's lists, with their centres.
SELECT pg_catalog.encode(
    :"pageinspect".get_raw_page(%(index)s::text, 'main'::text, 1::int8), 'hex') AS hex
