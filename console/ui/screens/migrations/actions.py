"""What a person does on the screen: run, roll back, repair, prove, write a new pair. What writes shows its plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace
from textual.message import Message

from console.errors import ConsoleError
from console.migrate import repair
from console.migrate.files import by_framework
from console.migrate.frameworks import runner
from console.migrate.migration_plan import MigrationPlan
from console.migrate.naming import is_unnamed
from console.migrate.records import Direction, RunOptions, RunRange
from console.migrate.run_plan import PlanChanged
from console.server.target import Target
from console.services import Service
from console.ui.dialogs import unlock
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.failure import DetailDialog
from console.ui.frame import ConsoleScreen
from console.ui.host import Host
from console.ui.jobs import Outcome, Tell, Work
from console.ui.screens.migrations import reading, runs, script_export, verify_run, views
from console.ui.screens.migrations.confirm import PlanDialog
from console.ui.screens.migrations.new import NameDialog, NewDialog
from console.ui.screens.migrations.proposals import Proposal, propose
from console.ui.screens.migrations.runs import RunnablePlan
from console.ui.screens.migrations.state import REPAIRS, MigrationsState, MigrationSubject
from console.ui.widgets.painting import console_app
from console.view.migrate.services import MigrationLine


class MigrationActions:
    """The actions of one screen. They read `state`, work through the screen's host, and answer by messages."""

    class Waiting(Message):
        """Something is waited for, in words; nothing any more where they are ""."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Begun(Message):
        """A run has begun."""

    class Written(Message):
        """New files are there."""

    def __init__(self, screen: ConsoleScreen, state: MigrationsState) -> None:
        self._screen = screen
        self._state = state
        self._refused: tuple[Proposal, PlanChanged] | None = None

    @property
    def _host(self) -> Host:
        return console_app(self._screen)

    @property
    def _target(self) -> Target:
        target = self._screen.connection.target
        assert target is not None
        return target

    # run and roll back

    def run(self, found: Sequence[MigrationSubject], migration: MigrationLine | None, direction: Direction,
            options: RunOptions = RunOptions()) -> None:
        """Reads the plan of one service, as far as `migration`, or of several; shows it, and runs it when confirmed."""
        asked = found[0].range_to(migration, direction) if len(found) == 1 else RunRange(direction=direction)
        name = found[0].line.name if len(found) == 1 else "all services"
        services = [subject.service for subject in found if subject.service is not None]
        if direction == "up" and self._asks_for_name(
                found, lambda named: self.run(named, migration, direction, options)):
            return
        if found[0].status is None:
            self._offer(name, "asking its framework what it would do…",
                        lambda: runner.read(self._target, services[0], RunRange(direction=direction)))
        else:
            self._offer_migrations(name, services, asked, options)

    def _offer_migrations(self, name: str, services: Sequence[Service], asked: RunRange,
                          options: RunOptions = RunOptions()) -> None:
        late = [migration for subject in self._state.own if subject.service in services and subject.status is not None
                for migration in subject.status.migrations if migration.out_of_order]

        def failed(error: ConsoleError) -> None:
            if late and not asked.out_of_order and "--out-of-order" in (error.hint or ""):
                self._host.push_screen(ConfirmDialog("Run out of order?", views.late_words(late)), answered)
            else:
                self._host.show_error(error)

        def answered(yes: bool | None) -> None:
            if yes:
                self._offer_migrations(name, services, replace(asked, out_of_order=True), options)

        async def read() -> RunnablePlan:
            async with self._screen.connection.session() as session:
                return await reading.make_plan(session, services, asked, self._screen.connection.services)

        self._offer(name, "reading the plan…", read, failed, options)

    def _asks_for_name(self, found: Sequence[MigrationSubject],
                       then: Callable[[Sequence[MigrationSubject]], None]) -> bool:
        """Whether a service has to be given a name first, which is asked for; `then` goes on with it."""
        unnamed = next((subject.service for subject in found if subject.service and subject.status
                        and is_unnamed(subject.service, [subject.status])), None)
        if unnamed is None or not unlock.is_allowed(self._host):
            return unnamed is not None
        service, connection = unnamed, self._screen.connection

        def answered(name: str | None) -> None:
            if name is not None:
                connection.services = tuple(replace(known.called(name), is_named=True) if known.is_alone else known
                                            for known in connection.services)
                self._screen.post_message(self.Written())
                then([subject.called(name) for subject in found])

        self._host.push_screen(NameDialog(service), answered)
        return True

    def repair(self, subject: MigrationSubject, migration: MigrationLine) -> None:
        """Offers what can be said about this migration, or done again."""
        if not unlock.is_allowed(self._host) or subject.service is None:
            return
        if self._asks_for_name([subject], lambda named: self.repair(named[0], migration)):
            return
        services, name = [subject.service], subject.line.name
        choices = [Choice(key, key.replace("-", " "), words) for key, words in REPAIRS.get(migration.state, ())]

        def chosen(action: str | None) -> None:
            if action == "retry":
                self._offer_migrations(name, services, RunRange(failed_only=True))
            elif action is not None:
                waits = "reading the ledger…" if action != "accept" else "comparing the live schema with the files'…"
                self._offer(name, waits, partial(read, action))

        async def read(action: Any) -> RunnablePlan:
            async with self._screen.connection.session() as session:
                await session.renew()
                plan = await repair.read(session, services, action, migration.version)
            if action == "accept":
                await verify_run.check_run_by_hand(self._target, self._readable(), plan)
            return plan

        self._host.push_screen(ChooseDialog(f"Repair {migration.version} {migration.name}", choices), chosen)

    def _offer(self, name: str, waits: str, read: Callable[[], Awaitable[RunnablePlan]],
               failed: Callable[[ConsoleError], None] | None = None, options: RunOptions = RunOptions()) -> None:
        """Has a plan read and put before the person; `name` is whose it is, `failed` takes an error of it."""
        if unlock.is_allowed(self._host):
            self._work(self._read(name, waits, read, failed or self._host.show_error, options=options))

    async def _read(self, name: str, waits: str, read: Callable[[], Awaitable[RunnablePlan]],
                    failed: Callable[[ConsoleError], None], changed: PlanChanged | None = None, *,
                    options: RunOptions = RunOptions()) -> None:
        self._screen.post_message(self.Waiting(waits))
        try:
            plan = await read()
            if plan.is_empty:
                self._say_empty(plan, changed)
            else:
                self._ask(await propose(self._screen.connection, self._target, name, plan, options), changed)
        except ConsoleError as error:
            failed(error)
        finally:
            self._screen.post_message(self.Waiting(""))

    def _say_empty(self, plan: RunnablePlan, changed: PlanChanged | None) -> None:
        if changed is not None:
            self._host.push_screen(DetailDialog("Nothing is left to run", *views.changed_words(changed)))
        else:
            notes = plan.held_notes if isinstance(plan, MigrationPlan) else ()
            self._host.tell(": ".join(["nothing to run", *notes[:1]]))

    def _ask(self, proposal: Proposal, changed: PlanChanged | None = None) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self._start(proposal)

        typed = unlock.word_to_type(self._host.connection) if changed is None else unlock.name_to_type(self._target)
        self._host.push_screen(PlanDialog(
            proposal.title, proposal.summary, proposal.paragraphs, typed=typed,
            changes=views.changed_words(changed) if changed is not None else ()), answered)

    def _start(self, proposal: Proposal) -> None:
        target, plan = self._target, proposal.plan

        async def work(tell: Tell) -> Outcome:
            try:
                return await runs.run(target, plan, tell, proposal.options)
            except PlanChanged as changed:
                self._refused = (proposal, changed)
                return views.changed_words(changed)

        self._begin(proposal.title, work, proposal, runs.on_abort(plan))

    def _begin(self, title: str, work: Work, proposal: Proposal | None = None, on_abort: str = "") -> None:
        if self._host.runs.current is not None:
            self._host.tell("a run is going on already")
            return
        self._host.runs.start(title, self._target.label, work, proposal.steps if proposal else (), on_abort=on_abort)
        self._screen.post_message(self.Begun())

    def ask_again(self) -> None:
        """After a run that was refused since its plan had changed, and once the screen is looked at: shows what has,
        and the plan as it is now."""
        if self._refused is None or self._host.runs.current is not None:
            return
        proposal, changed = self._refused
        if not self._screen.is_current:
            self._host.tell(f"{proposal.title}: nothing was run, the plan has changed")
            return
        self._refused = None
        plan = changed.plan
        if plan is None:
            self._host.show_error(changed)
            return
        assert isinstance(plan, RunnablePlan)

        async def read() -> RunnablePlan:
            return plan

        self._work(self._read(proposal.name, "reading the plan as it is now…", read, self._host.show_error, changed,
                              options=proposal.options))

    def abort(self) -> None:
        """Asks, and stops the run."""
        jobs = self._host.runs

        def answered(yes: bool | None) -> None:
            if yes and jobs.current is run:
                jobs.abort()

        if (run := jobs.current) is not None:
            self._host.push_screen(ConfirmDialog("Abort the run?", (
                (f"{run.title} on {run.target}", "strong"), ("", ""), (f"That {run.on_stop}", ""))), answered)

    def script(self, subject: MigrationSubject, migration: MigrationLine | None) -> None:
        """Asks where to write what would be run of a service, as far as `migration`, or rolled back to before it."""
        assert subject.service is not None
        direction: Direction = "up" if migration is None or subject.can_run(migration, "up") else "down"
        self._host.push_screen(script_export.of_run(
            self._target, subject.service, subject.range_to(migration, direction),
            by_framework(self._screen.connection.services)[1], self._host.clock))

    # verify and drift

    def verify(self, subject: MigrationSubject | None, migration: MigrationLine | None) -> None:
        """Proves the way back of a service's migrations, as far as the cursor, or of all, in scratch databases."""
        name = subject.line.name if subject is not None else "all services"
        self._check(f"verify {name}" + (f" to {migration.version}" if migration else ""), partial(
            verify_run.verify, self._target, self._readable(), subject.line.name if subject else None,
            migration.version if migration else None))

    def verify_pending(self, subject: MigrationSubject) -> None:
        """Proves the way back of what the ledger doesn't have of a service, in scratch databases."""
        if subject.service is not None:
            self._check(f"verify what is pending of {subject.line.name}", partial(
                verify_run.verify_pending, self._target, self._readable(), subject.service))

    def rehearse(self, subject: MigrationSubject) -> None:
        """Runs what is pending of a service on samples of its tables, in scratch databases."""
        if subject.service is not None:
            self._check(f"{subject.line.name} on data", partial(
                verify_run.rehearse, self._target, self._readable(), subject.service))

    def drift(self) -> None:
        """Compares the live schemas with what the applied files produce."""
        def found(count: int) -> None:
            self._state.drifted = (self._host.clock.now(), count)

        names = [subject.line.name for subject in self._state.own]
        self._check("drift", partial(verify_run.drift, self._target, self._readable(), names, found))

    def _readable(self) -> tuple[Service, ...]:
        """All services but those whose files can't be read: they are no reason not to prove the others."""
        known = {subject.service.folder: subject.service for subject in self._state.own if subject.service is not None}
        return tuple(known.get(service.folder, service) for service in self._screen.connection.services
                     if service.name not in self._state.unreadable)

    def _check(self, title: str, work: Work) -> None:
        target = self._target

        def answered(yes: bool | None) -> None:
            if yes:
                self._begin(title, work, on_abort="The scratch databases are dropped.")

        if self._screen.connection.read_only and not target.is_production:
            self._host.push_screen(ConfirmDialog(f"{title[0].upper()}{title[1:]}?", (
                (f"{target.label} is read-only here. This writes to scratch databases alone, beside the one that is "
                 "open, and drops them.", ""),)), answered)
        else:
            answered(True)

    # new

    def new(self, subject: MigrationSubject) -> None:
        """Asks what it is about, and writes the pair of files."""
        assert subject.service is not None

        def written(paths: list[str] | None) -> None:
            if paths:
                self._host.tell(f"written: {' and '.join(paths)}")
                self._screen.post_message(self.Written())

        self._host.push_screen(NewDialog(subject.service), written)

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        self._screen.run_worker(work, group="prepare", exclusive=True, exit_on_error=False)
