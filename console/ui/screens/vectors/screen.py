"""Vectors: a search of any vector column, the SQL and the plan of it, recall, and indexes."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from textual import events

from console.errors import ConsoleError
from console.ui.bindings import TABS, bindings
from console.ui.dialogs.failure import DetailDialog
from console.ui.keymap import key
from console.ui.screens.vectors import engine
from console.ui.screens.vectors.dialogs import ColumnDialog, QuerySourceDialog
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.plan_page import SearchPlanPage
from console.ui.screens.vectors.results_page import HitsTable
from console.ui.screens.vectors.search_controller import SearchingScreen
from console.ui.screens.vectors.search_params import QuerySource, SearchParams
from console.ui.screens.vectors.settings import SettingsDialog
from console.ui.screens.vectors.sql_page import script, settings, statement
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.tab_bar import TabBar


class VectorsScreen(SearchingScreen):
    """Search, recall and indexes of vector columns, each a page."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#hits"
    BINDINGS = bindings("vectors", borrow={**TABS, "screen.filter": "filter"}, words={"screen.filter": ""},
                        after="vectors.column")

    # tabs

    async def go_to(self, name: str) -> None:
        """Shows that tab."""
        if name == self.page_name:
            return
        if not self.query(f"#{name}-page"):
            page = next(tab for tab in self.pages if tab.name == name).make()
            page.display = False
            await self.query_one("#pages").mount(page)
        self.page.leave()
        self.page.display = False
        self.page_name = name  # not before its page is there: keys are asked about at any time
        self.page.display = True
        self.set_class(name != self.pages[0].name, "-beside")
        self._show_tabs()
        self.page.show(self.state)
        if self.page.FOCUS:
            self.FOCUS = self.page.FOCUS
            self.set_focus(self.page.query_one(self.page.FOCUS))
        self.refresh_bindings()

    async def action_move_tab(self, step: int) -> None:
        names = [page.name for page in self.pages]
        await self.go_to(names[(names.index(self.page_name) + step) % len(names)])

    async def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        await self.go_to(self.pages[event.index].name)

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        super().on_screen_suspend(event)
        if self not in self.app.screen_stack:
            self.page.leave()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        super().on_screen_resume(event)
        if self.is_ready:
            self._show_tabs()

    # what pages say

    def on_vector_page_adopted(self, event: VectorPage.Adopted) -> None:
        self._set(replace(self.state.setup, options=event.options))
        if self.state.setup.question is not None:
            self._search()
        else:
            self.show_all()

    def on_vector_page_measured(self, event: VectorPage.Measured) -> None:
        self.show_all()

    def on_vector_page_rebuilt(self, event: VectorPage.Rebuilt) -> None:
        if self.state.subject is not None:
            self.run_worker(self._renew(self.state.subject.column), group="renew", exclusive=True, exit_on_error=False)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if action in ("cancel", "ask", "more", "settings", "column", "keep", "again", "to_query", "move_tab") \
                and self.has_class("-waiting"):
            return False
        match action:
            case "cancel":
                return self.is_searching or (isinstance(self.page, SearchPlanPage) and self.page.is_reading)
            case "ask" | "settings":
                return self.state.subject is not None
            case "column":
                return bool(self._columns)
            case "more":
                return self.page_name == "results" and self.results.hit is not None and bool(self.results.hit.key)
            case "keep":
                return self.page_name == "results" and (self.results.kept is not None or self.state.result is not None)
            case "to_query":
                has_query = any(entry.name == "query" for entry in console_app(self).entries)
                return has_query and self.state.request is not None
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        if self._cancel():
            self._say_verdict((("cancelled", "warning"), (
                f": {key('vectors.again')} searches again, {key('vectors.ask')} asks for something else", "dim")))
            self.refresh_bindings()
        elif isinstance(self.page, SearchPlanPage):
            self.page.cancel()

    def action_ask(self) -> None:
        about = self.state.subject
        if about is None:
            return
        column = about.column
        try:
            self.engine.embedder_for(column, None)
            without_text = None
        except ConsoleError as error:
            without_text = None if self.engine.embedder_names else error.summary
        key = ", ".join(about.key.columns) if about.key else "ctid"

        def answered(question: QuerySource | None) -> None:
            if question is None:
                return
            before = self.state.setup.question
            if question.kind == "text" and before is not None:
                question = replace(question, embedder=before.embedder)
            if question.kind == "other":
                self._choose_column("Whose row?", lambda label: self.search_for(replace(question, column=label)))
            else:
                self.search_for(question)

        self.app.push_screen(QuerySourceDialog(
            f"Search {column.label}", self.state.setup.question, key=key, without_text=without_text,
            check=lambda question: engine.check(question, column)), answered)

    def action_more(self) -> None:
        hit = self.results.hit
        if hit is not None and all(part is not None for part in hit.key):
            key = tuple(part or "" for part in hit.key)
            self.search_for(QuerySource("row", ", ".join(key) if len(key) == 1 else "", key))

    def on_hits_table_begun(self, event: HitsTable.Begun) -> None:
        self.search_for(QuerySource("row"))

    def action_column(self) -> None:
        by_label = {column.label: column for column in self._columns or ()}

        def chosen(label: str) -> None:
            self._reader = self.run_worker(self._choose(by_label[label]), group="columns", exclusive=True,
                                           exit_on_error=False)

        self._choose_column("Vector column", chosen)

    def _choose_column(self, title: str, take: Callable[[str], None]) -> None:
        about = self.state.subject
        self.app.push_screen(
            ColumnDialog(title, self._columns or (), self.connection.services, about.column.label if about else None),
            lambda label: None if label is None else take(label))

    def action_settings(self, select: str = "metric") -> None:
        about, before = self.state.subject, self.state.setup
        if about is None:
            return

        def answered(setup: SearchParams | None) -> None:
            if setup is None or setup == before:
                return
            if setup.question != before.question:
                self._asked = None
            self._set(setup)
            if setup.question is not None:
                self._search()
            else:
                self.show_all()

        self.app.push_screen(SettingsDialog(about, before, self.server, self.engine.embedder_names, select), answered)

    def action_again(self) -> None:
        """The same search once more; without one, what there is to search is read again."""
        if self.state.subject is not None and self.state.setup.question is not None:
            if self.state.setup.question.kind == "text" or self.error is not None:
                self._asked = None
            self._search()
        else:
            self._read(anew=True)

    def action_keep(self) -> None:
        """Keeps what is shown as A; while a comparison with A is shown, ends it."""
        results = self.results
        results.kept = None if results.kept is not None else self.state
        results.show(self.state)
        self.refresh_bindings()

    def action_to_query(self) -> None:
        """The statement; with settings of its own in the transaction that they hold in."""
        text = script(self.state) if settings(self.state) else statement(self.state)
        if text is not None:
            console_app(self).hand_over("query", text)

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if event.table is not self.results.table:
            return
        if event.row.record.key:
            self.run_worker(self._show_row(event.row.record.key), group="row", exclusive=True, exit_on_error=False)
            return
        named = zip(event.table.source.columns, event.row.cells, strict=True)
        self.app.push_screen(DetailDialog(  # nothing to find the row by
            f"row {event.row.cells[0].text}", *((f"{column.title}: {cell.text}", cell.tone) for column, cell in named)))

    async def _show_row(self, key: tuple[str | None, ...]) -> None:
        from console.ui.dialogs.row_dialog import RowDialog

        about = self.state.subject
        if about is None:
            return
        try:
            found, row = await self.engine.row(about, tuple(part or "" for part in key))
        except ConsoleError as error:
            console_app(self).show_error(error)
            return
        self.app.push_screen(RowDialog(f"{about.column.table} {', '.join(part or 'NULL' for part in key)}", found, row))
