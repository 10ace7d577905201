"""The faults that take seconds; `python -m tests.faults` tries them all."""

from __future__ import annotations

import pytest

from tests.faults.fault import HEADS, attempt
from tests.faults.table import FAULTS, rows
from tests.support.servers import Servers, missing


@pytest.mark.parametrize("name", [fault.name for fault in FAULTS.values() if fault.quick])
def test_it_is_survived(name: str, servers: Servers) -> None:
    if reason := FAULTS[name].needs():
        missing(FAULTS[name].quick, reason)
    outcome = attempt(FAULTS[name], servers)
    assert not outcome.wrong, "\n".join(outcome.wrong)


def test_the_manual_has_a_row_for_each() -> None:
    found = rows()
    assert list(found) == list(FAULTS), "python -m tests.faults --write NAME... makes it anew"
    for name, fault in FAULTS.items():
        assert len(found[name]) == len(HEADS) and found[name][1] == fault.what
        assert found[name][-1].startswith("nothing")
