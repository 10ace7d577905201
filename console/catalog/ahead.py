"""Reads ahead for many objects: one statement for a hundred of them, where each alone would be planned anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from console.server.info import ServerInfo
from console.server.query import Query, Read
from console.server.session import Readings, Session
from console.server.target import Target

R = TypeVar("R")

AT_ONCE = 100
"""Objects in one statement: few enough for the time limit of a statement on a server that is busy."""

_Key = tuple[str, tuple[tuple[str, Any], ...]]


class ReadAhead:
    """A session that answers from what was read ahead, and asks the session behind it for the rest."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[_Key, Sequence[Any]] = {}

    @property
    def info(self) -> ServerInfo:
        return self._session.info

    @property
    def target(self) -> Target:
        return self._session.target

    async def read(self, reads: Iterable[Read[Any]]) -> None:
        """Reads them, AT_ONCE of the same query in a statement, and forgets what was read before.

        What fails or can't be asked is left to be asked by itself, which then says why. Raises ConsoleError.
        """
        self._known = {}
        same: dict[str, dict[_Key, Read[Any]]] = defaultdict(dict)
        for read in reads:
            if read.params and not read.query.obstacle(self.info):
                same[read.query.name].setdefault(_key(read), read)
        for wanted in [list(reads_by_key.items()) for reads_by_key in same.values()]:
            for first in range(0, len(wanted), AT_ONCE):
                await self._read(wanted[first:first + AT_ONCE])

    async def _read(self, wanted: Sequence[tuple[_Key, Read[Any]]]) -> None:
        query = wanted[0][1].query
        params = [read.params or {} for _, read in wanted]
        many = query.of_many(*params[0])
        readings = await self._session.refresh(Read(many, {name: [given[name] for given in params]
                                                           for name in params[0]}))
        if readings.why(many):
            return
        found: list[list[Any]] = [[] for _ in wanted]
        for row in readings.rows(many) or ():
            found[row.place - 1].append(row)
        self._known.update(zip((key for key, _ in wanted), found, strict=True))

    async def fetch(self, query: Query[R], params: Mapping[str, Any] | None = None) -> list[R]:
        known = self._known.get(_key(Read(query, params)))
        return await self._session.fetch(query, params) if known is None else list(known)

    async def refresh(self, *reads: Read[Any], within_s: float | None = None) -> Readings:
        known = {read.query.name: rows for read in reads if (rows := self._known.get(_key(read))) is not None}
        rest = [read for read in reads if read.query.name not in known]
        if not rest:
            return Readings(known)
        found = await self._session.refresh(*rest, within_s=within_s)
        return Readings({**found.rows_by_name, **known}, found.unavailable, found.rtt_ms, found.sqlstates)

    async def renew(self) -> ServerInfo:
        self._known = {}
        return await self._session.renew()


def _key(read: Read[Any]) -> _Key:
    return read.query.name, tuple(sorted((read.params or {}).items()))
