"""The lists: all services, or the migrations of one, and below them the tabs about what the cursor is on."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from console.ui.bindings import bindings
from console.ui.dialogs.failure import DetailDialog
from console.ui.keymap import key
from console.ui.screens.migrations.detail import Detail
from console.ui.screens.migrations.state import MigrationSubject
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.view.migrate import services as view
from console.view.migrate.services import MigrationLine
from console.view.table import Row

SMALLEST_LIST = 4
EMPTY = "no service has migrations here: [services.NAME] migrations in the configuration, or --migrations DIR"


class ActingTable(RecordTable, inherit_bindings=False):
    """A list whose own keys are those of the screen: they come first in the footer."""

    BINDINGS = bindings(borrow={
        "migrations.up": "screen.run('up')", "migrations.down": "screen.run('down')",
        "migrations.verify": "screen.verify", "migrations.lint": "screen.findings", "table.choose": "choose"},
        words={"table.choose": "open"}) + bindings("table", "move", "match", without=("table.choose",))


class BrowsePage(Vertical):
    """`show` says what there is. `Moved` tells that it is about something else now."""

    class Moved(Message):
        """The cursor is on another line, or another list is shown."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.services = ActingTable(id="services")
        self.migrations = ActingTable(id="migrations")
        self.detail = Detail(id="detail")
        self._found: Sequence[MigrationSubject] = ()
        self._chosen = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="lists"):
            yield self.services
            yield self.migrations
        yield self.detail

    def on_mount(self) -> None:
        self._show_lists()

    def show(self, found: Sequence[MigrationSubject]) -> None:
        """Shows what was read, and keeps the place."""
        self._found = found
        now = console_app(self).clock.now()
        self.services.show(view.services_table([subject.line for subject in found], now, EMPTY))
        if self.subject is None:
            self._chosen = ""
            self._show_lists()
        elif self.is_open:
            self.migrations.show(view.migrations_table(self.subject.line, now, key))
        self._fit()
        self._show_detail()

    # what is chosen

    @property
    def is_open(self) -> bool:
        """Whether one service's migrations are listed."""
        return bool(self._chosen)

    @property
    def subject(self) -> MigrationSubject | None:
        """The service that is open, or under the cursor."""
        key = self._chosen or (self.services.row.key if self.services.row else "")
        return next((subject for subject in self._found if subject.line.key == key), None)

    @property
    def migration(self) -> MigrationLine | None:
        """The migration under the cursor, where one service's are listed."""
        row, subject = self.migrations.row, self.subject
        return subject.migration(row.key) if self.is_open and row is not None and subject else None

    def open_service(self, migration_key: str = "") -> None:
        """Lists the migrations of the service under the cursor, the cursor on what is worth a look first."""
        subject = self.subject
        if subject is None or not subject.line.migrations:
            return
        self._chosen = subject.line.key
        self.migrations.needle, self.migrations.sort_key = "", None
        self.migrations.show(view.migrations_table(subject.line, console_app(self).clock.now(), key))
        lines = subject.line.migrations
        first = next((line for state in view.WORST for line in lines if line.state == state), lines[-1])
        self._show_lists()
        self.migrations.select(migration_key or first.key)
        self.take_keys()  # at once: a key that is typed ahead must not go to the list that has gone
        self._show_detail()

    def close_service(self) -> None:
        """Goes back to the list of all services."""
        self._chosen = ""
        self._show_lists()
        self._show_detail()

    # what is on the screen

    def take_keys(self) -> None:
        """Gives the keys to the list that is shown."""
        self.screen.set_focus(self.migrations if self.is_open else self.services)

    def other_side(self) -> None:
        """From the list to what is below it, and back."""
        if self.detail.has_focus_within:
            self.take_keys()
        else:
            self.detail.focus_content()

    def _show_lists(self) -> None:
        self.services.display = not self.is_open
        self.migrations.display = self.is_open
        self._fit()
        self.post_message(self.Moved())

    def _show_detail(self) -> None:
        self.detail.show_subject(self.subject, self.migration)

    def _fit(self) -> None:
        """The list takes what it needs, up to less than half of the screen."""
        most = max(SMALLEST_LIST, (self.screen.size.height - 6) * 45 // 100)
        for table in (self.services, self.migrations):
            height = max(SMALLEST_LIST - 1, min(len(table.table.rows) + 1, most))
            if table.styles.height is None or table.styles.height.value != height:
                table.styles.height = height

    def on_resize(self) -> None:
        self._fit()

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        if event.table in (self.services, self.migrations):
            self._show_detail()
            self.post_message(self.Moved())

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if event.table is self.services:
            self.open_service()
        elif event.table is self.migrations:
            self.detail.focus_content()
        elif self.detail.tab == "Migrations":
            self.open_service(event.row.key)
        elif self.detail.tab == "History":
            self._show_event(event.row)

    def _show_event(self, row: Row) -> None:
        event = row.record
        title = f"{event.event} {event.version or ''} {event.name or ''}".strip()
        console_app(self).push_screen(DetailDialog(title, *view.event_words(event)))
