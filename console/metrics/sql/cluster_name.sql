-- record: ClusterName
-- interval: 5 min
-- Empty where nobody gave the server one.
SELECT pg_catalog.current_setting('cluster_name') AS name
