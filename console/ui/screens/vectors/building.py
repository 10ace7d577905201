"""An index build as a run of the application's: one at a time, whatever screen is shown, stopped when it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from console.text import format as fmt
from console.ui.jobs import Job, Outcome, Tell
from console.vectors import actions
from console.vectors.ddl import Order
from console.vectors.records import BuildNotice, BuildStep, LeftOver
from console.view.table import Tone
from console.view.vectors import indexes as view

if TYPE_CHECKING:
    from console.ui.host import Host

ON_STOP = "cancels the statement; the half-built index, which is not valid, is dropped where nobody is in the way."
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
