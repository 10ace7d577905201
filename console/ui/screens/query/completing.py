"""Names for the editor, read from the catalog when they are wanted first, and kept while the target is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from console.catalog import completion as catalog
from console.errors import ConsoleError
from console.server.session import Session
from console.sql.completion import CatalogNames, Completion, Named, candidates, context_at


class Completer:
    """Keeps what has been read; `forget` after a statement that may have changed the catalog."""

    def __init__(self, sessions: Callable[[], AbstractAsyncContextManager[Session]]) -> None:
        self._sessions = sessions
        self._names: CatalogNames | None = None
        self._columns: dict[tuple[str, str], Sequence[tuple[str, str]]] = {}
        self._asked: set[str] = set()

    async def candidates(self, text: str, offset: int) -> Sequence[Completion]:
        """What fits at `offset` of `text`. Without an answer of the server: keywords and operators alone."""
        context = context_at(text, offset)
        if context.place == "nothing":
            return ()
        wanted = {source.name for source in context.sources}
        if context.qualifier is not None and len(context.qualifier) > 1:
            wanted.add(context.qualifier[-1])
        try:
            await self._read(sorted(wanted - self._asked))
        except ConsoleError:
            pass  # names are a convenience: whoever types on gets the server's message from the statement
        return candidates(context, self._names or CatalogNames())

    def forget(self) -> None:
        """Reads anew when names are wanted next."""
        self._names = None
        self._columns, self._asked = {}, set()

    async def _read(self, relations: Sequence[str]) -> None:
        if self._names is not None and not relations:
            return
        async with self._sessions() as session:
            found = await catalog.names(session) if self._names is None else []
            columns = await catalog.columns(session, relations) if relations else []
        for column in columns:
            known = self._columns.setdefault((column.schema, column.relation), [])
            assert isinstance(known, list)
            known.append((column.name, column.type))
        self._asked.update(relations)
        if self._names is None:
            named = [Named(name.schema, name.name, name.kind) for name in found]
            self._names = CatalogNames(tuple(item.name for item in named if item.kind == "schema"),
                                tuple(item for item in named if item.kind not in ("schema", "function")),
                                tuple(item for item in named if item.kind == "function"), self._columns)
