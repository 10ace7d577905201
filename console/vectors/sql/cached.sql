-- record: Cached
-- needs: extension pg_buffercache; role pg_monitor
-- interval: on demand
-- How many pages of an index are in shared_buffers. It looks at every buffer.
SELECT pg_catalog.count(*) AS buffers
FROM :"pg_buffercache".pg_buffercache b
WHERE b.relfilenode = pg_catalog.pg_relation_filenode(%(index)s::oid)
    AND b.reldatabase = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
