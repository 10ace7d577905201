"""The network between: slow, late, cut, a black hole; by a proxy, and by network namespaces where root has them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.faults.fault import Scene, fault, needs_all, needs_program, needs_root
from tests.faults.server import GONE
from tests.support.proxy import Proxy, slow_link

SILENT = r"the server has not answered in \d+ s|no answer in time"
needs_namespaces = needs_all(needs_root, needs_program("ip"))


def linked(scene: Scene, breaks: Callable[[Proxy], object], mends: Callable[[Proxy], object]) -> Iterator[None]:
    """The console goes by a proxy, to which that is done."""
    with slow_link(scene.server.dsn) as link:
        scene.conninfo = link.conninfo
        yield
        breaks(link)
        yield
        mends(link)
        yield


@fault(r"round trip 4\d\d ms", check=0, stays_live=True)
def slow_link_200ms(scene: Scene) -> Iterator[None]:
    """Every packet takes 200 ms each way."""
    yield from linked(scene, lambda link: setattr(link, "delay_s", 0.2), lambda link: setattr(link, "delay_s", 0))


@fault(r"round trip [1-9][.\d]* s", check=None, stays_live=True)
def late_packets(scene: Scene) -> Iterator[None]:
    """Packets are late by chance, up to 2 s each."""
    yield from linked(scene, lambda link: setattr(link, "jitter_s", 2), lambda link: setattr(link, "jitter_s", 0))


@fault(GONE, quick="embedded")
def connections_reset(scene: Scene) -> Iterator[None]:
    """Something between resets all connections, and new ones at once."""
    yield from linked(scene, Proxy.cut, Proxy.join)


@fault(SILENT)
def black_hole(scene: Scene) -> Iterator[None]:
    """Something between takes everything and passes nothing on; later all of it arrives at once."""
    yield from linked(scene, Proxy.hold, Proxy.let_go)


@fault(SILENT)
def answers_lost(scene: Scene) -> Iterator[None]:
    """What is asked arrives, and no answer comes back."""
    yield from linked(scene, lambda link: link.hold(up=False), Proxy.let_go)


@contextmanager
def namespace(scene: Scene) -> Iterator[tuple[str, str]]:
    """The console runs in a network namespace, with a cable to the server outside; the interface outside, and the
    console's address.
    """
    name = scene.name[-6:]
    third = int(name, 16) % 250
    outside, inside, device = f"10.213.{third}.1", f"10.213.{third}.2", f"o{name}"
    ip("netns", "add", name)
    try:
        ip("link", "add", device, "type", "veth", "peer", "name", f"i{name}", "netns", name)
        ip("addr", "add", f"{outside}/30", "dev", device)
        ip("link", "set", device, "up")
        ip("-n", name, "addr", "add", f"{inside}/30", "dev", f"i{name}")
        ip("-n", name, "link", "set", f"i{name}", "up")
        scene.server = scene.servers.listening(f"local all all trust\nhost all all {inside}/32 trust\n", outside)
        scene.conninfo = scene.server.tcp(user="postgres")
        scene.prefix = ("ip", "netns", "exec", name)
        yield device, inside
    finally:
        ip("link", "del", device)
        ip("netns", "del", name)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@fault(SILENT, needs=needs_namespaces)
def cable_pulled(scene: Scene) -> Iterator[None]:
    """The network interface goes down, and up again (a namespace's cable)."""
    with namespace(scene) as (device, _):
        yield
        ip("link", "set", device, "down")
        yield
        ip("link", "set", device, "up")
        yield


@fault(SILENT, needs=needs_namespaces)
def route_lost_one_way(scene: Scene) -> Iterator[None]:
    """The server's packets to the console vanish in the kernel (a black hole in its routes)."""
    with namespace(scene) as (_, address):
        yield
        ip("route", "add", "blackhole", f"{address}/32")
        yield
        ip("route", "del", "blackhole", f"{address}/32")
        yield
