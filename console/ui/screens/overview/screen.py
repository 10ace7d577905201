"""Overview: the verdict, and below it pages chosen by letter keys: health, load, WAL, I/O, vacuum, sizes, alerts..."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from console.errors import ConsoleError
from console.sampler.records import Snapshot
from console.server.session import Session
from console.ui.bindings import bindings
from console.ui.frame import ConsoleScreen
from console.ui.keymap import letter
from console.ui.screens.overview.pages import PAGES
from console.ui.screens.overview.pages.page import OverviewPage
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar
from console.view import overview as view
from console.view.table import Line


class OverviewScreen(ConsoleScreen):
    """The pages about the server as a whole. One is made when it is opened first and lives as long as the screen."""

    CSS_PATH = "screen.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]  # noqa: RUF012
    BINDINGS = bindings("overview")

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, OverviewPage] = {}
        self.page_name = PAGES[0].name

    @property
    def page(self) -> OverviewPage:
        """The page that is shown."""
        return self.pages[self.page_name]

    def body(self) -> ComposeResult:
        yield StatusLine(id="verdict")
        yield TabBar(id="pages")
        page = self.pages[self.page_name] = PAGES[0].make()
        self._take_focus_from(page)
        yield page

    # reading

    def sampled(self, snapshot: Snapshot) -> None:
        is_old = snapshot.error is not None and snapshot.taken_at is not None
        self.query_one("#verdict", StatusLine).show(self._verdict(snapshot, is_old=is_old))
        self._show_tabs()
        self.page.show_if_there()
        self._take_focus_from(self.page)  # what has the keys depends on what there is

    def _verdict(self, snapshot: Snapshot, *, is_old: bool) -> Line:
        """The findings in a few words; without any, and while the server is away, what the checks said."""
        diagnosis = self.connection.diagnosis
        if is_old or diagnosis is None or not diagnosis.findings:
            return view.verdict(snapshot.results, is_old=is_old)
        from console.check.records import Status
        from console.view.diagnosis import verdict

        said = {name for finding in diagnosis.findings for name in finding.checks}
        return verdict(diagnosis.findings, sum(result.status is not Status.OK and result.name not in said
                                               for result in snapshot.results))

    @property
    def has_reads(self) -> bool:
        return bool(self.page.reads())

    async def sample(self, session: Session) -> None:
        await self.page.sample(session)

    def failed(self, error: ConsoleError) -> None:
        self.page.failed(error.summary)

    # the pages

    def _show_tabs(self) -> None:
        names = [entry.name for entry in PAGES]
        self.query_one("#pages", TabBar).show_tabs(
            [(f"{letter(entry.action) if entry.action else ''} {entry.title}".lstrip(), True) for entry in PAGES],
            names.index(self.page_name))

    def _take_focus_from(self, page: OverviewPage) -> None:
        self.FOCUS = f"#{page.id} {page.FOCUS}" if page.FOCUS else ""

    async def action_page(self, name: str) -> None:
        """Shows that page; the key of the one that is shown goes back to the first."""
        name = PAGES[0].name if name == self.page_name else name
        is_new = name not in self.pages
        if is_new:
            self.pages[name] = next(entry for entry in PAGES if entry.name == name).make()
        self.page_name = name
        self._take_focus_from(self.page)
        for page in self.pages.values():
            page.display = page is self.page
        if is_new:
            await self.query_one("#body").mount(self.page)
        self.set_focus(self.query_one(self.FOCUS) if self.FOCUS else None)
        self._show_tabs()
        self.page.show_if_there()
        self.poll_or_rest()
        self.refresh_now()
        self.refresh_bindings()

    async def action_back(self) -> None:
        await self.action_page(PAGES[0].name)

    async def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        if PAGES[event.index].name != self.page_name:
            await self.action_page(PAGES[event.index].name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("page", "back") and (not self.is_ready or self.has_class("-waiting")):
            return False
        if action == "page":
            return not isinstance(self.focused, Input)
        if action == "back":
            return self.page_name != PAGES[0].name
        return super().check_action(action, parameters)
