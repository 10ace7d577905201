"""The fields of record classes, dataclasses and named tuples alike."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, ForwardRef

MISSING = object()


@dataclasses.dataclass(frozen=True, slots=True)
class RecordField:
    """One field: `type` is its annotation as it is written, `default` is MISSING where there is none."""

    name: str
    type: str
    default: Any = MISSING


@cache
def shape(record: type) -> tuple[RecordField, ...]:
    """What `record` is made of, in the order in which it takes its values. Raises TypeError for any other class."""
    if dataclasses.is_dataclass(record):
        return tuple(RecordField(field_.name, str(field_.type), MISSING if field_.default is dataclasses.MISSING
                                 else field_.default)
                     for field_ in dataclasses.fields(record) if field_.init)
    names: tuple[str, ...] | None = getattr(record, "_fields", None)
    if names is None:
        raise TypeError(f"{record.__name__} is no record")
    defaults = record._field_defaults  # type: ignore[attr-defined]
    return tuple(RecordField(name, _written(record.__annotations__.get(name)), defaults.get(name, MISSING))
                 for name in names)


def _written(annotation: Any) -> str:
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
