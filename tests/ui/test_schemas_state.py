"""The state of the Schemas screen, without a terminal: where the cursor goes, which tab is shown, what is kept."""

from __future__ import annotations

from console.catalog.records import Kind, NameMatch
from console.catalog.tree import TreeNode
from console.errors import ServerError, Unreachable
from console.ui.screens.schemas import views
from console.ui.screens.schemas.outline import Outline
from console.ui.screens.schemas.state import ObjectState, TreeState
from console.ui.screens.schemas.subjects import Code, ObjectSubject, RowsTab, Tab
from console.view.table import Cell, Column, Row, Table, plain

EMPTY = Table((Column("name", "name"),), ())
FILLED = Table((Column("name", "name"),), (Row("1", (Cell("x"),)),))
ITEMS, OTHERS = TreeNode("items", "object", "items"), TreeNode("others", "object", "others")


def match(kind: str = Kind.TABLE) -> NameMatch:
    return NameMatch(kind, 7, 1, "shop", "items", None, None, 0)


def subject(*titles: str, start: str = "") -> ObjectSubject:
    contents = {"Columns": FILLED, "Indexes": EMPTY, "Data": RowsTab(7)}
    return ObjectSubject((("shop.items", "strong"),), tuple(Tab(title, contents.get(title)) for title in titles),
                         "shop.items", start)


def shown(state: ObjectState, node: TreeNode, found: ObjectSubject) -> str:
    """Reads it, and shows the tab that comes of it."""
    state.node = node
    state.title = state.take(node, found)
    return state.title


# the tree


def test_after_a_search_the_cursor_is_where_it_was() -> None:
    state, tree = TreeState(), Outline(())
    state.take(tree)
    state.begin_search("schema:7")
    state.take_found(Outline(()), None)
    state.begin_search("found:1")  # other words of the same search
    assert state.shown is not tree and "nothing of that name" in views.empty_tree(state)
    assert state.end_search() and state.shown is tree and state.to_select == "schema:7"
    assert not state.end_search()


def test_an_object_is_gone_to_once_there_is_a_tree() -> None:
    state = TreeState()
    assert state.go_to(match()) is None and state.wanted == match()
    state.take(Outline(()))
    assert state.go_to(match()) == "shop.items" and state.wanted is None
    assert state.go_to(match("schema")) == "shop"


def test_an_empty_tree_says_why() -> None:
    state = TreeState()
    assert "reading" in views.empty_tree(state) and views.overview(state) == ()
    state.error = ServerError("not allowed", hint="ask")
    assert "not allowed" in views.empty_tree(state) and "R reads the schemas again" in views.empty_tree(state)
    state.take(Outline(()))
    assert state.error is None and "no schema" in views.empty_tree(state)


# the detail


def test_a_chosen_tab_is_kept_for_the_next_object_that_has_it() -> None:
    state = ObjectState()
    assert shown(state, ITEMS, subject("Columns", "Indexes", "DDL")) == "Columns"
    assert state.choose(1) == "Indexes" and state.choose(9) is None
    assert shown(state, OTHERS, subject("Role", "DDL")) == "Role"
    assert shown(state, ITEMS, subject("Columns", "Indexes")) == "Indexes"
    assert shown(state, ITEMS, subject("Columns", "DDL", start="DDL")) == "DDL"
    assert shown(state, ITEMS, ObjectSubject(())) == "" and state.tab is None and state.beside(1) is None


def test_tabs_go_round_and_say_whether_they_are_empty() -> None:
    state = ObjectState()
    shown(state, ITEMS, subject("Columns", "Indexes", "DDL"))
    assert state.beside(-1) == 2 and state.beside(1) == 1
    assert state.bar() == ([("Columns", True), ("Indexes", False), ("DDL", True)], 0)


def test_what_has_been_read_of_a_tab_is_kept_until_another_object_comes() -> None:
    state = ObjectState()
    shown(state, ITEMS, subject("DDL", "Data"))
    tab = state.tab
    assert tab is not None and state.content(tab) is None and not state.is_ready and state.rows_oid is None
    state.keep(tab, Code("CREATE"))
    assert state.content(tab) == Code("CREATE") and state.is_ready
    state.title = "Data"
    assert state.rows_oid == 7
    shown(state, OTHERS, subject("DDL"))
    assert state.content(tab) is None


def test_a_lost_connection_leaves_what_is_shown_and_nothing_else_does() -> None:
    state = ObjectState()
    assert views.summary(state) == ()
    state.node = ITEMS
    assert state.is_unread and views.summary(state) == ()
    state.forget()
    assert plain(views.summary(state)) == "items  reading…"
    assert state.fail(Unreachable("gone")) and plain(views.summary(state)) == "items"
    shown(state, ITEMS, subject("Columns"))
    assert not state.is_unread and state.error is None
    assert not state.fail(Unreachable("gone")) and plain(views.summary(state)) == "shop.items"
    assert state.fail(ServerError("no right")) and state.subject is None and state.error is not None
    state.node = OTHERS
    assert state.is_unread
