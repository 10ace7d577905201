-- record: VolatileFunction
-- interval: on demand
-- Which of these functions, all their overloads alike, are volatile: they are called anew for each row.
SELECT p.proname AS name
FROM pg_catalog.pg_proc AS p
WHERE p.proname::text = ANY (%(names)s::text[]) AND p.prokind = 'f'
GROUP BY p.proname
HAVING pg_catalog.bool_and(p.provolatile = 'v')
ORDER BY p.proname;
