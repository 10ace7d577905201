"""The screens that there are. The next one is one entry here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from textual.screen import Screen


class ScreenEntry(Struct, frozen=True):
    """A screen: its number key (also fN), its name, its title in the bar, and "module:Class", imported at first use.

    `short` is the title where there is little room: all of them fit into 80 columns.
    """

    number: int
    name: str
    title: str
    where: str
    short: str = ""

    def load(self) -> type[Screen[Any]]:
        module, _, name = self.where.partition(":")
        screen: type[Screen[Any]] = getattr(importlib.import_module(module), name)
        return screen

    def make(self) -> Screen[Any]:
        return self.load()()


ENTRIES = (
    ScreenEntry(1, "overview", "Overview", "console.ui.screens.overview.screen:OverviewScreen"),
    ScreenEntry(2, "schemas", "Schemas", "console.ui.screens.schemas.screen:SchemasScreen"),
    ScreenEntry(3, "migrations", "Migrations", "console.ui.screens.migrations.screen:MigrationsScreen", "Migr"),
    ScreenEntry(4, "activity", "Activity", "console.ui.screens.activity.screen:ActivityScreen"),
    ScreenEntry(5, "statements", "Statements", "console.ui.screens.statements.screen:StatementsScreen", "Stmts"),
    ScreenEntry(6, "vectors", "Vectors", "console.ui.screens.vectors.screen:VectorsScreen", "Vector"),
    ScreenEntry(7, "pgbouncer", "PgBouncer", "console.ui.screens.pgbouncer.screen:PgBouncerScreen", "Pool"),
    ScreenEntry(8, "query", "Query", "console.ui.screens.query.screen:QueryScreen"),
)
