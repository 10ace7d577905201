"""The tabs of the Vectors screen. The next one is one entry here and a subclass of `VectorPage`.

How a page gets what it is about: while it is the one that is shown, the screen calls `show(state)` with a new
`VectorsState` whenever the chosen column, the settings, the query or the result has changed, and once when it becomes
visible. What a page reads from the server it reads in workers of its own, over
`console_app(self).connection.session()`; it ends them in `leave`, which is called when another tab or another screen
is shown. To the screen it speaks by messages: `VectorPage.Adopted` has the next search take some settings,
`VectorPage.Measured` says that the state's `recalls` have something new for the verdict, `VectorPage.Rebuilt` that the
column has other indexes now. Keys are the page's own BINDINGS; they work while something in it has the focus (`FOCUS`).
"""

from __future__ import annotations

import importlib
from typing import ClassVar

from msgspec import Struct
from textual.containers import Container
from textual.message import Message

from console.ui.screens.vectors.state import VectorsState
from console.vectors.search import SearchOptions


class VectorPage(Container):
    """A tab: its widgets are composed once, when it is shown first, and kept."""

    FOCUS: ClassVar[str] = ""
    """The selector of the widget that takes the keys."""

    IS_WHOLE: ClassVar[bool] = False
    """It says itself what is searched and what came of it: nothing of the last search stands above the tabs."""

    class Adopted(Message):
        """Settings that the next search should have, such as a recommended ef_search."""

        def __init__(self, options: SearchOptions) -> None:
            super().__init__()
            self.options = options

    class Measured(Message):
        """A recall was measured: the state's `recalls` have it, and the verdict says it where it holds."""

    class Rebuilt(Message):
        """Indexes were made or dropped: what the screen knows of the column is read again."""

    def show(self, state: VectorsState) -> None:
        """Shows the page for `state`."""

    def query_text(self) -> str | None:
        """The SQL of what the page shows, where that isn't the last search's."""
        return None

    def leave(self) -> None:
        """Another tab or screen is shown: ends what runs for this one only."""


class VectorsTab(Struct, frozen=True):
    """A tab: its name (also its widget's id, with `-page` behind), its title, and "module:Class"."""

    name: str
    title: str
    where: str

    def make(self) -> VectorPage:
        module, _, name = self.where.partition(":")
        page: type[VectorPage] = getattr(importlib.import_module(module), name)
        return page(id=f"{self.name}-page")


PAGES = (
    VectorsTab("results", "Results", "console.ui.screens.vectors.results_page:ResultsPage"),
    VectorsTab("hybrid", "Hybrid", "console.ui.screens.vectors.hybrid_page:HybridPage"),
    VectorsTab("sql", "SQL", "console.ui.screens.vectors.sql_page:SqlPage"),
    VectorsTab("plan", "Plan", "console.ui.screens.vectors.plan_page:SearchPlanPage"),
    VectorsTab("health", "Health", "console.ui.screens.vectors.health_page:ColumnHealthPage"),
    VectorsTab("map", "Map", "console.ui.screens.vectors.map_page:MapPage"),
    VectorsTab("recall", "Recall", "console.ui.screens.vectors.recall_page:RecallPage"),
    VectorsTab("load", "Load", "console.ui.screens.vectors.load_page:SearchLoadPage"),
    VectorsTab("indexes", "Indexes", "console.ui.screens.vectors.indexes_page:VectorIndexesPage"),
)
