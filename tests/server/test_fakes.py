"""The fakes of the UI tests are like the real thing: the same methods with the same parameters, the same attributes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from console.server.pool import Pool
from console.server.session import PgSession, Session
from console.server.target import Target
from tests.support.builders import info
from tests.support.fake_clock import FakeClock
from tests.support.fake_session import FakePool, FakeSession


def methods(kind: type) -> dict[str, list[str]]:
    return {name: [parameter.name for parameter in inspect.signature(member).parameters.values()]
            for name, member in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


@pytest.mark.parametrize(("fake", "real"), [(FakeSession, PgSession), (FakePool, Pool)])
def test_a_fake_has_the_methods_of_the_real_one(fake: type, real: type) -> None:
    own = methods(fake)
    promised = methods(Session) if real is PgSession else methods(real)
    for name, parameters in promised.items():
        assert own.get(name) == parameters, name
        assert methods(real)[name] == parameters, name


async def test_a_fake_has_the_attributes_of_the_real_one() -> None:
    target = Target(name="x")
    real: Any = Pool(target, FakeClock())
    fake: Any = FakePool(target, info(), {}, FakeClock())
    assert {name for name in vars(real) if not name.startswith("_")} <= set(vars(fake))
