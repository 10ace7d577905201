"""What records are made of."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from functools import cache, partial
from typing import Any, ClassVar

from msgspec import NODEFAULT, Struct
from msgspec.structs import asdict


class RecordField(Struct, frozen=True):
    """One field: `type` is its annotation as written, `default` makes its value; None where it has to be given."""

    name: str
    type: str
    default: Callable[[], Any] | None = None


class PartlyShown(Struct, frozen=True):
    """A record that leaves its fields named in HIDDEN out of logs and tracebacks: a secret, or what has no end."""

    HIDDEN: ClassVar[frozenset[str]] = frozenset()

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, value) for name, value in asdict(self).items() if name not in self.HIDDEN]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


@cache
def fields_of(record: type) -> tuple[RecordField, ...]:
    """What `record` is made of, in the order in which it takes its values. Raises TypeError for any other class."""
    if not issubclass(record, Struct):
        raise TypeError(f"{record.__name__} is not a record")
    names, values = record.__struct_fields__, record.__struct_defaults__
    defaults = dict(zip(names[len(names) - len(values):], map(_maker, values), strict=True))
    types = ChainMap(*(getattr(kind, "__annotations__", {}) for kind in record.__mro__))
    return tuple(RecordField(name, str(types[name]), defaults.get(name)) for name in names)


def _maker(default: Any) -> Callable[[], Any] | None:
    """What makes the default that a Struct has for a field: msgspec keeps the value itself, or a Factory."""
    if default is NODEFAULT:
        return None
    return getattr(default, "factory", None) or partial(_same, default)


def _same(value: Any) -> Any:
    return value
