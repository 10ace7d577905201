-- record: DiskWrite
-- interval: 5 min
-- Writes a temporary file of about 110 kB beside the database's tables; it is gone when the statement ends. On a full
-- disk that fails and harms nothing. WAL is not tried: a server that can't write it falls over. Rows beyond work_mem
-- make the file; the settings are put back as they were. A role whose temp_file_limit would not allow it doesn't try.
SELECT CASE WHEN w.rows > 0 THEN 112 * 1024 END AS bytes
FROM (
    SELECT
        pg_catalog.current_setting('work_mem') AS work_mem,
        pg_catalog.current_setting('temp_tablespaces') AS temp_tablespaces,
        pg_catalog.set_config('work_mem', '64kB', true) || pg_catalog.set_config('temp_tablespaces', '', true) AS now,
        CASE WHEN pg_catalog.current_setting('temp_file_limit') = '-1'
                OR pg_catalog.pg_size_bytes(pg_catalog.current_setting('temp_file_limit')) >= 1048576
            THEN 8000 ELSE 0 END AS rows
) s
CROSS JOIN LATERAL (
    SELECT count(*) AS rows FROM pg_catalog.generate_series(1, s.rows + 0 * pg_catalog.length(s.now))
) w
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.set_config('work_mem', s.work_mem, true),
        pg_catalog.set_config('temp_tablespaces', s.temp_tablespaces, true)
    WHERE w.rows >= 0
) r
