"""The left-hand side: the tree, what is read of it as it is opened, and the search by name."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker

from console.catalog import browse
from console.catalog.records import NameMatch
from console.catalog.tree import TreeNode
from console.errors import ConsoleError
from console.ui.connection import Connection
from console.ui.screens.schemas import views
from console.ui.screens.schemas.outline import Outline
from console.ui.screens.schemas.state import TreeState
from console.ui.screens.schemas.tree_filter import TreeFilter
from console.ui.widgets.object_tree import ObjectTree
from console.ui.widgets.painting import console_app

SLOW_S = 0.15
"""A read of the tree that takes longer says that it is reading."""

MOST_READS = 2
"""How many nodes are read at a time; opening one more cancels the oldest."""

MOST_REREAD = 20
"""How many open nodes are read again with the tree; further ones are closed."""


class TreeSide(Vertical):
    """Reads the tree into `state` when told to, and each node as it is opened."""

    class Changed(Message):
        """The whole tree was read, or a search began or ended."""

    def __init__(self, state: TreeState, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = state
        self._worker: Worker[None] | None = None
        self._reads: dict[str, Worker[None]] = {}

    def compose(self) -> ComposeResult:
        yield TreeFilter()
        yield ObjectTree(id="tree")

    @property
    def connection(self) -> Connection:
        return console_app(self).connection

    @property
    def object_tree(self) -> ObjectTree:
        return self.query_one(ObjectTree)

    @property
    def node(self) -> TreeNode | None:
        """The node under the cursor."""
        branch = self.object_tree.branch
        return None if branch is None else branch.record

    @property
    def is_reading(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    # reading

    def read(self) -> None:
        """Reads everything anew; what was open stays open."""
        self._cancel_reads()
        self.state.error = None
        if self.state.outline is None:
            self._show_tree()
        self._worker = self.run_worker(self._open_tree(), group="tree", exclusive=True, exit_on_error=False)

    async def _open_tree(self) -> None:
        """Everything anew; what was open is opened again."""
        state, before = self.state, self.state.outline
        try:
            async with self.connection.session() as session:
                outline = Outline(await browse.open_tree(session, self.connection.services,
                                                         system=state.with_system))
                if before is not None:
                    outline.open_as(before)
                    for node in outline.unread()[:MOST_REREAD]:
                        outline.read(node, await browse.open_node(session, node))
        except ConsoleError as error:
            state.error = error
            if state.outline is None:
                self._show_tree()
            return
        state.take(outline)
        if state.found is None:
            self._show_tree()
        self.post_message(self.Changed())
        if state.wanted is not None:
            self.jump(state.wanted)

    def _show_tree(self) -> None:
        state, tree = self.state, self.object_tree
        tree.is_match = views.is_match if state.found is not None else None
        tree.show_rows(views.rows(state.shown) if state.shown is not None else (), views.empty_tree(state))
        if state.to_select and tree.select(state.to_select):
            state.to_select = ""

    def open(self, node: TreeNode, select: str = "") -> None:
        """Opens a node, reading what is below it if nobody has; then goes to the node `select`."""
        self.state.to_select = select
        outline = self.state.shown
        if outline is None:
            return
        outline.open(node)
        if outline.wants_reading(node) and node.key not in self._reads:
            while len(self._reads) >= MOST_READS:
                self._cancel(outline, next(iter(self._reads)))
            self._reads[node.key] = self.run_worker(
                self._read_node(outline, node), group="nodes", exit_on_error=False)
        self._show_tree()

    def close(self, node: TreeNode) -> None:
        """Closes a node; if it is being read, that is cancelled."""
        if (outline := self.state.shown) is not None:
            self._cancel(outline, node.key)
            outline.close(node)
            self._show_tree()

    async def _read_node(self, outline: Outline, node: TreeNode) -> None:
        slow = self.set_timer(SLOW_S, lambda: self._reading(outline, node))
        try:
            async with self.connection.session() as session:
                children = await browse.open_node(session, node)
            outline.read(node, children)
            row = self.object_tree.row
            if node.type == "more" and row is not None and row.key == node.key and children:
                self.state.to_select = children[0].key
        except ConsoleError as error:
            outline.failed(node, error)
        finally:
            slow.stop()
            self._reads.pop(node.key, None)
        if outline is self.state.shown:
            self._show_tree()

    def _reading(self, outline: Outline, node: TreeNode) -> None:
        outline.reading(node)
        if outline is self.state.shown:
            self._show_tree()

    def _cancel(self, outline: Outline, key: str) -> None:
        worker = self._reads.pop(key, None)
        if worker is not None:
            worker.cancel()
            outline.close_key(key)

    def _cancel_reads(self) -> None:
        if (outline := self.state.shown) is not None:
            for key in list(self._reads):
                self._cancel(outline, key)

    def on_object_tree_toggled(self, event: ObjectTree.Toggled) -> None:
        node: TreeNode = event.row.record.record
        self.open(node) if event.to_open else self.close(node)

    # searching

    def on_tree_filter_changed(self, event: TreeFilter.Changed) -> None:
        self.search(event.value)

    def on_tree_filter_left(self, event: TreeFilter.Left) -> None:
        if not event.keeps or not self.query_one(TreeFilter).words.strip():
            self.end_search()
        self.screen.set_focus(self.object_tree)

    def search(self, words: str, select: NameMatch | None = None) -> None:
        """Shows what is named so, read from the server when nobody types on; without words the whole tree."""
        self._cancel_reads()
        if words.strip():
            self.run_worker(self._search(words, select), group="search", exclusive=True, exit_on_error=False)
        else:
            self._show_all()

    async def _search(self, words: str, select: NameMatch | None) -> None:
        filter_ = self.query_one(TreeFilter)
        if select is None:
            await filter_.settled()
        filter_.say("searching…")
        try:
            async with self.connection.session() as session:
                nodes = await browse.find(session, words, self.connection.services,
                                          system=self.state.with_system)
        except ConsoleError as error:
            filter_.say("")
            self.state.found = Outline(())
            self.object_tree.show_rows((), "\n".join(error.lines()))
            return
        found = Outline(nodes)
        self.state.take_found(found, select)
        self.object_tree.first_row = 0
        filter_.say(found.found_note())
        self._show_tree()
        self.post_message(self.Changed())

    def begin_search(self) -> None:
        """Takes the keys for a name."""
        row = self.object_tree.row
        self.state.begin_search(row.key if row is not None else None)
        self.query_one(TreeFilter).open()

    def end_search(self) -> None:
        """Back to the whole tree, and no name."""
        self.query_one(TreeFilter).clear()
        self._show_all()

    def _show_all(self) -> None:
        self.workers.cancel_group(self, "search")
        if self.state.end_search():
            self._show_tree()
        self.post_message(self.Changed())

    def jump(self, found: NameMatch) -> None:
        """Goes to the object `found`, as soon as the tree is there."""
        if (words := self.state.go_to(found)) is not None:
            self.query_one(TreeFilter).hold(words)
            self.search(words, found)
