"""Tables of keys in Markdown, for the README and the manual. Needs no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec.structs import replace

from console.ui import keymap
from console.ui.keymap import Keymap, shown
from console.ui.keys import ACTIONS, BY_NAME, Action, Scope


def key_table(*scopes: str, title: str = "", keys: Keymap | None = None) -> str:
    """A table of the keys of these scopes, in their order. `keys` None: as they are without a configuration.

    A row has the keys, in the words of the footer ("^p"), what they do, with what else there is to say, and the ids of
    the actions. Actions without a key have none.
    """
    found = keys or keymap.default()
    rows = [row for name in scopes for row in _rows(BY_NAME[name], found, _place(name) if name != scopes[0] else "")]
    return "\n".join((f"| key | {title or BY_NAME[scopes[0]].title} | in `[keys]` |", "| --- | --- | --- |", *rows))


def _place(name: str) -> str:
    """What a page's keys say of where they are, among those of its screen."""
    scope = BY_NAME[name]
    return f" on {scope.title.rpartition(': ')[2]}" if scope.kind == "page" else ""


def _rows(scope: Scope, keys: Keymap, place: str = "") -> Iterator[str]:
    meant = [replace(ACTIONS[name], help=words, more="", when="") for name, words in scope.meanings]
    for words, same in groupby((*meant, *scope.actions), sentence):
        actions = list(same)
        if names := [key for action in actions for key in keys.keys(action.id)]:
            ids = [f"`{action.id}`" for action in actions]
            named = f"{ids[0]} … {ids[-1]}" if len(ids) > 2 else ", ".join(ids)
            cells = (f"{spelled(names, '`')}{place}", words, named)
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def sentence(action: Action) -> str:
    """What an action does, with all that there is to say."""
    said = f"{action.help}{f' ({action.when})' if action.when else ''}"
    return said if not action.more else f"{said}{'' if action.more[0] in ',;' else ': '}{action.more}"


def spelled(keys: Iterable[str], quote: str = "") -> str:
    """Keys as people read them, between commas; a row of digits or function keys by its ends."""
    names = list(dict.fromkeys(keys))
    runs = [_run([name for name in names if name.startswith(first) and name[len(first):].isdigit()])
            for first in ("", "f")]
    if all(runs) and sum(map(len, runs)) == len(names):
        return ", ".join(f"{quote}{run[0]}{quote} … {quote}{run[-1]}{quote}" for run in runs)
    return ", ".join(f"{quote}{shown(name)}{quote}" for name in names)


def _run(names: Sequence[str]) -> Sequence[str]:
    """The same, if they follow one another by their numbers; else none of them."""
    numbers = [int(name.lstrip("f")) for name in names]
    return names if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers))) else ()
