"""The fixtures of all tests: real servers and a real pooler, started on first use."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from console import redaction
from tests.support import idle
from tests.support import pgbouncer as poolers
from tests.support import servers as live
from tests.support.demo import demo
from tests.support.pgbouncer import pgbouncer, pgbouncers
from tests.support.servers import (
    any_database,
    any_server,
    database,
    debian13,
    docker_server,
    embedded,
    own_server,
    server,
    server15,
    server16,
    server17,
    server18,
    servers,
    vector_server,
)
from tests.support.tls import tls_server

LIVE = Path(__file__).parent / "live"
SCREENS = Path(__file__).parent / "ui"

# Programs under test are started hundreds of times: what they import is compiled once, as for everybody who uses them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

__all__ = [
    "any_database",
    "any_server",
    "database",
    "debian13",
    "demo",
    "docker_server",
    "embedded",
    "own_server",
    "pgbouncer",
    "pgbouncers",
    "server",
    "server15",
    "server16",
    "server17",
    "server18",
    "servers",
    "tls_server",
    "vector_server",
]


def pytest_report_header() -> list[str]:
    return [live.report(), poolers.report()]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Without paths, the whole suite or what -m and -k choose of it runs in three processes; -n 0 is one.

    Each takes a third in its order and then of what the slowest has left, so that what a module has made, a server or
    every module's tree, is made by one of them and not by all.
    """
    whole = config.args_source is config.ArgsSource.TESTPATHS
    chosen = config.option.numprocesses is not None or config.option.usepdb or config.option.collectonly
    if "PYTEST_XDIST_WORKER" in os.environ or hasattr(config, "workerinput"):
        return
    if whole and not chosen:
        config.option.numprocesses = 3
    if config.option.numprocesses and config.option.dist == "no":
        config.option.dist = "worksteal"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "live: on real servers; set by itself. -m 'not live' answers in three minutes")
    config.addinivalue_line("markers", "oldest_and_newest: any_server is two of the versions, for what takes long")
    idle.use()
    # Programs under test begin with the signals of a person's shell. What is ignored is inherited by all that is
    # started; what is handled is not, so a signal that this process is to ignore gets a handler that does nothing.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.fixture(autouse=True)
def own_secrets() -> Iterator[None]:
    """What a test makes known as a secret is masked in no other's words."""
    before = set(redaction._kept)
    yield
    if redaction._kept != before:
        redaction._kept.intersection_update(before)
        for made in (redaction._forms, redaction._by_value, redaction._masked):
            made.cache_clear()


@pytest.fixture
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs under test have this test's folders for their own, and none of a person's settings."""
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    for variable in ("NO_COLOR", "DBCONSOLE_CONFIG"):
        monkeypatch.delenv(variable, raising=False)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What -m leaves out whole is not even read."""
    return True if config.option.markexpr == "not live" and collection_path == LIVE else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end. To look through all of it for garbage, again and again, took a
    sixth of the time; what tests leave behind is looked for less often."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(20_000, 10, 10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what stands in tests/live and whatever uses a real server, whose fixtures all stand on `servers`.

    In CI such a test, or one of a screen, has a second try, which the summary names and counts: several programs share
    two cores there, and a clock that ran out says nothing. At home it fails at once, so that it is seen and mended.
    """
    for item in items:
        is_live = LIVE in item.path.parents or "servers" in getattr(item, "fixturenames", ())
        if is_live:
            item.add_marker(pytest.mark.live)
        if "CI" in os.environ and (is_live or SCREENS in item.path.parents):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "any_server" in metafunc.fixturenames:
        labels = live.labels() or ["embedded"]  # which then says what is missing
        if metafunc.definition.get_closest_marker("oldest_and_newest"):
            labels = list(dict.fromkeys([labels[0], *[label for label in labels if label in live.LABELS][-1:]]))
        metafunc.parametrize("any_server", labels, indirect=True, scope="session")
    if "pgbouncers" in metafunc.fixturenames:
        metafunc.parametrize("pgbouncers", list(poolers.programs()) or [None], indirect=True, scope="session")
