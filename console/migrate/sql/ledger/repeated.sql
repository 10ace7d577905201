-- $1-3 service, version, name; $4-5 checksums, raw; $6 statements; $7-9 OS user, host, tool version; $10 the text;
-- $11 the definitions before it, as JSON; $12 why there is no way back, NULL where there may be one.
-- A repeatable file was run. Its way back is made of the definitions before it and those after it, which stand in a
-- setting: what is new is dropped, what can't be replaced too, last first; then what was there is made again, in order.
WITH was AS (
    SELECT b.* FROM pg_catalog.json_to_recordset($11::pg_catalog.json) AS b
        (place int, kind text, name text, definition text, shape text, granted bool, revokes text, grants text,
         extra text)
), now AS (
    SELECT a.* FROM pg_catalog.json_to_recordset(
            pg_catalog.current_setting('dbconsole.definitions')::pg_catalog.json) AS a
        (place int, kind text, name text, definition text, shape text, granted bool, revokes text, grants text,
         extra text)
), lines AS (
    SELECT 1 AS part, -now.place AS place, pg_catalog.format('DROP %s %s', now.kind, now.name) AS line
    FROM now
    LEFT JOIN was ON was.kind = now.kind AND was.name = now.name
    WHERE was.shape IS DISTINCT FROM now.shape
    UNION ALL
    SELECT 2, was.place, pg_catalog.concat_ws(E';\n', was.definition, CASE WHEN was.granted
        THEN pg_catalog.format('REVOKE ALL ON %s %s FROM PUBLIC',
            CASE WHEN was.kind IN ('FUNCTION', 'PROCEDURE') THEN was.kind ELSE 'TABLE' END, was.name) END,
        CASE WHEN was.granted THEN was.grants END, nullif(was.extra, ''))
    FROM was
    LEFT JOIN now ON now.kind = was.kind AND now.name = was.name
    WHERE now.shape IS DISTINCT FROM was.shape
    UNION ALL
    SELECT 2, was.place, pg_catalog.concat_ws(E';\n',
        CASE WHEN now.definition <> was.definition THEN was.definition END,
        CASE WHEN now.grants IS DISTINCT FROM was.grants THEN pg_catalog.concat_ws(E';\n', now.revokes, was.grants) END)
    FROM was
    JOIN now ON now.kind = was.kind AND now.name = was.name AND now.shape IS NOT DISTINCT FROM was.shape
    WHERE (now.definition, now.grants) IS DISTINCT FROM (was.definition, was.grants)
), back AS (
    SELECT coalesce(pg_catalog.string_agg(l.line || ';', E'\n' ORDER BY l.part, l.place), '') AS undo,
        (SELECT pg_catalog.min(was.kind || ' ' || was.name) FROM was
         LEFT JOIN now ON now.kind = was.kind AND now.name = was.name
         WHERE was.definition IS NULL AND now.shape IS DISTINCT FROM was.shape) AS lost
    FROM lines AS l
), kept AS (
    INSERT INTO dbconsole.repeatable (service, version, checksum, content, undo, reason, previous)
    SELECT $1, $2, $4, $10,
        CASE WHEN $12::text IS NULL AND back.lost IS NULL THEN
            CASE WHEN back.undo LIKE '%CREATE%' THEN E'SET LOCAL check_function_bodies = off;\n' ELSE '' END
            || back.undo END,
        coalesce($12::text, back.lost || ' was there before it, and can''t be made again'),
        (SELECT pg_catalog.to_jsonb(m) FROM dbconsole.migration AS m WHERE m.service = $1 AND m.version = $2)
    FROM back
), event AS (
    INSERT INTO dbconsole.migration_event (service, version, name, event, checksum, duration_ms, os_user, host,
        tool_version)
    VALUES ($1, $2, $3, 'applied', $4,
        extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000, $7, $8, $9)
)
INSERT INTO dbconsole.migration (service, version, name, state, direction, checksum_up, raw_checksum_up,
    statements_done, statements_total, statement_hashes, os_user, host, duration_ms, tool_version)
VALUES ($1, $2, $3, 'applied', 'up', $4, $5, $6::int, $6::int, '{}', $7, $8,
    extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000, $9)
ON CONFLICT (service, version) DO UPDATE SET
    name = excluded.name, state = 'applied', direction = 'up', checksum_up = excluded.checksum_up,
    raw_checksum_up = excluded.raw_checksum_up, statements_done = excluded.statements_done,
    statements_total = excluded.statements_total, error = NULL, rank = DEFAULT,
    applied_at = pg_catalog.clock_timestamp(), applied_by = SESSION_USER, os_user = excluded.os_user,
    host = excluded.host, application = pg_catalog.current_setting('application_name'),
    duration_ms = excluded.duration_ms, tool_version = excluded.tool_version
