"""The keys of bloat: an estimate at once, or counted page by page, which asks first where that takes a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from textual.worker import Worker

from console.errors import ConsoleError
from console.metrics import bloat
from console.metrics.records.tables import BloatEstimate
from console.server.query import Query
from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.failure import DetailDialog, FailureDialog
from console.ui.keymap import key
from console.ui.screens.overview.pages.page import OverviewPage
from console.ui.widgets.painting import console_app
from console.view.metrics.bloat import Paragraphs, estimated

R = TypeVar("R")

LARGE_BYTES = 100 * 2**20
"""From here on counting asks first: it reads all of it from disk, at the server's cost."""


class BloatPage(OverviewPage):
    """A page whose rows are relations; a subclass says which is meant and calls `estimate` and `count`."""

    BINDINGS = bindings("bloat")
    _counting: Worker[None] | None = None

    def action_bloat(self) -> None:
        """Estimates it from the statistics."""

    def action_count(self) -> None:
        """Counts it by pgstattuple; again: cancels that."""

    def estimate(self, title: str, query: Query[BloatEstimate], oid: int, again: str) -> None:
        """Shows the estimate in a dialog; `again` is the statement that writes the relation anew."""
        self.run_worker(self._estimate(title, query, oid, again), group="bloat", exclusive=True, exit_on_error=False)

    def count(self, title: str, query: Query[R], oid: int, size: int, words: Callable[[R], Paragraphs]) -> None:
        """Counts, and shows `words` of what was found; asks first where the relation is large."""
        if self._counting is not None and not self._counting.is_finished:
            self._counting.cancel()
            console_app(self).tell("counting was cancelled")
        else:
            self._counting = self.run_worker(self._count(title, query, oid, size, words), group="counting",
                                             exit_on_error=False)

    async def _estimate(self, title: str, query: Query[BloatEstimate], oid: int, again: str) -> None:
        try:
            async with self.connection.session() as session:
                found = await bloat.estimate(session, query, oid)
        except ConsoleError as error:
            self.app.push_screen(FailureDialog(error))
        else:
            self.app.push_screen(DetailDialog(title, *estimated(found, again, key)))

    async def _count(self, title: str, query: Query[R], oid: int, size: int, words: Callable[[R], Paragraphs]) -> None:
        if size >= LARGE_BYTES and not await ConfirmDialog(
                f"Read all {fmt.size(size)} of {title}?",
                [("pgstattuple reads every page: it takes a while and throws other pages out of the cache", ""),
                 (f"{key('bloat.count')} again cancels it", "dim")]).ask(self.app):
            return
        console_app(self).tell(f"counting {title}; {key('bloat.count')} cancels")
        try:
            async with self.connection.session() as session:
                found = await bloat.count(session, query, oid)
        except ConsoleError as error:
            self.app.push_screen(FailureDialog(error))
        else:
            self.app.push_screen(DetailDialog(title, *words(found)))
