"""What the demo lends to `migrate verify` and `migrate drift`: PostgreSQL for throwaway clusters, and sample rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.migrate.data_loss import SampleData
    from console.migrate.rollback_test import OwnCluster
    from console.server.script import ScriptSession
    from console.services import Service


def own_cluster(major: int, extensions: Sequence[str]) -> tuple[OwnCluster | None, str]:
    """How to get a throwaway cluster, if this machine can, and what is to be said of it."""
    from console.local_postgres.ephemeral import choose, throwaway_cluster

    binaries = choose(major, [extension for extension in extensions if extension != "plpgsql"])
    if binaries is None:
        return None, ""
    words = ("" if binaries.major == major else
             f"the PostgreSQL at hand for throwaway clusters is {binaries.version}, the server's is {major}")
    return (lambda: throwaway_cluster(binaries)), words


def sample_rows(services: Sequence[Service]) -> SampleData | None:
    """The demo's rows, where the services are the shipped ones, which they were made for, all of them together."""
    from console.migrate.data_loss import SampleData
    from console.resources import shipped

    try:
        folder = shipped("migrations").resolve()
    except FileNotFoundError:
        return None
    if not services or any(service.folder is None or service.folder.resolve().parent != folder for service in services):
        return None
    from console.demo.load import load_sample
    from console.demo.prepare import BEFORE_VECTOR_INDEXES

    async def fill(session: ScriptSession) -> None:
        await load_sample(session, lambda words: None)

    return SampleData(fill, BEFORE_VECTOR_INDEXES)
