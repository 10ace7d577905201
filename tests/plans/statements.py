"""Tables and statements that bring every kind of node into a plan, for plans made on real servers."""

from __future__ import annotations

from msgspec import Struct, field

from tests.support.servers import Database

TABLES = """
CREATE TABLE customer (id int PRIMARY KEY, name text, region int, born date);
INSERT INTO customer SELECT i, 'customer ' || i, i % 17, date '1950-01-01' + i FROM generate_series(1, 4000) i;
CREATE TABLE purchase (id int PRIMARY KEY, customer_id int, amount numeric, made timestamptz, note text);
INSERT INTO purchase SELECT i, 1 + i % 4000, i % 997, timestamptz '2026-01-01' + i * interval '1 minute',
    repeat('x', 60) FROM generate_series(1, 60000) i;
CREATE INDEX purchase_made ON purchase (made);
CREATE TABLE measure (at int, value float8) PARTITION BY RANGE (at);
CREATE TABLE measure_1 PARTITION OF measure FOR VALUES FROM (0) TO (10000);
CREATE TABLE measure_2 PARTITION OF measure FOR VALUES FROM (10000) TO (20000);
CREATE TABLE measure_3 PARTITION OF measure FOR VALUES FROM (20000) TO (30000);
INSERT INTO measure SELECT i, i FROM generate_series(0, 29999) i;
CREATE INDEX measure_at ON measure (at);
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent ON DELETE CASCADE);
INSERT INTO parent SELECT generate_series(1, 300);
INSERT INTO child SELECT i, 1 + i % 300 FROM generate_series(1, 3000) i;
CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN $1 + 1; END';
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM count(*) FROM parent; RETURN NEW; END';
CREATE TABLE watched (id int);
CREATE TRIGGER watch AFTER INSERT ON watched FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TRIGGER watch_before BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TABLE "we""ird [b]%s" ("a b" int, "sel ect" text);
INSERT INTO "we""ird [b]%s" SELECT i, 'x' FROM generate_series(1, 5000) i;
"""

PARALLEL = {"parallel_setup_cost": "0", "parallel_tuple_cost": "0", "min_parallel_table_scan_size": "0",
            "min_parallel_index_scan_size": "0", "max_parallel_workers_per_gather": "2"}


class Statement(Struct, frozen=True):
    """One statement, with the settings that bring its plan about."""

    sql: str
    settings: dict[str, str] = field(default_factory=dict)
    writes: bool = False


def given(sql: str, writes: bool = False, **settings: str) -> Statement:
    return Statement(sql, settings, writes)


def parallel(sql: str, **settings: str) -> Statement:
    return Statement(sql, PARALLEL | settings)


STATEMENTS: tuple[Statement, ...] = (
    given("SELECT * FROM customer WHERE region = 3 ORDER BY name LIMIT 5"),
    given("SELECT c.name, sum(p.amount) FROM customer c JOIN purchase p ON p.customer_id = c.id GROUP BY 1"),
    given("SELECT count(*) FROM customer c JOIN purchase p ON p.customer_id = c.id", enable_hashjoin="off"),
    given("SELECT count(*) FROM customer c JOIN purchase p ON p.id = c.id", enable_hashjoin="off",
          enable_mergejoin="off"),
    given("SELECT count(*) FROM purchase p JOIN customer c ON c.id = p.customer_id", enable_hashjoin="off",
          enable_mergejoin="off"),
    given("SELECT count(*) FROM customer a JOIN customer b ON a.region + b.region = 3 WHERE a.id < 300 AND b.id < 300"),
    given("SELECT * FROM purchase ORDER BY note, amount", work_mem="64kB"),
    given("SELECT amount, count(*) FROM purchase GROUP BY amount, made", work_mem="64kB", enable_sort="off"),
    given("SELECT count(*) FROM purchase a JOIN purchase b USING (id)", work_mem="64kB", enable_mergejoin="off"),
    given("SELECT * FROM purchase WHERE made BETWEEN '2026-01-02' AND '2026-02-09'", enable_indexscan="off",
          enable_seqscan="off", work_mem="64kB"),
    given("SELECT * FROM purchase WHERE made < '2026-01-02' OR id < 100", enable_seqscan="off"),
    given("SELECT id FROM purchase WHERE id < 20000", enable_seqscan="off", enable_bitmapscan="off"),
    given("SELECT *, (SELECT count(*) FROM purchase p WHERE p.customer_id = c.id AND p.id < 500) FROM customer c "
          "WHERE id < 200"),
    given("SELECT * FROM customer WHERE id IN (SELECT customer_id FROM purchase WHERE amount > 990)"),
    given("SELECT * FROM customer WHERE id NOT IN (SELECT customer_id FROM purchase WHERE amount > 990)"),
    given("SELECT * FROM customer c WHERE EXISTS (SELECT FROM purchase p WHERE p.customer_id = c.id AND amount > 900)"),
    given("SELECT * FROM purchase WHERE amount > (SELECT avg(amount) FROM purchase) LIMIT 100"),
    given("SELECT (SELECT max(amount) FROM purchase), (SELECT min(amount) FROM purchase), id FROM customer "
          "WHERE id > (SELECT 3500)"),
    given("SELECT * FROM customer LIMIT (SELECT count(*) / 100 FROM purchase)"),
    given("WITH c AS MATERIALIZED (SELECT * FROM purchase) SELECT count(*), (SELECT count(*) FROM c) FROM c "
          "WHERE amount > (SELECT avg(amount) FROM c)"),
    given("WITH a AS MATERIALIZED (SELECT id, name FROM customer), b AS MATERIALIZED (SELECT * FROM a WHERE id < 900) "
          "SELECT * FROM b JOIN a USING (id) WHERE a.name IN (SELECT name FROM b)"),
    given("WITH c AS MATERIALIZED (SELECT * FROM purchase ORDER BY note) SELECT * FROM c LIMIT 3"),
    given("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3000) SELECT sum(n) FROM t"),
    given("SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY region ORDER BY born) n FROM customer) x "
          "WHERE n < 3"),
    given("SELECT region FROM customer UNION SELECT id FROM customer EXCEPT SELECT 5"),
    given("SELECT region, name FROM customer INTERSECT ALL SELECT region, name FROM customer WHERE id > 10"),
    given("SELECT DISTINCT region FROM customer"),
    given("SELECT count(*), region, born FROM customer GROUP BY GROUPING SETS ((region), (born), ())"),
    given("SELECT * FROM measure WHERE at < (SELECT 9000)"),
    given("SELECT * FROM measure ORDER BY at LIMIT 100"),
    given("SELECT * FROM customer c, LATERAL (SELECT * FROM purchase p WHERE p.id = c.region LIMIT 2) x"),
    given("SELECT * FROM generate_series(1, 5000) g LEFT JOIN customer c ON c.id = g WHERE slow(g) % 2 = 0"),
    given("SELECT * FROM purchase WHERE id < 0 AND customer_id = (SELECT max(id) FROM customer)"),
    given("SELECT * FROM customer WHERE false"),
    given("SELECT * FROM customer TABLESAMPLE SYSTEM (20)"),
    given("VALUES (1), (2)"),
    given("SELECT unnest(ARRAY[1, 2, 3]), name FROM customer"),
    given("SELECT region, array_agg(id ORDER BY born) FROM customer GROUP BY region HAVING count(*) > 100"),
    given("SELECT * FROM customer ORDER BY region, name", enable_sort="off"),
    given("SELECT * FROM purchase ORDER BY id, note LIMIT 50", enable_seqscan="off"),
    given("SELECT p.*, c.name FROM purchase p FULL JOIN customer c ON p.id = c.id"),
    given('SELECT * FROM "we""ird [b]%s" WHERE "a b" = 77 AND "sel ect" = \'x\''),
    given("SELECT * FROM jsonb_to_recordset('[{\"a\": 1}]') AS x(a int)"),
    parallel("SELECT count(*) FROM purchase WHERE amount > 5"),
    parallel("SELECT count(*) FROM purchase WHERE amount > 5", parallel_leader_participation="off"),
    parallel("SELECT customer_id, sum(amount) FROM purchase GROUP BY 1 ORDER BY 2 LIMIT 5"),
    parallel("SELECT * FROM purchase ORDER BY amount LIMIT 10"),
    parallel("SELECT count(*) FROM purchase p JOIN customer c ON c.id = p.customer_id WHERE c.region = 3"),
    parallel("SELECT count(*) FROM purchase WHERE amount > (SELECT avg(amount) FROM purchase)"),
    parallel("SELECT * FROM measure UNION ALL SELECT id, amount FROM purchase"),
    parallel("SELECT *, (SELECT count(*) FROM customer c WHERE c.region = p.id % 17) FROM purchase p WHERE id < 200"),
    parallel("SELECT * FROM purchase WHERE note LIKE 'x%' LIMIT 1000"),
    parallel("WITH c AS MATERIALIZED (SELECT customer_id, sum(amount) s FROM purchase GROUP BY 1) "
             "SELECT count(*) FROM c a JOIN c b USING (customer_id) WHERE a.s > (SELECT avg(s) FROM c)"),
    parallel("SELECT count(*) FROM customer a JOIN purchase b ON a.id = b.id", enable_hashjoin="off"),
    parallel("SELECT count(*) FROM purchase a JOIN purchase b USING (id) WHERE b.amount < 100", work_mem="64kB"),
    given("UPDATE customer SET region = 5 WHERE id < 100 RETURNING *", writes=True),
    given("DELETE FROM parent WHERE id < 100", writes=True),
    given("INSERT INTO watched SELECT generate_series(1, 200)", writes=True),
    given("INSERT INTO parent SELECT generate_series(1, 400) ON CONFLICT (id) DO UPDATE SET id = excluded.id",
          writes=True),
    given("WITH gone AS (DELETE FROM child RETURNING *) SELECT 1", writes=True),
    given("WITH gone AS (DELETE FROM child RETURNING *) SELECT * FROM gone LIMIT 2", writes=True),
    given("WITH gone AS (DELETE FROM child RETURNING *) INSERT INTO watched SELECT id FROM gone WHERE id < 50",
          writes=True),
    given("UPDATE customer SET (region, name) = (SELECT 4, max(note) FROM purchase p WHERE p.id = customer.id) "
          "WHERE id < 200", writes=True),
    given("SELECT * FROM customer WHERE id < 100 FOR UPDATE", writes=True),
    given("CREATE TABLE made AS SELECT * FROM customer", writes=True),
)


def fill(database: Database) -> None:
    """The tables above, analyzed."""
    with database.connect() as connection:
        connection.execute(TABLES)  # type: ignore[arg-type]
        connection.execute("VACUUM ANALYZE")
