"""Gives psycopg's packages their versions before they look them up.

Each asks importlib.metadata, which imports email, zipfile and csv and parses a file for it: a twentieth of a start.
The name of the folder beside the package says the same.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

PACKAGES = ("psycopg", "psycopg_binary", "psycopg_pool")


def provide() -> None:
    """What isn't found, as in a checkout of psycopg's own, is left to the package."""
    for package in PACKAGES:
        version = _version(package)
        if version is not None and package not in sys.modules:
            module = ModuleType(f"{package}.version")
            module.__dict__["__version__"] = version
            sys.modules[module.__name__] = module


def _version(package: str) -> str | None:
    spec = PathFinder.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    found = list(Path(spec.origin).parent.parent.glob(f"{package}-*.dist-info"))
    return found[0].name.removeprefix(f"{package}-").removesuffix(".dist-info") if len(found) == 1 else None
