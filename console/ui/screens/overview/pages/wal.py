"""WAL, checkpoints, the background writer and the archiver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.metrics.reads.wal import ARCHIVE_BACKLOG, ARCHIVER, CHECKPOINTS, WAL_DIRECTORY, WAL_WRITES
from console.server.query import Read
from console.ui.screens.overview.pages.charts import ChartsPage
from console.view.metrics import facts as view
from console.view.metrics.pages import WAL
from console.view.table import Line


class WalPage(ChartsPage):
    """Reads the directories; the counters come from the sampler."""

    PLOTS = WAL
    FACTS = 4

    def reads(self) -> Sequence[Read[Any]]:
        return Read(WAL_DIRECTORY), Read(ARCHIVE_BACKLOG)

    def facts(self) -> Sequence[Line]:
        def first(query: Any) -> Any:
            rows = self.state.rows(query)
            return rows[0] if rows else None

        return (view.checkpoints(first(CHECKPOINTS), self.state.why(CHECKPOINTS)),
                view.archiver(first(ARCHIVER), first(ARCHIVE_BACKLOG), self.state.why(ARCHIVE_BACKLOG)),
                view.wal(first(WAL_DIRECTORY), first(WAL_WRITES), self.state.why(WAL_DIRECTORY)), self.span_words())
