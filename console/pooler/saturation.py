"""How full pools are, from SHOW POOLS and SHOW DATABASES. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from console.pooler.records import PoolerDatabase, PoolUse, Saturation

CONSOLE = "pgbouncer"
"""The database of the admin console: it has a pool too, which blocks nobody."""


def saturations(pools: Iterable[PoolUse], databases: Iterable[PoolerDatabase]) -> list[Saturation]:
    """Each pool but the console's own; first those in which clients wait, by the longest wait, then the fullest."""
    by_name = {database.name: database for database in databases}
    found = [_saturation(pool, by_name.get(pool.database)) for pool in pools if pool.database != CONSOLE]
    return sorted(found, key=lambda saturation: (saturation.pool.cl_waiting == 0, -saturation.pool.maxwait_s,
                                                 -(saturation.percent or 0.0),
                                          saturation.pool.key))


def _saturation(pool: PoolUse, database: PoolerDatabase | None) -> Saturation:
    size = database.pool_size if database is not None else None
    reserve = (database.reserve_pool_size or 0) if database is not None else 0
    limit = None
    if database is not None and database.max_connections and \
            (database.current_connections or 0) >= database.max_connections:
        limit = database.max_connections
    active = pool.sv_active + (pool.sv_active_cancel or 0) + (pool.sv_being_canceled or 0)
    is_full = (size is not None and active >= size) or limit is not None
    return Saturation(
        pool=pool, active=active, size=size, reserve=reserve, limit=limit,
        is_paused=bool(database.paused) if database is not None else False,
        is_disabled=bool(database.disabled) if database is not None else False,
        is_saturated=is_full and pool.cl_waiting > 0)
