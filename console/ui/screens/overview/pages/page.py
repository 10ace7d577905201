"""What a page of the Overview is, and how to write one.

- An entry in `pages/__init__.py`, and a module here with a subclass of `OverviewPage`; its style, if it needs any,
  stands in `screen.tcss` under its id. Widgets come from `compose`; `FOCUS` selects the one that gets the keys.
- Data comes from three sources, and `show()` draws whatever of it there is:
  `self.state.snapshot` is the sampler's latest, whose `readings` hold the rows of all that the sampler and the checks
  read anyway; `self.state.history` are the sampler's hours of measurements; `self.state.readings` are the rows of the
  page's own `reads()`.
- `reads()` names what the page asks beside the sampler, on the screen's own connection and only while the page is
  visible. All that is due goes in one round trip: each at the interval of its .sql header, `on demand` when the page
  is opened and again after `ask_now()`. What a read can't answer is in `self.state.why(query)`.
- `show()` is called with each snapshot, with each answer, and when the page is opened; never before its widgets are
  there, and not while another page is shown. It must be cheap: the painted widgets compare and repaint what changed.
- Keys: a scope of the page's own in ui/keys.py, and `BINDINGS` made of it, which hold while the page is visible and
  something in it has the focus. The letters of other pages work everywhere on this screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from console.server.query import Read
from console.server.session import Session
from console.ui.connection import Connection
from console.ui.screens.overview.state import PageState
from console.ui.widgets.painting import Blank, console_app

if TYPE_CHECKING:
    from console.diagnosis.records import Finding, Subject


class OverviewPage(Blank):
    """See this module's docstring."""

    FOCUS = ""
    """The selector of the widget within the page that has the keys; none: the screen keeps them."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.state = PageState(lambda: self.connection.sampler)

    # for subclasses

    def reads(self) -> Sequence[Read[Any]]:
        """What is asked while the page is visible; may depend on `self.connection.info`."""
        return ()

    def show(self) -> None:
        """Draws what is known now."""

    def want(self, subject: str) -> None:
        """Puts the cursor on what another page spoke of, where this one has a list of such."""

    def failed(self, summary: str) -> None:
        """The page's own reads failed while the connection is all right: by default the last answers stay."""

    # what it may use

    @property
    def connection(self) -> Connection:
        return console_app(self).connection

    def ask_now(self) -> None:
        """Asks all of `reads()` at once, also while paused."""
        self.state.forget_when()
        self.screen.refresh_now()  # type: ignore[attr-defined]

    # for the screen

    async def sample(self, session: Session) -> None:
        """Asks what is due and shows it. Raises ConsoleError."""
        if await self.state.sample(session, self.reads(), console_app(self).clock):
            self.show_if_there()

    def show_if_there(self) -> None:
        """`show`, where the page's widgets are there and visible."""
        if self.display and self.children:
            self.show()

    def on_mount(self) -> None:
        self.show_if_there()

    # what something is about, elsewhere

    @property
    def findings(self) -> list[Finding]:
        diagnosis = self.connection.diagnosis
        return diagnosis.findings if diagnosis is not None else []

    def go_to(self, subject: Subject) -> None:
        """Shows that, with it in hand."""
        from console.view import diagnosis

        if subject.screen == "overview":
            self.run_worker(self._show_page(subject))
        elif (in_hand := diagnosis.in_hand(subject)) is not None:
            console_app(self).hand_over(subject.screen, in_hand)
        else:
            console_app(self).show_screen(subject.screen)

    async def _show_page(self, subject: Subject) -> None:
        await self.screen.action_page(subject.page or "load")  # type: ignore[attr-defined]
        if subject.setting is not None:
            self.screen.page.want(subject.setting)  # type: ignore[attr-defined]

    def lead(self, check: str) -> Callable[[], object] | None:
        """What goes to what a check speaks of: to what a finding that says the same is about, or to where such things
        are shown; None where nothing does."""
        from console.view.overview import PLACES

        subject = next((finding.subject for finding in self.findings if check in finding.checks), None)
        if subject is None and (place := PLACES.get(check)) is not None:
            from console.diagnosis.records import Subject  # not needed for the first frame

            subject = Subject(screen=place[0], page=place[1])
        return None if subject is None else lambda: self.go_to(subject)
