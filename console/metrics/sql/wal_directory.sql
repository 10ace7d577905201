-- record: WalDirectory
-- needs: role pg_monitor
-- interval: 30 s
SELECT count(*) AS files, coalesce(sum(f.size), 0)::int8 AS total_bytes
FROM pg_catalog.pg_ls_waldir() f
