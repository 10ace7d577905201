"""The manual: every page is listed, every link leads somewhere, and everything that it should speak of has its line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import config
from console.check.registry import every_check
from console.commands.table import COMMANDS
from console.errors import UsageError
from console.fields import fields_of
from console.manual import tables, topics
from console.migrate.lint import RULES
from console.ui.keys import ACTIONS, SCOPES

PAGES = [topic.name for topic in topics.topics()]


def names() -> Iterator[str]:
    """Every topic, also those of single things."""
    yield from PAGES
    for page, made in tables.ENTRIES.items():
        yield from (f"{page}/{name}" for name in made())


def test_every_page_is_listed() -> None:
    assert sorted(PAGES) == sorted(path.stem for path in topics.PAGES.glob("*.md"))
    assert all(f"[{name}]({name})" in topics.contents() for name in PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name: str) -> None:
    text = topics.text(name)
    assert re.match(r"# \S", text) and "<!--" not in text and len(text.splitlines()) > 3
    known = set(names())
    assert not [link for link in topics.links(text) if link.topic not in known]
    assert not re.findall(r"\]\((?!https?://|[a-z_/-]+\))", text), "a link that leads to no topic"


def test_everything_has_its_line() -> None:
    """A check, a rule, a key, a command or a setting that comes new is in the manual with it, or this fails."""
    checks, rules, keys = topics.text("checks"), topics.text("lint"), topics.text("keys")
    settings, commands = topics.text("configuration"), topics.text("commands")
    for check in every_check():
        line = next(line for line in checks.splitlines() if f"(checks/{check.name})" in line)
        assert len(line.split("|")[3].split()) > 3, line
        assert check.name in topics.text(f"checks/{check.name}")
    for rule in RULES:
        assert f"(lint/{rule})" in rules and "ignore=" in topics.text(f"lint/{rule}")
    for action in ACTIONS.values():
        if action.keys:
            assert f"`{action.id}`" in keys or (" … " in keys and action.run.startswith("show_number")), action.id
    for entry in COMMANDS:
        assert f"| `dbconsole {entry.name}" in commands
    for kind in tables.SETTINGS:
        for field in fields_of(kind):
            is_table = field.name in ("name", "path", "warnings", "changes", "pool", "machine", "backup") or (
                kind is config.Config and field.name != "default_target")
            assert is_table or re.search(rf"\| `{field.name}` \| [^|]* \| [A-Z`].*\. \|", settings), field.name
    kinds = [kind for kind in vars(config).values() if isinstance(kind, type) and kind.__name__.endswith("Config")]
    assert set(kinds) == set(tables.SETTINGS)


def test_the_table_of_tools_tells_of_each_what_is_read_driven_and_adopted() -> None:
    """What can be adopted is what a live test adopts; what is read is what the engine has a reader for."""
    from console.migrate.frameworks.specs import TITLES
    from console.migrate.layouts import LAYOUTS
    from console.migrate.mirror import WRITERS
    from console.services.recognise import LAYOUT_NAMES
    from tests.live.test_adopt import LEDGERS

    cells = {line.split(" | ")[1].strip("`"): line.strip("| ").split(" | ") for line in
             topics.text("migrate").splitlines() if line.startswith("| ") and line.count(" | ") == 5}
    assert cells.keys() - {"called", "---"} == {*TITLES}
    read = {name for name, row in cells.items() if row[2] != "no" and name in TITLES}
    assert read == {name for name in LAYOUT_NAMES if name != "dbconsole"} == set(LAYOUTS)
    adopted = {name: row[5] for name, row in cells.items() if row[5].startswith("yes")}
    assert adopted.keys() == {*LEDGERS, "prisma", "drizzle"}
    assert {name for name, words in adopted.items() if "mirrored" in words} == WRITERS.keys()
    printed = {name for name, row in cells.items() if "--write-sql" in row[5]}
    assert printed == {"alembic", "django"}, "a live test has each of them print its migrations"


def test_a_screens_page_has_its_keys() -> None:
    for scope in SCOPES:
        if scope.kind == "screen":
            source = (topics.PAGES / f"{scope.name}.md").read_text("utf-8")
            assert re.search(rf"<!-- table: keys .*\b{scope.name}\b", source), scope.name


def test_a_topic_that_is_not_there_names_the_nearest() -> None:
    for wrong, nearest in (("migrat", "migrate"), ("checks/conections", "connections"), ("lint/truncat", "truncate")):
        with pytest.raises(UsageError) as told:
            topics.text(wrong)
        assert f"did you mean {nearest}?" in (told.value.hint or "")
    with pytest.raises(UsageError) as told:
        topics.text("../config")
    assert "dbconsole help lists" in (told.value.hint or "")


def test_words_are_found_where_they_stand() -> None:
    found = list(topics.search("cancel STATEMENT"))
    assert {"keys", "activity"} <= {passage.topic for passage in found}
    assert all("cancel" in passage.line.lower() and "statement" in passage.line.lower() for passage in found)
    headings = [passage.line == passage.heading for passage in topics.search("recall")]
    assert headings == sorted(headings, reverse=True) and headings[0]
    assert list(topics.search("  ")) == [] == list(topics.search("nosuchwordanywhere"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "console", "help", *arguments], capture_output=True, text=True,
                          env=os.environ | {"HOME": "/nonexistent"})


def test_the_command_prints_it(tmp_path: Path) -> None:
    assert run().stdout == topics.contents()
    assert run("checks/connections").stdout.startswith("# checks/connections")
    wrong = run("conecting")
    assert wrong.returncode == 3 and "connecting" in wrong.stderr and not wrong.stdout
    found = run("--search", "recall")
    assert found.returncode == 0 and "vectors: Recall" in found.stdout
    assert run("--search", "nosuchwordanywhere").returncode == 1
