"""What records are made of, and what of them is shown."""

from __future__ import annotations

import pytest
from msgspec import Struct, field
from rich.pretty import pretty_repr

from console.fields import PartlyShown, fields_of


class Plain(Struct, frozen=True):
    name: str
    size: int | None = 3
    more: dict[str, int] = field(default_factory=dict)


class Longer(Plain, frozen=True, kw_only=True):
    note: str
    word: str = ""


class Account(PartlyShown, frozen=True):
    HIDDEN = frozenset({"password"})

    user: str
    password: str


def test_fields_come_in_the_order_in_which_values_are_taken() -> None:
    assert [(field.name, field.type, field.default is None) for field in fields_of(Longer)] == [
        ("name", "str", True), ("size", "int | None", False), ("more", "dict[str, int]", False),
        ("note", "str", True), ("word", "str", False)]


def test_a_default_is_made_anew_each_time() -> None:
    defaults = {field.name: field.default for field in fields_of(Longer) if field.default}
    assert {name: default() for name, default in defaults.items()} == {"size": 3, "more": {}, "word": ""}
    assert defaults["more"]() is not defaults["more"]()


@pytest.mark.parametrize("other", [int, dict, tuple])
def test_another_class_is_not_a_record(other: type) -> None:
    with pytest.raises(TypeError, match=f"{other.__name__} is not a record"):
        fields_of(other)


def test_what_is_hidden_is_compared_and_not_shown() -> None:
    account = Account("ada", "s3cr3t")
    assert account != Account("ada", "another") and account == Account("ada", "s3cr3t")
    for shown in (repr(account), pretty_repr(account)):
        assert "ada" in shown and "s3cr3t" not in shown
