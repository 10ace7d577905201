"""The console on a fake server with a fake clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual._context import active_app
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget

from console import log
from console.config import Config, TargetConfig
from console.errors import ConsoleError
from console.sampler.sampler import Sampler
from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState, Sources
from console.ui.screens import ENTRIES as ALL
from console.ui.widgets.record_table import RecordTable
from console.view.table import Table
from tests.support import builders
from tests.support.fake_clock import FakeClock
from tests.support.fake_session import FakePool
from tests.support.waiting import until

ENTRIES = tuple(entry for entry in ALL if entry.name in ("overview", "schemas"))
"""The screens of the console under test: few and always the same, so that another one changes nobody's pictures."""

ENVIRONMENT = {"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}


class World:
    """What the console under test lives in: a clock, targets, and a pool a target, made when it is opened."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.config = Config(targets={
            "staging": TargetConfig(name="staging", dsn="host=staging", environment="staging"),
            "prod": TargetConfig(name="prod", dsn="host=prod", environment="production")})
        self.info = builders.info()
        self.answers = builders.answers(self.clock)
        self.services = builders.services()
        self.pools: list[FakePool] = []
        self.opened: list[str] = []
        self.left: list[str] = []
        self.failing: ConsoleError | None = None

    @property
    def pool(self) -> FakePool:
        return self.pools[-1]

    @asynccontextmanager
    async def open_target(self, name: str, tell: Callable[[str], None]) -> AsyncIterator[Target]:
        self.opened.append(name)
        if self.failing is not None and name == "broken":
            raise self.failing
        entry = self.config.targets.get(name)
        try:
            yield Target(name=name, conninfo=f"host={name}", environment=entry.environment if entry else "unknown")
        finally:
            self.left.append(name)

    def pool_for(self, target: Target) -> Any:
        pool = FakePool(target, self.info, self.answers, self.clock)
        if self.failing is not None:
            pool.fail(self.failing)
        self.pools.append(pool)
        return pool

    def sources(self) -> Sources:
        return Sources(
            config=self.config, clock=self.clock, names=lambda: list(self.config.targets),
            open_target=self.open_target, services_for=lambda target: self.services, pool_for=self.pool_for,
            sampler_for=lambda pool, services, every_s: Sampler(pool, self.config, services, self.clock, every_s))

    def app(self, name: str = "staging", **options: Any) -> ConsoleApp:
        return ConsoleApp(name, self.sources(), **({"environment": ENVIRONMENT, "entries": ENTRIES} | options))

    @asynccontextmanager
    async def console(self, name: str = "staging", *, size: tuple[int, int] = (120, 36), **options: Any
                      ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int]]]:
        """The console, running, on `name`; toasts are shown and the connection begins before the app, as in life."""
        app = self.app(name, **options)
        app.connection.start()
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                yield app, pilot
        finally:
            await app.connection.close()


async def live(app: ConsoleApp, pilot: Pilot[Any]) -> None:
    """Waits for the first data, sizes included."""
    def has_sizes() -> bool:
        latest = app.connection.sampler.latest if app.connection.sampler is not None else None
        return latest is not None and all(service.tables is not None for service in latest.services)

    await until(lambda: app.connection.state is ConnectionState.LIVE and has_sizes(), pilot)


async def ticks(world: World, app: ConsoleApp, pilot: Pilot[Any], number: int = 1) -> None:
    """Lets so many refresh intervals pass."""
    for _ in range(number):
        sampler = app.connection.sampler
        assert sampler is not None
        before = len(sampler.history)
        world.clock.advance(sampler.every_s)
        await until(lambda sampler=sampler, before=before: len(sampler.history) > before, pilot)  # type: ignore[misc]
    app.show_state()
    await pilot.pause()


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Remembered choices and the time zone are this test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    import time

    time.tzset()
    yield tmp_path / "dbconsole"
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def widgets_in_their_context(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails where a task that is not the application's touches a widget or opens a dialog: in such a task Textual
    finds no application as soon as something is composed, or finds the wrong one."""
    strays: list[str] = []

    def watch(kind: type, name: str) -> None:
        done = getattr(kind, name)

        def watched(self: Any, *arguments: Any, **options: Any) -> Any:
            if active_app.get(None) is None:
                task = asyncio.current_task()
                strays.append(f"{type(self).__name__}.{name} in {task.get_name() if task else 'no task'}")
            return done(self, *arguments, **options)

        monkeypatch.setattr(kind, name, watched)

    for kind, name in ((Widget, "refresh"), (App, "push_screen"), (App, "switch_mode"), (App, "notify")):
        watch(kind, name)
    yield
    assert not strays, "\n".join(dict.fromkeys(strays))


@pytest.fixture(autouse=True)
def figures_are_numbers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails where a table shows a figure without the number behind it, by which it is sorted and as which it is
    exported."""
    bare: dict[str, str] = {}
    show = RecordTable.show

    def shown(self: RecordTable, table: Table) -> None:
        for row in table.rows[:100]:
            for column, cell in zip(table.columns, row.cells, strict=False):
                if column.align == "right" and column.sortable and cell.order is None \
                        and any(map(str.isdigit, cell.text)):
                    bare[f"{type(self).__name__} {self.id}.{column.key}"] = cell.text
        show(self, table)

    monkeypatch.setattr(RecordTable, "show", shown)
    yield
    assert not bare, bare


@pytest.fixture(autouse=True)
def no_mistakes() -> Iterator[None]:
    """Fails where a task, a worker or the application itself has failed and nothing but the log says so."""
    log.forget()
    yield
    told = log.forget()
    assert not told, "\n".join(told)


@pytest.fixture
def world() -> World:
    return World()
