"""What to do with a fix that was tried: search again with it, write it as a migration, or take it to Query."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult

from console.errors import ConsoleError, UsageError
from console.plans.records import Fix
from console.services import Service
from console.services.ownership import owner_of
from console.sql.elide import elided
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.dialog import Words
from console.ui.frame import ConsoleScreen
from console.ui.keymap import key
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.vectors import ddl
from console.vectors.search import SearchableColumn
from console.view.plans.tree import trial_words
from console.view.table import Tone

KINDS = {"settings": "search with it", "statement": "to Query", "index": "as a migration", "upkeep": "to Query",
         "nothing": "nothing to do"}


class FixesDialog(ChooseDialog):
    """Every fix, the best first; the whole text of the one under the cursor and what came of trying it stand below."""

    width = 110

    def __init__(self, title: str, fixes: Sequence[Fix]) -> None:
        super().__init__(title, [Choice(str(place), elided(fix.sql), KINDS[fix.kind])
                                 for place, fix in enumerate(fixes)], placeholder="enter takes the best")
        self._fixes = fixes

    def body(self) -> ComposeResult:
        yield from super().body()
        yield Words(id="trial")

    def on_mount(self) -> None:
        self._say()

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        self._say()

    def _say(self) -> None:
        row = self.table.row
        fix = self._fixes[int(row.key)] if row is not None else self._fixes[0]
        self.query_one("#trial", Words).say(("", ""), (elided(fix.sql), "accent"), (trial_words(fix.trial), "dim"))


class IndexMigration:
    """The next migration of the service that owns the table: files and texts, nothing written yet.

    Raises ConsoleError where no service has a folder for it.
    """

    def __init__(self, fix: Fix, about: SearchableColumn, services: Sequence[Service]) -> None:
        from console.migrate.create import MigrationPart, next_sequence

        column = about.column
        service = owner_of(column.schema, services)
        if service is None:
            raise UsageError(f"no service owns the schema {column.schema}: there is no folder for a migration",
                             hint="name it in the configuration: dbconsole help configuration")
        words, up, down = ddl.as_migration(fix.sql, column, about.index_names)
        self.service = service
        self.files = next_sequence(service, words, (MigrationPart("", up, down),),
                                   no_transaction="CONCURRENTLY" in up)

    def write(self) -> list[Path]:
        """Raises ConsoleError where a file is there already or can't be written."""
        from console.migrate.create import write

        write(self.files)
        return [path for path, _ in self.files]


async def write_migration(screen: ConsoleScreen, fix: Fix, about: SearchableColumn) -> None:
    """Shows the files of the index's migration and writes them once a person says yes; what goes wrong is shown."""
    host = console_app(screen)
    try:
        migration = await asyncio.to_thread(IndexMigration, fix, about, screen.connection.services)
        words: list[tuple[str, Tone]] = [(f"of the service {migration.service.name}, in {migration.service.folder}",
                                          "dim")]
        for path, content in migration.files:
            words += [("", ""), (path.name, "strong"), *((line, "") for line in content.rstrip().splitlines())]
        if await ConfirmDialog("Write the index as a migration?", words).ask(screen.app):
            written = await asyncio.to_thread(migration.write)
            host.tell(f"written: {' and '.join(path.name for path in written)}; "
                      f"{key('app.migrations')} runs and proves it")
    except ConsoleError as error:
        host.show_error(error)
