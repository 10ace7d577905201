"""What the Health tab knows of a column. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence

from console.errors import ConsoleError
from console.server.pool import Pool
from console.ui.screens.vectors.state import VectorsState
from console.vectors.health.findings import findings
from console.vectors.health.read import HealthRequest, health
from console.vectors.health.records import ColumnHealth, HealthFinding


class HealthState:
    """`found` is None until the column was looked at; `error` says why that failed."""

    def __init__(self) -> None:
        self.shown = VectorsState()
        self.found: ColumnHealth | None = None
        self.findings: Sequence[HealthFinding] = ()
        self.error: ConsoleError | None = None

    def take(self, shown: VectorsState) -> bool:
        """What the screen is about now; True where its column has to be looked at."""
        before, self.shown = self.shown.subject, shown
        about = shown.subject
        if about is None:
            return False
        if before is None or before.column.label != about.column.label:
            self.forget()
        return self.found is None and self.error is None

    def forget(self) -> None:
        """The next look begins anew."""
        self.found, self.findings, self.error = None, (), None

    async def read(self, pool: Pool) -> None:
        """Looks at the column. Raises ConsoleError."""
        about = self.shown.subject
        if about is None:
            return
        async with pool.session() as session:
            found = await health(session, about.column, HealthRequest())
        if self.shown.subject is not None and self.shown.subject.column.label == about.column.label:
            self.found, self.findings = found, findings(found)
