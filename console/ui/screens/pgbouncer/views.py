"""The views of the screen: what each asks PgBouncer for, how it shows what came, and the charts."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from console.pooler.saturation import saturations
from console.sampler.pooler_watch import PoolerWatch
from console.text import format as fmt
from console.view.metrics.plots import Plot, Threshold
from console.view.pooler import tables as view
from console.view.table import Table


class View(Struct, frozen=True):
    """A view: its title, and the SHOWs that it needs beside those that are read anyway."""

    title: str
    needs: tuple[str, ...] = ()


VIEWS: Mapping[str, View] = {
    "pools": View("Pools"),
    "databases": View("Databases"),
    "clients": View("Clients", ("CLIENTS", "SERVERS")),
    "servers": View("Servers", ("CLIENTS", "SERVERS")),
    "stats": View("Averages"),
    "config": View("Options"),
    "lists": View("Lists", ("LISTS",)),
    "users": View("Users", ("USERS",)),
    "peers": View("Peers", ("PEERS",)),
    "peer_pools": View("Peer pools", ("PEER_POOLS",)),
}

WAITING = Plot(title="clients waiting", series={"clients_waiting": ""}, text=fmt.count,
               threshold=Threshold("pooler_client_wait"))
MAXWAIT = Plot(title="longest wait", series={"maxwait_s": ""}, text=fmt.duration,
               threshold=Threshold("pooler_maxwait"))


def table(name: str, watch: PoolerWatch) -> Table:
    """What the view shows of the last look."""
    look = watch.look
    if name == "config":
        return view.config_table(watch.info.settings if watch.info is not None else {})
    if look is None:
        return Table((), (), "reading…" if watch.error is None else "nothing is known yet")
    match name:
        case "pools":
            return view.pools_table(saturations(look.pools, look.databases), watch.rates,
                                    look.unavailable.get("POOLS"))
        case "databases":
            return view.databases_table(look.databases, look.unavailable.get("DATABASES"))
        case "clients":
            return view.clients_table(look)
        case "servers":
            return view.servers_table(look)
        case "stats":
            return view.stats_table(look, watch.rates)
    (shown,) = VIEWS[name].needs
    return view.shown_table(look.shown.get(shown), look.unavailable.get(shown))
