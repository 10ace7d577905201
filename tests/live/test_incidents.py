"""The incidents that take seconds; `python -m tests.incidents` stages them all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cli import main
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


def test_the_command_tells_of_a_live_server_and_of_a_recording(
        servers: Servers, production: LiveServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both name the same cause, with the exit statuses that scripts rely on."""
    def run(*arguments: str, status: int) -> str:
        capsys.readouterr()
        assert main(arguments) == status, capsys.readouterr()
        return capsys.readouterr().out

    scene = Scene(servers, production)
    recording = str(tmp_path / "incident.dbrec")
    try:
        scene.sql(*ACCOUNTS)
        conninfo = scene.database.conninfo
        assert "nothing found" in run("diagnose", "-t", conninfo, "--over", "2s", status=0)
        scene.transaction(UPDATE)
        scene.runs(UPDATE, clients=WAITERS)
        scene.wait_for_blocked(WAITERS, WAITED_S)
        document = json.loads(run("diagnose", "-t", conninfo, "--over", "2s", "--json", status=1))
        run("record", recording, "-t", conninfo, "--every", "1s", "--for", "3s", status=0)
    finally:
        scene.close()
    (finding,) = document["findings"]
    assert set(document) == {"target", "at", "findings", "unavailable"} and set(finding) == {
        "kind", "severity", "summary", "since", "subject", "hurts", "evidence", "next"}
    assert finding["kind"] == "idle_in_transaction" and finding["since"] is not None
    assert finding["hurts"] == {"count": WAITERS, "what": "sessions", "names": ["api"]}
    assert finding["subject"]["pid"] and str(finding["subject"]["pid"]) in finding["summary"]
    then = run("diagnose", recording, "--at", "end", status=1)
    assert "nightly-report" in then and f"blocks {WAITERS} sessions" in then
    written = run("diagnose", recording, "--format", "markdown", status=1)
    assert written.startswith("## ") and "nightly-report (pid" in written and "- **" in written
    run("diagnose", recording, "--at", "noon", status=3)
    run("diagnose", recording, "-t", conninfo, status=3)
    run("diagnose", "--at", "14:02", status=3)
    run("diagnose", str(tmp_path / "none"), status=2)
    run("diagnose", "-h", "127.0.0.1", "-p", "1", "--timeout", "5", status=2)
