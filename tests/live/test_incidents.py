"""The incidents that take seconds; `python -m tests.incidents` stages them all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.incidents.incident import LABEL, SETTINGS, Scene, attempt
from tests.incidents.locks import ACCOUNTS, UPDATE, WAITED_S, WAITERS
from tests.incidents.table import INCIDENTS
from tests.support.servers import LiveServer, Servers


@pytest.fixture(scope="module")
def production(servers: Servers) -> Iterator[LiveServer]:
    """A server with the settings of production."""
    found = servers.make(LABEL, SETTINGS)
    yield found
    assert found.cluster is not None
    found.cluster.remove()


@pytest.mark.parametrize("name", [found.name for found in INCIDENTS.values() if found.is_quick])
def test_its_cause_comes_first_and_nothing_is_said_of_what_is_well(
        name: str, servers: Servers, production: LiveServer) -> None:
    outcome = attempt(INCIDENTS[name], servers, production)
    assert not outcome.wrong, outcome.wrong


def run(*arguments: str, status: int) -> str:
    done = subprocess.run([sys.executable, "-m", "console", *arguments], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == status, done.stderr
    return done.stdout


def test_the_command_tells_of_a_live_server_and_of_a_recording(
        servers: Servers, production: LiveServer, tmp_path: Path) -> None:
    """Both name the same cause, with the exit statuses that scripts rely on."""
    scene = Scene(servers, production)
    recording = tmp_path / "incident.dbrec"
    try:
        scene.sql(*ACCOUNTS)
        conninfo = scene.database.conninfo
        assert "nothing found" in run("diagnose", "-t", conninfo, "--over", "2s", status=0)
        scene.transaction(UPDATE)
        scene.runs(UPDATE, clients=WAITERS)
        scene.wait_for_blocked(WAITERS, WAITED_S)
        document = json.loads(run("diagnose", "-t", conninfo, "--over", "2s", "--json", status=1))
        run("record", str(recording), "-t", conninfo, "--every", "1s", "--for", "3s", status=0)
    finally:
        scene.close()
    (finding,) = document["findings"]
    assert set(document) == {"target", "at", "findings", "unavailable"} and set(finding) == {
        "kind", "severity", "summary", "since", "subject", "hurts", "evidence", "next"}
    assert finding["kind"] == "idle_in_transaction" and finding["since"] is not None
    assert finding["hurts"] == {"count": WAITERS, "what": "sessions", "names": ["api"]}
    assert finding["subject"]["pid"] and str(finding["subject"]["pid"]) in finding["summary"]
    then = run("diagnose", str(recording), "--at", "end", status=1)
    assert "nightly-report" in then and f"blocks {WAITERS} sessions" in then
    written = run("diagnose", str(recording), "--format", "markdown", status=1)
    assert written.startswith("## ") and "- **critical**: nightly-report (pid" in written
    run("diagnose", str(recording), "--at", "noon", status=3)
    run("diagnose", str(tmp_path / "none"), status=2)
