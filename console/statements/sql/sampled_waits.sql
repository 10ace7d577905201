-- record: SampledWait
-- needs: extension pg_wait_sampling 1.1
-- interval: on demand
-- What some statements were seen waiting for, most often first, since the profile began: it knows neither their users nor
-- their databases. Without an event they were on a processor.
SELECT
    CASE WHEN p.event IS NULL THEN 'CPU' ELSE p.event_type || ':' || p.event END AS event,
    sum(p.count)::int8 AS samples,
    (sum(sum(p.count)) OVER ())::int8 AS all_samples
FROM :"pg_wait_sampling".pg_wait_sampling_get_profile() p
WHERE p.queryid = ANY (%(query_ids)s::int8[])
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 4
