"""What a person does with a statement: read all of it, plan it, take it to another screen, have it forgotten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.plans.records import Analysis
from console.server.explain import ExplainRequest
from console.server.query import Read
from console.server.session import Session
from console.sql.layout import formatted
from console.statements import actions, read
from console.statements.records import Key, Ranked, SlowStatement, StatementText
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.unlock import is_read_only, word_to_type
from console.ui.keymap import key
from console.ui.slow_watch import plan_request
from console.ui.widgets.painting import console_app
from console.view.statements.text import beginning, tables
from console.view.table import Tone

if TYPE_CHECKING:
    from console.ui.screens.statements.screen import StatementsScreen

WITHIN_S = 10.0
WHOLE_CHARACTERS = 4_000_000
SETTLE_S = 0.15
"""How long the cursor must rest before a statement is read in full."""

TITLE_CHARACTERS = 60


async def describe(screen: StatementsScreen, keys: tuple[Key, ...]) -> None:
    """Fills the pane: the whole text, and the tables that it names. Ends when another statement is chosen."""
    known = screen.seen.texts.get(keys[0])
    try:
        if known is None or known.is_cut:
            await asyncio.sleep(SETTLE_S)
            async with screen.connection.session() as session:
                known = await whole_text(session, keys[0]) or known
        if screen.selected != keys:
            return
        screen.text = known
        if known is None or not known.text:
            why = "the server has no text of it" if keys[0].query_id is not None else "hidden from this role"
            screen.pane.show_text("", f"-- {why}")
            screen.pane.show_tables((), (), why)
            return
        named = await asyncio.to_thread(tables, known.text)
        await show_formatted(screen)
        await _show_tables(screen, keys, named)
    except ConsoleError as error:
        screen.pane.show_tables((), (), error.summary)


async def whole_text(session: Session, key: Key) -> StatementText | None:
    """All of a statement's text; None where the server has none, or hides it."""
    texts = read.texts([key], WHOLE_CHARACTERS)
    rows = (await session.refresh(texts, within_s=WITHIN_S)).rows(texts.query)
    return rows[0] if rows else None


async def _show_tables(screen: StatementsScreen, keys: tuple[Key, ...], named: list[tuple[str, str]]) -> None:
    info = screen.connection.info
    database = screen.seen.names.database(keys[0])
    if info is not None and database and database != info.database:
        screen.pane.show_tables((), (), f"it runs in {database}, this is {info.database}: "
                                        f"{key('app.databases')} opens another database")
        return
    async with screen.connection.session() as session:
        wanted = Read(read.TOUCHED_TABLES, {"schemas": [schema for schema, _ in named],
                                            "names": [name for _, name in named],
                                            "path": list(session.info.schemas)})
        found = (await session.refresh(wanted, within_s=WITHIN_S)).rows(read.TOUCHED_TABLES) or [] if named else []
        ids = Read(read.TOUCHED_INDEXES, {"relation_ids": [item.relation_id for item in found]})
        indexes = (await session.refresh(ids, within_s=WITHIN_S)).rows(read.TOUCHED_INDEXES) or [] if found else []
    if screen.selected == keys:
        screen.pane.show_tables(found, indexes)


def show_text(screen: StatementsScreen) -> None:
    """The text as it was written, or formatted."""
    screen.run_worker(show_formatted(screen), group="format", exclusive=True, exit_on_error=False)


async def show_formatted(screen: StatementsScreen) -> None:
    text = screen.text
    if text is None or text.text is None:
        return
    shown = text.text if screen.is_original else await asyncio.to_thread(formatted, text.text)
    if text is screen.text:
        screen.pane.show_text(text.text, shown, "… there is more of it" if text.is_cut else "")


# what keys are about


def has_subject(screen: StatementsScreen) -> bool:
    if screen.shows_slow:
        return _slow(screen) is not None
    return _ranked(screen) is not None


def _slow(screen: StatementsScreen) -> SlowStatement | None:
    row = screen.slow.row
    return screen.slow_one or (row.record if row is not None else None)


def _ranked(screen: StatementsScreen) -> tuple[Key, ...] | None:
    """The statement that the pane or the cursor is on; none where a row sums up a database or a user."""
    if screen.selected:
        return screen.selected if screen.selected[0].query_id is not None else None
    row = screen.statements.row
    if row is None or not isinstance(row.record, Ranked) or screen.grouping not in ("statement", "shape"):
        return None
    return row.record.keys if row.record.keys[0].query_id is not None else None


def one_key(screen: StatementsScreen) -> Key | None:
    """The one statement that could be reset."""
    keys = _ranked(screen)
    return keys[0] if keys is not None and len(keys) == 1 else None


async def _text(screen: StatementsScreen) -> str | None:
    """The whole text of what keys are about. Raises ConsoleError."""
    if screen.shows_slow:
        statement = _slow(screen)
        return statement.session.query if statement is not None else None
    keys = _ranked(screen)
    if keys is None:
        return None
    known = screen.text if screen.selected == keys and screen.text else screen.seen.texts.get(keys[0])
    if known is None or known.is_cut:
        async with screen.connection.session() as session:
            known = await whole_text(session, keys[0])
    return known.text if known is not None else None


def hand(screen: StatementsScreen, name: str) -> None:
    """Goes to another screen with the text."""
    async def over() -> None:
        app = console_app(screen)
        try:
            text = await _text(screen)
        except ConsoleError as error:
            app.show_error(error)
            return
        if text:
            app.hand_over(name, text)
        else:
            app.tell("the server has no text of it")

    if any(entry.name == name for entry in console_app(screen).entries):
        screen.run_worker(over(), group="hand", exclusive=True, exit_on_error=False)


def plan(screen: StatementsScreen) -> None:
    """The plan: the one taken while a slow statement ran, else a new one, generic where there are parameters."""
    from console.ui.plan_page import PlanPage

    app = console_app(screen)
    slow = _slow(screen) if screen.shows_slow else None
    taken = screen.connection.slow.plan_of(slow) if slow is not None else None
    if isinstance(taken, Analysis) and slow is not None:
        app.push_screen(PlanPage.of(taken, beginning(slow.session.query or "")[:TITLE_CHARACTERS]))
        return

    async def page() -> None:
        try:
            text = await _text(screen)
        except ConsoleError as error:
            app.show_error(error)
            return
        if text:
            request = ExplainRequest(statement=text, generic=plan_request(text).generic)
            app.push_screen(PlanPage(request, beginning(text)[:TITLE_CHARACTERS]))
        else:
            app.tell("the server has no text of it")

    screen.run_worker(page(), group="plan", exclusive=True, exit_on_error=False)


def ask_reset(screen: StatementsScreen, *, everything: bool) -> None:
    """Resets one statement, or all, after a question."""
    app, connection = console_app(screen), screen.connection
    target, key = connection.target, None if everything else one_key(screen)
    if target is None or (key is None and not everything):
        return
    if connection.read_only:
        app.show_error(is_read_only(connection.label))
        return
    known = screen.seen.texts.get(key) if key is not None else None
    text = known.text or "" if known is not None else ""
    if key is None:
        question = f"Forget the counters of all {len(screen.seen.journal)} statements on {connection.label}?"
        what = "Of every database and every user; whatever else reads pg_stat_statements sees a reset too."
    else:
        question = f"Forget the counters of this statement on {connection.label}?"
        what = beginning(text)[:200] or f"query id {key.query_id}"

    async def reset() -> None:
        try:
            async with connection.session() as session:
                await actions.reset(session, key, text)
        except ConsoleError as error:
            app.show_error(error)
            return
        app.tell("the counters are reset" if key is None else "its counters are reset")
        screen.refresh_now()

    def answered(yes: bool | None) -> None:
        if yes:
            screen.run_worker(reset(), group="reset", exit_on_error=False)

    consequences: tuple[tuple[str, Tone], ...] = (
        (what, "warning"), ("It can't be undone. The audit log keeps who asked for it.", ""))
    app.push_screen(ConfirmDialog(question, consequences, typed=word_to_type(target) if everything else None), answered)
