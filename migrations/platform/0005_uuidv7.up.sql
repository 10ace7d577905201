-- Keys that sort by time of creation. PostgreSQL 18 has uuidv7() built in; older servers get the same from SQL alone.
DO $uuidv7$
BEGIN
    IF current_setting('server_version_num')::integer >= 180000 THEN
        EXECUTE $create$
            CREATE FUNCTION platform.uuidv7() RETURNS uuid
            LANGUAGE sql VOLATILE PARALLEL SAFE
            RETURN pg_catalog.uuidv7()
        $create$;
    ELSE
        -- RFC 9562, method 3 of section 6.2: 48 bits of milliseconds, the version, 12 bits of the millisecond's fraction;
        -- the variant and 62 random bits are the second half of a version 4 UUID.
        EXECUTE $create$
            CREATE FUNCTION platform.uuidv7() RETURNS uuid
            LANGUAGE sql VOLATILE PARALLEL SAFE
            AS $body$
                SELECT encode(
                           int8send(((micros / 1000) << 16) | x'7000'::bigint | ((micros % 1000) * 4096 / 1000))
                           || substring(uuid_send(gen_random_uuid()) FROM 9),
                           'hex')::uuid
                FROM (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros) AS clock
            $body$
        $create$;
    END IF;
END
$uuidv7$;
COMMENT ON FUNCTION platform.uuidv7() IS 'A new UUID version 7 (RFC 9562): sorts by time of creation';

CREATE FUNCTION platform.uuidv7_timestamp(id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN (get_byte(uuid_send(id), 6) >> 4) = 7 THEN
                   to_timestamp((('x' || encode(substring(uuid_send(id) FROM 1 FOR 6), 'hex'))::bit(48)::bigint)
                                / 1000.0::double precision)
           END
$$;
COMMENT ON FUNCTION platform.uuidv7_timestamp(uuid) IS
    'When a UUID version 7 was made, to the millisecond; NULL for other versions';
