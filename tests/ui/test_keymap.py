"""The registry of keys, presets and `[keys]` of the configuration: no terminal is needed for any of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from console import config
from console.errors import ConfigError
from console.ui import keymap
from console.ui.key_tables import key_table, spelled
from console.ui.keymap import Keymap, canonical, shown
from console.ui.keys import ACTIONS, BY_NAME, SCOPES
from tests.test_architecture import ROOT


def configured(text: str, tmp_path: Path) -> Keymap:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return keymap.of(config.load(path))


def test_every_action_is_complete() -> None:
    assert len(ACTIONS) == sum(len(scope.actions) for scope in SCOPES) > 200
    for scope in SCOPES:
        assert not {*scope.within, *(name.partition(".")[0] for name in scope.borrows)} - BY_NAME.keys()
        assert not {name for name, _ in scope.meanings} - ACTIONS.keys()
        for action in scope.actions:
            assert action.id.startswith(f"{scope.name}.") and action.run and action.help, action
            assert all(canonical(key) == key for key in action.keys.split()), action
            assert not action.help.endswith(".") and (not action.in_footer or action.word), action
            assert not action.beside or action.beside in ACTIONS, action


def test_what_the_registry_gives_twice_is_meant() -> None:
    """A key of two actions of one place is only right where they apply at different times."""
    found = {(key, one, other) for key, one, other in keymap.conflicts(keymap.default()._keys, {})
             if one.partition(".")[0] == other.partition(".")[0]}
    assert found == {("r", "app.retry", "app.rate")}


@pytest.mark.parametrize(("given", "key"), [
    ("?", "?"), ("question_mark", "?"), ("slash", "/"), ("ctrl+K", "ctrl+k"), ("^p", "ctrl+p"), ("Esc", "escape"),
    ("Page_Up", "pageup"), ("pgdn", "pagedown"), ("shift+g", "G"), ("G", "G"), ("ctrl+i", "tab"), ("ctrl+[", "escape"),
    ("g g", "g g"), ("+", "+"), ("ctrl++", "ctrl++"), (" ", "space"), ("F5", "f5"),
    ("shift+alt+Left", "alt+shift+left"),
    ("left_square_bracket", "["), ("ä", "ä"), ("return", "enter")])
def test_a_key_may_be_written_as_people_do(given: str, key: str) -> None:
    assert canonical(given) == key


@pytest.mark.parametrize(("given", "words"), [
    ("ctl+k", "did you mean ctrl?"), ("entr", "did you mean enter?"), ("", "is no key"), ("a b c", "at most two keys"),
    ("ctrl+nothing", "there is no key"), ("\x07", "is no key")])
def test_what_is_no_key_is_said_to_be_none(given: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        canonical(given)


def test_keys_are_shown_as_people_read_them() -> None:
    assert [shown(key)
            for key in ("ctrl+p", "escape", "pageup", "g g", "ctrl+x ctrl+s", "space", "alt+ctrl+a", "?")] == [
        "^p", "esc", "page up", "gg", "^x ^s", "space", "alt+ctrl+a", "?"]


def test_a_key_is_changed_taken_away_or_given_several(tmp_path: Path) -> None:
    keys = configured('[keys]\n"activity.cancel" = "ctrl+k"\n"app.themes" = ""\n"table.sort" = ["f10", "f11"]\n'
                      '"vectors.settings" = "O"\n"statements.query" = ""\n"pgbouncer.config" = ""\n'
                      '"activity.statement" = ""\n"overview.io" = "I"\n"plan.options" = ""\n"recall.options" = ""\n',
                      tmp_path)
    assert keys.keys("activity.cancel") == ("ctrl+k",) and keys.name("activity.cancel") == "^k"
    assert keys.keys("app.themes") == () and keys.name("app.themes") == "the command “choose a theme”"
    assert keys.keys("table.sort") == ("f10", "f11") and keys.keys("table.copy") == ("y",)
    assert keys.changed == {"activity.cancel", "app.themes", "table.sort", "vectors.settings", "statements.query",
                            "pgbouncer.config", "activity.statement", "overview.io", "plan.options", "recall.options"}


@pytest.mark.parametrize("text", ['keys = "vim"', '[keys]\npreset = "vim"', 'keys.preset = "vim"'])
def test_vim_can_be_asked_for_both_ways(tmp_path: Path, text: str) -> None:
    keys = configured(text, tmp_path)
    assert keys.preset == "vim" and keys.begins == {"g"}
    assert [keys.keys(f"move.{name}") for name in ("up", "first", "last", "half_down", "left")] == [
        ("up", "k"), ("home", "g g"), ("end", "G"), ("ctrl+d",), ("left", "h")]
    assert keys.keys("match.next") == ("n",) and keys.keys("screen.filter") == ("/",)


def test_a_preset_is_changed_further(tmp_path: Path) -> None:
    keys = configured('[keys]\npreset = "vim"\nmatch.next = "ctrl+j"\n', tmp_path)
    assert keys.keys("match.next") == ("ctrl+j",) and keys.keys("match.previous") == ("N",)


@pytest.mark.parametrize(("text", "both"), [
    ('"activity.cancel" = "q"', ("app.quit", "activity.cancel")),             # everywhere, and on a screen
    ('"activity.cancel" = "x"', ("activity.cancel", "activity.terminate")),   # on the same one
    ('"activity.cancel" = "s"', ("table.sort", "activity.cancel")),           # its list has the key before it
    ('"table.sort" = "z"', ("table.sort", "overview.sizes")),
    ('"alerts.acknowledge" = "v"', ("overview.vacuum", "alerts.acknowledge")),    # a page of the screen
    ('"statements.slow" = "f1"', ("app.overview", "statements.slow")),        # what works in text fields too
    ('"plan.keep" = "?"', ("app.help", "plan.keep")),                         # what is lent to what is modal
    ('"confirm.yes" = "c"', ("confirm.yes", "signal.cancel")),
    ('"app.rate" = "ctrl+r"', ("app.rate", "query.run")),                     # they share another key by design
    ('"reading.close" = "y"', ("table.copy", "reading.close")),
    ('"hits.begin" = "s"', ("table.sort", "hits.begin"))])
def test_a_conflict_names_both_actions_and_the_file(tmp_path: Path, text: str, both: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(f"[keys]\n{text}\n", tmp_path)
    said = caught.value.summary
    assert said.startswith(str(tmp_path / "config.toml")) and all(name in said for name in both), said


@pytest.mark.parametrize("text", [
    '"activity.cancel" = "ctrl+k"',
    '"activity.cancel" = "n"',              # the letter of another screen
    '"activity.cancel" = "j"',              # a letter that moves gives way to the screen's
    '"statements.slow" = "v"\n"statements.vectors" = "n"',     # exchanged
    '"filter.keep" = ["enter", "ctrl+y"]',
    '"app.retry" = "f10"\n"app.rate" = "f12"',
    '"app.quit" = ["ctrl+q", "Q"]\n"plan.edit" = "Z"\n"vectors.query" = "Z"\n"statements.query" = "Z"',
    '"match.next" = "n"\n"match.previous" = "N"',              # only while there is a filter
    '"confirm.yes" = "s"'])                 # no list in a question
def test_what_never_meets_is_no_conflict(tmp_path: Path, text: str) -> None:
    assert configured(f"[keys]\n{text}\n", tmp_path).changed


@pytest.mark.parametrize(("text", "words"), [
    ('keys = "vi"', ("there is no preset 'vi'", "known: vim")),
    ("keys = 3", ("keys: must be",)),
    ('[keys]\n"activity.cancle" = "k"', ("there is no action 'activity.cancle'", "did you mean activity.cancel?")),
    ('[keys]\n"activity.cancel" = "ctl+k"', ('keys."activity.cancel"', "did you mean ctrl?")),
    ('[keys]\n"activity.cancel" = 3', ("keys.activity.cancel: must be a key",)),
    ('[keys]\n"move.first" = ["g", "g g"]', ("begins gg",)),
    ('[keys]\nactivity.cancel.now = "x"', ("keys.activity.cancel: must be a key",))])
def test_a_mistake_names_the_file_and_what_was_meant(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(text, tmp_path)
    said = " ".join((caught.value.summary, caught.value.hint or ""))
    assert str(tmp_path / "config.toml") in said and all(word in said for word in words), said


def test_tables_have_each_key_with_its_sentence() -> None:
    table = key_table("app", "screen", title="everywhere").split("\n")
    assert table[:2] == ["| key | everywhere | in `[keys]` |", "| --- | --- | --- |"]
    assert "| `1` … `8`, `f1` … `f8` | go to a screen | `app.overview` … `app.query` |" in table
    assert "| `^p` | open the command palette: screens, targets, databases" in key_table("app")
    other = keymap.made("", {"app.commands": (":",), "app.themes": ()})
    assert "| `:` | open the command palette" in key_table("app", keys=other) and "choose a theme" not in key_table(
        "app", keys=other)
    assert "`m` on Settings" in key_table("overview", "settings") and "`m` |" in key_table("settings")
    assert spelled(["1", "2", "f3"]) == "1, 2, f3" and spelled(["left", "h"], "`") == "`left`, `h`"
    assert r"\|" in key_table("app", keys=keymap.made("", {"app.commands": ("|",)}))


def test_whoever_writes_about_keys_needs_no_terminal() -> None:
    code = ("import sys, console.ui.key_tables as t; t.key_table('app');"
            "print(sorted({'textual', 'rich', 'psycopg'} & sys.modules.keys()))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


README = ROOT / "README.md"
MARKED = re.compile(r"<!-- keys: ([\w ]+?)(?: \| (.+?))? -->\n(.*?)\n<!-- end of keys -->", re.DOTALL)


def test_the_readmes_tables_are_the_registrys() -> None:
    """DBCONSOLE_UPDATE_GOLDENS=1 writes them into the file instead."""
    text = README.read_text("utf-8")
    whole = MARKED.sub(lambda found: found[0].replace(found[3], key_table(*found[1].split(), title=found[2] or "")),
                       text)
    if os.environ.get("DBCONSOLE_UPDATE_GOLDENS"):
        README.write_text(whole, "utf-8")
    assert README.read_text("utf-8") == whole
    assert "| key |" not in MARKED.sub("", text), "a table of keys that is not made of the registry"


DEEDS = {
    "R": "again",
    "Q": "to Query",
    "Y": "copy",
    "y": "copy",
    "e": "export",
}
"""Letters that mean the same on every screen, and what their words have in common."""

ELSEWHERE = {"active_sessions.slice", "migrations.script", "confirm.yes"}
"""Actions that have such a letter all the same: a slice is no list of rows, the script is the export of Migrations, and
a question is answered by its first letter."""

SEVERAL_KEYS = {
    "detail": "the other half of a screen, or the row that is opened",
    "back": "out of a page, or a sample back in a replay",
    "longer": "[ and ] are the tabs around PgBouncer's charts",
    "shorter": "[ and ] are the tabs around PgBouncer's charts",
    "run": "a service's migrations, or a statement", "run all": "of all services, or all statements",
    "roll back": "a migration, or a transaction",
    "cancel": "somebody else's statement, or one's own, which escape ends",
    "keep as A": "a result, or a plan, where `a` is ANALYZE",
    "copy fix": "f is among the findings of a plan, beside z and c",
}
"""Words that two actions share which do different things, or can't share a key, and why."""


def test_a_letter_means_the_same_on_every_screen() -> None:
    for letter_, deed in DEEDS.items():
        for scope in SCOPES:
            for action in scope.actions:
                if letter_ in action.keys.split() and action.id not in ELSEWHERE:
                    assert deed in f"{action.word} {action.help}", f"{letter_} is {action.id}: {action.help}"


def test_what_has_the_same_word_has_the_same_key() -> None:
    keys: dict[str, dict[str, str]] = {}
    for scope in SCOPES:
        for action in scope.actions:
            if action.word and action.keys and scope.kind != "dialog" and scope.name not in ("names", "filter"):
                keys.setdefault(action.word, {})[action.id] = action.keys
    differ = {word: found for word, found in keys.items() if len(set(found.values())) > 1}
    assert not {word: found for word, found in differ.items() if word not in SEVERAL_KEYS}
    assert differ.keys() >= SEVERAL_KEYS.keys(), "the exception is none any more"
