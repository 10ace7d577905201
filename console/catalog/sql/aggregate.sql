-- record: Aggregate
-- interval: on demand
-- What CREATE AGGREGATE needs beyond the routine itself.
SELECT
    a.aggfnoid::oid AS oid,
    a.aggkind::text AS aggkind,
    a.aggtransfn::regproc::text AS transition_function,
    pg_catalog.format_type(a.aggtranstype, -1) AS transition_type,
    nullif(a.aggtransspace, 0) AS transition_bytes,
    nullif(a.aggfinalfn::oid, 0)::regproc::text AS final_function,
    a.aggfinalextra AS final_extra,
    a.aggfinalmodify::text AS final_modify,
    nullif(a.aggcombinefn::oid, 0)::regproc::text AS combine_function,
    nullif(a.aggserialfn::oid, 0)::regproc::text AS serial_function,
    nullif(a.aggdeserialfn::oid, 0)::regproc::text AS deserial_function,
    nullif(a.aggmtransfn::oid, 0)::regproc::text AS moving_transition_function,
    nullif(a.aggminvtransfn::oid, 0)::regproc::text AS moving_inverse_function,
    CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, -1) END AS moving_transition_type,
    nullif(a.aggmtransspace, 0) AS moving_transition_bytes,
    nullif(a.aggmfinalfn::oid, 0)::regproc::text AS moving_final_function,
    a.aggmfinalextra AS moving_final_extra,
    a.aggmfinalmodify::text AS moving_final_modify,
    a.agginitval AS initial_value,
    a.aggminitval AS moving_initial_value,
    (
        SELECT n.nspname::text FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
        WHERE o.oid = a.aggsortop
    ) AS sort_operator_schema,
    (SELECT o.oprname::text FROM pg_catalog.pg_operator o WHERE o.oid = a.aggsortop) AS sort_operator
FROM pg_catalog.pg_aggregate a
WHERE a.aggfnoid = %(oid)s::oid
