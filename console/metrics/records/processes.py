"""Processes of this machine as records."""

from __future__ import annotations

from msgspec import Struct


class Process(Struct, frozen=True):
    """A process of this machine: processor time since it began and, None where it is hidden, memory of its own, which
    is what it holds without the server's shared memory."""

    cpu_s: float
    own_bytes: int | None
