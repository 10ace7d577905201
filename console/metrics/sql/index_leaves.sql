-- record: IndexLeaves
-- needs: extension pgstattuple
-- interval: on demand
-- Reads every page of a B-tree: as long as that takes.
SELECT
    t.index_size AS total_bytes,
    t.leaf_pages,
    t.empty_pages,
    t.deleted_pages,
    nullif(t.avg_leaf_density, 'NaN') AS leaf_density_percent,
    nullif(t.leaf_fragmentation, 'NaN') AS fragmentation_percent
FROM :"pgstattuple".pgstatindex(%(oid)s::oid::regclass) t
