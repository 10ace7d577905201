CREATE VIEW event_data.upcoming_events AS
SELECT e.id, e.slug, e.name, e.format, e.starts_at, e.ends_at, v.name AS venue, v.city, v.country_code,
       (SELECT count(*) FROM event_data.event_speakers AS s WHERE s.event_id = e.id) AS speakers,
       (SELECT array_agg(t.name ORDER BY et.relevance DESC, t.name)
        FROM event_data.event_topics AS et
        JOIN event_data.topics AS t ON t.id = et.topic_id
        WHERE et.event_id = e.id) AS topics
FROM event_data.events AS e
LEFT JOIN event_data.venues AS v ON v.id = e.venue_id
WHERE e.status IN ('announced', 'confirmed') AND e.starts_at >= now();
COMMENT ON VIEW event_data.upcoming_events IS
    'The calendar: events still to come with place, number of speakers and topics';

CREATE MATERIALIZED VIEW event_data.topic_popularity AS
SELECT t.id AS topic_id, t.name AS topic, date_trunc('month', e.starts_at, 'UTC') AS month,
       count(*) AS events, sum(et.relevance)::double precision AS weight
FROM event_data.topics AS t
JOIN event_data.event_topics AS et ON et.topic_id = t.id
JOIN event_data.events AS e ON e.id = et.event_id
WHERE e.status <> 'cancelled'
GROUP BY t.id, t.name, date_trunc('month', e.starts_at, 'UTC');
CREATE UNIQUE INDEX topic_popularity_topic_id_month_idx ON event_data.topic_popularity (topic_id, month);
COMMENT ON MATERIALIZED VIEW event_data.topic_popularity IS
    'Events per topic and month (UTC); the unique index allows REFRESH MATERIALIZED VIEW CONCURRENTLY';

CREATE FUNCTION event_data.search_events(query text, max_rows integer DEFAULT 20)
RETURNS TABLE (id bigint, name text, starts_at timestamptz, rank real)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.id, e.name, e.starts_at, ts_rank_cd(e.search, websearch_to_tsquery('pg_catalog.english', query)) AS rank
    FROM event_data.events AS e
    WHERE e.search @@ websearch_to_tsquery('pg_catalog.english', query)
    ORDER BY rank DESC, e.id
    LIMIT max_rows;
END;
COMMENT ON FUNCTION event_data.search_events(text, integer) IS
    'Full-text search over name and description, in the syntax of web search engines';
