"""What a person does on the screen: run, roll back, repair, write a new pair. Each asks first and shows its meaning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.migrate import apply, repair
from console.migrate.frameworks import runner
from console.migrate.records import Direction, MigrationState, RunRange, RunReport
from console.server.target import Target
from console.services import Service
from console.ui.dialogs import unlock
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.jobs import Outcome, Tell, Work
from console.ui.screens.migrations import external_run, reading, verify_run
from console.ui.screens.migrations.confirm import PlanDialog
from console.ui.screens.migrations.new import NewDialog
from console.ui.screens.migrations.subjects import MigrationSubject
from console.ui.widgets.code_pane import sql_lines
from console.ui.widgets.painting import console_app
from console.view import format as fmt
from console.view.migrate import plan as plan_view
from console.view.migrate import services as view
from console.view.migrate.services import MigrationLine
from console.view.table import Line, Tone

if TYPE_CHECKING:
    from console.ui.screens.migrations.reading import ReadPlan
    from console.ui.screens.migrations.screen import MigrationsScreen

REPAIRS: dict[str, tuple[tuple[str, str], ...]] = {
    "failed": (("retry", "run again what is left of it"), ("mark-applied", "it is in the database, whole"),
               ("mark-reverted", "nothing of it is in the database")),
    "pending": (("mark-applied", "it is in the database already"), ("baseline", "so is everything before it")),
    "held": (("mark-applied", "it is in the database already"),),
    "changed": (("accept-checksum", "the file is right as it is now"),
                ("mark-reverted", "it is not in the database any more")),
    "missing": (("mark-reverted", "it is not in the database any more"),),
    "applied": (("mark-reverted", "it is not in the database any more"),),
}
"""What can be done about a migration in each state without running it."""


ON_ABORT = "The file that ran was rolled back and the event log says so. What was committed before stays."


class MigrationActions:
    """The actions of one screen."""

    def __init__(self, screen: MigrationsScreen) -> None:
        self.screen = screen
        self.drifted: tuple[dt.datetime, int] | None = None

    def told(self) -> Sequence[tuple[str, Tone]]:
        """What the verdict says besides the states: proofs, and drift once it was looked for."""
        now = console_app(self.screen).clock.now()
        words = view.proofs([subject.line for subject in self.screen.found], now)
        if self.drifted is not None:
            when, count = self.drifted
            words.append((f"{fmt.plural(count, 'difference')} to the files" if count else
                          f"no drift {fmt.ago(when, now)}", "warning" if count else "ok"))
        return words

    # run and roll back

    def can_run(self, subject: MigrationSubject, migration: MigrationLine | None, direction: Direction) -> bool:
        """Whether there is something to run, or to roll back, from where the cursor stands."""
        if subject.status is None:
            return subject.service is not None and not subject.line.is_native and runner.can(subject.service, direction)
        states = {line.state for line in (subject.line.migrations if migration is None else (migration,))}
        wanted = {"pending", "failed", "held"} if direction == "up" else {"applied", "changed", "failed", "missing"}
        return bool(states & wanted)

    def run(self, subjects: Sequence[MigrationSubject], migration: MigrationLine | None, direction: Direction, *,
            out_of_order: bool = False) -> None:
        """Reads the plan, shows it, and runs it when confirmed."""
        if unlock.is_allowed(console_app(self.screen)):
            service = subjects[0].service if subjects[0].status is None else None
            work = self._prepare_foreign(service, direction) if service is not None else self._prepare(
                subjects, migration, direction, out_of_order)
            self.screen.run_worker(work, group="prepare", exclusive=True, exit_on_error=False)

    async def _prepare_foreign(self, service: Service, direction: Direction) -> None:
        """The same for a service that another framework migrates: its own SQL or command is what is shown."""
        app, target = console_app(self.screen), self.screen.connection.target
        assert target is not None
        asked = RunRange(direction=direction)
        self.screen.busy("asking its framework what it would do…")
        try:
            plan = await runner.read(target, service, asked)
            lines = await runner.shown(target, plan)
        except ConsoleError as error:
            app.show_error(error)
            return
        finally:
            self.screen.busy("")
        title = f"{'run' if direction == 'up' else 'roll back'} {service.name}"

        def answered(yes: bool | None) -> None:
            if yes and app.runs.current is None:
                app.runs.start(title, target.label, partial(external_run.run, target, plan),
                               on_abort="Its command was ended; its ledger says what it has done.")
                self.screen.show_run()

        sql = "\n".join(lines[1:])
        app.push_screen(PlanDialog(
            title[0].upper() + title[1:], [(lines[0], ""), (f"on {target.label} ({target.environment})", "dim")],
            [(4, ((" ", ""), *line)) for line in sql_lines(sql)], typed=unlock.word_to_type(target)), answered)

    async def _prepare(self, subjects: Sequence[MigrationSubject], migration: MigrationLine | None,
                       direction: Direction,
                       out_of_order: bool) -> None:
        services = [subject.service for subject in subjects if subject.service is not None]
        asked = RunRange(direction=direction, out_of_order=out_of_order) if len(subjects) != 1 \
            else reading.range_of(subjects[0], migration, direction, out_of_order=out_of_order)
        self.screen.busy("reading the plan…")
        try:
            async with self.screen.connection.session() as session:
                found = await reading.read_plan(session, services, asked)
        except ConsoleError as error:
            late = [migration_state for subject in subjects if subject.status is not None
                    for migration_state in subject.status.migrations
                    if migration_state.out_of_order]
            if direction == "up" and late and not out_of_order and "--out-of-order" in (error.hint or ""):
                self._ask_out_of_order(subjects, migration, late)
            else:
                console_app(self.screen).show_error(error)
            return
        finally:
            self.screen.busy("")
        if not found.steps:
            note = f": {found.notes[0]}" if found.notes else ""
            console_app(self.screen).tell(f"nothing to run{note}")
            return
        name = subjects[0].line.name if len(subjects) == 1 else "all services"
        title = f"{'run' if direction == 'up' else 'roll back'} {name}"
        self._ask(title, found, partial(self._start, title, found))

    def _ask_out_of_order(self, subjects: Sequence[MigrationSubject], migration: MigrationLine | None,
                          late: Sequence[MigrationState]) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self.run(subjects, migration, "up", out_of_order=True)

        words: list[tuple[str, Tone]] = [
            (f"{migration.service}/{migration.version} {migration.name} is older than what is applied", "warning")
            for migration in late[:8]]
        words += [("", ""), ("Run it after what is newer, if the newer ones don't build on it.", "")]
        self.screen.app.push_screen(ConfirmDialog("Run out of order?", words), answered)

    def _ask(self, title: str, found: ReadPlan, go: partial[None]) -> None:
        app, target = console_app(self.screen), self.screen.connection.target
        assert target is not None
        paragraphs: list[tuple[int, Line]] = list(plan_view.plan_paragraphs(found.steps, sql_lines))
        findings = [finding for step in found.steps for finding in step.findings]
        where = f"on {target.label} ({target.environment})"
        amount = f"{fmt.plural(len(found.steps), 'file')}, {fmt.plural(found.statements, 'statement')} {where}"
        in_the_way = {session.pid for step in found.steps for statement in step.statements
                      for relation in statement.relations for session in relation.in_the_way}
        summary: list[tuple[str, Tone]] = [(amount, "critical" if target.is_production else ""),
                                           plan_view.findings_summary(findings)]
        if in_the_way:
            summary.append((f"{fmt.plural(len(in_the_way), 'session')} in the way now: it would wait for "
                            f"{', '.join(f'pid {pid}' for pid in sorted(in_the_way)[:5])}", "critical"))
        summary += [(note, "dim") for note in found.notes]

        def answered(yes: bool | None) -> None:
            if yes:
                go()

        app.push_screen(PlanDialog(title[0].upper() + title[1:], summary, paragraphs,
                                   typed=unlock.word_to_type(target)), answered)

    def _start(self, title: str, found: ReadPlan) -> None:
        app, target = console_app(self.screen), self.screen.connection.target
        plan = found.plan
        assert target is not None and plan is not None
        if app.runs.current is not None:
            app.tell("a run is going on already")
            return

        async def work(tell: Tell) -> Outcome:
            return told(await apply.run(target, plan, tell))

        app.runs.start(title, target.label, work, found.steps, on_abort=ON_ABORT)
        self.screen.show_run()

    def abort(self) -> None:
        """Asks, and stops the run."""
        runs = console_app(self.screen).runs

        def answered(yes: bool | None) -> None:
            if yes and runs.current is run:
                runs.abort()

        if (run := runs.current) is not None:
            self.screen.app.push_screen(ConfirmDialog("Abort the run?", (
                (f"{run.title} on {run.target}", "strong"), ("", ""), (f"That {run.on_stop}", ""))), answered)

    # verify and drift

    def verify(self, subject: MigrationSubject | None, migration: MigrationLine | None) -> None:
        """Proves the way back of a service's migrations, as far as the cursor, or of all, in scratch databases."""
        connection = self.screen.connection
        assert connection.target is not None
        name = subject.line.name if subject is not None else "all services"
        self._check(f"verify {name}" + (f" to {migration.version}" if migration else ""), partial(
            verify_run.verify, connection.target, self._readable(), subject.line.name if subject else None,
            migration.version if migration else None))

    def drift(self, subjects: Sequence[MigrationSubject]) -> None:
        """Compares the live schemas with what the applied files produce."""
        connection = self.screen.connection
        names = [subject.line.name for subject in subjects]
        assert connection.target is not None

        def found(count: int) -> None:
            self.drifted = (console_app(self.screen).clock.now(), count)

        self._check("drift", partial(verify_run.drift, connection.target, self._readable(), names, found))

    def _readable(self) -> tuple[Service, ...]:
        """All services but those whose files can't be read: they are no reason not to prove the others."""
        broken = {subject.line.name for subject in self.screen.found if subject.line.state == "unreadable"}
        return tuple(service for service in self.screen.connection.services if service.name not in broken)

    def _check(self, title: str, work: Work) -> None:
        app, target = console_app(self.screen), self.screen.connection.target
        assert target is not None

        def answered(yes: bool | None) -> None:
            if yes and app.runs.current is None:
                app.runs.start(title, target.label, work, on_abort="The scratch databases are dropped.")
                self.screen.show_run()

        if self.screen.connection.read_only and not target.is_production:
            app.push_screen(ConfirmDialog(f"{title[0].upper()}{title[1:]}?", (
                (f"{target.label} is read-only here. This writes to scratch databases alone, beside the one that is "
                 "open, and drops them.", ""),)), answered)
        else:
            answered(True)

    # repair

    def repair(self, subject: MigrationSubject, migration: MigrationLine) -> None:
        """Offers what can be said about this migration, or done again."""
        if not unlock.is_allowed(console_app(self.screen)):
            return
        choices = [Choice(key, key.replace("-", " "), words) for key, words in REPAIRS.get(migration.state, ())]

        def chosen(action: str | None) -> None:
            if action is not None:
                self.screen.run_worker(self._repair(subject, migration, action), group="prepare", exclusive=True,
                                       exit_on_error=False)

        self.screen.app.push_screen(ChooseDialog(f"Repair {migration.version} {migration.name}", choices), chosen)

    async def _repair(self, subject: MigrationSubject, migration: MigrationLine, action: str) -> None:
        assert subject.service is not None
        services, target = [subject.service], self.screen.connection.target
        app = console_app(self.screen)
        assert target is not None
        try:
            async with self.screen.connection.session() as session:
                if action == "retry":
                    asked = RunRange(failed_only=True)
                    found = await reading.read_plan(session, services, asked)
                    title = f"retry {subject.line.name}"
                    self._ask(title, found, partial(self._start, title, found))
                    return
                await session.renew()
                plan = await repair.read(session, services, action, migration.version)  # type: ignore[arg-type]
        except ConsoleError as error:
            app.show_error(error)
            return

        def answered(yes: bool | None) -> None:
            if yes and app.runs.current is None:
                app.runs.start(f"{action} {subject.line.name}/{migration.version}", target.label,
                               partial(_repair, target, plan))
                self.screen.show_run()

        words: list[tuple[str, Tone]] = [(item.sentence, "") for item in plan.repairs[:12]]
        if len(plan.repairs) > len(words):
            words.append((f"and {len(plan.repairs) - len(words)} more", "dim"))
        app.push_screen(ConfirmDialog("Put the ledger right?", words, typed=unlock.word_to_type(target)), answered)

    # new

    def new(self, subject: MigrationSubject) -> None:
        """Asks what it is about, and writes the pair of files."""
        app, service = console_app(self.screen), subject.service
        assert service is not None

        def written(paths: list[str] | None) -> None:
            if paths:
                app.tell(f"written: {' and '.join(paths)}")
                self.screen.reread()

        app.push_screen(NewDialog(service), written)


async def _repair(target: Target, plan: repair.RepairPlan, tell: Tell) -> Outcome:
    done = await repair.run(target, plan, tell)
    return [(repair.sentence, "ok") for repair in done] or [("there was nothing to do", "dim")]


def told(report: RunReport) -> Outcome:
    """A report in words, the answer first."""
    up = sum(step.direction == "up" for step in report.done)
    down = len(report.done) - up
    words = [f"{fmt.plural(up, 'migration')} applied" if up else "",
             f"{fmt.plural(down, 'migration')} rolled back" if down else ""]
    done = " and ".join(filter(None, words)) or "nothing was to be done"
    held: list[tuple[str, Tone]] = [
        (f"held: {migration.service}/{migration.version} {migration.name}: {migration.detail}", "dim")
        for migration in report.held]
    return [(done, "ok"), *held]
