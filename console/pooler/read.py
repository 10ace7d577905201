"""Reading PgBouncer's SHOW commands by the names of their columns, whatever its version."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar, cast

from console.errors import ConsoleError, Denied, Missing, ServerError, Unreachable
from console.fields import fields_of
from console.pooler.records import (
    PoolerConnection,
    PoolerDatabase,
    PoolerInfo,
    PoolerReading,
    PoolerSample,
    PoolerSetting,
    PoolUse,
    ShowTable,
    Totals,
)
from console.server.admin_console import Console, ShowResult, admin_console
from console.server.target import Target
from console.text import format as fmt

R = TypeVar("R")

RENAMED = {"cl_cancel_req": "cl_active_cancel_req", "reserve_pool": "reserve_pool_size"}
"""Columns of older versions by the names that they have now."""

CLIENTS, SERVERS = "CLIENTS", "SERVERS"


def records(kind: type[R], shown: ShowResult, required: Iterable[str] = ()) -> tuple[R, ...]:
    """The rows as records. Raises ServerError when a column without which a row means nothing isn't there."""
    columns = [RENAMED.get(name, name) for name in shown.columns]
    if missing := [name for name in required if name not in columns]:
        raise ServerError(f"PgBouncer's answer has no column {missing[0]}", detail=", ".join(shown.columns))
    known = {field.name: int if "int" in field.type else str for field in fields_of(cast(type, kind))}
    del known["more"]
    plan = [(name, known.get(name)) for name in columns]
    return tuple(_record(kind, plan, row) for row in shown.rows)


def _record(kind: type[R], plan: Sequence[tuple[str, type | None]], row: tuple[Any, ...]) -> R:
    """Where PgBouncer says nothing the default of the field holds; what doesn't fit its field is among the rest."""
    values: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for (name, wanted), value in zip(plan, row, strict=True):
        if type(value) is Decimal and value == value.to_integral_value():
            value = int(value)
        if wanted is None or (value is not None and not isinstance(value, wanted)):
            more[name] = value
        elif value is not None:
            values[name] = value
    if more:
        values["more"] = more
    return kind(**values)


def totals(shown: ShowResult) -> tuple[Totals, ...]:
    """SHOW STATS without its averages, which are of whole minutes."""
    kept = [index for index, name in enumerate(shown.columns) if not name.startswith("avg_")]
    columns = tuple(shown.columns[index].removeprefix("total_") for index in kept)
    return records(Totals, ShowResult(columns, tuple(tuple(row[index] for index in kept) for row in shown.rows)),
                   ["database"])


async def read_version(console: Console) -> str:
    """In the pooler's own words. Raises ConsoleError."""
    shown = await console.show("VERSION")
    return str(shown.rows[0][0]) if shown.rows else "PgBouncer before 1.12"  # those said it in a notice


async def read_info(console: Console) -> PoolerInfo:
    """Which pooler this is, and what we may do there. Raises ConsoleError."""
    version = await read_version(console)
    settings = {record.key: record for record in records(PoolerSetting, await console.show("CONFIG"), ["key"])}
    return PoolerInfo(version, console.place, console.user, _is_admin(console, settings), settings)


def _is_admin(console: Console, settings: Mapping[str, PoolerSetting]) -> bool | None:
    if console.user == "pgbouncer" and console.is_local:
        return True  # let in without a password when the process has the pooler's own uid
    if (entry := settings.get("admin_users")) is None or settings["admin_users"].value is None:
        return None
    return console.user in [part.strip() for part in (entry.value or "").split(",")]


async def read_sample(console: Console, also: Iterable[str], taken_s: float,
                    unknown: dict[str, str] | None = None) -> PoolerSample:
    """The pools with their databases and totals, and what else is wanted now: SHOWs by name.

    What this version doesn't know or this user may not see, and an answer without the columns that give it a meaning,
    is left out with its reason. `unknown` remembers the former: every try is an error in the pooler's log.
    Raises ConsoleError where the pooler doesn't answer, or has no pools.
    """
    answers: dict[str, ShowResult] = {"POOLS": await console.show("POOLS")}
    unknown = {} if unknown is None else unknown
    unavailable: dict[str, str] = {}
    for name in dict.fromkeys(("DATABASES", "STATS", *also)):
        if name in unknown:
            continue
        try:
            answers[name] = await console.show(name)
        except Unreachable:
            raise
        except ServerError as error:
            unavailable[name] = f"{error.summary}: {error.hint}" if error.hint else error.summary
            if isinstance(error, Missing | Denied):
                unknown[name] = f"SHOW {name}: {error.hint}"

    def parsed(name: str, parse: Callable[[ShowResult], tuple[R, ...]]) -> tuple[R, ...] | None:
        if name not in answers:
            return None
        try:
            return parse(answers[name])
        except ServerError as error:
            unavailable[name] = f"SHOW {name}: {error.summary}"
            return None

    return PoolerSample(
        taken_s=taken_s, pools=parsed("POOLS", lambda shown: records(PoolUse, shown, ["database", "user"])) or (),
        databases=parsed("DATABASES", lambda shown: records(PoolerDatabase, shown, ["name"])) or (),
        totals=parsed("STATS", totals) or (),
        clients=parsed(CLIENTS, lambda shown: records(PoolerConnection, shown)),
        servers=parsed(SERVERS, lambda shown: records(PoolerConnection, shown)),
        shown={name: ShowTable(answer.columns, answer.rows) for name, answer in answers.items()},
        unavailable=unavailable | unknown)


async def read_once(target: Target, within_s: float, also: Iterable[str] = ()) -> PoolerReading:
    """One sample and the version, with other SHOWs by name, on a connection of its own, in `within_s` seconds; raises
    nothing of its own."""
    try:
        async with asyncio.timeout(within_s), admin_console(target) as console:
            sample = await read_sample(console, also, time.monotonic())
            return PoolerReading(sample, version=await read_version(console))
    except TimeoutError:
        return PoolerReading(None,
                             Unreachable(f"{target.label}: PgBouncer has not answered in {fmt.duration(within_s)}"))
    except ConsoleError as error:
        return PoolerReading(None, error)
