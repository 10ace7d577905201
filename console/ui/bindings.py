"""Textual's bindings, made of the registry of keys: for classes as the registry has them, for widgets as configured.

    BINDINGS = bindings("table", "move")     # all actions of these scopes

A person's keys are given to each widget when it gets its place (`rebind`): the same classes serve every console of a
process, and Textual's own keymap takes a key away from all actions that share it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import Struct, structs
from textual.app import App
from textual.binding import Binding, BindingsMap, BindingType
from textual.dom import DOMNode
from textual.keys import _character_to_key, key_to_character
from textual.screen import Screen
from textual.widgets import Input

from console.ui import keymap
from console.ui.keymap import Keymap, is_text
from console.ui.keys import ACTIONS, BY_NAME, Action

MOVES = {"move.up": "move(-1)", "move.down": "move(1)", "move.page_up": "page(-1)", "move.page_down": "page(1)",
         "move.half_up": "half(-1)", "move.half_down": "half(1)"}
"""Going up and down, to borrow where a dialog moves a list for whoever types."""

TABS = {"tabs.previous": "move_tab(-1)", "tabs.next": "move_tab(1)"}

_GIVING_WAY = ("move.", "tree.")
_NO_KEY = "none "
"""What the name begins with under which a widget keeps an action that has no key: the palette has it all the same."""


def bindings(*scopes: str, borrow: Mapping[str, str] | None = None, words: Mapping[str, str] | None = None,
             without: Collection[str] = (), over_text: Collection[str] = (), after: str = "") -> list[BindingType]:
    """The bindings of these scopes, by the registry's own keys.

    `borrow`: actions of other scopes, by id, and what they call here; they come last, or in the footer `after` the
    action of that id. `words`: the footer's for single actions; "" leaves one out of it. `without`: ids that aren't
    meant. `over_text`: ids that go before the text field that has the keys.
    """
    borrow, words = borrow or {}, words or {}
    actions = [action for name in scopes for action in BY_NAME[name].actions
               if action.id not in borrow and action.id not in without]
    place = next((at for at, action in enumerate(actions, 1) if action.id == after), len(actions))
    actions[place:place] = [structs.replace(ACTIONS[name], run=run) for name, run in borrow.items()]
    found: list[BindingType] = []
    for action in actions:
        word = words.get(action.id, action.word)
        found += _made(action.id, action.run, word or action.help, keymap.default().keys(action.id),
                       is_shown=bool(word) and action.in_footer,
                       over_text=action.reaches_text or action.id in over_text)
    return found


def _made(action_id: str, run: str, word: str, keys: Sequence[str], *, is_shown: bool, over_text: bool
          ) -> Iterator[Binding]:
    """A binding for each key; `over_text` goes before text fields, but never with a key that is text."""
    for key in keys:
        for name in textual_names(key):
            yield Binding(name, run, word, is_shown, priority=over_text and not is_text(key), id=action_id)
    if not keys:
        yield Binding(f"{_NO_KEY}{action_id}", run, word, False, priority=over_text, id=action_id)


def textual_names(key: str) -> tuple[str, ...]:
    """What Textual calls a key of ours; two names where terminals disagree."""
    name = " ".join("+".join(_character_to_key(part) if len(part) == 1 else part for part in _parts(each))
                    for each in key.split(" "))
    return (name, "ctrl+@") if key == "ctrl+space" else (name,)


def _parts(key: str) -> list[str]:
    """The modifiers and the key."""
    before, _, last = (key[:-1], "+", "+") if key.endswith("+") else key.rpartition("+")
    return [*filter(None, before.split("+")), last]


# the keys that a widget has


def rebind(node: DOMNode, keys: Keymap) -> None:
    """Gives a node the keys that a person wants. A letter that moves is left to what is around the node, where that has
    the same letter."""
    if isinstance(node, Input):
        _adopt_submit(node)
    found = _moved(node._bindings, keys) if keys.changed else node._bindings
    if any((binding.id or "").startswith(_GIVING_WAY) for _, binding in found):
        taken = {key for outer in node.ancestors if not isinstance(outer, App)
                 for key in outer._bindings.key_to_bindings if len(key) == 1}
        found = BindingsMap.from_keys({
            key: [binding for binding in held if key not in taken or not (binding.id or "").startswith(_GIVING_WAY)]
            for key, held in found.key_to_bindings.items()})
    node._bindings = found


def _moved(before: BindingsMap, keys: Keymap) -> BindingsMap:
    """The same bindings, under the keys that they have now."""
    reaching = {binding.id for _, binding in before if binding.priority}
    shown = {binding.id for _, binding in before if binding.show}
    found: dict[str, list[Binding]] = {}
    given: set[tuple[str, str]] = set()
    for key, binding in before:
        name = binding.id
        if name is None or name not in keys.changed:
            found.setdefault(key, []).append(binding)
        elif (name, binding.action) not in given:
            given.add((name, binding.action))
            for moved in _made(name, binding.action, binding.description, keys.keys(name), over_text=name in reaching,
                               is_shown=name in shown):
                found.setdefault(moved.key, []).append(moved)
    return BindingsMap.from_keys(found)


def also(node: DOMNode, run: str, ids: Collection[str]) -> None:
    """Has the keys of these actions call `run` too, where the actions themselves aren't possible."""
    for binding in [binding for _, binding in node._bindings if binding.id in ids]:
        node._bindings._add_binding(replace(binding, action=run, show=False, id=None))


def _adopt_submit(field: Input) -> None:
    """Textual's own key for taking what was typed becomes one of the registry's."""
    held = field._bindings.key_to_bindings
    held["enter"] = [replace(binding, id="input.submit") if binding.action == "submit" else binding
                     for binding in held.get("enter", [])]


# what can be done


class Offer(Struct, frozen=True):
    """An action that can be had now: by which of its keys, where none may be left, and what is run where."""

    action: Action
    keys: tuple[str, ...]
    run: str
    node: DOMNode


def offers(screen: Screen[Any]) -> list[Offer]:
    """What can be done on `screen` now, the nearest first: by what has the focus, what is around it, everywhere."""
    app, keys = screen.app, keymap.current()
    nodes = [screen, app] if screen.focused is None else list(screen.focused.ancestors_with_self)
    if screen.is_modal:
        nodes = nodes[:nodes.index(screen) + 1]
    found: dict[str, Offer] = {}
    taken: set[str] = set()
    for place, node in enumerate(nodes):
        here: dict[str, tuple[str, set[str]]] = {}
        for name, binding in node._bindings:
            if binding.id is not None and binding.id not in found and app._check_action_state(binding.action, node):
                here.setdefault(binding.id, (binding.action, set()))[1].add(name)
        for action_id, (run, names) in here.items():
            free = [key for key in keys.keys(action_id) if names.intersection(textual_names(key)) - taken
                    and not _is_typed(key, nodes[:place])]
            found[action_id] = Offer(ACTIONS[action_id], tuple(free), run, node)
        taken |= {name for _, names in here.values() for name in names}
    return list(found.values())


def _is_typed(key: str, inner: Sequence[DOMNode]) -> bool:
    """Whether a text field nearer by takes the key for text."""
    name = textual_names(key)[0]
    return any(node.check_consume_key(name, key_to_character(name)) for node in inner)


def working_key(action_id: str, names: Collection[str]) -> str:
    """The first of an action's keys that is among Textual's `names`, with that of its opposite."""
    keys, beside = keymap.current(), ACTIONS[action_id].beside
    own = next((keymap.shown(key) for key in keys.keys(action_id) if not names or set(textual_names(key)) & set(names)),
               "")
    return f"{own} {keymap.letter(beside)}".strip() if beside else own
