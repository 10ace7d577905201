-- Runs with its owner's rights, since only a table's owner may add partitions; only the admin role may call it.
CREATE PROCEDURE web_access.ensure_api_usage_partition(month date)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    month_start timestamp := date_trunc('month', month::timestamp);
    partition text := 'api_usage_' || to_char(month_start, 'YYYY_MM');
BEGIN
    IF to_regclass(format('web_access.%I', partition)) IS NULL THEN
        EXECUTE format('CREATE TABLE web_access.%I PARTITION OF web_access.api_usage FOR VALUES FROM (%L) TO (%L)',
                       partition, month_start AT TIME ZONE 'UTC', (month_start + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format('COMMENT ON TABLE web_access.%I IS %L', partition, 'API usage of ' || to_char(month_start, 'YYYY-MM'));
    END IF;
END
$$;
COMMENT ON PROCEDURE web_access.ensure_api_usage_partition(date) IS
    'Makes the partition of a day''s month (UTC) unless it is there; rows of it in the default partition stop it';
REVOKE EXECUTE ON PROCEDURE web_access.ensure_api_usage_partition(date) FROM PUBLIC, web_access_app;

CREATE FUNCTION web_access.purge_expired_cache(batch_size integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    purged integer;
BEGIN
    DELETE FROM web_access.cache_entries
    WHERE url_md5 IN (SELECT url_md5 FROM web_access.cache_entries
                      WHERE expires_at <= now()
                      ORDER BY expires_at
                      LIMIT batch_size
                      FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS purged = ROW_COUNT;
    RETURN purged;
END
$$;
COMMENT ON FUNCTION web_access.purge_expired_cache(integer) IS
    'Deletes at most so many expired cache entries; how many it deleted';

CREATE VIEW web_access.monthly_cost AS
SELECT p.name AS provider, date_trunc('month', u.used_at, 'UTC') AS month, count(*) AS requests,
       count(*) FILTER (WHERE u.status_code >= 400) AS failed, sum(u.cost) AS cost,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY u.latency_ms) AS p95_latency_ms,
       CASE WHEN p.monthly_quota IS NOT NULL THEN round(100.0 * count(*) / p.monthly_quota, 1) END AS quota_percent
FROM web_access.api_usage AS u
JOIN web_access.api_providers AS p ON p.id = u.provider_id
GROUP BY p.id, p.name, p.monthly_quota, date_trunc('month', u.used_at, 'UTC');
COMMENT ON VIEW web_access.monthly_cost IS
    'Requests, failures, cost in US dollars and quota per provider and month (UTC)';
