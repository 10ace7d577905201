"""What a page of the Overview is, and how to write one.

- An entry in `pages/__init__.py`, and a module here with a subclass of `OverviewPage`; its style, if it needs any,
  stands in `screen.tcss` under its id. Widgets come from `compose`; `FOCUS` selects the one that gets the keys.
- Data comes from three sources, and `show()` draws whatever of it there is:
  `self.snapshot` is the sampler's latest, whose `readings` hold the rows of all that the sampler and the checks read
  anyway; `self.history` are the sampler's hours of measurements; `self.readings` are the rows of the page's own
  `reads()`.
- `reads()` names what the page asks beside the sampler, on the screen's own connection and only while the page is
  visible. All that is due goes in one round trip: each at the interval of its .sql header, `on demand` when the page
  is opened and again after `ask_now()`. What a read can't answer is in `self.readings.why(query)`.
- `show()` is called with each snapshot, with each answer, and when the page is opened; never before its widgets are
  there, and not while another page is shown. It must be cheap: the painted widgets compare and repaint what changed.
- Keys: a scope of the page's own in ui/keys.py, and `BINDINGS` made of it, which hold while the page is visible and
  something in it has the focus. The letters of other pages work everywhere on this screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.metrics.history import SampleHistory
from console.sampler.observation import INTERVALS_S
from console.sampler.records import Snapshot
from console.server.query import Query, Read
from console.server.session import Readings, Session
from console.ui.connection import Connection
from console.ui.widgets.painting import Blank, console_app

WITHIN_S = 10.0


class OverviewPage(Blank):
    """See this module's docstring."""

    FOCUS = ""
    """The selector of the widget within the page that has the keys; none: the screen keeps them."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.readings = Readings({})
        self.asked_s = 0.0
        """When the last of `readings` came, by the monotonic clock."""
        self._due_s: dict[str, float] = {}

    # for subclasses

    def reads(self) -> Sequence[Read[Any]]:
        """What is asked while the page is visible; may depend on `self.connection.info`."""
        return ()

    def show(self) -> None:
        """Draws what is known now."""

    def failed(self, summary: str) -> None:
        """The page's own reads failed while the connection is all right: by default the last answers stay."""

    # what it may use

    @property
    def connection(self) -> Connection:
        return console_app(self).connection

    @property
    def snapshot(self) -> Snapshot | None:
        """The sampler's latest; None before the first."""
        sampler = self.connection.sampler
        return None if sampler is None else sampler.latest

    @property
    def history(self) -> SampleHistory | None:
        """The sampler's measurements of every tick; None before there is a sampler."""
        sampler = self.connection.sampler
        return None if sampler is None else sampler.history

    def rows(self, query: Query[Any]) -> list[Any] | None:
        """The rows of a read of the page's own, else of the sampler's; None where there are none (yet)."""
        own = self.readings.rows(query)
        return own if own is not None or self.snapshot is None else self.snapshot.readings.rows(query)

    def why(self, query: Query[Any]) -> str | None:
        """Why `query` has no rows: what the role, the version or the extension lacks."""
        snapshot = self.snapshot
        return self.readings.why(query) or (snapshot.readings.why(query) if snapshot is not None else None)

    def ask_now(self) -> None:
        """Asks all of `reads()` at once, also while paused."""
        self._due_s.clear()
        self.screen.refresh_now()  # type: ignore[attr-defined]

    # for the screen

    async def sample(self, session: Session) -> None:
        """Asks what is due and shows it. Raises ConsoleError."""
        now_s = console_app(self).clock.monotonic()
        due = [read for read in self.reads() if now_s >= self._due_s.get(read.query.name, now_s)]
        if not due:
            return
        answers = await session.refresh(*due, within_s=WITHIN_S)
        self.asked_s = console_app(self).clock.monotonic()
        names = {read.query.name for read in due}
        for read in due:
            variant = read.query.variant(session.info)
            interval = variant.interval if variant else "30 s"
            self._due_s[read.query.name] = float("inf") if interval == "on demand" else now_s + INTERVALS_S[interval]
        kept = self.readings
        self.readings = Readings(
            {name: rows for name, rows in kept.rows_by_name.items() if name not in names} | dict(answers.rows_by_name),
            {name: why for name, why in kept.unavailable.items() if name not in names} | dict(answers.unavailable),
            answers.rtt_ms)
        self.show_if_there()

    def show_if_there(self) -> None:
        """`show`, where the page's widgets are there and visible."""
        if self.display and self.children:
            self.show()

    def on_mount(self) -> None:
        self.show_if_there()
