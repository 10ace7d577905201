DROP TABLE web_access.screenshots;
DROP TABLE web_access.search_history;
DROP TABLE web_access.cache_entries;
