"""A plan on a page of its own: read from the server, run where that is wished, compared, exported.

    self.app.push_screen(PlanPage(ExplainRequest(statement="..."), "events by speaker"))
    self.app.push_screen(PlanPage.of(analysis, "plan.json"))       # a plan that is there already
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.screen import ModalScreen

from console.catalog.export import write as write_file
from console.errors import ConsoleError
from console.plans.advice import SETTING as ADVICE_SETTING
from console.plans.advice import stash_entry
from console.plans.compare import compare
from console.plans.explain import analysis as explained
from console.plans.parse import to_json
from console.plans.records import Analysis
from console.server.effects import Acts
from console.server.explain import PARAMETERS_HINT, ExplainRequest, Writes
from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.dialogs import allow
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.export import ExportDialog
from console.ui.dialogs.plan_advice import PlanAdviceDialog
from console.ui.dialogs.plan_options import PlanOptionsDialog
from console.ui.dialogs.unlock import is_allowed, word_to_type
from console.ui.keymap import key
from console.ui.widgets.filter_line import FilterLine
from console.ui.widgets.header import Footer
from console.ui.widgets.painting import console_app
from console.ui.widgets.plan_view import PlanView
from console.ui.widgets.status_line import StatusLine
from console.vectors.explained import with_vectors
from console.view.plans import tree
from console.view.query import pointed
from console.view.table import Line, Tone

PlanFormat = Literal["json", "txt"]
FORMATS: tuple[PlanFormat, ...] = ("json", "txt")

CLOCK_EVERY_S = 0.5


class PlanPage(ModalScreen[None]):
    """EXPLAIN of a statement; `a` runs it, in a transaction that is always rolled back."""

    DEFAULT_CSS = """
    PlanPage {
        background: $background;
        #page-title { height: 1; width: 100%; background: $panel; }
        FilterLine { dock: bottom; margin: 0 0 1 0; }
        Footer { dock: bottom; }
    }
    """
    BINDINGS = bindings("plan", "focus", borrow={
        "app.help": "app.open('help')", "app.commands": "app.open('commands')",
        "app.copy_or_quit": "app.copy_or_quit"}, words={"app.commands": ""})

    def __init__(self, request: ExplainRequest | None, title: str, analysis: Analysis | None = None) -> None:
        super().__init__()
        self.request = request
        self.subject = title
        self.analysis = analysis
        self._asked: ExplainRequest | None = None
        self._asked_at_s = 0.0

    @classmethod
    def of(cls, analysis: Analysis, title: str) -> PlanPage:
        """A page for a plan that was read already: from a file, or from what was pasted."""
        return cls(None, title, analysis)

    def compose(self) -> ComposeResult:
        yield StatusLine(id="page-title")
        yield PlanView()
        yield FilterLine()
        yield Footer()

    @property
    def view(self) -> PlanView:
        return self.query_one(PlanView)

    def on_mount(self) -> None:
        self.set_interval(CLOCK_EVERY_S, self._tick)
        self.view.nodes.focus()
        if self.analysis is not None:
            self.view.show(self.analysis)
            self._show_title()
        elif self.request is not None:
            self._ask(self.request)

    # reading

    @property
    def is_asking(self) -> bool:
        """Whether the server has not answered yet."""
        return self._asked is not None

    def _ask(self, request: ExplainRequest) -> None:
        self._asked, self._asked_at_s = request, console_app(self).clock.monotonic()
        if self.analysis is None:
            self.view.say((("Waiting for the plan…", "dim"),))
        self._show_title()
        self.refresh_bindings()
        self.run_worker(self._read(request), group="plan", exclusive=True, exit_on_error=False)

    async def _read(self, request: ExplainRequest) -> None:
        connection = console_app(self).connection
        try:
            if connection.playback is not None:
                raise ConsoleError("this is a recording: there is no server behind it")
            async with connection.session() as session:
                found = await explained(session, request)  # type: ignore[arg-type]
                found = await with_vectors(session, found, request)  # type: ignore[arg-type]
        except Writes as refusal:
            self._answered()
            self._ask_to_write(request, refusal)
            return
        except Acts as refusal:
            self._answered()
            self._ask_to_act(request, refusal)
            return
        except ConsoleError as error:
            self._answered()
            if error.hint == PARAMETERS_HINT and not request.parameters and not request.generic:
                if not request.analyze:
                    self._ask(replace(request, generic=True))
                else:
                    self._choose_options(request)
                return
            self._show_failure(error)
            return
        self._answered()
        self.request, self.analysis = request, found
        self.view.show(found)
        self._show_title()
        self.refresh_bindings()

    def _answered(self) -> None:
        self._asked = None
        self._show_title()
        self.refresh_bindings()

    def _show_failure(self, error: ConsoleError) -> None:
        """In a dialog where there is a plan to go back to, else in its place."""
        if self.analysis is not None:
            console_app(self).show_error(error)
            return
        words: list[Line] = [((error.summary, "critical"),)]
        words += [((line, ""),) for line in error.lines()[1:]]
        position = getattr(error, "position", None)
        if position is not None and self.request is not None:
            words += [(), *pointed(self.request.statement, position)]
        self.view.say(*words)

    def _ask_to_write(self, request: ExplainRequest, refusal: Writes) -> None:
        """What writes is run where writing is allowed at all, and only after a question."""
        app, target = console_app(self), console_app(self).connection.target
        if target is None or not is_allowed(app):
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._ask(replace(request, may_write=True))

        app.push_screen(ConfirmDialog("Run a statement that writes, to see its plan?", (
            (f"It is run on {target.label} and rolled back.", "strong"),
            ("It takes its locks while it runs, fires its triggers and uses up values of sequences; what functions do "
             "outside the database stays done.", "")), typed=word_to_type(app.connection)), answered)

    def _ask_to_act(self, request: ExplainRequest, refusal: Acts) -> None:
        """What acts although the target is read-only is run only where a person allows it, this once."""
        target = console_app(self).connection.target
        allow.hint(refusal)
        if target is None:
            return

        def answered(yes: bool | None) -> None:
            try:
                if yes:
                    allow.write_down(refusal, target, request.statement)
                    self._ask(replace(request, allowed=refusal.names))
                else:
                    self._show_failure(refusal)
            except ConsoleError as error:
                self._show_failure(error)

        console_app(self).push_screen(allow.allow_dialog(refusal, target), answered)

    # showing

    def _tick(self) -> None:
        if self.is_asking:
            self._show_title()

    def _show_title(self) -> None:
        request = self._asked or self.request
        tail: tuple[str, Tone] = ("", "")
        if request is None:
            how = "a saved plan"
        else:
            how = ("run and rolled back" if request.analyze else
                   "generic plan: any values" if request.generic else "not run")
            if request.settings:
                how += " · " + ", ".join(f"{name} = {value}" for name, value in request.settings.items())
        if self.is_asking:
            seconds = console_app(self).clock.monotonic() - self._asked_at_s
            tail = (f" · waiting {fmt.duration(seconds)}, {key('plan.leave')} cancels", "warning")
        kept = console_app(self).kept_plan
        a: tuple[str, Tone] = (f" · A is {kept[0]}", "dim") if kept is not None else ("", "")
        subject = " ".join(self.subject.split())
        self.query_one("#page-title", StatusLine).show(
            ((" Plan  ", "strong"), (how, "accent"), tail, a, (f" · {subject}", "dim")))

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted or self.query_one_optional(PlanView) is None:
            return False
        match action:
            case "plan":
                return self.request is not None and not self.is_asking
            case "options" | "edit":
                return self.request is not None
            case "advise":
                info = console_app(self).connection.info
                return self.request is not None and info is not None and info.has_plan_advice
            case "stash":
                return self.analysis is not None and self.analysis.plan.advice is not None
            case "keep" | "export" | "filter":
                return self.analysis is not None
            case "compare":
                return self.analysis is not None and console_app(self).kept_plan is not None
        return super().check_action(action, parameters)

    def action_leave(self) -> None:
        """Cancels what is waited for; then out of a node, out of a comparison, and out of the page."""
        if self.is_asking:
            self.workers.cancel_group(self, "plan")
            self._answered()
            if self.analysis is None:
                self.view.say((("Cancelled: there is no plan.", "warning"),))
        elif not self.view.leave_comparison():
            self.dismiss(None)

    def action_plan(self, how: Literal["plain", "analyze", "generic"]) -> None:
        if self.request is not None:
            self._ask(replace(self.request, analyze=how == "analyze", generic=how == "generic", may_write=False,
                              allowed=()))

    def action_options(self) -> None:
        if self.request is not None:
            self._choose_options(self._asked or self.request)

    def _choose_options(self, before: ExplainRequest) -> None:
        info = console_app(self).connection.info
        if info is None:
            return

        def chosen(request: ExplainRequest | None) -> None:
            if request is not None:
                generic = request.generic and not any(parameter is not None for parameter in request.parameters)
                self._ask(replace(request, generic=generic, parameters=() if generic else request.parameters))

        self.app.push_screen(PlanOptionsDialog(before, info), chosen)

    def action_advise(self) -> None:
        """Plans the statement by other advice; what is shown is kept as A, to be compared."""
        request = self._asked or self.request
        if request is None:
            return
        before = self.analysis.plan.advice if self.analysis is not None else None

        def chosen(advice: str | None) -> None:
            if advice is not None:
                self.action_keep()
                self._ask(replace(request, settings={**request.settings, ADVICE_SETTING: advice}))

        self.app.push_screen(PlanAdviceDialog((before.given or before.generated) if before is not None else ""), chosen)

    def action_stash(self) -> None:
        """Copies the statement that puts the advice into a stash."""
        if self.analysis is None:
            return
        info = console_app(self).connection.info
        extension = info.extensions.get("pg_stash_advice") if info is not None else None
        entry = stash_entry(self.analysis.plan, extension.schema if extension is not None else None)
        if entry is None:
            console_app(self).tell("a stash goes by the query's id: compute_query_id must not be off")
        else:
            console_app(self).copy(entry)

    def action_keep(self) -> None:
        """Keeps this plan, whatever page is opened next, to compare another with it."""
        if self.analysis is not None:
            console_app(self).kept_plan = (" ".join(self.subject.split())[:40], self.analysis.plan)
            console_app(self).tell(f"kept as A: {key('plan.compare')} compares another plan with it")
            self._show_title()
            self.refresh_bindings()

    def action_compare(self) -> None:
        kept = console_app(self).kept_plan
        if kept is not None and self.analysis is not None:
            self.view.compare(compare(kept[1], self.analysis.plan), (f"A ({kept[0]})", "this plan"))
            self.refresh_bindings()

    def action_export(self) -> None:
        if self.analysis is not None:
            self.app.push_screen(export_dialog(self.analysis, self.subject))

    def action_filter(self) -> None:
        self.query_one(FilterLine).open(self.view.told if self.view.told.has_focus else self.view.nodes)

    def action_edit(self) -> None:
        if self.request is not None:
            console_app(self).hand_over("query", self.request.statement)


def export_dialog(analysis: Analysis, name: str) -> ExportDialog[PlanFormat]:
    """Asks where to write the plan: as EXPLAIN's own JSON, query vectors in short, or as text with the findings."""
    async def write(path: Path, form: PlanFormat, progress: Callable[[int], None]) -> int:
        async def chunks() -> AsyncIterator[bytes]:
            words = f"[{to_json(analysis.plan)}]\n" if form == "json" else tree.text(analysis)
            yield words.encode("utf-8", "replace")

        await write_file(chunks(), path)
        return len(analysis.plan.nodes)

    return ExportDialog(f"plan {' '.join(name.split())[:30]}", "JSON is what EXPLAIN wrote; text is for people.", write,
                        FORMATS, "node")
