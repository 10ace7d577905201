"""What statements do beyond their database, as far as their text tells."""

from __future__ import annotations

import pytest

from console.sql.cluster_effects import cluster_effects


@pytest.mark.parametrize(("sql", "effects"), [
    ("CREATE ROLE x", [("CREATE ROLE", "roles")]), ("alter group a add user b", [("ALTER GROUP", "roles")]),
    ("ALTER ROLE x SET search_path = s", [("ALTER ROLE", "roles")]),
    ("ALTER ROLE x PASSWORD NULL", [("ALTER ROLE", "server")]), ("DROP USER IF EXISTS x", [("DROP USER", "roles")]),
    ("CREATE USER MAPPING FOR a SERVER b", []), ("DROP USER MAPPING FOR a SERVER b", []),
    ("GRANT r TO x WITH ADMIN OPTION", [("GRANT of a role", "roles")]),
    ("REVOKE ADMIN OPTION FOR r FROM x", [("REVOKE of a role", "roles")]),
    ("GRANT SELECT ON s.t TO x", []), ("GRANT ALL ON SCHEMA s TO x", []),
    ("GRANT CONNECT ON DATABASE d TO x", [("GRANT ON DATABASE", "server")]),
    ("REVOKE SET ON PARAMETER work_mem FROM x", [("REVOKE ON PARAMETER", "server")]),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO x", []),
    ("COMMENT ON ROLE x IS 'y'", [("COMMENT ON ROLE", "roles")]),
    ("COMMENT ON DATABASE x IS 'y'", [("COMMENT ON DATABASE", "server")]), ("COMMENT ON TABLE x IS 'DROP ROLE y'", []),
    ("SECURITY LABEL FOR p ON ROLE x IS 'y'", [("SECURITY LABEL ON ROLE", "server")]),
    ("SECURITY LABEL ON TABLE x IS 'y'", []), ("REASSIGN OWNED BY x TO y", [("REASSIGN OWNED", "server")]),
    ("DROP OWNED BY x", [("DROP OWNED", "server")]), ("ALTER SYSTEM RESET ALL", [("ALTER SYSTEM", "server")]),
    ("CREATE DATABASE x", [("CREATE DATABASE", "server")]), ("DROP DATABASE x", [("DROP DATABASE", "server")]),
    ("ALTER DATABASE x RESET a", [("ALTER DATABASE", "server")]),
    ("DROP TABLESPACE x", [("DROP TABLESPACE", "server")]), ("CREATE TABLE x () TABLESPACE y", []),
    ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", [("CREATE SUBSCRIPTION", "server")]),
    ("CREATE PUBLICATION p", []), ("COPY t TO '/tmp/x'", [("COPY to a file of the server's", "server")]),
    ("COPY (SELECT a FROM b) TO PROGRAM 'x'", [("COPY ... PROGRAM", "server")]), ("COPY t FROM '/tmp/x'", []),
    ("COPY t TO STDOUT", []), ("SELECT pg_catalog.PG_Terminate_Backend(1)", [("pg_terminate_backend()", "server")]),
    ("SELECT \"pg_promote\" ()", [("pg_promote()", "server")]), ("SELECT 'pg_promote()', pg_promote", []),
    ("SELECT dblink_exec('x', 'y')", [("dblink_exec()", "server")]),
    ("WITH x AS (DELETE FROM pg_auth_members) SELECT 1", [("a change of pg_auth_members", "server")]),
    ("UPDATE ONLY pg_database SET datname = 'x'", [("a change of pg_database", "server")]),
    ("INSERT INTO pg_catalog.pg_authid SELECT 1", [("a change of pg_authid", "server")]),
    ("SELECT rolname INTO t FROM pg_authid", []), ("DELETE FROM mine.pg_databases", []),
    ("INSERT INTO notes VALUES ('CREATE ROLE x')", []), ("SELECT run('CREATE ROLE x')", [("CREATE ROLE", "roles")]),
    ("SELECT 'who may CREATE ROLE x'", []), ("SELECT \"CREATE ROLE\" FROM t -- CREATE ROLE\n", []), ("", []),
])
def test_of_a_statement(sql: str, effects: list[tuple[str, str]]) -> None:
    assert [(effect.what, effect.reach) for effect in cluster_effects(sql)] == effects


UNKNOWN = ("EXECUTE of what is put together as it runs", "unknown")


@pytest.mark.parametrize(("body", "effects"), [
    ("BEGIN CREATE ROLE x; END", [("CREATE ROLE", "roles")]),
    ("BEGIN IF NOT EXISTS (SELECT FROM pg_roles) THEN CREATE ROLE x; ELSE ALTER SYSTEM SET a = 1; END IF; END",
     [("CREATE ROLE", "roles"), ("ALTER SYSTEM", "server")]),
    ("BEGIN EXECUTE 'CREATE ROLE x'; END", [("CREATE ROLE", "roles")]),
    ("BEGIN EXECUTE $x$ SELECT 1; DROP ROLE x $x$; END", [("DROP ROLE", "roles")]),
    ("BEGIN EXECUTE format('GRANT %I TO %I', a, b); END", [("GRANT of a role", "roles")]),
    ("BEGIN EXECUTE format('ALTER TABLE %I ADD a int', b); END", []), ("BEGIN EXECUTE 'ALTER TABLE ' || x; END", []),
    ("BEGIN EXECUTE format('CREATE %s x', a); END", [UNKNOWN]), ("BEGIN EXECUTE 'CREATE ' || a; END", [UNKNOWN]),
    ("BEGIN EXECUTE 'AL' || 'TER SYSTEM'; END", [UNKNOWN]), ("BEGIN EXECUTE command; END", [UNKNOWN]),
    ("DECLARE t text := 'create role x'; BEGIN EXECUTE t; END", [("CREATE ROLE", "roles"), UNKNOWN]),
    ("BEGIN RAISE NOTICE 'CREATE ROLE %', 1; RAISE EXCEPTION 'drop role x'; END", []),
    ("BEGIN PERFORM pg_drop_replication_slot('x'); END", [("pg_drop_replication_slot()", "server")]),
    ("BEGIN UPDATE t SET comment = 'ALTER' WHERE grant_ = 1; END", []),
    ("BEGIN CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f(); GRANT EXECUTE ON FUNCTION f TO x; END", []),
])
def test_of_a_block(body: str, effects: list[tuple[str, str]]) -> None:
    for sql in (f"DO $do$ {body} $do$", f"DO LANGUAGE 'plpgsql' '{body.replace(chr(39), chr(39) * 2)}'"):
        assert [(effect.what, effect.reach) for effect in cluster_effects(sql)] == effects
    function = f"CREATE OR REPLACE FUNCTION f() RETURNS void AS $do$ {body} $do$ LANGUAGE PLpgSQL"
    known = [effect for effect in effects if effect != UNKNOWN]  # a definition runs nothing
    assert [(effect.what, effect.reach) for effect in cluster_effects(function)] == known


def test_what_no_text_tells_is_unknown() -> None:
    (effect,) = cluster_effects("DO LANGUAGE plpython3u $$ plpy.execute('x') $$")
    assert (effect.what, effect.reach) == ("DO in plpython3u", "unknown")
    assert not list(cluster_effects("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'CREATE ROLE x'"))
    (effect,) = cluster_effects("CREATE PROCEDURE p() BEGIN ATOMIC SELECT pg_switch_wal(); END")
    assert effect.what == "pg_switch_wal()"
