"""What git says is new: of real repositories, in sub-folders, on branches, and where it can say nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from console.errors import ConsoleError, UsageError
from console.migrate.changed_files import changed_since
from console.migrate.records import MigrationFile, Script
from console.migrate.selection import EVERYTHING, Selection
from tests.support.git import git


def write(folder: Path, *names: str, text: str = "SELECT 1") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(text)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-m", message)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`db/shop` of a repository with one commit on main."""
    git(tmp_path, "init", "-b", "main")
    inside = tmp_path / "db" / "shop"
    write(inside, "1_a.up.sql", "1_a.down.sql", "2_b.up.sql")
    write(tmp_path / "other", "x.sql")
    commit(tmp_path, "first")
    return inside


def changed(folder: Path, reference: str) -> set[str]:
    return {Path(path).name for path in asyncio.run(changed_since(folder, reference))}


def test_new_and_changed_files_of_the_folder_alone(folder: Path) -> None:
    assert changed(folder, "HEAD") == set()
    write(folder, "3_c.up.sql", "1_a.down.sql", text="SELECT 2")
    write(folder.parent.parent / "other", "y.sql")
    assert changed(folder, "HEAD") == {"3_c.up.sql", "1_a.down.sql"}
    commit(folder, "second")
    assert changed(folder, "HEAD") == set() and changed(folder, "main~1") == {"3_c.up.sql", "1_a.down.sql"}


def test_gone_files_dont_count_and_renamed_and_ignored_ones_do(folder: Path) -> None:
    (folder / ".gitignore").write_text("9_*\n")
    write(folder, "9_local.up.sql", "4_ümläut \"x\".up.sql")
    git(folder, "mv", "2_b.up.sql", "5_b.up.sql")
    (folder / "1_a.down.sql").unlink()
    assert changed(folder, "HEAD") == {".gitignore", "9_local.up.sql", "4_ümläut \"x\".up.sql", "5_b.up.sql"}


def test_what_others_did_on_the_branch_meanwhile_is_not_new_here(folder: Path) -> None:
    git(folder, "checkout", "-b", "mine")
    write(folder, "3_mine.up.sql")
    commit(folder, "mine")
    git(folder, "checkout", "main")
    write(folder, "1_a.up.sql", "3_theirs.up.sql", text="SELECT 3")
    commit(folder, "theirs")
    git(folder, "checkout", "mine")
    assert changed(folder, "main") == {"3_mine.up.sql"}


@pytest.mark.parametrize("reference", ["nosuch", "--output=/tmp/x", "", "$(touch x)", "a b"])
def test_a_reference_that_isnt_one_is_named(folder: Path, reference: str) -> None:
    with pytest.raises(UsageError, match="git knows no commit") as raised:
        changed(folder, reference)
    assert raised.value.hint and not (folder / "x").exists()


def test_a_folder_outside_of_a_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is in no git repository"):
        changed(tmp_path, "main")


def test_git_that_isnt_there_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(ConsoleError, match="git isn't installed"):
        changed(folder, "HEAD")


def test_a_repositorys_configuration_runs_nothing(folder: Path) -> None:
    (folder / "monitor").write_text("#!/bin/sh\ntouch ran\n")
    (folder / "monitor").chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(folder / "monitor"))
    git(folder, "config", "diff.external", str(folder / "monitor"))
    write(folder, "1_a.up.sql", text="SELECT 4")
    assert "1_a.up.sql" in changed(folder, "HEAD")
    assert not [*folder.parent.parent.rglob("ran")]


def test_a_selection_asks_for_either_way_of_a_migration(tmp_path: Path) -> None:
    file = MigrationFile("s", "1", "a", Script(str(tmp_path / "up")), Script(tmp_path / "down"))
    assert EVERYTHING.holds(file)
    down = Selection(changed=frozenset({os.path.realpath(tmp_path / "down")}), since="main")
    assert down.holds(file) and not Selection(changed=frozenset()).holds(file)
    pending = Selection(pending={"s": frozenset((file.key,))})
    assert pending.holds(file) and not Selection(pending={"t": frozenset((file.key,))}).holds(file)
    assert down.words(1, 9) == "1 of 9 migrations is new or changed since main"
    assert pending.words(0, 9) == "none of 9 migrations are pending"
