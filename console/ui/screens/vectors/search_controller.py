"""The search itself: which columns there are, the one that is chosen, and what was found, on the lines above the tabs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Container
from textual.worker import Worker

from console.errors import ConsoleError
from console.sampler.records import Snapshot
from console.ui.connection import ConnectionState as Connected
from console.ui.frame import ConsoleScreen
from console.ui.keymap import key
from console.ui.screens.vectors import parse_search
from console.ui.screens.vectors.engine import Asked, Engine
from console.ui.screens.vectors.pages import PAGES, VectorPage, VectorsState, VectorsTab
from console.ui.screens.vectors.recalls import Recalls
from console.ui.screens.vectors.results_page import ResultsPage
from console.ui.screens.vectors.search_params import QuerySource, SearchParams
from console.ui.screens.vectors.settings import misfit_words
from console.ui.screens.vectors.summary import Told, about_lines
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.tab_bar import TabBar
from console.vectors import read
from console.vectors.records import SearchSetting, VectorColumn
from console.view.table import Line, Tone
from console.view.vectors import search as view


class SearchingScreen(ConsoleScreen):
    """A screen that searches; its tabs and keys are its subclass's."""

    def __init__(self, pages: Sequence[VectorsTab] = PAGES) -> None:
        super().__init__()
        self.pages = pages
        self.page_name = pages[0].name
        self.state = VectorsState()
        self.server: dict[str, SearchSetting] = {}
        self.error: ConsoleError | None = None
        self._engine: Engine | None = None
        self._setups: dict[str, SearchParams] = {}
        self._asked: Asked | None = None
        self._columns: list[VectorColumn] | None = None
        self._reader: Worker[None] | None = None
        self._searcher: Worker[None] | None = None
        self._render_ms: float | None = None
        self.recalls = Recalls()
        self._handed: str | None = None
        self._was_lost = False

    def body(self) -> ComposeResult:
        yield Told(id="verdict")
        yield Lines(id="about")
        yield TabBar(id="tabs")
        with Container(id="pages"):
            yield self.pages[0].make()

    @property
    def engine(self) -> Engine:
        """What reads and searches; a test may put another one in its place."""
        if self._engine is None:
            self._engine = Engine(self.connection, console_app(self).config)
        return self._engine

    @property
    def results(self) -> ResultsPage:
        return self.query_one(ResultsPage)

    @property
    def page(self) -> VectorPage:
        """The tab that is shown."""
        return self.query_one(f"#{self.page_name}-page", VectorPage)

    @property
    def has_read(self) -> bool:
        """Whether it is known what there is to search, or why that can't be known."""
        return self._reader is not None and self._reader.is_finished

    @property
    def is_searching(self) -> bool:
        return self._searcher is not None and not self._searcher.is_finished

    # what there is to search

    def sampled(self, snapshot: Snapshot) -> None:
        if self.connection.state is Connected.LIVE and (self._reader is None or (
                self._was_lost and self.error is not None and self._reader.is_finished)):
            self._read()
        self._was_lost = False

    def show_state(self) -> None:
        super().show_state()
        if self.is_mounted and self.connection.state is Connected.LOST:
            self._was_lost = True

    def _read(self, *, anew: bool = False) -> None:
        self._say_verdict((("reading the vector columns…", "dim"),))
        self._reader = self.run_worker(self._read_columns(anew), group="columns", exclusive=True, exit_on_error=False)

    async def _read_columns(self, anew: bool) -> None:
        try:
            found = await self.engine.columns(anew=anew)
        except ConsoleError as error:
            self._failed(error, f"the vector columns could not be read: {key('vectors.again')} tries again")
            return
        self.error = None
        self._columns = found
        self.state = replace(self.state,
                             columns=[column for column in found if column.is_readable and not column.is_partition])
        if self._handed is not None:
            text, self._handed = self._handed, None
            self._take_sql(text)
        elif not self.state.columns:
            self._say_nothing_there()
        elif self.state.subject is None:
            await self._choose(first_choice(self.state.columns))
        else:
            await self._renew(self.state.subject.column)
            if self.state.setup.question is None:
                self._say_how_to_begin()
            elif self.state.result is None:  # it may have been the search that went wrong: nobody repeats it unasked
                self._say_verdict((("nothing found yet", "strong"),
                                   (f": {key('vectors.again')} searches again", "dim")))

    def _say_nothing_there(self) -> None:
        info = self.connection.info
        has_pgvector = info is not None and "vector" in info.extensions
        database = info.database if info else "this database"
        other, again = f"{key('app.databases')} chooses another database", f"{key('vectors.again')} looks again"
        if not has_pgvector:
            told = f"pgvector is not installed in {database}: there is nothing to search"
            fix = "CREATE EXTENSION vector, by a role that may; where the server doesn't know it, the package " \
                  f"postgresql-NN-pgvector has to be installed first. {other}. {again}."
        elif self._columns:
            told = f"the role {info.user if info else ''} may read none of the {len(self._columns)} vector columns"
            fix = f"{read.grants(self._columns[0], info.quoted_user if info else '...')}. {again}."
        else:
            told = f"no table of {database} has a column of type vector, halfvec, sparsevec or bit(n)"
            fix = f"ALTER TABLE ... ADD COLUMN embedding vector(384). {other}. {again}."
        self._say_verdict(((told, "warning"),))
        self.query_one("#about", Lines).show()
        self.results.say(fix, can_begin=False)

    async def _choose(self, column: VectorColumn) -> None:
        """Makes `column` the one that is searched; its last search comes back."""
        self._cancel()
        try:
            about, self.server = await self.engine.subject(column)
        except ConsoleError as error:
            self._failed(error, "another column: c")
            return
        self.error = None
        self._asked = None
        self.state = VectorsState(self.state.columns, about, self._setups.get(column.label, SearchParams()))
        self.show_all()
        if self.state.setup.question is not None:
            self._search()
        else:
            self._say_how_to_begin()

    def _say_how_to_begin(self) -> None:
        ways = ((key("hits.begin"), "searches for what is like a row drawn at random"),
                (key("vectors.ask"), "asks for something: a text, a row of any table, a vector"),
                (key("vectors.column"), "chooses another column"))
        wide = max(len(name) for name, _ in ways)
        self.results.say("\n".join(f"{name:{wide}}  {what}" for name, what in ways), can_begin=True)

    async def _renew(self, column: VectorColumn) -> None:
        """Reads the column's indexes again; what was found with the old ones stays."""
        try:
            about, self.server = await self.engine.subject(column)
        except ConsoleError:
            return  # the next search says it
        if self.state.subject is not None and self.state.subject.column == column:
            self.state = replace(self.state, subject=about)
            self.show_all()

    # searching

    def _set(self, setup: SearchParams) -> None:
        self.state = replace(self.state, setup=setup)
        if self.state.subject is not None:
            self._setups[self.state.subject.column.label] = setup

    def change(self, **changes: Any) -> None:
        """Has the next search differ in these of Setup's fields."""
        self._set(replace(self.state.setup, **changes))
        self.page.show(self.state)

    def search_for(self, question: QuerySource) -> None:
        """Searches the chosen column for `question`."""
        self._asked = None
        self._set(replace(self.state.setup, question=question))
        self._search()

    def _search(self) -> None:
        self._cancel()
        self._say_verdict((("searching… ", "strong"), (f"{key('vectors.cancel')} cancels", "dim")))
        if self.state.result is None:
            self.results.say(" ", can_begin=False)  # not the words about an earlier failure
        self._searcher = self.run_worker(self._run_search(), group="search", exclusive=True, exit_on_error=False)
        self.refresh_bindings()

    async def _run_search(self) -> None:
        about, setup = self.state.subject, self.state.setup
        if about is None or setup.question is None:
            return
        try:
            if self._asked is None:
                self._asked = await self.engine.ask(about, setup.question)
            request = self.engine.request(about, setup, self._asked)
            result = await self.engine.find(request)
            self.results.say("", can_begin=False)
            self.state = replace(self.state, request=request, result=result)
            self._show_timed()
            self.state = replace(self.state, result=await self.engine.examine(request, result))
            self.error = None
        except ConsoleError as error:
            self._failed(error,
                         f"{key('vectors.ask')} asks for something else, {key('vectors.settings')} changes the options")
            return
        self.show_all()
        self.refresh_bindings()

    def _show_timed(self) -> None:
        clock = console_app(self).clock
        started = clock.monotonic()
        self.show_all()
        self._render_ms = (clock.monotonic() - started) * 1000
        self._show_about()

    def _cancel(self) -> bool:
        if not self.is_searching or self._searcher is None:
            return False
        self._searcher.cancel()
        return True

    def _failed(self, error: ConsoleError, then: str) -> None:
        self.error = error
        self.state = replace(self.state, request=None, result=None)
        self._say_verdict(((error.summary, "critical"),))
        details = [*error.lines()[1:], then]
        self.results.say("\n".join(details), can_begin=False)
        self._show_about()
        self.refresh_bindings()

    # showing

    def show_all(self) -> None:
        """Everything, as the state is."""
        state = self.state
        if state.result is not None and state.subject is not None:
            options = state.setup.options
            line = view.verdict(state.result, state.subject.indexes,
                                self._effective("hnsw.ef_search", options.ef_search),
                                self._effective("ivfflat.probes", options.probes))
            words = self.recalls.words(state.subject, state.setup, self.server, console_app(self).clock.now())
            recall: Line = ((f" · {words}", "dim"),) if words else ()
            self._say_verdict((*line, *recall), *(((words, tone),) for words, tone in view.notes(state.result)))
        elif state.subject is not None:
            words = misfit_words(state.subject, state.setup)
            self._say_verdict((("nothing searched yet", "strong"), (f" · {words}" if words else "", "warning")))
        self._show_about()
        self._show_tabs()
        self.page.show(state)

    def _effective(self, name: str, chosen: int | None) -> str | None:
        server = self.server.get(name)
        return str(chosen) if chosen is not None else server.setting if server else None

    def _show_about(self) -> None:
        if self.state.subject is not None:
            words = self._asked.words if self._asked else ""
            self.query_one("#about", Lines).show(*about_lines(self.state, words, self._render_ms, self.server))

    def _show_tabs(self) -> None:
        names = [page.name for page in self.pages]
        self.query_one("#tabs", TabBar).show_tabs([(page.title, True) for page in self.pages],
                                                  names.index(self.page_name))

    def _say_verdict(self, *lines: Sequence[tuple[str, Tone]]) -> None:
        self.query_one(Told).show(*(tuple(line) for line in lines))

    # what other screens hand over

    def receive(self, subject: object) -> None:
        """A search from Statements or Query: its column, metric and k are taken, its vector is asked for."""
        if isinstance(subject, str):
            if self._columns is None:
                self._handed = subject
            else:
                self._take_sql(subject)

    def _take_sql(self, text: str) -> None:
        self._reader = self.run_worker(self._taken(text), group="columns", exclusive=True, exit_on_error=False)

    async def _taken(self, text: str) -> None:
        taken = parse_search.read(text, self.state.columns)
        if taken.column is None:
            self.results.say(taken.why, can_begin=False)
            if self.state.subject is None and self.state.columns:
                await self._choose(first_choice(self.state.columns))
            console_app(self).tell(taken.why)
            return
        self._setups[taken.column.label] = taken.setup(self._setups.get(taken.column.label, SearchParams()))
        await self._choose(taken.column)
        if taken.why:
            console_app(self).tell(taken.why)


def first_choice(columns: Sequence[VectorColumn]) -> VectorColumn:
    """The column that a newcomer sees: dense, with dimensions, with the most rows."""
    def worth(column: VectorColumn) -> tuple[bool, bool, float]:
        return column.type_name in ("vector", "halfvec"), column.dimensions is not None, column.row_estimate or 0.0

    return max(columns, key=worth)
