"""An index build as a run of the application's: asked about, one at a time, whatever screen is shown, and stopped when
it is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct, field

from console.text import format as fmt
from console.ui.dialogs import unlock
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.jobs import Job, Outcome, Tell
from console.vectors import actions
from console.vectors.ddl import Order
from console.vectors.records import BuildNotice, BuildStep, LeftOver
from console.view.table import Tone
from console.view.vectors import indexes as view

if TYPE_CHECKING:
    from console.ui.host import Host

ON_STOP = "cancels the statement; the half-built index, which is not valid, is dropped where nobody is in the way."
_MEANS = {
    "create": "It reads the whole table, twice, and waits for transactions that are older than it; rows can be read "
              "and written all the while.",
    "reindex": "The index serves until the new one is ready; both are on disk for a while. It waits for transactions "
               "that are older than it.",
    "drop": "Searches that went by it are exact, and slow, from then on. It waits for transactions that use the table.",
}
_DONE = {"create": "is built", "reindex": "is built anew", "drop": "is dropped"}


class BuildStatus(Struct):
    """How a build stands: its latest step, and what was said meanwhile."""

    order: Order
    step: BuildStep | None = None
    told: list[tuple[str, Tone]] = field(default_factory=list)


def begin(app: Host, order: Order) -> Job | None:
    """Begins the order on the console's target; None while another run goes on."""
    target = app.connection.target
    if target is None or app.runs.current is not None:
        return None
    standing = BuildStatus(order)

    async def work(tell: Tell) -> Outcome:
        def hear(event: actions.Event) -> None:
            if isinstance(event, BuildStep):
                standing.step = event
            elif isinstance(event, BuildNotice | LeftOver):
                standing.told.append(view.event_words(event))
                tell(standing.told[-1])

        report = await actions.run(target, order, hear)
        size = f", {fmt.size(report.size_bytes)}" if report.size_bytes else ""
        return [(f"{order.index} {_DONE[order.action]}{size}", "ok")]

    return app.runs.start(order.title, target.label, work, on_stop=ON_STOP, standing=standing,
                          on_abort="What it left behind is said above.")


def ask_to_begin(app: Host, order: Order, means: str, then: Callable[[], None]) -> None:
    """Asks, with the statement and what it means, and begins; nothing where the target may not be changed."""
    target = app.connection.target
    if target is None or not unlock.is_allowed(app):
        return

    def answered(yes: bool | None) -> None:
        if yes and begin(app, order) is None:
            app.tell("another run goes on: one at a time")
        then()

    words: list[tuple[str, Tone]] = [(order.sql, "accent"), ("", ""), (means or _MEANS[order.action], "")]
    words += [(f"SET {name} = {value}", "dim") for name, value in order.settings.values().items()
              if name not in ("statement_timeout",)]
    app.push_screen(ConfirmDialog(f"{order.title[:1].upper()}{order.title[1:]} on {target.label}?", words,
                                  typed=unlock.word_to_type(app.connection)), answered)


def ask_to_cancel(app: Host, run: Job) -> None:
    def answered(yes: bool | None) -> None:
        if yes and app.runs.current is run:
            app.runs.abort()

    app.push_screen(ConfirmDialog("Cancel the build?", (
        (run.title, "strong"), ("", ""), ("The statement is cancelled; the half-built index, which is not valid, "
                                          "is dropped where nobody is in the way.", ""))), answered)
