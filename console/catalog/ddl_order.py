"""Which object is made before which; where some need each other, one of them in two steps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from console.catalog.ddl_parts import Address, Ddl, DdlStatement

Node = tuple[Address, bool]
"""An object, or with True what is left of it after its first step."""


def in_order(objects: Mapping[Address, Ddl], makers: Mapping[Address, Address]) -> list[DdlStatement]:
    """All statements, what is needed first. `makers` are the objects that make others on the way."""
    edges: dict[Node, set[Node]] = {(address, False): set() for address in objects}
    separable: set[tuple[Node, Node]] = set()
    for address, ddl in objects.items():
        for dependency in ddl.depends_on:
            need = makers.get(dependency.address, dependency.address)
            if need in objects and need != address:
                edges[address, False].add((need, False))
                if dependency.is_separable:
                    separable.add(((address, False), (need, False)))
    places = {address: number for number, address in enumerate(objects)}

    def place(node: Node) -> tuple[int, bool]:
        """The same objects come in the same order, whatever their OIDs are."""
        return places[node[0]], node[1]

    while True:
        try:
            order = tuple(TopologicalSorter({node: sorted(needs, key=place) for node, needs in edges.items()})
                          .static_order())
            break
        except CycleError as error:
            _cut(edges, separable, objects, error.args[1])
    split = {address for address, is_rest in order if is_rest}
    return [statement for address, is_rest in order
            for statement in _statements(objects[address], address in split, is_rest)]


def _statements(ddl: Ddl, is_split: bool, is_rest: bool) -> tuple[DdlStatement, ...]:
    if not is_split or ddl.split is None:
        return ddl.statements
    return ddl.split.rest if is_rest else ddl.split.shell


def _cut(edges: dict[Node, set[Node]], separable: set[tuple[Node, Node]], objects: Mapping[Address, Ddl],
         circle: list[Node]) -> None:
    """Opens a circle, in which each node is needed by the one after it: by two steps, or else by forgetting a need."""
    for need, node in pairwise(circle):
        if (node, need) in separable and not node[1] and objects[node[0]].split is not None:
            _in_two_steps(edges, separable, node)
            return
    edges[circle[1]].discard(circle[0])


def _in_two_steps(edges: dict[Node, set[Node]], separable: set[tuple[Node, Node]], shell: Node) -> None:
    """Others wait for the whole object, but for those that it needs itself: they have to do with its first step."""
    rest = (shell[0], True)
    needs = edges[shell]
    before = _reachable(edges, needs, shell)
    edges[rest] = needs | {shell}
    edges[shell] = {need for need in needs if (shell, need) not in separable}
    for node, needed in edges.items():
        if shell in needed and node not in before and node != rest:
            needed.add(rest)


def _reachable(edges: Mapping[Node, set[Node]], start: set[Node], but: Node) -> set[Node]:
    found: set[Node] = set()
    waiting = [*start]
    while waiting:
        node = waiting.pop()
        if node not in found and node != but:
            found.add(node)
            waiting += edges[node]
    return found
