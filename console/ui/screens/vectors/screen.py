"""Vectors: a search of any vector column, the SQL and the plan of it, recall, and indexes."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from console.sampler.records import Snapshot
from console.ui.bindings import TABS, bindings
from console.ui.connection import ConnectionState
from console.ui.dialogs.failure import DetailDialog
from console.ui.frame import ConsoleScreen
from console.ui.screens.vectors import views
from console.ui.screens.vectors.actions import VectorActions
from console.ui.screens.vectors.pages import PAGES, VectorPage, VectorsTab
from console.ui.screens.vectors.plan_page import SearchPlanPage
from console.ui.screens.vectors.results_page import HitsTable, ResultsPage
from console.ui.screens.vectors.state import SearchState
from console.ui.screens.vectors.summary import SummaryLines
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.tab_bar import TabBar
from console.vectors.query_source import QuerySource
from console.vectors.records import FusedRow, Neighbor

OWN_ACTIONS = ("cancel", "ask", "more", "settings", "where", "column", "keep", "again", "to_query", "move_tab", "fix",
               "copy_fix")


class VectorsScreen(ConsoleScreen):
    """What is searched and what came of it on top, below it a page for each tab: see `pages`."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#hits"
    BINDINGS = bindings("vectors", borrow={**TABS, "screen.filter": "filter"}, words={"screen.filter": ""},
                        after="vectors.column")

    def __init__(self, pages: Sequence[VectorsTab] = PAGES) -> None:
        super().__init__()
        self.pages = pages
        self.page_name = pages[0].name
        self.state = SearchState()
        self.actions = VectorActions(self, self.state)
        self._was_lost = False

    def body(self) -> ComposeResult:
        yield SummaryLines(id="verdict")
        yield Lines(id="about")
        yield TabBar(id="tabs")
        with Container(id="pages"):
            yield self.pages[0].make()

    @property
    def results(self) -> ResultsPage:
        return self.query_one(ResultsPage)

    @property
    def page(self) -> VectorPage:
        """The tab that is shown."""
        return self.query_one(f"#{self.page_name}-page", VectorPage)

    # the connection

    def sampled(self, snapshot: Snapshot) -> None:
        if self.connection.state is ConnectionState.LIVE and (not self.actions.has_begun or (
                self._was_lost and self.state.error is not None and self.actions.has_read)):
            self.actions.read()
        self._was_lost = False

    def show_state(self) -> None:
        super().show_state()
        if self.is_mounted and self.connection.state is ConnectionState.LOST:
            self._was_lost = True

    def receive(self, subject: object) -> None:
        """A search from Statements or Query."""
        if isinstance(subject, str):
            self.actions.take_sql(subject)

    # showing

    def show_all(self) -> None:
        """Everything, as the state is."""
        self.query_one(SummaryLines).show(*views.verdict(self.state, console_app(self).clock.now()))
        self._show_about()
        self._show_tabs()
        self.results.say(self.state.instead, can_begin=self.state.can_begin)
        self._show_page()
        self.refresh_bindings()

    def _show_about(self) -> None:
        self.query_one("#about", Lines).show(*views.about(self.state))

    def _show_tabs(self) -> None:
        names = [page.name for page in self.pages]
        self.query_one("#tabs", TabBar).show_tabs([(page.title, True) for page in self.pages],
                                                  names.index(self.page_name))

    def _show_page(self) -> None:
        self.set_class(self.page.IS_WHOLE and self.state.subject is not None, "-whole")  # else it is said above why
        if not self.state.instead or self.page is not self.results:
            self.page.show(self.state.shown)

    def on_vector_actions_changed(self) -> None:
        if self.is_ready:
            self.show_all()

    def on_vector_actions_found(self) -> None:
        clock = console_app(self).clock
        started_s = clock.monotonic()
        self.show_all()
        self.state.render_ms = (clock.monotonic() - started_s) * 1000
        self._show_about()

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
        self._show_page()
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
        self.state.adopt(event.options)
        self.actions.search_or_show()

    def on_vector_page_measured(self, event: VectorPage.Measured) -> None:
        self.show_all()

    def on_vector_page_rebuilt(self, event: VectorPage.Rebuilt) -> None:
        self.actions.renew()

    def on_hits_table_begun(self, event: HitsTable.Begun) -> None:
        self.actions.search_for(QuerySource("row"))

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if not isinstance(event.row.record, Neighbor | FusedRow):
            return
        if event.row.record.key and self.state.has_row_key:
            self.actions.show_row(event.row.record.key)
            return
        named = zip(event.table.source.columns, event.row.cells, strict=True)
        self.app.push_screen(DetailDialog(  # nothing to find the row by
            f"row {event.row.cells[0].text}", *((f"{column.title}: {cell.text}", cell.tone) for column, cell in named)))

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if action in OWN_ACTIONS and self.has_class("-waiting"):
            return False
        match action:
            case "cancel":
                return self.actions.is_searching or (isinstance(self.page, SearchPlanPage) and self.page.is_reading)
            case "ask" | "settings" | "where":
                return self.state.subject is not None
            case "fix" | "copy_fix":
                return bool(self.state.fixes)
            case "column":
                return bool(self.state.all_columns)
            case "more":
                return self.page_name == "results" and self.results.hit is not None and bool(self.results.hit.key)
            case "keep":
                return self.page_name == "results" and (self.results.kept is not None or self.state.result is not None)
            case "to_query":
                has_query = any(entry.name == "query" for entry in console_app(self).entries)
                return has_query and (self.state.request is not None or self.page.query_text() is not None)
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        if not self.actions.cancel() and isinstance(self.page, SearchPlanPage):
            self.page.cancel()

    def action_ask(self) -> None:
        self.actions.ask()

    def action_more(self) -> None:
        self.actions.more_like(self.results.hit)

    def action_column(self) -> None:
        self.actions.choose_column()

    def action_settings(self, select: str = "metric") -> None:
        self.actions.change_settings(select)

    def action_where(self) -> None:
        self.actions.change_where()

    def action_again(self) -> None:
        self.actions.search_again()

    def action_keep(self) -> None:
        """Keeps what is shown as A; while a comparison with A is shown, ends it."""
        results = self.results
        results.kept = None if results.kept is not None else self.state.shown
        results.show(self.state.shown)
        self.refresh_bindings()

    def action_fix(self) -> None:
        self.actions.fix()

    def action_copy_fix(self) -> None:
        self.actions.copy_fix()

    def action_to_query(self) -> None:
        if (text := self.page.query_text()) is not None:
            console_app(self).hand_over("query", text)
        else:
            self.actions.to_query()
