"""The blocking forest: roots, chains, several parents, circles, prepared transactions, and any graph at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.activity.blocking import blockers, forest
from console.activity.records import Backend, Blocked
from console.view.activity.blocking import branch
from tests.support.activity import backend, idle_in_transaction


def drawn(backends: list[Backend]) -> list[str]:
    """The tree as text: branch, name, how many it blocks, and its other blockers."""
    return [f"{branch(blocked)}{blocked.key}{f' x{blocked.blocks}' if blocked.blocks else ''}"
            f"{' also ' + ','.join(blocked.also_behind) if blocked.also_behind else ''}"
            f"{' circle' if blocked.closes_cycle else ''}"
            for blocked in forest(backends)]


def test_nobody_waits() -> None:
    assert forest([backend(1), idle_in_transaction(2)]) == []


def test_a_root_comes_before_those_it_holds_up_longest_wait_first() -> None:
    assert drawn([backend(4810, 4711, lock_wait_s=31.0), idle_in_transaction(4711), backend(4802, 4711)]) == [
        "▾ 4711 x2", "├ 4802", "└ 4810"]


def test_the_root_that_holds_up_most_comes_first() -> None:
    assert drawn([backend(2, 1), backend(11, 10), backend(12, 11), backend(13, 10, lock_wait_s=1.0)]) == [
        "▾ 10 x3", "├ 11 x1", "│ └ 12", "└ 13", "▾ 1 x1", "└ 2"]


def test_a_waiter_with_several_blockers_is_drawn_once_and_names_the_others() -> None:
    lines = drawn([backend(3, 1, 2), backend(4, 3, 1, 2)])
    assert lines == ["▾ 1 x2", "├ 3 x1 also 2", "└ 4 also 3,2", "▾ 2 x2"]


def test_a_queue_is_drawn_by_who_really_comes_first() -> None:
    """DDL waits for a reader, other readers wait for the DDL alone."""
    assert drawn([backend(2, 1), backend(3, 2), backend(4, 2, lock_wait_s=1.0)]) == [
        "▾ 1 x3", "└ 2 x2", "  ├ 3", "  └ 4"]


def test_a_deadlock_has_no_root_and_is_drawn_all_the_same() -> None:
    assert drawn([backend(1, 2), backend(2, 1)]) == ["▾ 1 x1 also 2 circle", "└ 2 x1 circle"]
    assert drawn([backend(1, 2), backend(2, 3), backend(3, 1), backend(9, 2)]) == [
        "▾ 1 x3 also 2 circle", "└ 3 x3 circle", "  └ 2 x3 circle", "    └ 9"]


def test_a_circle_that_also_waits_for_a_free_root() -> None:
    lines = forest([backend(1, 2, 7), backend(2, 1)])
    assert [line.key for line in lines] == ["1", "2", "7"]
    assert lines[0].also_behind == ("2", "7") and lines[2].blocks == 2 and lines[2].is_root


def test_a_prepared_transaction_is_named_by_its_gid() -> None:
    waiter = backend(5, 0, prepared=["transfer [/x] 17"])
    assert blockers(waiter) == ["transfer [/x] 17"]
    root, below = forest([waiter])
    assert (root.gid, root.pid, root.blocks, below.pid) == ("transfer [/x] 17", None, 1, 5)


def test_nobody_is_his_own_blocker_and_nobody_twice() -> None:
    """pg_blocking_pids gives a parallel worker's leader, once for each of its workers."""
    assert blockers(backend(5, 5, 4, 4, 0)) == [4]


def test_waiters_whose_blockers_nobody_asked_for_are_there() -> None:
    assert drawn([backend(1, 2), backend(3, 2, blocked_by=None)]) == ["▾ 2 x1", "└ 1", "3"]


def test_a_long_chain_is_no_deep_recursion() -> None:
    lines = forest([backend(pid + 1, pid) for pid in range(1, 1200)])
    assert len(lines) == 1200 and len(lines[-1].ancestry) == 1198 and lines[0].blocks == 1199


@given(st.dictionaries(st.integers(1, 12), st.sets(st.integers(0, 14), max_size=4), max_size=12))
def test_everybody_is_drawn_once_beneath_one_of_his_blockers(waits: dict[int, set[int]]) -> None:
    backends = [backend(pid, *(holders or {0}), prepared=["gid"] if 0 in holders else None)
                for pid, holders in waits.items()]
    lines = forest(backends)
    behind = {str(backend.pid): {str(node) for node in blockers(backend)} for backend in backends}
    everybody = set(behind) | {node for nodes in behind.values() for node in nodes}
    assert sorted(line.key for line in lines) == sorted(everybody)
    path: list[Blocked] = []
    for blocked in lines:
        depth = 0 if blocked.is_root else len(blocked.ancestry) + 1
        path = [*path[:depth], blocked]
        assert len(path) == depth + 1
        rest = set(blocked.also_behind)
        if depth:
            parent = path[depth - 1]
            assert parent.key in behind[blocked.key] and parent.blocks
            rest |= {parent.key}
        assert rest == behind.get(blocked.key, set())
