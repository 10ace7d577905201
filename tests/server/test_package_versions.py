"""psycopg's packages are told their true versions, and what they would look them up by isn't imported."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from console.server import package_versions

CODE = """
import sys, console.server.pool, psycopg, psycopg_binary, psycopg_pool
print("importlib.metadata" in sys.modules, psycopg.__version__, psycopg_binary.__version__, psycopg_pool.__version__)
"""


def test_the_versions_are_the_true_ones_and_not_looked_up() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", *(metadata.version(package) for package in package_versions.PACKAGES)]


@pytest.mark.parametrize("beside", [(), ("psycopg-3.1.dist-info", "psycopg-3.2.dist-info")])
def test_what_is_not_known_is_left_to_the_package(beside: tuple[str, ...], tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "psycopg").mkdir()
    (tmp_path / "psycopg" / "__init__.py").touch()
    for name in beside:
        (tmp_path / name).mkdir()
    for package in package_versions.PACKAGES:
        for module in (package, f"{package}.version"):
            monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    package_versions.provide()
    assert not {f"{package}.version" for package in package_versions.PACKAGES} & sys.modules.keys()
