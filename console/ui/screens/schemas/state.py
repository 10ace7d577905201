"""What the screen knows: the whole tree or what a search found of it, and what the detail is about. No widget."""

from __future__ import annotations

from collections.abc import Sequence

from console.catalog.records import NameMatch
from console.catalog.tree import TreeNode
from console.errors import ConsoleError, Unreachable
from console.ui.screens.schemas.outline import Outline
from console.ui.screens.schemas.subjects import Content, ObjectSubject, RowsTab, Tab
from console.view.table import Table


class SchemasState:
    """Of both sides."""

    def __init__(self) -> None:
        self.tree = TreeState()
        self.detail = ObjectState()


class TreeState:
    """`outline` is all of the tree, once it has been read; `found` what a search did, while there is one."""

    def __init__(self) -> None:
        self.outline: Outline | None = None
        self.found: Outline | None = None
        self.error: ConsoleError | None = None
        """Why the tree couldn't be read when that was tried last."""
        self.with_system = False
        """Whether the system's own schemas are in it."""
        self.to_select = ""
        """The key of the node that the cursor is to go to, as soon as it is there."""
        self.wanted: NameMatch | None = None
        """The object to go to as soon as the tree has been read."""
        self._before_search = ""

    @property
    def shown(self) -> Outline | None:
        """What the tree shows: what a search found, or everything."""
        return self.found or self.outline

    def take(self, outline: Outline) -> None:
        """The whole tree, as it is now."""
        self.outline, self.error = outline, None

    def begin_search(self, key: str | None) -> None:
        """Remembers where the cursor was, to go back there."""
        if self.found is None and key is not None:
            self._before_search = key

    def take_found(self, found: Outline, select: NameMatch | None) -> None:
        """What a search found; the cursor goes to the object `select`, or to the best match."""
        self.found = found
        self.to_select = (found.key_of(select) if select else found.first_object()) or ""

    def end_search(self) -> bool:
        """Back to the whole tree, to where the cursor was; False where there was no search."""
        if self.found is None:
            return False
        self.found, self.to_select = None, self._before_search
        return True

    def go_to(self, found: NameMatch) -> str | None:
        """The words to search for, to go to that object; None while there is no tree, then it is kept in mind."""
        self.wanted = found if self.outline is None else None
        if self.outline is None:
            return None
        return found.schema if found.kind == "schema" else f"{found.schema}.{found.name}"


class ObjectState:
    """What the detail is about, which of its tabs is shown, and what has been read of them."""

    def __init__(self) -> None:
        self.node: TreeNode | None = None
        """What was asked for last."""
        self.about: TreeNode | None = None
        """What `subject` was read of."""
        self.subject: ObjectSubject | None = None
        self.error: ConsoleError | None = None
        self.is_reading = False
        """Whether reading takes so long that nothing older is shown any more."""
        self.title = ""
        """The tab that is shown."""
        self._wanted = ""
        """The tab that a person chose: kept for the next object that has one of that name."""
        self._contents: dict[str, Content] = {}

    # what was read

    def forget(self) -> None:
        """What comes takes a while: the old content must not be taken for the new one's."""
        self.subject = self.error = None
        self.is_reading = True
        self._contents = {}

    def take(self, node: TreeNode, subject: ObjectSubject) -> str:
        """What was read of `node`. The tab to show."""
        self.forget()
        self.is_reading = False
        self.about, self.subject = node, subject
        titles = [tab.title for tab in subject.tabs]
        self._wanted = subject.start or self._wanted
        return self._wanted if self._wanted in titles else titles[0] if titles else ""

    def fail(self, error: ConsoleError) -> bool:
        """It couldn't be read. False where what is shown stays all the same: the connection was lost."""
        if isinstance(error, Unreachable) and self.subject is not None:
            return False
        self.forget()
        self.is_reading, self.error = False, error
        return True

    @property
    def is_unread(self) -> bool:
        """Whether what was asked for last has not been read."""
        return self.subject is None or self.about is not self.node

    # tabs

    @property
    def tab(self) -> Tab | None:
        """The tab that is shown."""
        return next((tab for tab in self.subject.tabs if tab.title == self.title), None) if self.subject else None

    @property
    def rows_oid(self) -> int | None:
        """The relation whose rows are shown, None on another tab."""
        content = self.tab.content if self.tab else None
        return content.oid if isinstance(content, RowsTab) else None

    @property
    def is_ready(self) -> bool:
        """Whether the tab's content is there."""
        return self.tab is not None and self.title in self._contents

    def content(self, tab: Tab) -> Content | None:
        """What is known of a tab; None where it has to be read."""
        return self._contents.get(tab.title, tab.content)

    def keep(self, tab: Tab, content: Content) -> None:
        self._contents[tab.title] = content

    def choose(self, index: int) -> str | None:
        """The title of the tab `index`, which is wanted from now on; None where there is none."""
        if self.subject is None or index >= len(self.subject.tabs):
            return None
        self._wanted = self.subject.tabs[index].title
        return self._wanted

    def beside(self, step: int) -> int | None:
        """The index of the next tab, or of the one before, round at the ends."""
        if self.subject is None or not self.subject.tabs:
            return None
        return (self._index + step) % len(self.subject.tabs)

    def bar(self) -> tuple[Sequence[tuple[str, bool]], int]:
        """The tabs, each with whether there is anything in it, and the index of the one that is shown."""
        tabs = self.subject.tabs if self.subject else ()
        return [(tab.title, not isinstance(found := self.content(tab), Table) or bool(found.rows))
                for tab in tabs], self._index

    @property
    def _index(self) -> int:
        titles = [tab.title for tab in self.subject.tabs] if self.subject else []
        return titles.index(self.title) if self.title in titles else 0
