"""A plan to look at: the verdict first, the tree, and below it what was found, or all that is known of one node."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size

from console.plans.records import Analysis, Pair, Plan, PlanComparison, PlanFinding, PlanNode
from console.ui import text
from console.ui.bindings import bindings
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.widgets.code_pane import sql_lines
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.paper import Paper, Paragraph, wrapped
from console.ui.widgets.record_table import RecordTable
from console.view.plans import tree
from console.view.table import Line, Table, plain

MOST_VERDICT_LINES = 3


class VerdictLines(Lines):
    """The answer, wrapped, as high as it needs."""

    def show(self, *content: Line) -> None:
        self._content = content
        self._strips = ()
        self.refresh(layout=True)

    def lines(self, width: int, height: int) -> list[Line]:
        found = [line for pair in self._content for line in wrapped(pair, max(20, width), 1)]
        if len(found) > MOST_VERDICT_LINES:
            last = plain(found[MOST_VERDICT_LINES - 1])
            tone = found[MOST_VERDICT_LINES - 1][-1][1]
            found[MOST_VERDICT_LINES - 1:] = [((text.cut(f"{last} {text.ELLIPSIS}", width), tone),)]
        return found

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.lines(width, 0)))


class PlanView(Vertical):
    """`show` gives it a plan with its findings, `compare` two of them, `say` words instead of either."""

    DEFAULT_CSS = """
    PlanView {
        height: 1fr;
        width: 100%;
        VerdictLines { height: auto; width: 100%; }
        #nodes { height: 1fr; margin: 1 1 0 1; }
        #told { height: 40%; min-height: 6; width: 100%; margin: 1 1 0 1; }
    }
    """
    BINDINGS = bindings("plan_view")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.analysis: Analysis | None = None
        self.comparison: PlanComparison | None = None
        self.closed: set[int] = set()
        self._whole = Table(())
        self._is_detail = False

    def compose(self) -> ComposeResult:
        yield VerdictLines(id="verdict")
        yield RecordTable(id="nodes")
        yield Paper(id="told")

    @property
    def nodes(self) -> RecordTable:
        return self.query_one("#nodes", RecordTable)

    @property
    def told(self) -> Paper:
        return self.query_one("#told", Paper)

    @property
    def plan(self) -> Plan | None:
        """The plan whose tree is shown."""
        if self.comparison is not None:
            return self.comparison.after
        return self.analysis.plan if self.analysis is not None else None

    # what it shows

    def show(self, analysis: Analysis) -> None:
        """Shows this plan from its root."""
        self.analysis, self.comparison, self.closed = analysis, None, set()
        self._whole = tree.tree(analysis)
        self.query_one(VerdictLines).show(tree.verdict(analysis))
        self._show_tree()

    def compare(self, comparison: PlanComparison, names: tuple[str, str]) -> None:
        """Shows the second plan's tree beside the first's, `names` saying which plans these are."""
        self.comparison, self.closed = comparison, set()
        first = comparison.changes[0] if comparison.changes else ""
        self.query_one(VerdictLines).show((("Compared: ", "strong"), (f"{names[0]} -> {names[1]}. {first}", "")))
        self._whole = tree.comparison_table(comparison)
        self._show_tree()

    def say(self, *lines: Line) -> None:
        """Words instead of a plan: what is waited for, or why there is none."""
        self.analysis = self.comparison = None
        self._whole = Table(())
        self.query_one(VerdictLines).show(*lines[:1])
        self.nodes.show(self._whole)
        self.told.show_paragraphs([(1, line) for line in lines[1:]])

    def leave_comparison(self) -> bool:
        """Back to the plan alone; False where no comparison was shown."""
        if self.comparison is None or self.analysis is None:
            return False
        self.show(self.analysis)
        return True

    def _show_tree(self) -> None:
        self.nodes.sort_key = None
        self.nodes.show(self._whole)
        self.nodes.action_edge(-1)
        self.action_findings()

    @property
    def findings(self) -> Sequence[PlanFinding]:
        """Those of the plan that is shown; none while two are compared."""
        return self.analysis.findings if self.analysis is not None and self.comparison is None else ()

    def _paragraphs(self) -> list[Paragraph]:
        if self.comparison is not None:
            return [(4, line) for line in tree.comparison(self.comparison)]
        if self.analysis is None:
            return []
        found: list[Paragraph] = [(6, line) for line in tree.findings(self.analysis)]
        if not found:
            found = [(2, (("no findings", "dim"),))]
        found += [(2, ()), *((4, line) for line in tree.summary(self.analysis.plan))]
        if self.analysis.plan.query:
            found += [(2, ()), *((2, line) for line in sql_lines(self.analysis.plan.query))]
        return found

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "findings":
                return self._is_detail
            case "fold":
                return self.analysis is not None and self.comparison is None and not self.nodes.sort_key
            case "copy_fix":
                return any(finding.fix for finding in self.findings)
        return super().check_action(action, parameters)

    def action_findings(self) -> None:
        self._is_detail = False
        self.told.show_paragraphs(self._paragraphs())
        self.refresh_bindings()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        event.stop()
        self._show_detail(event.row.record)

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        event.stop()
        if self._is_detail and event.row is not None:
            self._show_detail(event.row.record)

    def _show_detail(self, record: PlanNode | Pair) -> None:
        self._is_detail = True
        if isinstance(record, Pair):
            both = [node for node in (record.before, record.after) if node is not None]
            lines = [line for node in both for line in (*tree.detail(node), ())]
        else:
            mine = [line for finding in self.findings if finding.node == record.index
                    for line in tree.finding_lines(finding)]
            lines = [*tree.detail(record)[:1], *mine, *tree.detail(record)[1:]]
        self.told.show_paragraphs([(6, line) for line in lines])
        self.refresh_bindings()

    def action_fold(self) -> None:
        """Hides what is below the node under the cursor, or shows it again."""
        row, plan = self.nodes.row, self.plan
        if row is None or plan is None or not isinstance(row.record, PlanNode) or not row.record.children:
            return
        self.closed ^= {row.record.index}
        self.nodes.show(tree.folded(self._whole, plan, self.closed))

    def action_copy_fix(self) -> None:
        """Copies the fix of the node under the cursor; else of the only finding, or of the one that is chosen."""
        row = self.nodes.row
        findings = [finding for finding in self.findings if finding.fix]
        index = row.record.index if row is not None and isinstance(row.record, PlanNode) else None
        findings = [finding for finding in findings if finding.node == index and index is not None] or findings
        fixes = [(fix.sql, tree.trial_words(fix.trial)) for finding in findings for fix in finding.fixes]
        fixes += [(finding.fix, finding.message) for finding in findings if not finding.fixes]
        if len(fixes) == 1:
            console_app(self).copy(fixes[0][0])
            return

        def chosen(key: str | None) -> None:
            if key is not None:
                console_app(self).copy(fixes[int(key)][0])

        offered = [Choice(str(number), sql, words) for number, (sql, words) in enumerate(fixes)]
        dialog = ChooseDialog("Copy which fix?", offered)
        dialog.width = 110
        self.app.push_screen(dialog, chosen)

    def action_other(self) -> None:
        """To the findings, whose keys scroll them, or back to the tree."""
        (self.nodes if self.told.has_focus else self.told).focus()
