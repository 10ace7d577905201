CREATE SCHEMA "Rich ""1""";
CREATE SCHEMA other;
COMMENT ON SCHEMA other IS 'a ''quoted'' comment with \ and "';
CREATE TYPE other.mood AS ENUM ('sad', 'it''s ok', E'back\\slash');
CREATE TYPE other.pair AS (a int, "B c" text COLLATE "C");
COMMENT ON COLUMN other.pair."B c" IS 'second';
CREATE DOMAIN other.positive AS numeric(10, 2) DEFAULT 1 CONSTRAINT above_zero CHECK (VALUE > 0);
COMMENT ON CONSTRAINT above_zero ON DOMAIN other.positive IS 'zero is not';
CREATE DOMAIN other.named AS text COLLATE "C" NOT NULL;
CREATE TYPE other.floatrange AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE FUNCTION other.double(i int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT i * 2';
CREATE FUNCTION other.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE FUNCTION other.later(m other.mood DEFAULT 'sad', VARIADIC rest int[] DEFAULT '{}') RETURNS TABLE (x int, y text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog ROWS 7 AS $$SELECT 1, 'a'$$;
COMMENT ON FUNCTION other.double(int) IS 'twice';
REVOKE EXECUTE ON FUNCTION other.double(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION other.double(int) TO rich_reader;
CREATE PROCEDURE other.act(INOUT n int) LANGUAGE plpgsql AS $$BEGIN n := n + 1; END$$;
CREATE AGGREGATE other.total(int) (SFUNC = int4_sum, STYPE = int8, COMBINEFUNC = int8pl, PARALLEL = SAFE);
CREATE AGGREGATE other.middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE SEQUENCE other.counter AS smallint START 5 INCREMENT -2 MINVALUE -100 MAXVALUE 10 CACHE 3 CYCLE;
COMMENT ON SEQUENCE other.counter IS 'down';
GRANT USAGE ON SEQUENCE other.counter TO rich_reader;

CREATE TABLE "Rich ""1"""."order" (
    id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 5),
    code serial,
    "select" other.mood NOT NULL DEFAULT 'sad',
    pair other.pair,
    pairs other.pair[],
    price other.positive,
    name varchar(40) COLLATE "C" NOT NULL,
    doubled int GENERATED ALWAYS AS (code * 2) STORED,
    at timestamptz DEFAULT now(),
    doc jsonb,
    "quo""te%s" text,
    fr other.floatrange,
    CONSTRAINT pk PRIMARY KEY (id),
    CONSTRAINT uq UNIQUE (name, code) INCLUDE (at) WITH (fillfactor = 60) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck CHECK (other.double(code) > -5) NO INHERIT,
    CONSTRAINT ex EXCLUDE USING gist (fr WITH &&)
) WITH (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE "Rich ""1"""."order" ALTER COLUMN doc SET STORAGE EXTERNAL, ALTER COLUMN doc SET COMPRESSION pglz,
    ALTER COLUMN name SET STATISTICS 500, ALTER COLUMN name SET (n_distinct = -0.5);
ALTER TABLE "Rich ""1"""."order" ADD CONSTRAINT late CHECK (code < 1000000) NOT VALID;
COMMENT ON TABLE "Rich ""1"""."order" IS E'line one\nline two';
COMMENT ON COLUMN "Rich ""1"""."order"."quo""te%s" IS '100 % hostile';
COMMENT ON CONSTRAINT pk ON "Rich ""1"""."order" IS 'the key';
CREATE INDEX by_name ON "Rich ""1"""."order" USING btree (lower(name) DESC NULLS LAST, at) WHERE at IS NOT NULL;
ALTER INDEX "Rich ""1""".by_name ALTER COLUMN 1 SET STATISTICS 300;
CREATE INDEX by_doc ON "Rich ""1"""."order" USING gin (doc jsonb_path_ops) WITH (fastupdate = off);
COMMENT ON INDEX "Rich ""1""".by_doc IS 'gin';
CREATE INDEX for_cluster ON "Rich ""1"""."order" (at);
ALTER TABLE "Rich ""1"""."order" CLUSTER ON for_cluster;
ALTER TABLE "Rich ""1"""."order" REPLICA IDENTITY USING INDEX pk;
CREATE STATISTICS other.stx (ndistinct, mcv) ON name, code FROM "Rich ""1"""."order";
ALTER STATISTICS other.stx SET STATISTICS 50;
COMMENT ON STATISTICS other.stx IS 'together';
CREATE TRIGGER touch BEFORE UPDATE OF name ON "Rich ""1"""."order" FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION other.touch();
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON "Rich ""1"""."order" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION other.touch();
ALTER TABLE "Rich ""1"""."order" DISABLE TRIGGER touch;
ALTER TABLE "Rich ""1"""."order" ENABLE ALWAYS TRIGGER checked;
COMMENT ON TRIGGER touch ON "Rich ""1"""."order" IS 'touches';
CREATE RULE no_delete AS ON DELETE TO "Rich ""1"""."order" WHERE old.id < 0 DO INSTEAD NOTHING;
ALTER TABLE "Rich ""1"""."order" ENABLE REPLICA RULE no_delete;
ALTER TABLE "Rich ""1"""."order" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON "Rich ""1"""."order" FOR SELECT TO rich_reader USING (name = current_user);
CREATE POLICY add ON "Rich ""1"""."order" AS RESTRICTIVE FOR INSERT WITH CHECK (code > 0);
COMMENT ON POLICY own ON "Rich ""1"""."order" IS 'own rows';
GRANT SELECT, UPDATE (name, "quo""te%s") ON "Rich ""1"""."order" TO rich_reader;
GRANT INSERT ON "Rich ""1"""."order" TO rich_owner WITH GRANT OPTION;
GRANT USAGE ON SCHEMA "Rich ""1""" TO rich_owner;
SET SESSION AUTHORIZATION rich_owner;
GRANT INSERT ON "Rich ""1"""."order" TO rich_reader;
RESET SESSION AUTHORIZATION;

CREATE TABLE other.line (
    order_id bigint CONSTRAINT fk REFERENCES "Rich ""1"""."order" ON DELETE CASCADE DEFERRABLE,
    n int, next_n int,
    PRIMARY KEY (order_id, n),
    FOREIGN KEY (order_id, next_n) REFERENCES other.line MATCH FULL
);
ALTER TABLE other.line OWNER TO rich_owner;
REVOKE DELETE, TRUNCATE ON other.line FROM rich_owner;
ALTER TABLE other.line ADD CONSTRAINT fk_later FOREIGN KEY (next_n) REFERENCES "Rich ""1"""."order" (id) NOT VALID;
CREATE UNLOGGED TABLE other.quick (x int, y point);
ALTER TABLE other.quick REPLICA IDENTITY FULL;
CREATE TABLE other.empty ();
CREATE TABLE other.typed OF other.pair (a WITH OPTIONS NOT NULL DEFAULT 3);
CREATE TABLE other.parent (a int NOT NULL CHECK (a > 0), b text DEFAULT 'p');
CREATE TABLE other.child (c int, UNIQUE (c)) INHERITS (other.parent);
ALTER TABLE other.child ALTER COLUMN b SET DEFAULT 'c';

CREATE TABLE other.parted (id int NOT NULL, day date NOT NULL, v text DEFAULT 'x', line_id bigint, line_n int,
    PRIMARY KEY (id, day), CHECK (id > 0)) PARTITION BY RANGE (day);
CREATE INDEX parted_v ON other.parted (v);
CREATE TABLE other.parted_old PARTITION OF other.parted FOR VALUES FROM (MINVALUE) TO ('2025-01-01') WITH (fillfactor = 70);
CREATE TABLE other.parted_2025 PARTITION OF other.parted (v DEFAULT 'y') FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
    PARTITION BY LIST (id);
CREATE TABLE other.parted_2025_a PARTITION OF other.parted_2025 FOR VALUES IN (1, 2);
CREATE TABLE other.parted_rest PARTITION OF other.parted DEFAULT;
ALTER TABLE other.parted ADD FOREIGN KEY (line_id, line_n) REFERENCES other.line;
CREATE TRIGGER parted_touch AFTER INSERT ON other.parted FOR EACH ROW EXECUTE FUNCTION other.touch();
CREATE INDEX only_here ON other.parted_rest (line_n);
CREATE TABLE other.hashed (k int) PARTITION BY HASH (k);
CREATE TABLE other.hashed_0 PARTITION OF other.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);

CREATE VIEW other.seen WITH (security_barrier = true) AS SELECT id, name AS "Name", doc FROM "Rich ""1"""."order" WHERE id > 0;
ALTER VIEW other.seen ALTER COLUMN "Name" SET DEFAULT 'nobody';
COMMENT ON VIEW other.seen IS 'a view';
COMMENT ON COLUMN other.seen."Name" IS 'renamed';
CREATE TRIGGER seen_insert INSTEAD OF INSERT ON other.seen FOR EACH ROW EXECUTE FUNCTION other.touch();
CREATE VIEW other.above AS SELECT "Name", other.double(1) AS two FROM other.seen;
CREATE VIEW other.checked AS SELECT * FROM other.quick WHERE x > 0 WITH LOCAL CHECK OPTION;
CREATE MATERIALIZED VIEW other.summed WITH (fillfactor = 90) AS SELECT x, count(*) AS n FROM other.quick GROUP BY x WITH NO DATA;
CREATE UNIQUE INDEX summed_x ON other.summed (x);
CREATE FUNCTION other.of_row(o other.line) RETURNS other.mood LANGUAGE sql AS 'SELECT NULL::other.mood';
GRANT SELECT ON other.summed TO PUBLIC;
GRANT USAGE ON SCHEMA other TO rich_reader;
REVOKE USAGE ON TYPE other.mood FROM PUBLIC;

-- A key of a partition that is part of the parent's plain index.
CREATE TABLE other.by_list (a int NOT NULL) PARTITION BY LIST (a);
CREATE TABLE other.by_list_1 PARTITION OF other.by_list FOR VALUES IN (1);
CREATE TABLE other.by_list_2 PARTITION OF other.by_list FOR VALUES IN (2);
ALTER TABLE other.by_list_1 ADD CONSTRAINT own_key PRIMARY KEY (a);
CREATE UNIQUE INDEX by_list_a ON other.by_list (a);

-- Children whose columns are stored in another way than their parents'.
CREATE TABLE other.stored (a text, b text, c text);
ALTER TABLE other.stored ALTER a SET COMPRESSION pglz, ALTER b SET STORAGE EXTERNAL;
CREATE TABLE other.stored_child (b text, c text) INHERITS (other.stored);
ALTER TABLE other.stored_child ALTER a SET COMPRESSION default, ALTER b SET STORAGE EXTENDED, ALTER c SET STORAGE MAIN,
    ALTER c SET COMPRESSION pglz;
