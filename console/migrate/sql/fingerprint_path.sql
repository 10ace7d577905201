-- record: SearchPath
-- interval: on demand
-- Goes before the others, in their transaction: definitions then name everything with its schema.
SELECT pg_catalog.set_config('search_path', '', true) AS search_path
