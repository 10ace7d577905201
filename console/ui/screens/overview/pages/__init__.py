"""The pages of the Overview. The next one is one entry here; how to write one: page.py."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from console.ui.screens.overview.pages.page import OverviewPage


class PageEntry(Struct, frozen=True):
    """A page: the action that opens it, its name (also its widget's id), its title in the tab bar, and "module:Class".

    The class is imported when its key is pressed first. The first page has no key of its own: escape, or the key of
    the page that is shown, goes back to it.
    """

    action: str
    name: str
    title: str
    where: str

    def make(self) -> OverviewPage:
        module, _, name = self.where.partition(":")
        kind: type[OverviewPage] = getattr(importlib.import_module(module), name)
        return kind(id=self.name)


_HERE = "console.ui.screens.overview.pages"

PAGES = (
    PageEntry("", "health", "Overview", f"{_HERE}.health:HealthPage"),
    PageEntry("overview.load", "load", "Load", f"{_HERE}.load:LoadPage"),
    PageEntry("overview.wal", "wal", "WAL", f"{_HERE}.wal:WalPage"),
    PageEntry("overview.io", "io", "I/O", f"{_HERE}.io:IoPage"),
    PageEntry("overview.vacuum", "vacuum", "Vacuum", f"{_HERE}.vacuum:VacuumPage"),
    PageEntry("overview.sizes", "sizes", "Sizes", f"{_HERE}.sizes:SizesPage"),
    PageEntry("overview.tables", "table-list", "Tables", f"{_HERE}.tables:TablesPage"),
    PageEntry("overview.indexes", "indexes", "Indexes", f"{_HERE}.indexes:IndexesPage"),
    PageEntry("overview.settings", "settings", "Settings", f"{_HERE}.settings:SettingsPage"),
    PageEntry("overview.alerts", "alerts", "Alerts", f"{_HERE}.alerts:AlertsPage"),
)
