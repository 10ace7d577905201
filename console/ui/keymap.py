"""What each key does now: the registry's keys, those of a preset, and what `[keys]` of the configuration changes.

A letter of a screen, a page or a dialog goes before the same letter that moves in the list or text on it; everything
else that two actions would claim where both apply is an error. Nothing that draws is imported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import ConfigError
from console.ui.keys import ACTIONS, BY_NAME, SCOPES, Scope, scope_of

if TYPE_CHECKING:
    from console.config import Config

Keys = Mapping[str, tuple[str, ...]]
"""Of each action, by id."""

PRESETS: Mapping[str, Keys] = {
    "vim": {"move.half_up": ("ctrl+u",), "move.half_down": ("ctrl+d",), "move.first": ("home", "g g"),
            "match.next": ("n",), "match.previous": ("N",)},
}
"""What a preset changes; hjkl, G and / are everybody's."""

Hint = tuple[str | tuple[str, str], ...]
"""What `hint` takes."""

_MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
_NAMED = frozenset(("enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup",
                    "pagedown", "up", "down", "left", "right", *(f"f{number}" for number in range(1, 25))))
_ALIASES = {"esc": "escape", "return": "enter", "del": "delete", "ins": "insert", "pgup": "pageup", "pgdn": "pagedown",
            "pgdown": "pagedown", "page_up": "pageup", "page_down": "pagedown", "spacebar": "space", "slash": "/",
            "backslash": "\\", "at": "@", "minus": "-", "plus": "+", "underscore": "_"}
_SAME_TO_A_TERMINAL = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+[": "escape", "ctrl+@": "ctrl+space"}
_SHOWN = {"escape": "esc", "pageup": "page up", "pagedown": "page down"}

_TOGETHER = ({"move", "match", "table", "hits"}, {"move", "match", "table", "tree"}, {"move", "text", "found"},
             {"input", "filter"}, {"editor", "names"}, {"reading", "text"})
"""Scopes that one widget can have; those of two widgets never meet, as one has the keys."""

_WITHOUT_LISTS = {"confirm", "leave", "signal", "choose", "export", "open_plan", "recorder"}
"""Dialogs in which no list or text has the keys."""

_FIELDS = {"input", "filter", "editor", "names"}
"""Scopes of what is typed in: a key that is text is text there."""


class Keymap:
    """The keys of every action. `changed` are the ids of those that don't have the registry's."""

    def __init__(self, keys: Keys, preset: str = "") -> None:
        self._keys = keys
        self.preset = preset
        self.changed = frozenset(name for name in keys if keys[name] != _own()[name])
        self.begins = frozenset(key.partition(" ")[0] for found in keys.values() for key in found if " " in key)
        """Keys that another one has to follow."""

    def keys(self, action_id: str) -> tuple[str, ...]:
        """Its keys, the one that is shown first; none when it was taken away."""
        return self._keys[action_id]

    def name(self, action_id: str) -> str:
        """Its key as people read it: "^p", "esc"; without one, what the palette calls it."""
        keys = self._keys[action_id]
        return shown(keys[0]) if keys else f"the command “{ACTIONS[action_id].help}”"


def is_text(key: str) -> bool:
    """Whether a text field would take it for text."""
    return len(key) == 1 or key == "space"


def shown(key: str) -> str:
    """A key, or two in succession, as people read it."""
    parts = [_SHOWN.get(part) or (f"^{part[5:]}" if part.startswith("ctrl+") and part.count("+") == 1 else part)
             for part in key.split(" ")]
    return ("" if all(len(part) == 1 for part in parts) else " ").join(parts)


def canonical(given: str) -> str:
    """A key as it is named here, from one of the ways in which people write it. Raises ValueError, in words."""
    parts = given.split() or ["space" if given == " " else ""]
    if len(parts) > 2:
        raise ValueError(f"{given!r}: at most two keys, one after the other")
    return " ".join(_one_key(part) for part in parts)


def _one_key(given: str) -> str:
    if given.startswith("^") and len(given) > 1:
        given = f"ctrl+{given[1:]}"
    before, _, key = (given[:-1], "+", "+") if given.endswith("+") else given.rpartition("+")
    modifiers = sorted(modifier.lower() for modifier in before.split("+") if modifier)
    if unknown := next((modifier for modifier in modifiers if modifier not in _MODIFIERS), None):
        raise ValueError(f"{given!r}: there is no {unknown!r}{_nearest(unknown, _MODIFIERS)}")
    if len(key) > 1:
        key = _named(key)
    if len(key) == 1 and key.isalpha():
        if "shift" in modifiers and modifiers == ["shift"]:
            modifiers, key = [], key.upper()
        elif modifiers:
            key = key.lower()
    if not key or (len(key) == 1 and not key.isprintable()):
        raise ValueError(f"{given!r} is no key")
    found = "+".join((*modifiers, key))
    return _SAME_TO_A_TERMINAL.get(found, found)


def _named(key: str) -> str:
    """A key's name, or the character that it is Unicode's name of. Raises ValueError."""
    import unicodedata

    name = _ALIASES.get(key.lower(), key.lower())
    if name in _NAMED or len(name) == 1:
        return name
    try:
        return unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        raise ValueError(f"there is no key {key!r}{_nearest(name, (*_NAMED, *_ALIASES))}") from None


def _nearest(word: str, known: Iterator[str] | tuple[str, ...]) -> str:
    import difflib

    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f"; did you mean {close[0]}?" if close else ""


@lru_cache(1)
def _own() -> Keys:
    """The registry's keys."""
    return {name: tuple(action.keys.split()) for name, action in ACTIONS.items()}


@lru_cache(1)
def default() -> Keymap:
    """The keys without any configuration."""
    return Keymap(_own())


def of(config: Config) -> Keymap:
    """The keys as configured. Raises ConfigError: an unknown action or key, or two actions that claim one."""
    if not config.keys.preset and not config.keys.changes:
        return default()
    return made(config.keys.preset, config.keys.changes, config.path)


def made(preset: str, changes: Keys, path: Path | None = None) -> Keymap:
    """The keys of a preset ("" is none) with changes on it, by action. Raises ConfigError."""
    if preset and preset not in PRESETS:
        raise ConfigError(f"{path}: keys: there is no preset {preset!r}", hint=f"known: {', '.join(sorted(PRESETS))}")
    base = {**_own(), **PRESETS.get(preset, {})}
    keys = dict(base)
    for name, given in changes.items():
        if name not in ACTIONS:
            raise ConfigError(f"{path}: keys: there is no action {name!r}",
                              hint=_nearest(name, tuple(ACTIONS))[2:] or "the tables of keys name them")
        try:
            keys[name] = tuple(dict.fromkeys(canonical(key) for key in given if key))
        except ValueError as error:
            raise ConfigError(f'{path}: keys."{name}": {error}') from None
    if changes and (found := next(conflicts(keys, base), None)) is not None:
        key, one, other = found
        if one == other:
            raise ConfigError(f'{path}: keys."{one}": {shown(key.partition(" ")[0])} is a key of its own and begins '
                              f"{shown(key)}", hint="leave one of them out")
        raise ConfigError(
            f"{path}: keys: {shown(key)} would be both {one} ({ACTIONS[one].help}) and {other} ({ACTIONS[other].help})",
            hint=f'give one of them another key, or none: "{one if one in changes else other}" = ""')
    return Keymap(keys, preset)


# what people read


_CURRENT: ContextVar[Keymap | None] = ContextVar("keys of the console that is running", default=None)


def use(keys: Keymap) -> None:
    """From now on these are the keys of the console that is running: for this task, and all that it begins."""
    _CURRENT.set(keys)


def current() -> Keymap:
    """The keys of the console that is running; outside of one the registry's own."""
    return _CURRENT.get() or default()


def key(action_id: str) -> str:
    """The action's key as people read it, in the console that is running."""
    return current().name(action_id)


def letter(action_id: str) -> str:
    """The same, to stand before a title; "" where it has none."""
    keys = current()
    return keys.name(action_id) if keys.keys(action_id) else ""


def hint(*parts: str | tuple[str, str]) -> str:
    """A dialog's line of keys: `hint("choose.accept", ("dialog.leave", "not now"))`. An id, or two that share a word;
    without a word it is the registry's. What has no key is left out."""
    keys, found = current(), []
    for part in parts:
        names, word = part if isinstance(part, tuple) else (part, ACTIONS[part].word)
        if shown := [keys.name(name) for name in names.split() if keys.keys(name)]:
            found.append(f"{' '.join(shown)} {word}")
    return "   ".join(found)


# who gets in whose way


def conflicts(keys: Keys, base: Keys) -> Iterator[tuple[str, str, str]]:
    """A key and the two actions that would claim it where both may apply. What `base` has is meant: the nearer of two
    scopes has the key, and of one scope two actions share one where they apply at different times."""
    shared = {(key, frozenset((one, other))) for key, one, other in _claims(base)}
    alternatives = {pair for _, pair in shared if _is_one_place(*pair)}
    for key, one, other in _claims(keys):
        pair = frozenset((one, other))
        if (key, pair) not in shared and pair not in alternatives and _meet(one, other) \
                and not _gives_way(one, other, key):
            yield key, one, other


def _claims(keys: Keys) -> Iterator[tuple[str, str, str]]:
    """Every key that two actions have, or that begins what another one has."""
    by_key: dict[str, list[str]] = {}
    for name, found in keys.items():
        for key in found:
            by_key.setdefault(key, []).append(name)
    for key, names in by_key.items():
        also = by_key.get(key.partition(" ")[0], []) if " " in key else []
        for place, one in enumerate(names):
            yield from ((key, one, other) for other in (*names[place + 1:], *also))


def _is_one_place(one: str, other: str) -> bool:
    """Whether both are of one scope, or of scopes that one widget has."""
    names = {scope_of(one).name, scope_of(other).name}
    return len(names) == 1 or any(names <= group for group in _TOGETHER)


def _meet(one: str, other: str) -> bool:
    """Whether both actions can be had at the same time."""
    first, second = scope_of(one), scope_of(other)
    if _is_one_place(one, other):
        return True
    if any(ACTIONS[name].reaches_text and scope.kind == "everywhere" for name, scope in ((one, first),
                                                                                         (other, second))):
        return True
    if any(name in scope.borrows or name.partition(".")[0] in around(scope)
           for name, scope in ((one, second), (other, first))):
        return True
    return any({one, other} <= {*scope.borrows, *(action.id for action in scope.actions)} for scope in SCOPES)


def _gives_way(one: str, other: str, key: str) -> bool:
    """Whether one of the two takes the key only when the other doesn't want it."""
    scopes = {scope_of(name).name: scope_of(name) for name in (one, other)}
    kinds = {scope.kind for scope in scopes.values()}
    if scopes.keys() & _FIELDS and is_text(key) and not scopes.keys() <= _FIELDS:
        return True
    if not kinds & {"screen", "page", "dialog"}:
        return False
    return bool(scopes.keys() & {"match", "found"} or (scopes.keys() & {"move", "tree"} and len(key) == 1))


@lru_cache(None)
def _around(name: str) -> frozenset[str]:
    scope = BY_NAME[name]
    everywhere = {other.name for other in SCOPES if other.kind == "everywhere"}
    match scope.kind:
        case "everywhere":
            return frozenset(everywhere - {name})
        case "dialog":
            return frozenset(("dialog", "focus"))
        case "screen":
            return frozenset({"focus"} if scope.borrows and name == "plan" else everywhere)
    outer = scope.within or tuple(other.name for other in SCOPES if other.kind in ("screen", "page", "dialog")
                                  and other.name not in _WITHOUT_LISTS)
    return frozenset(outer).union(*(_around(other) for other in outer))


def around(scope: Scope) -> frozenset[str]:
    """The names of the scopes that may be around this one."""
    return _around(scope.name)
