"""What a person does with a statement: read all of it, plan it, take it to another screen, have it forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual.message import Message

from console.errors import ConsoleError
from console.plans.records import Analysis
from console.server.explain import ExplainRequest
from console.server.query import Read
from console.server.session import Session
from console.statements import actions, read
from console.statements.records import Beside, Key, SlowStatement, StatementText, TouchedIndex, TouchedTable
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.unlock import is_read_only, word_to_type
from console.ui.frame import ConsoleScreen
from console.ui.host import Host
from console.ui.keymap import key as key_name
from console.ui.screens.statements.state import StatementsState
from console.ui.slow_watch import plan_request
from console.ui.widgets.painting import console_app
from console.view.statements.text import beginning, tables
from console.view.table import Tone

Subject = tuple[Key, ...] | SlowStatement
"""What keys are about: entries of pg_stat_statements, or a slow statement that was seen."""

WITHIN_S = 10.0
WHOLE_CHARACTERS = 4_000_000
SETTLE_S = 0.15
"""How long the cursor must rest before a statement is read in full."""

TITLE_CHARACTERS = 60


class StatementActions:
    """The actions of one screen. They read `state`, work through the screen's host, and answer by messages."""

    class Described(Message):
        """The whole text of these statements, as far as the server has it (None: it has none, or hides it), and what
        other extensions know of them."""

        def __init__(self, keys: tuple[Key, ...], text: StatementText | None, beside: Beside) -> None:
            super().__init__()
            self.keys = keys
            self.text = text
            self.beside = beside

    class Touched(Message):
        """The tables that these statements name, and their indexes; or why they aren't known."""

        def __init__(self, keys: tuple[Key, ...], tables: Sequence[TouchedTable] = (),
                     indexes: Sequence[TouchedIndex] = (), why: str = "") -> None:
            super().__init__()
            self.keys = keys
            self.tables = tables
            self.indexes = indexes
            self.why = why

    class Reset(Message):
        """Counters have been forgotten."""

    def __init__(self, screen: ConsoleScreen, state: StatementsState) -> None:
        self._screen = screen
        self._state = state

    @property
    def _host(self) -> Host:
        return console_app(self._screen)

    # all of a statement

    def describe(self, keys: tuple[Key, ...]) -> None:
        """Reads the whole text, and the tables that it names. Ends when another statement is described."""
        self._screen.run_worker(self._describe(keys), group="describe", exclusive=True, exit_on_error=False)

    async def _describe(self, keys: tuple[Key, ...]) -> None:
        known, beside = self._state.texts.get(keys[0]), Beside()
        try:
            is_whole = known is not None and not known.is_cut
            if not is_whole or self._is_known_elsewhere():
                await asyncio.sleep(SETTLE_S)
                async with self._screen.connection.session() as session:
                    known = known if is_whole else await whole_text(session, keys[0]) or known
                    beside = await read.beside(session, keys, WITHIN_S)
            self._screen.post_message(self.Described(keys, known, beside))
            if known is not None and known.text:
                named = await asyncio.to_thread(tables, known.text)
                self._screen.post_message(await self._touched(keys, named))
        except ConsoleError as error:
            self._screen.post_message(self.Touched(keys, why=error.summary))

    def _is_known_elsewhere(self) -> bool:
        info = self._screen.connection.info
        return info is not None and not {"pg_stat_kcache", "pg_wait_sampling"}.isdisjoint(info.extensions)

    async def _touched(self, keys: tuple[Key, ...], named: list[tuple[str, str]]) -> Touched:
        info, database = self._screen.connection.info, self._state.names.database(keys[0])
        if info is not None and database and database != info.database:
            return self.Touched(keys, why=f"it runs in {database}, this is {info.database}: "
                                          f"{key_name('app.databases')} opens another database")
        if not named:
            return self.Touched(keys)
        async with self._screen.connection.session() as session:
            wanted = Read(read.TOUCHED_TABLES, {"schemas": [schema for schema, _ in named],
                                                "names": [name for _, name in named],
                                            "path": list(session.info.schemas)})
            found = (await session.refresh(wanted, within_s=WITHIN_S)).rows(read.TOUCHED_TABLES) or []
            ids = Read(read.TOUCHED_INDEXES, {"relation_ids": [item.relation_id for item in found]})
            indexes = (await session.refresh(ids, within_s=WITHIN_S)).rows(read.TOUCHED_INDEXES) or [] if found else []
        return self.Touched(keys, found, indexes)

    async def _text(self, subject: Subject) -> str | None:
        """The whole text. Raises ConsoleError."""
        if isinstance(subject, SlowStatement):
            return subject.session.query
        known = self._state.known_text(subject)
        if known is None or known.is_cut:
            async with self._screen.connection.session() as session:
                known = await whole_text(session, subject[0])
        return known.text if known is not None else None

    def _with_text(self, subject: Subject, group: str, take: Callable[[str], object]) -> None:
        """Has `take` have the whole text, or says that there is none."""
        async def read_it() -> None:
            try:
                text = await self._text(subject)
            except ConsoleError as error:
                self._host.show_error(error)
                return
            if text:
                take(text)
            else:
                self._host.tell("the server has no text of it")

        self._screen.run_worker(read_it(), group=group, exclusive=True, exit_on_error=False)

    # elsewhere

    def hand(self, subject: Subject | None, name: str) -> None:
        """Goes to the screen of that name with the text."""
        if subject is not None and any(entry.name == name for entry in self._host.entries):
            self._with_text(subject, "hand", lambda text: self._host.hand_over(name, text))

    def plan(self, subject: Subject | None) -> None:
        """The plan: the one taken while a slow statement ran, else a new one, generic where there are parameters."""
        from console.ui.plan_page import PlanPage

        if subject is None:
            return
        if isinstance(subject, SlowStatement):
            taken = self._screen.connection.slow.plan_of(subject)
            if isinstance(taken, Analysis):
                self._host.push_screen(PlanPage.of(taken, beginning(subject.session.query or "")[:TITLE_CHARACTERS]))
                return

        def show(text: str) -> None:
            request = ExplainRequest(statement=text, generic=plan_request(text).generic)
            self._host.push_screen(PlanPage(request, beginning(text)[:TITLE_CHARACTERS]))

        self._with_text(subject, "plan", show)

    # forgetting

    def reset(self, key: Key | None) -> None:
        """Resets one statement, or (None) all, after a question."""
        connection = self._screen.connection
        target = connection.target
        if target is None:
            return
        if connection.read_only:
            self._host.show_error(is_read_only(connection.label))
            return
        known = self._state.texts.get(key) if key is not None else None
        text = known.text or "" if known is not None else ""

        def answered(yes: bool | None) -> None:
            if yes:
                self._screen.run_worker(self._reset(key, text), group="reset", exit_on_error=False)

        question, what = self._question(key, text, connection.label)
        consequences: tuple[tuple[str, Tone], ...] = (
            (what, "warning"), ("It can't be undone. The audit log keeps who asked for it.", ""))
        typed = word_to_type(connection) if key is None else None
        self._host.push_screen(ConfirmDialog(question, consequences, typed=typed), answered)

    def _question(self, key: Key | None, text: str, label: str) -> tuple[str, str]:
        if key is None:
            return (f"Forget the counters of all {len(self._state.journal)} statements on {label}?",
                    "Of every database and every user; whatever else reads pg_stat_statements sees a reset too.")
        return f"Forget the counters of this statement on {label}?", beginning(text)[:200] or f"query id {key.query_id}"

    async def _reset(self, key: Key | None, text: str) -> None:
        try:
            async with self._screen.connection.session() as session:
                await actions.reset(session, key, text)
        except ConsoleError as error:
            self._host.show_error(error)
            return
        self._host.tell("the counters are reset" if key is None else "its counters are reset")
        self._screen.post_message(self.Reset())


async def whole_text(session: Session, key: Key) -> StatementText | None:
    """All of a statement's text; None where the server has none, or hides it."""
    texts = read.texts([key], WHOLE_CHARACTERS)
    rows = (await session.refresh(texts, within_s=WITHIN_S)).rows(texts.query)
    return rows[0] if rows else None
