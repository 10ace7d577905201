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
from console.ui.keymap import key
from console.ui.screens.schemas.outline import Outline
from console.ui.screens.schemas.tree_filter import TreeFilter
from console.ui.widgets.object_tree import ObjectTree
from console.ui.widgets.painting import console_app
from console.view.table import Row

SLOW_S = 0.15
"""A read of the tree that takes longer says that it is reading."""

MOST_READS = 2
"""How many nodes are read at a time; opening one more cancels the oldest."""

MOST_REREAD = 20
"""How many open nodes are read again with the tree; further ones are closed."""


class TreeSide(Vertical):
    """Reads the tree when told to, and each node as it is opened. `outline` is all of it, `found` what a search did."""

    class Changed(Message):
        """The whole tree was read, or a search began or ended."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.outline: Outline | None = None
        self.found: Outline | None = None
        self.error: ConsoleError | None = None
        self.with_system = False
        self._worker: Worker[None] | None = None
        self._reads: dict[str, Worker[None]] = {}
        self._to_select = ""
        self._jump_to: NameMatch | None = None
        self._before_search = ""

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
    def shown(self) -> Outline | None:
        """What the tree shows: what a search found, or everything."""
        return self.found or self.outline

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
        if self.outline is None:
            self.object_tree.show_rows((), "reading the schemas…")
        self._worker = self.run_worker(self._open_tree(), group="tree", exclusive=True, exit_on_error=False)

    async def _open_tree(self) -> None:
        """Everything anew; what was open is opened again."""
        before = self.outline
        try:
            async with self.connection.session() as session:
                outline = Outline(await browse.open_tree(session, self.connection.services, system=self.with_system))
                if before is not None:
                    outline.open_as(before)
                    for node in outline.unread()[:MOST_REREAD]:
                        outline.read(node, await browse.open_node(session, node))
        except ConsoleError as error:
            self.error = error
            if self.outline is None:
                self.object_tree.show_rows((), "\n".join([*error.lines(),
                                                          f"{key('schemas.reread')} reads the schemas again"]))
            return
        self.error = None
        self.outline = outline
        if self.found is None:
            self._show_tree()
        self.post_message(self.Changed())
        if self._jump_to is not None:
            self.jump(self._jump_to)

    def _show_tree(self) -> None:
        if self.shown is not None:
            empty = "nothing of that name" if self.found is not None else "this database has no schema for this role"
            self.object_tree.is_match = _is_object if self.found is not None else None
            self.object_tree.show_rows(self.shown.rows(), empty)
            if self._to_select and self.object_tree.select(self._to_select):
                self._to_select = ""

    def open(self, node: TreeNode, select: str = "") -> None:
        """Opens a node, reading what is below it if nobody has; then goes to the node `select`."""
        self._to_select = select
        outline = self.shown
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
        if self.shown is not None:
            self._cancel(self.shown, node.key)
            self.shown.close(node)
            self._show_tree()

    async def _read_node(self, outline: Outline, node: TreeNode) -> None:
        slow = self.set_timer(SLOW_S, lambda: self._reading(outline, node))
        try:
            async with self.connection.session() as session:
                children = await browse.open_node(session, node)
            outline.read(node, children)
            row = self.object_tree.row
            if node.type == "more" and row is not None and row.key == node.key and children:
                self._to_select = children[0].key
        except ConsoleError as error:
            outline.failed(node, error)
        finally:
            slow.stop()
            self._reads.pop(node.key, None)
        if outline is self.shown:
            self._show_tree()

    def _reading(self, outline: Outline, node: TreeNode) -> None:
        outline.reading(node)
        if outline is self.shown:
            self._show_tree()

    def _cancel(self, outline: Outline, key: str) -> None:
        worker = self._reads.pop(key, None)
        if worker is not None:
            worker.cancel()
            outline.close_key(key)

    def _cancel_reads(self) -> None:
        if self.shown is not None:
            for key in list(self._reads):
                self._cancel(self.shown, key)

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
                nodes = await browse.find(session, words, self.connection.services, system=self.with_system)
        except ConsoleError as error:
            filter_.say("")
            self.found = Outline(())
            self.object_tree.show_rows((), "\n".join(error.lines()))
            return
        self.found = Outline(nodes)
        self.object_tree.first_row = 0
        filter_.say(self.found.found_note())
        self._to_select = (self.found.key_of(select) if select else self.found.first_object()) or ""
        self._show_tree()
        self.post_message(self.Changed())

    def begin_search(self) -> None:
        """Takes the keys for a name."""
        if self.found is None and self.object_tree.row is not None:
            self._before_search = self.object_tree.row.key
        self.query_one(TreeFilter).open()

    def end_search(self) -> None:
        """Back to the whole tree, and no name."""
        self.query_one(TreeFilter).clear()
        self._show_all()

    def _show_all(self) -> None:
        self.workers.cancel_group(self, "search")
        if self.found is not None:
            self.found = None
            self._to_select = self._before_search
            self._show_tree()
        self.post_message(self.Changed())

    def jump(self, found: NameMatch) -> None:
        """Goes to the object `found`, as soon as the tree is there."""
        self._jump_to = found if self.outline is None else None
        if self.outline is not None:
            words = found.schema if found.kind == "schema" else f"{found.schema}.{found.name}"
            self.query_one(TreeFilter).hold(words)
            self.search(words, found)


def _is_object(row: Row) -> bool:
    """Whether a row of what a search found is a match, and not what it is in."""
    return bool(row.record.record.type == "object")
