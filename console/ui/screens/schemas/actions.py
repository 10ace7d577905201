"""What a person does with an object: copy its name, export its rows, see a row whole."""

from __future__ import annotations

from console.catalog.preview import RelationPreview
from console.ui.dialogs.failure import DetailDialog
from console.ui.dialogs.row_dialog import RowDialog
from console.ui.frame import ConsoleScreen
from console.ui.host import Host
from console.ui.screens.schemas.exporting import of_relation
from console.ui.screens.schemas.state import ObjectState
from console.ui.widgets.painting import console_app
from console.view.table import Column, Row, Tone


class SchemaActions:
    """The actions of one screen: on what its detail is about."""

    def __init__(self, screen: ConsoleScreen, detail: ObjectState) -> None:
        self._screen = screen
        self._detail = detail

    @property
    def _host(self) -> Host:
        return console_app(self._screen)

    @property
    def _name(self) -> str:
        return self._detail.subject.name if self._detail.subject is not None else ""

    def copy_name(self) -> None:
        """The qualified name."""
        if self._name:
            self._host.copy(self._name)

    def export_rows(self, oid: int) -> None:
        """All rows of the relation `oid` to a file."""
        if (pool := self._screen.connection.pool) is not None:
            self._host.push_screen(of_relation(pool.session, oid, self._name))

    def show_row(self, preview: RelationPreview, row: Row) -> None:
        """A row of the relation with all its values."""
        self._host.push_screen(RowDialog(f"{self._name} row {row.key}", preview, row.record))

    def show_line(self, columns: tuple[Column, ...], row: Row) -> None:
        """All of a row of a list, whose cells may be cut."""
        paragraphs: list[tuple[str, Tone]] = [
            words for column, cell in zip(columns, row.cells, strict=True) if cell.text
            for words in ((column.title or column.key, "dim"), (cell.text, ""), ("", ""))]
        self._host.push_screen(DetailDialog(row.cells[0].text, *paragraphs[:-1]))
