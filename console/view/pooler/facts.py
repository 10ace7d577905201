"""What is said of PgBouncer: the verdict, which one it is, what its commands do, and what to do without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.errors import ConsoleError
from console.pooler.records import PoolerInfo, PoolerSample, Saturation
from console.text import format as fmt
from console.view.table import KeyName, Line, Tone

LONG_WAIT_S = 1.0
"""From here on a client that waits is a matter for a person."""


def verdict(pools: Sequence[Saturation], error: ConsoleError | None, retry_in_s: float,
            stopped: str | None = None, width: int = 200) -> Line:
    """What matters about the pools: the worst one that blocks clients, else how full the fullest is.

    `stopped`: the whole pooler is "paused" or "suspended". In fewer than 100 cells of `width` it is said shorter.
    """
    if error is not None:
        when = f"next try in {fmt.seconds(retry_in_s)} (r now)" if retry_in_s >= 0.5 else "trying now"
        return ((" ", ""), (error.summary, "critical"), (f" · {when}", "dim"))
    held_up = [pool for pool in pools if pool.pool.cl_waiting]
    if stopped is not None:
        waiting = sum(saturation.pool.cl_waiting for saturation in held_up)
        longest = max((saturation.pool.maxwait_s for saturation in held_up), default=0.0)
        clients = f"{fmt.plural(waiting, 'client')} waiting, longest {fmt.duration(longest)}" if waiting else \
            "no client waits yet"
        return ((" ", ""), (f"the whole pooler is {stopped}: {clients}", "critical" if waiting else "warning"),
                (" · RESUME ends it", "dim"))
    if not held_up:
        closed = [pool for pool in pools if pool.is_paused or pool.is_disabled]
        if closed:
            return ((" ", ""), (f"{_stopped(closed[0])}; no client waits", "warning"))
        return ((" ", ""), ("no client waits", "ok"), (f" · {_fullest(pools)}", "dim"))
    worst = held_up[0]
    words, tone = _held_up(worst, is_narrow=width < 100)
    pieces: list[tuple[str, Tone]] = [(" ", ""), (words, tone)]
    if len(held_up) > 1:
        others = sum(saturation.pool.cl_waiting for saturation in held_up[1:])
        pieces.append((f" · {fmt.plural(len(held_up) - 1, 'more pool')} with {fmt.plural(others, 'client')} waiting",
                       "warning"))
    return tuple(pieces)


def _held_up(saturation: Saturation, *, is_narrow: bool) -> tuple[str, Tone]:
    pool = saturation.pool
    waits = "waits" if pool.cl_waiting == 1 else "wait"
    who = str(pool.cl_waiting) if is_narrow else fmt.plural(pool.cl_waiting, "client")
    clients = f"{who} {waits}, longest {fmt.duration(pool.maxwait_s)}"
    if saturation.is_paused or saturation.is_disabled:
        return f"{_stopped(saturation)}: {clients}", "critical"
    if saturation.is_saturated:
        tone: Tone = "critical" if pool.maxwait_s >= LONG_WAIT_S else "warning"
        if is_narrow:
            return f"{pool.key} full: {_in_use(saturation)}, {clients}", tone
        return f"pool {pool.key} saturated: {_in_use(saturation)} active, {clients}", tone
    if pool.servers == 0 or pool.sv_login:
        why = "no server connection is open" if pool.servers == 0 else "server connections are being opened"
        return f"pool {pool.key}: {why}, {clients}", "critical" if pool.maxwait_s >= LONG_WAIT_S else "warning"
    return f"pool {pool.key}: {_in_use(saturation)} active, {clients}", "warning"


def _stopped(saturation: Saturation) -> str:
    return f"database {saturation.pool.database} is {'paused' if saturation.is_paused else 'disabled'}"


def _in_use(saturation: Saturation) -> str:
    uses_reserve = saturation.reserve and saturation.size is not None and saturation.active > saturation.size
    reserve = f" + {saturation.reserve} reserve" if uses_reserve else ""
    limit = f" (the database's limit of {saturation.limit} is reached)" if saturation.limit is not None else ""
    return f"{saturation.active} of {fmt.UNKNOWN if saturation.size is None else saturation.size}{reserve}{limit}"


def _fullest(pools: Sequence[Saturation]) -> str:
    known = [(pool.percent, pool) for pool in pools if pool.percent is not None]
    if not known:
        return "no pool is in use"
    _, fullest = max(known, key=lambda pair: pair[0])
    return f"the fullest pool is {fullest.pool.key}: {_in_use(fullest)} active"


def about(info: PoolerInfo | None, sample: PoolerSample | None, width: int = 200) -> Line:
    """Which pooler it is, how many clients it has, and what we may do there."""
    if info is None:
        return ()
    clients = sum(pool.cl_active + pool.cl_waiting for pool in sample.pools) if sample is not None else None
    most = f" of {info.max_client_conn}" if info.max_client_conn is not None else ""
    mode = info.setting("pool_mode")
    rights = {True: "admin", False: "looks only", None: "rights unknown"}[info.is_admin]
    is_wide = width >= 100
    pieces: list[tuple[str, Tone]] = [(f" {info.version}", "strong"), (f" at {info.place}" if is_wide else "", "dim")]
    if mode:
        pieces.append((f" · {mode} mode", "dim"))
    if clients is not None:
        pieces.append((f" · {fmt.count(clients)}{most} clients", "dim"))
    pieces.append((f" · as {info.user} ({rights})" if is_wide else f" · {rights}", "dim"))
    return tuple(pieces)


# without one


def unconfigured(target: str, is_named: bool, config_path: str | None, through: str | None) -> list[tuple[str, Tone]]:
    """What to do so that this screen has something to show. `through`: where we are connected by a pooler."""
    host, _, port = (through or "db1:6432").rpartition(":")
    said: list[tuple[str, Tone]] = [(f"No PgBouncer is configured for {target}.", "strong"), ("", "")]
    if through is not None:
        said += [(f"The connection itself goes through a pooler, at {through}: its console is probably there.",
                  "accent"), ("", "")]
    name = target if is_named else "NAME"
    said.append((f"Put its admin console into {config_path or '~/.config/dbconsole/config.toml'}:", ""))
    said += [("", ""), (f"    [targets.{name}]", "accent")]
    if not is_named:
        said.append(('    dsn = "what you connect with now"', "accent"))
    said += [
        (f'    pgbouncer = "host={host} port={port} dbname=pgbouncer user=stats"', "accent"), ("", ""),
        ("The user must be in stats_users of pgbouncer.ini to look, in admin_users to PAUSE, RELOAD, KILL and SET too.",
         "dim"),
        (f"Its password comes from ~/.pgpass ({host}:{port}:pgbouncer:stats:PASSWORD) or a service file.", "dim"),
        ("No pooler is asked for its console unless it is configured.", "dim")]
    return said


# commands

BRIEFLY: Mapping[str, str] = {
    "PAUSE": "let clients wait", "RESUME": "let clients go on", "RECONNECT": "open connections anew",
    "RELOAD": "read pgbouncer.ini again", "KILL": "drop everybody at once", "DISABLE": "refuse new clients",
    "ENABLE": "let new clients in", "KILL_CLIENT": "drop this client", "SET": "until the next RELOAD"}


def consequences(verb: str, subject: str | None, client: str = "") -> list[tuple[str, Tone]]:
    """What a command does, for the dialog that asks; `client` is whom KILL_CLIENT drops."""
    whom = f"of {subject}" if subject is not None else "of all databases"
    match verb:
        case "PAUSE":
            return [(f"Clients {whom} wait from now on. It is answered when the transactions that run have ended (in "
                     "session mode: the sessions), however long that takes.", "warning"),
                    ("RESUME ends it. Whoever leaves this console leaves the pooler paused.", "")]
        case "RESUME":
            return [(f"Clients {whom} that wait get servers again, all at once.", "")]
        case "RECONNECT":
            return [(f"Each server connection {whom} is closed as soon as it is released, and opened anew when it is "
                     "needed. No client notices.", "")]
        case "RELOAD":
            return [("pgbouncer.ini and the file of the users are read again; what SET has changed is lost.", "")]
        case "KILL":
            return [(f"All clients and servers {whom} are disconnected at once, in the middle of whatever they do. The "
                     "database stays paused until RESUME.", "critical")]
        case "KILL_CLIENT":
            return [(f"The client {client} is disconnected at once, in the middle of whatever it does. Others notice "
                     "nothing.", "critical")]
        case "DISABLE":
            return [(f"New clients {whom} are refused; those that are there stay.", "warning")]
        case "ENABLE":
            return [(f"New clients {whom} are let in again.", "")]
    return [("It holds at once, until the next RELOAD or restart: pgbouncer.ini stays as it is.", "warning")]


def pending(command: str, seconds: float, key: KeyName) -> Line:
    """A command that has not been answered, with its running clock."""
    why = "the transactions that run must end first" if command.startswith("PAUSE") else "PgBouncer has not answered"
    return ((f" {command} ", "strong"), (f"{fmt.stopwatch(seconds)}", "warning"), (" · ", "dim"),
            (key("pgbouncer.give_up"), "accent"),
            (" gives it up" + (" (RESUME)" if command.startswith("PAUSE") else "") + f" · {why}", "dim"))
