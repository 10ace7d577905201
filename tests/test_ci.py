"""What CI runs is what the project promises, and what .ci/run requires is what the tests know of."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.faults.table import FAULTS
from tests.support import debian

ROOT = Path(__file__).parents[1]
OPTIONAL = {"docker", "dsn"}
"""What no package brings."""


def test_every_promised_python_is_run_on_both_releases() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    promised = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))
    workflow = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    versions, suites = re.search(r"python: \[(.*)\]", workflow), re.search(r"debian: \[(.*)\]", workflow)
    assert versions is not None and suites is not None
    assert re.findall(r"[\d.]+", versions[1]) == promised and project["requires-python"] == f">={promised[0]}"
    assert suites[1].split(", ") == [release.suite for release in debian.RELEASES.values()]
    assert f"Python {promised[0]} to {promised[-1]}" in (ROOT / "README.md").read_text("utf-8")


def test_whatever_a_test_may_miss_is_required_in_ci() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")
    found = re.search(r"DBCONSOLE_TEST_REQUIRE-([\w,]+)", script)
    assert found is not None
    missed = {fault.quick for fault in FAULTS.values() if fault.quick}
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "missing(" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "missing":
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    missed.add(name.value)
    assert missed - OPTIONAL - {"postgres8", "postgres9", "pg_stat_statements"} <= {*found[1].split(",")}


def test_no_program_of_a_folder_has_rights_of_its_own() -> None:
    roots = [root for label in debian.RELEASES if (root := debian.find(label))]
    assert not [path for root in roots for path in root.rglob("*")
                if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000]


def test_a_half_made_folder_is_never_taken_for_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "cache", lambda: tmp_path)
    folder = debian.folder("debian13", debian.RELEASES["debian13"])
    assert debian.find("debian13") is None
    (folder / "usr/sbin").mkdir(parents=True)
    assert debian.find("debian13") is None
    (folder / debian.MADE).touch()
    assert debian.find("debian13") == folder


def test_what_runs_before_anything_is_installed_needs_nothing() -> None:
    """Every program that .ci/run gives to the machine's own Python."""
    programs = re.findall(r"^python3 (\S+\.py)", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert programs
    for program in programs:
        code = f"import runpy, sys; sys.argv = ['x', '--help']; runpy.run_path({program!r}, run_name='imported')"
        subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=ROOT, check=True)


def test_no_text_holds_the_marks_of_a_merge() -> None:
    mark = re.compile("^(<{7}|>{7}) ", re.MULTILINE)
    texts = [path for suffix in ("md", "py", "sql", "toml", "tcss") for path in ROOT.rglob(f"*.{suffix}")
             if not any(part.startswith(".venv") for part in path.parts)]
    assert len(texts) > 500
    assert not [str(path) for path in texts if mark.search(path.read_text("utf-8", errors="replace"))]
