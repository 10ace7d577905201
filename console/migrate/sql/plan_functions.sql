-- record: FunctionFacts
-- interval: on demand
-- v sorts after s and i: the most volatile function of a name decides.
SELECT p.proname::text AS name, max(p.provolatile::text) AS volatility
FROM pg_catalog.pg_proc p
WHERE p.proname = ANY (%(names)s::text[])
GROUP BY p.proname
