"""The keys that work now, each with what it does: on this page, on this screen, in its lists, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.app import ComposeResult
from textual.screen import Screen

from console.ui import text
from console.ui.bindings import Offer, bindings, offers
from console.ui.dialogs.dialog import Dialog
from console.ui.key_tables import spelled
from console.ui.keymap import Keymap
from console.ui.keys import Scope, scope_of
from console.ui.widgets.filter_line import FilterLine
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table

_COLUMNS = (Column("key", "", maximum=28, sortable=False), Column("what", "", flexible=True, sortable=False))
_GROUPS = ("This page", "This screen", "This list or text", "Everywhere")


class HelpDialog(Dialog[str]):
    """What each key does here, of what can be done at this moment: the rest would only be in the way.

    Answers with the page of the manual that is wanted.
    """

    BINDINGS = bindings("keys", "reading", borrow={"app.help": "leave", "screen.filter": "filter"})
    HINT = (("screen.filter", "search"), "keys.manual", "dialog.leave")
    width = 84

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__("Keys")
        self._offers = offers(screen)
        self._page = page_of(self._offers)

    def body(self) -> ComposeResult:
        rows = tuple(help_rows(self._offers, console_app(self).keymap))
        table = RecordTable(Table(_COLUMNS, rows, "no key does that here"), show_header=False)
        table.styles.height = min(len(rows), self.app.size.height - 7)
        yield table
        yield FilterLine()

    def action_manual(self) -> None:
        self.dismiss(self._page)

    def action_filter(self) -> None:
        self.query_one(FilterLine).open(self.query_one(RecordTable))


def page_of(found: list[Offer]) -> str:
    """The page of the manual for the screen where this can be done."""
    scopes = [scope_of(offer.action.id) for offer in found]
    return next((scope.name for scope in scopes if scope.kind == "screen"), "start")


def help_rows(found: list[Offer], keys: Keymap) -> Iterator[Row]:
    """The groups that have something, each with its title and its keys. What does the same shares a row."""
    meanings = {name: words for offer in reversed(found) for name, words in scope_of(offer.action.id).meanings}
    groups: dict[str, dict[str, list[str]]] = {title: {} for title in _GROUPS}
    for offer in sorted(found, key=lambda offer: scope_of(offer.action.id).kind == "everywhere"):
        if offer.keys:
            words = meanings.get(offer.action.id, offer.action.help)
            groups[_group(scope_of(offer.action.id))].setdefault(words, []).extend(offer.keys)
    for title, entries in groups.items():
        if entries:
            yield Row(title, (Cell(title, "strong"), Cell("")))
        for words, names in entries.items():
            yield Row(f"{title} {words}", (Cell(f"  {text.cut(spelled(names), 26)}", "accent"), Cell(words)))


def _group(scope: Scope) -> str:
    """Where the keys of a scope stand."""
    match scope.kind:
        case "everywhere":
            return "This screen" if scope.name in ("screen", "tabs", "focus") else "Everywhere"
        case "screen":
            return "This screen"
        case "page":
            return "This page"
    return "This page" if scope.within and scope.name != "tree" else "This list or text"
