-- record: ZoneFacts
-- interval: on demand
-- Whether the session's TimeZone is UTC, whatever it is called: no offset in any month of two centuries.
SELECT pg_catalog.bool_and(EXTRACT(timezone FROM t.month) = 0) AS is_utc
FROM pg_catalog.generate_series('1900-01-01 00:00Z'::timestamptz, '2100-01-01 00:00Z'::timestamptz, '1 month') AS t (month)
