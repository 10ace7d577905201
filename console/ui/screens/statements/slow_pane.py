"""One slow statement: whose, how long, who was in its way, what its plan says, and its text."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from console.plans.records import Analysis
from console.sql.layout import laid_out
from console.statements.records import SlowStatement
from console.ui.widgets.code_pane import CodePane, sql_lines
from console.ui.widgets.fact_lines import FactLines
from console.ui.widgets.paper import wrapped
from console.view.statements import slow as view

CONTINUED_CELLS = 6


class SlowPane(Container):
    """Filled by the screen; stays when the statement is over."""

    def compose(self) -> ComposeResult:
        yield FactLines(id="slow-facts")
        yield CodePane(id="slow-text")

    def show(self, statement: SlowStatement, plan: Analysis | str | None) -> None:
        """The statement, and its plan or why there is none (None: not yet)."""
        verdict = plan.verdict.splitlines() if isinstance(plan, Analysis) else []
        facts, width = self.query_one(FactLines), max(40, self.size.width or 80)
        facts.show(*(line for fact in view.facts(statement, verdict, plan if isinstance(plan, str) else None)
                     for line in wrapped(fact, width, CONTINUED_CELLS)))
        query = statement.session.query or ""
        code = self.query_one("#slow-text", CodePane)
        if query != code.text:
            lines = sql_lines(laid_out(query))
            if statement.session.is_cut:
                lines.append((("… there is more of it", "dim"),))
            code.show_text(query, lines)
