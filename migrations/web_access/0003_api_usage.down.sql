-- The partitions, also those made since, go with their table.
DROP TABLE web_access.api_usage;
DROP TABLE web_access.api_providers;
