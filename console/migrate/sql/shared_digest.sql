-- record: SharedDigest
-- interval: on demand
-- Changes with any role, membership, tablespace, or setting of a role or another database; those come and go freely.
SELECT pg_catalog.md5(pg_catalog.concat_ws(' ',
    (SELECT pg_catalog.string_agg(r::text, ' ' ORDER BY r.rolname) FROM pg_catalog.pg_roles AS r),
    (SELECT pg_catalog.string_agg(m::text, ' ' ORDER BY m::text) FROM pg_catalog.pg_auth_members AS m),
    (SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.spcname) FROM pg_catalog.pg_tablespace AS t),
    (SELECT pg_catalog.string_agg(s::text, ' ' ORDER BY s::text) FROM pg_catalog.pg_db_role_setting AS s
     WHERE s.setdatabase NOT IN (SELECT b.oid FROM pg_catalog.pg_database AS b
                                 WHERE b.datname = pg_catalog.current_database() OR b.datname ~ '^dbconsole_scratch_')),
    (SELECT pg_catalog.string_agg(d::text, ' ' ORDER BY d::text) FROM pg_catalog.pg_shdescription AS d
     WHERE d.classoid IN ('pg_catalog.pg_authid'::regclass, 'pg_catalog.pg_tablespace'::regclass)))) AS digest
