"""The lower half: tabs about a service or one of its migrations, each read when it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from console.errors import ConsoleError
from console.migrate.history import read_events
from console.migrate.records import MigrationState, RunRange, Script
from console.ui.dialogs.dialog import Words
from console.ui.keymap import key
from console.ui.screens.migrations import reading
from console.ui.screens.migrations.state import MigrationSubject
from console.ui.widgets.code_pane import CodePane, sql_lines
from console.ui.widgets.painting import console_app
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.tab_bar import TabBar
from console.view.migrate import plan as plan_view
from console.view.migrate import services as view
from console.view.migrate.services import MigrationLine
from console.view.table import Line, Table, Tone

SETTLE_S = 0.12
"""How long the cursor must rest before what it stands on is read."""

PATIENCE_S = 0.25
"""How long a read may take before "reading…" takes the old content's place."""

UNREADABLE_TABS = ("Migrations", "History")
SERVICE_TABS = ("Migrations", "Plan", "Findings", "History")
MIGRATION_TABS = ("Up", "Down", "Plan", "Findings", "History")


class Detail(Vertical):
    """`show_subject` says what it is about."""

    class Changed(Message):
        """Another tab is shown, or its content has come."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.subject: MigrationSubject | None = None
        self.migration: MigrationLine | None = None
        self._wanted = {False: "Migrations", True: "Up"}

    def compose(self) -> ComposeResult:
        yield TabBar(id="tabs")
        yield Words(id="note")
        yield RecordTable(id="content")
        yield CodePane(id="code")
        yield Paper(id="paper")

    def on_mount(self) -> None:
        self._show_only("")

    # what it is about

    @property
    def tabs(self) -> tuple[str, ...]:
        """The tabs that there are for what it is about."""
        if self.subject is None:
            return ()
        if self.migration is None:
            if self.subject.status is not None:
                return SERVICE_TABS
            return UNREADABLE_TABS if self.subject.line.is_native else SERVICE_TABS[:1]
        return MIGRATION_TABS if self.subject.status is not None else ("About",)

    @property
    def tab(self) -> str:
        tabs, wanted = self.tabs, self._wanted[self.migration is not None]
        return wanted if wanted in tabs else tabs[0] if tabs else ""

    def show_subject(self, subject: MigrationSubject | None, migration: MigrationLine | None = None) -> None:
        """Is about this from now on. What is shown stays where nothing about it has changed."""
        before = (self.subject, self.migration)
        self.subject, self.migration = subject, migration
        same = before[0] is not None and subject is not None and before[0].line.key == subject.line.key and (
            before[1].key if before[1] else None) == (migration.key if migration else None)
        if same and before[0] is not None and subject is not None and before[0].line == subject.line:
            if self.tab == "Migrations":
                self.query_one("#content", RecordTable).show(self._migrations())
            return
        self._read(settle_s=0 if same else SETTLE_S, keeps=same)

    def move_tab(self, step: int) -> None:
        """To the next tab, or the one before; round at the ends."""
        if tabs := self.tabs:
            self.choose_tab(tabs[(tabs.index(self.tab) + step) % len(tabs)])

    def choose_tab(self, title: str) -> None:
        """To the tab of that name, which is kept for what is chosen next."""
        if title in self.tabs:
            self._wanted[self.migration is not None] = title
            self._read(settle_s=0)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self.choose_tab(self.tabs[event.index])

    def stop(self) -> None:
        """Cancels what is being read."""
        self.workers.cancel_group(self, "tab")

    # reading

    def reread(self) -> None:
        """Reads it again, keeping the place."""
        if self.subject is not None:
            self._read(settle_s=0, keeps=True)

    def _read(self, *, settle_s: float, keeps: bool = False) -> None:
        tabs = self.tabs
        self.query_one(TabBar).show_tabs([(tab, True) for tab in tabs], tabs.index(self.tab) if tabs else 0)
        self._show_note()
        self.stop()
        if self.subject is None:
            self._show_only("")
        elif self.tab == "Migrations":
            self._show_table(self._migrations(), keeps)
        elif self.tab == "About":
            self._show_paper(self._about())
        else:
            self.run_worker(self._read_tab(self.tab, settle_s, keeps), group="tab", exclusive=True,
                            exit_on_error=False)
        self.post_message(self.Changed())

    async def _read_tab(self, tab: str, settle_s: float, keeps: bool) -> None:
        await asyncio.sleep(settle_s)
        impatient = self.set_timer(PATIENCE_S, lambda: self._show_paper([(1, ((" reading…", "dim"),))]))
        try:
            await self._fill(tab, keeps)
        except ConsoleError as error:
            words: list[tuple[str, Tone]] = [(line, "critical" if number == 0 else "")
                                             for number, line in enumerate(error.lines())]
            self._show_paper([(1, ((f" {line}", tone),)) for line, tone in words])
        finally:
            impatient.stop()
        self.post_message(self.Changed())

    async def _fill(self, tab: str, keeps: bool) -> None:
        subject, migration = self.subject, self.migration
        assert subject is not None
        state = subject.state_of(migration) if migration is not None else None
        match tab:
            case "Up" | "Down":
                script = state.file.script("up" if tab == "Up" else "down") if state and state.file else None
                await self._show_script(script, tab)
            case "Plan":
                self._show_paper(await self._plan(subject, state), keeps)
            case "Findings":
                self._show_paper(await self._findings(subject, migration), keeps)
            case "History":
                async with console_app(self).connection.session() as session:
                    version = migration.version if migration else None
                    events = await read_events(session, subject.line.name, version)
                self._show_table(view.history_table(events), keeps)

    async def _show_script(self, script: Script | None, tab: str) -> None:
        if script is None:
            self._show_paper([(1, ((" there is no such file", "dim"),))])
            return
        text, lines = await asyncio.to_thread(lambda: (script.text, sql_lines(script.text)))
        code = self.query_one("#code", CodePane)
        code.show_text(text, lines)
        self._show_only("#code")

    async def _plan(self, subject: MigrationSubject, state: MigrationState | None) -> Sequence[tuple[int, Line]]:
        assert subject.service is not None
        async with console_app(self).connection.session() as session:
            if state is not None:
                found = await reading.read_step(session, subject.service, state)
            else:
                found = await reading.show_plan(session, await reading.make_plan(
                    session, [subject.service], RunRange(out_of_order=True), console_app(self).connection.services))
        words: list[tuple[int, Line]] = [(1, ((f" {note}", "dim"),)) for note in found.notes]
        if not found.steps and not found.notes:
            words.append((1, ((" nothing to run", "dim"),)))
        return [*words, *await asyncio.to_thread(plan_view.plan_paragraphs, found.steps, sql_lines)]

    async def _findings(self, subject: MigrationSubject, migration: MigrationLine | None) -> Sequence[tuple[int, Line]]:
        async with console_app(self).connection.session() as session:
            findings = await reading.read_findings(session, subject, migration)
        summary = plan_view.findings_summary(findings)
        return [(1, ((" ", ""), summary)), (0, ()), *plan_view.finding_paragraphs(findings, with_file=True)]

    def _about(self) -> Sequence[tuple[int, Line]]:
        assert self.migration is not None and self.subject is not None and self.subject.entry is not None
        ledger = self.subject.entry.ledger
        facts = [("version", self.migration.version), ("name", self.migration.name),
                 ("history", self.migration.history), ("state", self.migration.state), ("", self.migration.detail),
                 ("ledger", f"{ledger.schema}.{ledger.table}"), ("framework", self.subject.line.framework)]
        return [(14, ((f" {name:12} ", "dim"), (words, ""))) for name, words in facts if words]

    def _migrations(self) -> Table:
        assert self.subject is not None
        return view.migrations_table(self.subject.line, console_app(self).clock.now(), key)

    # what is on the screen

    def _show_note(self) -> None:
        note = self.query_one("#note", Words)
        words: list[tuple[str, Tone]] = []
        if self.migration is not None and self.migration.detail and self.tab != "About":
            words = [(self.migration.detail, "critical" if self.migration.tried else view.TONES[self.migration.state])]
        elif self.migration is None and self.subject is not None:
            words = [(text, "warning") for text in self.subject.line.notes]
        note.display = bool(words)
        note.say(*words)

    def _show_table(self, table: Table, keeps: bool = False) -> None:
        content = self.query_one("#content", RecordTable)
        if not keeps:
            content.begin_anew()
        content.show(table)
        self._show_only("#content")

    def _show_paper(self, paragraphs: Sequence[tuple[int, Line]], keeps: bool = False) -> None:
        self.query_one(Paper).show_paragraphs(paragraphs, stay=keeps)
        self._show_only("#paper")

    def _show_only(self, selector: str) -> None:
        wants = self.has_focus_within
        for name in ("#content", "#code", "#paper"):
            self.query_one(name).display = name == selector
        if wants and selector:
            self.focus_content()

    def focus_content(self) -> None:
        """Gives the keys to what the tab shows."""
        shown: Any = next((widget for widget in self.query("#content, #code, #paper") if widget.display), None)
        if shown is not None:
            self.screen.set_focus(shown)
