"""What a person does on the screen: choose a column, search it for something, change how, take it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from textual.message import Message
from textual.worker import Worker

from console.errors import ConsoleError
from console.plans.records import Fix
from console.server.effects import Acts
from console.ui.dialogs import allow
from console.ui.dialogs.row_dialog import RowDialog
from console.ui.frame import ConsoleScreen
from console.ui.host import Host
from console.ui.keymap import key
from console.ui.screens.vectors import engine, parse_search, views
from console.ui.screens.vectors.dialogs import ColumnDialog, QuerySourceDialog, where_dialog
from console.ui.screens.vectors.engine import Engine
from console.ui.screens.vectors.fixes import FixesDialog, write_migration
from console.ui.screens.vectors.search_params import SearchParams
from console.ui.screens.vectors.settings import SettingsDialog
from console.ui.screens.vectors.state import SearchState, first_choice
from console.ui.widgets.painting import console_app
from console.vectors.query_source import QuerySource
from console.vectors.records import Neighbor, SearchResult, VectorColumn
from console.vectors.search import SearchRequest


class VectorActions:
    """The actions of one screen. They write into `state`, work through the screen's host, and answer by messages."""

    class Changed(Message):
        """The state is another one."""

    class Found(Message):
        """A search has brought rows; what else is to be known of it comes later."""

    def __init__(self, screen: ConsoleScreen, state: SearchState) -> None:
        self._screen = screen
        self._state = state
        self._engine: Engine | None = None
        self._reader: Worker[None] | None = None
        self._searcher: Worker[None] | None = None

    @property
    def engine(self) -> Engine:
        """What reads and searches; a test may put another one in its place."""
        if self._engine is None:
            self._engine = Engine(self._screen.connection, self._host.config)
        return self._engine

    @engine.setter
    def engine(self, other: Engine) -> None:
        self._engine = other

    @property
    def _host(self) -> Host:
        return console_app(self._screen)

    @property
    def has_begun(self) -> bool:
        """Whether what there is to search has been asked for."""
        return self._reader is not None

    @property
    def has_read(self) -> bool:
        """Whether it is known what there is to search, or why that can't be known."""
        return self._reader is not None and self._reader.is_finished

    @property
    def is_searching(self) -> bool:
        return self._searcher is not None and not self._searcher.is_finished

    def _changed(self) -> None:
        self._screen.post_message(self.Changed())

    # what there is to search

    def read(self, *, anew: bool = False) -> None:
        """Reads the columns; `anew` also those that are known."""
        self._state.say((("reading the vector columns…", "dim"),), instead=self._state.instead,
                        can_begin=self._state.can_begin)
        self._changed()
        self._begin_reading(self._read_columns(anew))

    def _begin_reading(self, work: Any) -> None:
        self._reader = self._screen.run_worker(work, group="columns", exclusive=True, exit_on_error=False)

    async def _read_columns(self, anew: bool) -> None:
        state = self._state
        try:
            state.take_columns(await self.engine.columns(anew=anew))
        except ConsoleError as error:
            self._failed(error, f"the vector columns could not be read: {key('vectors.again')} tries again")
            return
        if state.handed is not None:
            text, state.handed = state.handed, None
            await self._take_sql(text)
        elif not state.columns:
            told, fix = views.nothing_there(state, self._screen.connection.info)
            state.choose_none()
            state.say(((told, "warning"),), instead=fix)
        elif state.subject is None:
            await self._choose(first_choice(state.columns))
        else:
            await self._renew(state.subject.column)
            if state.setup.question is None:
                state.say(instead=views.how_to_begin(), can_begin=True)
            elif state.result is None:  # it may have been the search that went wrong: nobody repeats it unasked
                state.say(views.nothing_found(), instead=state.instead)
            else:
                state.say()
        self._changed()

    async def _choose(self, column: VectorColumn) -> None:
        """Makes `column` the one that is searched; its last search comes back."""
        self._stop()
        state = self._state
        try:
            state.choose(*await self.engine.subject(column))
        except ConsoleError as error:
            self._failed(error, f"{key('vectors.column')} chooses another column")
            return
        if state.setup.question is not None:
            self.search()
        else:
            state.say(instead=views.how_to_begin(), can_begin=True)
            self._changed()

    def renew(self) -> None:
        """Reads the column's indexes again."""
        if (about := self._state.subject) is not None:
            self._screen.run_worker(self._renew(about.column), group="renew", exclusive=True, exit_on_error=False)

    async def _renew(self, column: VectorColumn) -> None:
        try:
            about, server = await self.engine.subject(column)
        except ConsoleError:
            return  # the next search says it
        if self._state.renew(about, server):
            self._changed()

    def take_sql(self, text: str) -> None:
        """A search as SQL: its column, metric and k are taken; its vector too, where it is there, else it is asked for.
        """
        if self._state.all_columns is None:
            self._state.handed = text
        else:
            self._begin_reading(self._take_sql(text))

    async def _take_sql(self, text: str) -> None:
        state = self._state
        taken = parse_search.read(text, state.columns)
        if taken.column is not None:
            state.keep_setup(taken.column, taken.setup(state.setup_of(taken.column)))
            await self._choose(taken.column)
        else:
            state.say(instead=taken.why)
            self._changed()
            if state.subject is None and state.columns:
                await self._choose(first_choice(state.columns))
        if taken.why:
            self._host.tell(taken.why)

    # searching

    def change(self, **changes: Any) -> None:
        """Has the next search differ in these fields of SearchParams."""
        self._state.change(**changes)
        self._changed()

    def search_for(self, question: QuerySource) -> None:
        """Searches the chosen column for `question`."""
        self._state.ask(question)
        self.search()

    def search_again(self) -> None:
        """The same search once more; without one, what there is to search is read again."""
        if self._state.subject is not None and self._state.setup.question is not None:
            self._state.repeat()
            self.search()
        else:
            self.read(anew=True)

    def search_or_show(self) -> None:
        """Searches with what was changed, if there is anything to search for."""
        if self._state.setup.question is not None:
            self.search()
        else:
            self._changed()

    def search(self) -> None:
        """Searches as the state says."""
        self._stop()
        state = self._state
        state.say(views.searching(), instead=" " if state.result is None else "")  # no words of an earlier failure
        self._searcher = self._screen.run_worker(self._search(), group="search", exclusive=True, exit_on_error=False)
        self._changed()

    async def _search(self) -> None:
        state = self._state
        about, setup = state.subject, state.setup
        if about is None or setup.question is None:
            return
        try:
            if state.asked is None:
                state.asked = await self.engine.resolve(about, setup.question)
            request = self.engine.request(about, setup, state.asked.vector, state.asked.key)
            result = await self._found(request)
            state.take_result(request, result)
            self._screen.post_message(self.Found())
            state.take_result(request, await self.engine.examine(request, result))
            state.error = None
            if state.wants_fixes:
                self._changed()
                state.fixes = await self.engine.fixes(request, state.result or result)
        except ConsoleError as error:
            self._failed(error, f"{key('vectors.ask')} asks for something else, {key('vectors.settings')} changes the "
                                "options")
            return
        self._changed()

    async def _found(self, request: SearchRequest) -> SearchResult:
        """What is found; where the condition acts on a target that is read-only, only if a person allows it."""
        try:
            return await self.engine.find(request)
        except Acts as refusal:
            target = self._screen.connection.target
            if target is None:
                raise
            names = await allow.allowed(self._screen.app, refusal, target, request.where or "")
            return await self.engine.find(replace(request, allowed=names))

    def _stop(self) -> bool:
        if not self.is_searching or self._searcher is None:
            return False
        self._searcher.cancel()
        return True

    def cancel(self) -> bool:
        """Cancels the search at once; False where none runs."""
        if not self._stop():
            return False
        if self._state.wants_fixes:  # the rows are there: only what would mend it isn't known
            self._state.fixes = ()
        else:
            self._state.say(views.cancelled(), instead=self._state.instead)
        self._changed()
        return True

    def _failed(self, error: ConsoleError, then: str) -> None:
        self._state.fail(error, then)
        self._changed()

    # asking a person

    def ask(self) -> None:
        """Asks what to search for."""
        about = self._state.subject
        if about is None:
            return
        column, before = about.column, self._state.setup.question

        def answered(question: QuerySource | None) -> None:
            if question is None:
                return
            if question.kind == "text" and before is not None:
                question = replace(question, embedder=before.embedder)
            if question.kind == "other":
                self._choose_column("Whose row?", lambda label: self.search_for(replace(question, column=label)))
            else:
                self.search_for(question)

        self._host.push_screen(QuerySourceDialog(
            f"Search {column.label}", before, key=", ".join(about.key.columns) if about.key else "ctid",
            without_text=self._without_text(column), check=lambda question: engine.check(question, column)), answered)

    def _without_text(self, column: VectorColumn) -> str | None:
        """Why no text can be searched for; None where one can, by an embedder of the column's or one to choose."""
        try:
            self.engine.embedder_for(column, None)
        except ConsoleError as error:
            return None if self.engine.embedder_names else error.summary
        return None

    def choose_column(self) -> None:
        """Asks which column to search."""
        by_label = {column.label: column for column in self._state.all_columns or ()}
        self._choose_column("Vector column", lambda label: self._begin_reading(self._choose(by_label[label])))

    def _choose_column(self, title: str, take: Callable[[str], None]) -> None:
        about = self._state.subject
        self._host.push_screen(
            ColumnDialog(title, self._state.all_columns or (), self._screen.connection.services,
                         about.column.label if about else None),
            lambda label: None if label is None else take(label))

    def change_settings(self, select: str) -> None:
        """Asks for other options, beginning with the one named `select`."""
        state = self._state
        if state.subject is None:
            return

        def answered(setup: SearchParams | None) -> None:
            if setup is not None and setup != state.setup:
                state.set(setup)
                self.search_or_show()

        self._host.push_screen(
            SettingsDialog(state.subject, state.setup, state.server, self.engine.embedder_names, select), answered)

    def change_where(self) -> None:
        """Asks for the condition alone, and searches with it."""
        about = self._state.subject
        if about is None:
            return

        def answered(words: str | None) -> None:
            if words is not None and (words.strip() or None) != self._state.setup.where:
                self._state.change(where=words.strip() or None)
                self.search_or_show()

        self._host.push_screen(where_dialog(about.column, self._state.setup.where), answered)

    # fixes

    def fix(self) -> None:
        """Does what the fix says; of several a person chooses."""
        fixes = self._state.fixes or ()

        def chosen(key: str | None) -> None:
            if key is not None:
                self._apply(fixes[int(key)])

        if len(fixes) > 1:
            self._host.push_screen(FixesDialog("What mends it, tried", fixes), chosen)
        elif fixes:
            self._apply(fixes[0])

    def _apply(self, fix: Fix) -> None:
        match fix.kind:
            case "settings":
                self._state.adopt(self._state.setup.options.adopting(fix.settings))
                self.search_or_show()
            case "index":
                self.write_migration(fix)
            case "statement" | "upkeep":
                self._host.hand_over("query", fix.sql)
            case _:
                self._host.tell(fix.sql)

    def copy_fix(self) -> None:
        """The SQL of a fix alone; of several a person chooses."""
        fixes = self._state.fixes or ()
        if len(fixes) == 1:
            self._host.copy(fixes[0].sql)
        elif fixes:
            self._host.push_screen(FixesDialog("Copy which fix?", fixes),
                                   lambda key: None if key is None else self._host.copy(fixes[int(key)].sql))

    def write_migration(self, fix: Fix) -> None:
        """The index of a fix as the next migration of its service, after a question."""
        about = self._state.subject
        if about is not None:
            self._screen.run_worker(write_migration(self._screen, fix, about), group="migration", exclusive=True,
                                    exit_on_error=False)

    # a row, and elsewhere

    def more_like(self, hit: Neighbor | None) -> None:
        """Searches for what is like that row."""
        if hit is not None and all(part is not None for part in hit.key):
            found = tuple(part or "" for part in hit.key)
            self.search_for(QuerySource("row", ", ".join(found) if len(found) == 1 else "", found))

    def show_row(self, found: tuple[str | None, ...]) -> None:
        """All of the row with that key."""
        self._screen.run_worker(self._show_row(found), group="row", exclusive=True, exit_on_error=False)

    async def _show_row(self, found: tuple[str | None, ...]) -> None:
        about = self._state.subject
        if about is None:
            return
        try:
            values, row = await self.engine.row(about, tuple(part or "" for part in found))
        except ConsoleError as error:
            self._host.show_error(error)
            return
        name = ", ".join(part or "NULL" for part in found)
        self._host.push_screen(RowDialog(f"{about.column.table} {name}", values, row))

    def to_query(self) -> None:
        """The statement; with settings of its own in the transaction that they hold in."""
        shown = self._state.shown
        text = views.script(shown) if views.settings(shown) else views.statement(shown)
        if text is not None:
            self._host.hand_over("query", text)
