DROP VIEW web_access.monthly_cost;
DROP FUNCTION web_access.purge_expired_cache(integer);
DROP PROCEDURE web_access.ensure_api_usage_partition(date);
