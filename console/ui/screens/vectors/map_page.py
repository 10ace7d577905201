"""The Map tab: a sample of the column in the plane of its principal components, with the last search on it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.worker import Worker

from console.errors import ConsoleError
from console.ui.bindings import bindings
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.keymap import key
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.screens.vectors.summary import SummaryLines
from console.ui.widgets.painting import Lines, console_app
from console.vectors.mapping.read import MapRequest, best_colour, vector_map
from console.vectors.mapping.records import VectorMap
from console.view.table import Line
from console.view.vectors import map as view

NO_COLUMN = "(none)"


class MapLines(Lines, can_focus=True):
    """The map, as large as there is room."""

    found: VectorMap | None = None
    colours = view.Colouring(None)
    letters = False

    def lines(self, width: int, height: int) -> list[Line]:
        if self.found is None:
            return []
        return view.drawn(self.found, self.colours, width, height, letters=self.letters,
                          is_ascii=console_app(self).is_ascii)


class MapPage(VectorPage):
    """Draws a sample once a column and search, when the tab is shown."""

    FOCUS = "#map"
    BINDINGS = bindings("vector_map")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown = VectorsState()
        self._of: object = None
        self._found: VectorMap | None = None
        self._error: ConsoleError | None = None
        self._worker: Worker[None] | None = None
        self._colour: dict[str, str | None] = {}

    def compose(self) -> ComposeResult:
        yield SummaryLines(id="map-line")
        yield SummaryLines(id="map-legend")
        with Container(id="map-body"):
            yield MapLines(id="map")
            yield Lines(id="map-outliers")

    def show(self, state: VectorsState) -> None:
        about = state.subject
        self._shown = state
        subject = None if about is None else (about.column.label, id(state.result) if state.result else None)
        if subject is not None and subject != self._of:
            self._of, self._found, self._error = subject, None, None
            self._draw()
        self._paint()

    def leave(self) -> None:
        if self.is_drawing and self._worker is not None:
            self._worker.cancel()
            self._worker, self._of = None, None

    @property
    def is_drawing(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    def _draw(self) -> None:
        self._worker = self.run_worker(self._read(self._shown), group="map", exclusive=True, exit_on_error=False)

    async def _read(self, state: VectorsState) -> None:
        pool, about = console_app(self).connection.pool, state.subject
        try:
            if pool is None or about is None:
                raise ConsoleError("not connected")
            async with pool.session() as session:
                self._found = await vector_map(session, about, MapRequest(
                    query=state.request.vector if state.request is not None else None, result=state.result))
        except ConsoleError as error:
            self._error = error
        self._worker = None
        self._paint()

    @property
    def _column(self) -> str | None:
        if self._found is None:
            return None
        label = self._found.column.label
        if label not in self._colour:
            self._colour[label] = best_colour(self._found.rows, self._found.columns)
        return self._colour[label]

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        line, chart, beside = (self.query_one(SummaryLines), self.query_one(MapLines),
                               self.query_one("#map-outliers", Lines))
        chart.found = self._found
        if self._error is not None:
            line.show(((f" {self._error.summary}", "critical"),), *(((f" {text}", ""),)
                                                                  for text in self._error.lines()[1:]))
        elif self._found is None:
            line.show(((" drawing vectors…" if self.is_drawing else f" {key('vector_map.again')} draws a map", "dim"),))
        else:
            chart.colours = view.colouring(self._found, self._column)
            line.show(view.headline(self._found))
            self.query_one("#map-legend", SummaryLines).show(view.legend(self._found, chart.colours,
                                                                  is_ascii=console_app(self).is_ascii))
        beside.display = self._found is not None and bool(self._found.outliers) \
            and not self.screen.has_class("-narrow")
        beside.show(*(view.outliers(self._found, 30) if self._found is not None else ()))
        chart.redraw()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "again":
                return self._shown.subject is not None and not self.is_drawing
            case "colour":
                return self._found is not None and bool(self._found.columns)
            case "letters":
                return self._found is not None
        return super().check_action(action, parameters)

    def action_again(self) -> None:
        self._error = None
        self._draw()
        self._paint()

    def action_letters(self) -> None:
        chart = self.query_one(MapLines)
        chart.letters = not chart.letters
        self._paint()

    def action_colour(self) -> None:
        found = self._found
        if found is None:
            return

        def answered(name: str | None) -> None:
            if name is not None:
                self._colour[found.column.label] = None if name == NO_COLUMN else name
                self._paint()

        choices = [Choice(NO_COLUMN, "one colour"), *(Choice(name, name) for name in found.columns)]
        self.app.push_screen(ChooseDialog("Colour by", choices, current=self._column or NO_COLUMN), answered)
